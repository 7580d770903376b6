"""Between the commit of a release and its painting the grounds are looked at again (design §2.15)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from lane_agent import events as e
from lane_agent.agent import RELEASE_AGE_MS
from lane_agent.model import Contact, Doubt, Link, Outcome, Read, ReadSource
from tools.proof.code_book import VRN


@dataclass
class Stall:
    """A disk on which the commit of a release takes long; something may happen meanwhile."""

    disk: Any
    stall_s: float = 0.0
    meanwhile: Callable[[], None] = lambda: None

    def append(self, entry: bytes, *, uses: Sequence[tuple[str, str]] = ()) -> int:
        """Time passes while the entry with the bundles of a release is written."""
        if uses:
            asyncio.get_running_loop().now_s += self.stall_s  # type: ignore[attr-defined]
            self.meanwhile()
        return int(self.disk.append(entry, uses=uses))


def story(stall_s: float, event: e.Event | None = None) -> Callable[[Any], Any]:
    """A laden truck is read and cleared, and the commit of its release stalls while `event` is told."""

    async def played(lane: Any) -> None:
        stall = lane.agent._journal = Stall(lane.disk, stall_s)
        if event is not None:
            stall.meanwhile = lambda: lane.tell(event)
        await lane.boot()
        await lane.drive_to_release()
        await lane.settle()  # the stall has used up the time that the story had waited

    return played


def test_a_release_in_time_is_shown(on_site: Any) -> None:
    """A commit that takes less than the limit changes nothing."""
    lane = on_site(story((RELEASE_AGE_MS - 100) / 1000))
    assert lane.site.shows[-1] == "DONE"
    assert lane.agent.lane.visit.outcome is Outcome.RELEASED


@pytest.mark.parametrize("stall_s", [0.6, 1.8, 19.0])
def test_a_release_whose_commit_stalled_is_never_shown(on_site: Any, stall_s: float) -> None:
    """The order is older than its grounds may be: the vehicle is the officer's, and no screen said 3."""
    lane = on_site(story(stall_s))
    assert "DONE" not in lane.site.shows
    assert lane.agent.lane.visit.doubt is Doubt.NOT_CONFIRMED
    assert any(b"ShowLapsed" in entry for entry in lane.disk.entries)


@pytest.mark.parametrize(
    "event",
    [
        e.CodesChanged(VRN, hold=True),
        e.LinkChanged(Link.STALE),
        e.SecondVehicleSeen(1),
        e.PlateSettled(1, Read("ZZ9", None, 0.97, ReadSource.READER)),
        e.ContactChanged(Contact.HELP, active=True, edge_ms=10_000_000),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_came_while_the_release_was_written_is_heard_before_it_is_shown(on_site: Any, event: e.Event) -> None:
    """A hold, a lost proof, a second vehicle that waits in the inbox ends the release before a screen says it."""
    lane = on_site(story(0.2, event))
    assert "DONE" not in lane.site.shows


def test_events_without_end_do_not_hold_a_release_up(on_site: Any) -> None:
    """What is told after the commit is another event; the release does not wait for a quiet inbox."""

    async def played(lane: Any) -> None:
        await lane.boot()
        chatter = asyncio.create_task(_chatter(lane))
        await lane.drive_to_release()
        chatter.cancel()
        assert "DONE" in lane.site.shows

    on_site(played)


async def _chatter(lane: Any) -> None:
    while True:
        lane.tell(e.TroubleReported("StoreRoomLow", "900 MB left"))
        await asyncio.sleep(0.001)
