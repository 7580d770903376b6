"""The scripted night behind `rocars-lane page`: a real agent decides about every kind of truck."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from console.ports import LaneView
from lane_agent import events as e
from lane_agent.model import Outcome
from simulation.night import ScriptedNight
from simulation.page_lane import PageLane
from tests.rigs.page import PATIENT, ManualClock, painted
from tests.rigs.signals import hear_ctrl_c


async def until(lane: PageLane, holds: Callable[[LaneView], bool]) -> LaneView:
    """The first view that is as expected."""
    view = lane.page.view()
    async with asyncio.timeout(60):
        while not holds(view):
            view = await lane.page.changed(view.sequence)
    return view


@pytest.mark.parametrize(
    ("kind", "row", "outcome"),
    [
        ("laden", "17 stands", Outcome.RELEASED),
        ("inspect", "9 stands", Outcome.EXAMINE),
        ("unbundled", "12 no bundle: press if empty", Outcome.UNDECIDED),
        ("near", "8 near-miss of a held vehicle", Outcome.UNDECIDED),
        ("unread", "8 plate not read", Outcome.UNDECIDED),
    ],
)
def test_each_truck_of_the_night_is_decided_by_the_agent(kind: str, row: str, outcome: Outcome) -> None:
    """One that needs an officer stays until an officer deals with it; then the lane waits for the next."""

    async def story() -> None:
        lane = PageLane(clock=ManualClock(), paint=painted, policy=PATIENT)
        night = ScriptedNight(lane, step_s=0.01)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(lane.agent.run())]
            await lane.start()
            running.append(tasks.create_task(night.play()))
            await night.send_truck(kind)
            view = await until(lane, lambda view: view.row_name == row)
            if outcome is Outcome.UNDECIDED:
                assert view.visit is not None
                assert await lane.page.act(e.OfficerTookOver(view.visit.id, "chan", "cleared by hand")) == ""
            view = await until(lane, lambda view: bool(view.past) and view.row_name == "2 waiting")
            for task in running:
                task.cancel()
        (past,) = view.past
        assert past.outcome is outcome

    asyncio.run(story())


def test_a_truck_that_the_night_does_not_know_is_an_error() -> None:
    """The panel offers those it knows."""

    async def story() -> None:
        night = ScriptedNight(PageLane(clock=ManualClock(), paint=painted))
        with pytest.raises(KeyError):
            await night.send_truck("tank")

    asyncio.run(story())


def test_the_page_command_serves_a_page_to_log_in_to() -> None:
    """It prints where, and ends with Ctrl-C."""

    async def story() -> None:
        command = Path(sys.executable).with_name("rocars-lane")
        child = await asyncio.create_subprocess_exec(
            command, "page", "--port", "0", stdout=asyncio.subprocess.PIPE, preexec_fn=hear_ctrl_c
        )
        assert child.stdout is not None
        try:
            async with asyncio.timeout(60):
                said = (await child.stdout.readline()).decode()
            url = re.match(r"http://127\.0\.0\.1:\d+/", said)
            assert url, said
            login = await asyncio.to_thread(lambda: urllib.request.urlopen(url[0] + "login", timeout=20).read())  # noqa: S310
            assert "SZB-IN-07" in login.decode()
            child.send_signal(signal.SIGINT)
            async with asyncio.timeout(60):
                assert await child.wait() == 0
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()

    asyncio.run(story())
