"""The shell when the store fails: 3 is shown to nobody, and nothing is lost or written twice."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from lane_agent import events as e
from lane_agent.model import Fault, Link
from lane_agent.replay import replay


def test_a_full_disk_shows_3_to_nobody(on_site: Any) -> None:
    """The store fails before the decision: officer's face, an alarm, no 3, not for an officer either."""

    async def story(lane: Any) -> None:
        await lane.boot()
        lane.disk.full = True
        await lane.drive_to_release()
        lane.tell(e.OfficerReleased(1, "chan", "seen"))
        await lane.settle()

    lane = on_site(story)
    assert "DONE" not in lane.site.shows
    assert lane.site.shows[-1] == "OFFICER"
    assert "FaultRaised" in lane.site.alarms


def test_a_disk_that_fills_at_the_very_decision_shows_no_3(on_site: Any) -> None:
    """The step that would show 3 cannot be written: it is made again with the store at fault."""

    async def story(lane: Any) -> None:
        await lane.boot()
        lane.disk.no_room_for = b'"xdb":"DONE"'
        await lane.drive_to_release()

    lane = on_site(story)
    assert "WATCH" in lane.site.shows
    assert "DONE" not in lane.site.shows
    assert lane.disk.uses == []
    assert list(replay(lane.disk.entries))[-1].lane == lane.agent.lane


def test_a_disk_that_fills_while_3_stands_takes_it_back(on_site: Any) -> None:
    """The next thing that happens finds the store failing, and 3 is withdrawn."""

    async def story(lane: Any) -> None:
        await lane.released()
        assert lane.site.shows[-1] == "DONE"
        lane.disk.full = True
        lane.tell(e.LinkChanged(Link.STALE))
        await lane.settle()

    lane = on_site(story)
    assert lane.site.shows[-1] == "OFFICER"
    assert "Withdrawn" in lane.site.alarms


def test_what_happened_meanwhile_is_written_in_order_when_the_disk_works_again(on_site: Any) -> None:
    """Nothing is lost and nothing is twice: the whole journal replays to the lane as it is."""

    async def story(lane: Any) -> None:
        await lane.boot()
        lane.disk.full = True
        await lane.drive_to_release()
        await asyncio.sleep(3)
        lane.disk.full = False
        await asyncio.sleep(2)
        assert Fault.STORE not in lane.agent.lane.faults
        await lane.drive_off()

    lane = on_site(story)
    assert list(replay(lane.disk.entries))[-1].lane == lane.agent.lane
    assert [json.loads(entry)["event"]["type"] for entry in lane.disk.entries] == [
        type(event).__name__ for event in lane.site.steps
    ]


def test_a_store_that_fails_at_the_start_is_a_fault_all_the_same(on_site: Any) -> None:
    """`AgentStarted` begins without faults; entries that wait to be written are one."""

    async def story(lane: Any) -> None:
        lane.disk.full = True
        await lane.boot()
        assert Fault.STORE in lane.agent.lane.faults
        await lane.drive_to_release()

    lane = on_site(story)
    assert "DONE" not in lane.site.shows


def test_nobody_can_say_that_the_store_works_before_it_has_taken_everything(on_site: Any) -> None:
    """A cleared fault that comes from elsewhere is not believed while entries wait."""

    async def story(lane: Any) -> None:
        await lane.boot()
        lane.disk.full = True
        lane.tell(e.LinkChanged(Link.STALE))
        await lane.settle()
        lane.tell(e.FaultCleared(Fault.STORE))
        await lane.settle()
        assert Fault.STORE in lane.agent.lane.faults

    on_site(story)


def test_after_the_disk_works_again_the_next_truck_is_released(on_site: Any) -> None:
    """The fault ends with its cause, between visits."""

    async def story(lane: Any) -> None:
        await lane.boot()
        lane.disk.full = True
        lane.tell(e.LinkChanged(Link.STALE), e.LinkChanged(Link.FRESH))
        await asyncio.sleep(2)
        lane.disk.full = False
        await asyncio.sleep(2)
        await lane.drive_to_release()

    assert on_site(story).site.shows[-1] == "DONE"
