"""The link machine's own conditions, one by one: what is told once, and again, and when (`sync.link.machine`)."""

from __future__ import annotations

from lane_agent.events import LinkChanged
from lane_agent.model import Link
from sync.link import CodeLogHead, Limits, LinkMachine, Publish
from sync.link.silence import Silence
from sync.simulated.link import CORE, LANE, SimulatedLink
from tests.rigs.fresh_link import connected
from wire.messages import ClaimWanted, Delta, LaneState, Nonce
from wire.topics import LOG


def fork(world: SimulatedLink) -> None:
    """The core signs a delta of another history, and answers no request."""
    world.core.serving = False
    delta = Delta(epoch="e1", version=2, previous=bytes(32), changes=(), state_hash=bytes(32))
    world.hand(world.core.says(LOG, delta))


def test_a_new_box_begins_with_nothing_and_keeps_the_limits_that_it_was_given() -> None:
    """No saved state, and a nonce twice a second."""
    machine = LinkMachine(
        LANE,
        ring=CORE.ring(),
        entropy=bytes,
        head=CodeLogHead(),
        journal="j1",
        last=0,
        acknowledged=0,
        now=0,
        row_hash=lambda _: b"",
        limits=Limits(nonce_ms=500),
    )
    machine.on_connected(7, 0)
    nonces = []
    for now in (0, 499, 500, 999, 1_000):
        machine.tick(now)
        nonces += [now for effect in machine.drain() if isinstance(effect, Publish) and isinstance(effect.body, Nonce)]
    assert nonces == [0, 500, 1_000]


def test_codes_in_doubt_and_no_link_is_no_link() -> None:
    """Offline is manual mode (design §2.8), whatever else is wrong; the doubt is told besides."""
    world = connected()
    fork(world)
    assert world.verdict() is Link.STALE
    world.cut()
    world.run(6_000)
    assert world.verdict() is Link.OFFLINE
    assert world.told[-1] == LinkChanged(Link.OFFLINE)


def test_the_state_for_the_wall_names_the_connection_that_it_comes_by() -> None:
    """By that the wall tells a lane that is on the line from what the broker kept of it."""
    world = SimulatedLink()
    world.machine.set_state({"row": "2"})
    world.connect()
    world.machine.set_state({"row": "17"})
    world.step()
    states = [body for body in world.core.heard if isinstance(body, LaneState)]
    assert [(state.session, state.facts["row"]) for state in states] == [(7, "2"), (7, "17")]


def test_the_same_alarm_comes_again_after_a_minute_and_another_reason_at_once() -> None:
    """Not with each message, and not once for ever: who was not there must hear of it too."""
    world = connected()
    world.alarms.clear()
    begun = world.now
    for after, what in ((0, "bad"), (59_999, "bad"), (59_999, "worse"), (60_000, "bad")):
        world.machine.refuse(what, "for this test", begun + after)
        world.settle()
        world.alarms.append(f"{what} {after}")
    assert world.alarms == [
        "MessageRefused",
        "bad 0",
        "bad 59999",
        "MessageRefused",
        "worse 59999",
        "MessageRefused",
        "bad 60000",
    ]


def test_a_retained_command_is_refused_by_the_name_of_a_command() -> None:
    """Whoever looks for the cause must see that somebody kept an order in the broker."""
    world = connected()
    world.hand(world.core.command("manual", text="exercise"), retained=True)
    assert world.machine.refused == {"command_retained": 1}


def test_a_claim_made_without_a_connection_is_made_with_the_next_one() -> None:
    """Nothing is published into nowhere, and its half second does not run meanwhile."""
    world = connected()
    world.cut()
    world.machine.claim(7, 41, ("1000000001",), world.now)
    assert not [one for one in world.machine.drain() if isinstance(one, Publish) and isinstance(one.body, ClaimWanted)]
    world.core.granting = False
    world.connect()
    world.core_hears()
    assert [body.claim for body in world.core.heard if isinstance(body, ClaimWanted)] == [41]


def test_a_doubt_of_the_cores_time_that_lasts_is_one_alarm() -> None:
    """It ends when the doubt does; it is not raised anew each minute."""
    world = connected()
    world.core_utc += 3_600_000
    world.run(70_000)
    assert (world.alarms, world.alarms_over) == (["CoreClockDoubted"], [])


def test_rows_without_an_answer_are_no_alarm_while_there_is_no_core() -> None:
    """The lane is offline then, which is told already."""
    world = connected()
    world.core.proving = False
    world.note(b"row")
    for _ in range(200):
        world.tick(100)
    assert world.verdict() is Link.OFFLINE
    assert "RowsUnacknowledged" not in world.alarms


def test_the_next_broker_is_tried_when_the_silence_is_over_and_not_before() -> None:
    """To the millisecond; the next time it may last twice as long."""
    limits = Limits()
    silence = Silence(limits, lambda _: b"\xff", 0)
    silence.on_connected(100)
    assert not silence.expired(100 + limits.silence_ms - 1)
    assert silence.expired(100 + limits.silence_ms)
    assert not silence.expired(100 + 2 * limits.silence_ms)
