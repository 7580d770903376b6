"""Asking for the list over slow lines, and again where it does not come."""

from __future__ import annotations

import msgspec
import pytest

from sync.simulated.link import LANE, SimulatedLink
from wire.messages import SnapshotWanted
from wire.records import HoldRecord
from wire.topics import LaneTopics

TOPICS = LaneTopics(LANE)


def slow_start(rows: int) -> SimulatedLink:
    """A lane without codes, and a core with so many rows; two rows make a part."""
    world = SimulatedLink()
    for number in range(rows):
        world.core.change(HoldRecord(f"CD{number}"))
    world.connect()
    return world


def asked(world: SimulatedLink) -> list[str]:
    """The names of the snapshots that the core was asked for."""
    return [body.request for body in world.core.heard if isinstance(body, SnapshotWanted)]


def trickle(world: SimulatedLink, pause_ms: int, *, most: int = 200) -> None:
    """A slow line: what the core says comes one by one in its order, with a pause after each part of the list."""
    for _ in range(most):
        if world.level():
            return
        world.tick(100)
        world.core_hears()
        while world.to_lane:
            said = world.to_lane.pop(0)
            world.hand(said)
            if said.topic == TOPICS.log:
                for _ in range(pause_ms // 100):
                    world.tick(100)
                    world.core_hears()
                break


@pytest.mark.parametrize("pause_ms", [200, 3_000, 17_000, 40_000])
def test_a_list_comes_over_a_line_however_slow(pause_ms: int) -> None:
    """Asking again and again, each time for another answer, would fill the line with answers that count no more."""
    world = slow_start(12)
    trickle(world, pause_ms)
    assert world.level()
    assert len(set(asked(world))) == 1
    assert len(asked(world)) <= 2 + pause_ms // 6_000


def test_parts_that_stop_coming_are_asked_for_again_soon_on_a_quick_line() -> None:
    """The core was started anew so quickly that the lane noticed nothing; other deltas are no answer."""
    world = slow_start(12)
    world.tick(100)
    world.core_hears()
    first = [said for said in world.to_lane if said.topic == TOPICS.log]
    world.to_lane = [said for said in world.to_lane if said not in first]
    world.hand(first[0])
    world.core.serving = False
    for number in range(30):
        world.step()
        world.core.change(HoldRecord(f"EF{number}"))
    assert len(asked(world)) == 2
    world.core.serving = True
    world.run(8_000)
    assert world.level()


def test_an_answer_that_is_not_what_was_signed_is_asked_for_under_a_new_name() -> None:
    """What else answers to the old one counts no more."""
    world = slow_start(4)
    world.tick(100)
    world.core_hears()
    world.to_lane.clear()
    (name,) = asked(world)
    for part in world.core.log.snapshot(request=name, lane=LANE, size=2):
        fewer = msgspec.structs.replace(part, records=part.records[1:])
        world.hand(world.core.says(TOPICS.log, fewer))
    assert world.machine.follower.head.epoch == ""
    world.run(4_000)
    assert world.level()
    assert len(set(asked(world))) == 2
