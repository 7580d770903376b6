"""What calls an officer: vehicles that ran, and the alarms that stand, one card for each cause."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from console.ports import LaneView
from console.present import present
from lane_agent import events as e
from lane_agent.model import Contact, Fault
from simulation.page_lane import PageLane
from tests.rigs.page import PATIENT, ManualClock, painted


def lane_after(story: Callable[[PageLane, ManualClock], Awaitable[Any]]) -> LaneView:
    """The view of a real lane after that story."""

    async def run() -> LaneView:
        clock = ManualClock()
        lane = PageLane(clock=clock, paint=painted, policy=PATIENT)
        working = asyncio.create_task(lane.agent.run())
        await lane.start()
        await story(lane, clock)
        working.cancel()
        return lane.page.view()

    return asyncio.run(run())


async def inspected(lane: PageLane) -> None:
    """A truck is told to go to the compound."""
    await lane.arrives()
    lane.add_bundle("RT5093", "inspect")
    await lane.reads("RT5093", "粤Z7K83港")
    await lane.immigration_clears()


@pytest.mark.parametrize("first", ["way out", "stop loop"])
def test_a_vehicle_that_ran_from_inspection_stays_at_the_head_in_red_until_somebody_takes_it(first: str) -> None:
    """Whichever loop sees it first; the history does not say that it obeyed."""

    async def story(lane: PageLane, _clock: ManualClock) -> None:
        await inspected(lane)
        if first == "stop loop":
            await lane.contact(Contact.STOP_LOOP, active=False)
            await lane.contact(Contact.EXIT_LOOP, active=True)
        else:
            await lane.leaves(Contact.EXIT_LOOP)

    view = lane_after(story)
    told = present(view)
    assert (told["headline"]["level"], told["headline"]["says"]) == ("stop", "RAN FROM INSPECTION: RT5093")
    assert told["headline"]["todo"]
    (ran,) = told["runs"]
    assert (ran["vrn"], ran["mainland"], ran["picture"]) == ("RT5093", "粤Z7K83港", view.past[0].evidence[0])
    assert (told["past"][0]["outcome"], told["past"][0]["level"]) == ("RAN FROM INSPECTION", "stop")


def test_a_vehicle_that_was_taken_calls_nobody_and_its_history_stays() -> None:
    """The next waits calmly."""

    async def story(lane: PageLane, _clock: ManualClock) -> None:
        await inspected(lane)
        await lane.leaves(Contact.EXIT_LOOP)
        (alarm,) = present(lane.page.view())["runs"]
        assert await lane.page.acknowledge(alarm["id"], "chan")

    told = present(lane_after(story))
    assert (told["runs"], told["headline"]["level"]) == ([], "calm")
    assert told["past"][0]["outcome"] == "RAN FROM INSPECTION"


def test_one_that_goes_to_the_compound_ran_from_nothing() -> None:
    """It did as it was told."""

    async def story(lane: PageLane, _clock: ManualClock) -> None:
        await inspected(lane)
        await lane.leaves(Contact.COMPOUND_LOOP)

    told = present(lane_after(story))
    assert (told["runs"], told["past"][0]["outcome"], told["headline"]["level"]) == ([], "Inspect", "calm")


def test_a_run_through_the_closed_lane_heads_the_page_too() -> None:
    """Nobody asked it in."""

    async def story(lane: PageLane, _clock: ManualClock) -> None:
        await lane.happens(e.LaneClosed("chan", "end of shift"))
        await lane.arrives()
        await lane.reads("UV8388")
        await lane.leaves(Contact.EXIT_LOOP)

    told = present(lane_after(story))
    assert told["headline"]["says"] == "RAN THROUGH THE CLOSED LANE: UV8388"
    assert told["past"][0]["outcome"] == "RAN THROUGH THE CLOSED LANE"


def test_what_an_officer_cleared_by_hand_names_him_and_his_reason() -> None:
    """Not the system, which decided nothing."""

    async def story(lane: PageLane, _clock: ManualClock) -> None:
        await lane.arrives()
        await lane.reads("UV8388")
        await lane.happens(e.OfficerTookOver(1, "wong", "Cleared on paper", ""))
        await lane.leaves()

    told = present(lane_after(story))["past"][0]
    assert (told["by"], told["reason"], told["outcome"]) == (
        "cleared by hand: wong",
        "Cleared on paper",
        "Cleared by hand",
    )


def test_a_camera_fault_is_one_fault_with_its_age() -> None:
    """Also with a vehicle in the lane, whose row has an alarm of its own; and it is told once."""

    async def story(lane: PageLane, clock: ManualClock) -> None:
        await lane.arrives()
        await lane.happens(e.FaultRaised(Fault.CAMERA, "no frame for 3 s"))
        clock.ms += 125_000
        await lane.happens(e.FaultRaised(Fault.CAMERA, "no frame for 128 s"))

    told = present(lane_after(story))
    (card,) = told["cards"]
    assert (card["says"], card["age"]) == ("Camera gives no picture", "2 min 05 s")
    assert len(card["open"]) == 2
    line = [told["headline"]["says"], *told["headline"]["reasons"]]
    assert [one for one in line if "amera" in one] == [
        "OFFICER NEEDED: Camera gives no picture, for 2 min 05 s",
    ]
    assert told["camera_fault"] == "camera fault for 2 min 05 s"


def test_alarms_of_one_cause_are_one_card_and_runs_are_not() -> None:
    """A dead loop leaves twenty vehicles unseen; two that ran are two."""

    async def story(lane: PageLane, _clock: ManualClock) -> None:
        for _ in range(3):
            await lane.arrives()
            await lane.contact(Contact.STOP_LOOP, active=False)
            await lane.happens(e.TimerFired("gone", dict(lane.agent.lane.timers)["gone"]))
        for _ in range(2):
            await inspected(lane)
            await lane.leaves(Contact.EXIT_LOOP)

    told = present(lane_after(story))
    unseen = [one for one in told["cards"] if "unseen" in one["says"]]
    assert [(one["count"], len(one["open"]), [each["id"] for each in one["visits"]]) for one in unseen] == [
        (3, 3, [1, 2, 3])
    ]
    assert [one["visit"] for one in told["runs"]] == [5, 4, 3, 2, 1]
    assert told["cards"][0]["priority"] == "urgent"
