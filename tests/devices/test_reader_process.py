"""The reader process from the agent's side: real camera socket, real networks, real process, drawn trucks."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from devices.reader import ReaderProcess
from devices.reader_protocol import ReaderSetup
from devices.settings import CameraKind, CameraSettings, ReaderSettings
from lane_agent.events import Event, FaultCleared, FaultRaised, PlateSeenAgain, PlateSettled, PlateUnread
from lane_agent.model import Fault
from simulation.drawn.camera import Ailment, DrawnCamera
from simulation.drawn.trucks import DrawnTruck

TRUCK = DrawnTruck("LT3482", "粤ZR12A港", seed=3)


class Lane:
    """A reader, the world's camera and the events that came."""

    def __init__(self, folder: Path, *, stall_s: float = 2.5, weights: Path | None = None, **changes: object) -> None:
        place = folder / "camera.sock"
        self.camera = DrawnCamera(place)
        base = {"busy_fps": 6.0, "idle_fps": 4.0, **changes}
        self.events: list[Event] = []
        self.came = asyncio.Event()
        self.evidence = folder / "evidence"
        self.reader = ReaderProcess(
            ReaderSetup(
                camera=CameraSettings(kind=CameraKind.SIMULATED, path=place, stall_s=stall_s),
                reader=ReaderSettings(weights=weights),
                evidence=self.evidence,
                **base,  # type: ignore[arg-type]
            ),
            self._take,
        )

    def _take(self, event: Event) -> None:
        self.events.append(event)
        self.came.set()

    async def until(self, wanted: Callable[[Event], bool], within: float = 40.0) -> Event:
        """The first event that is wanted, from the beginning; fails when none comes."""
        async with asyncio.timeout(within):
            while True:
                if found := next((event for event in self.events if wanted(event)), None):
                    return found
                self.came.clear()
                await self.came.wait()


@asynccontextmanager
async def running(folder: Path, **changes: Any) -> AsyncIterator[Lane]:
    """A lane whose reader sees."""
    lane = Lane(folder, **changes)
    lane.camera.start()
    try:
        await lane.reader.start(wait_s=40)
        yield lane
    finally:
        await lane.reader.stop()
        lane.camera.stop()


def lane_test(body: Callable[[Path], Awaitable[None]]) -> Callable[[Path], None]:
    """Runs an asynchronous test in a fresh event loop."""

    def test(tmp_path: Path) -> None:
        asyncio.run(body(tmp_path))  # type: ignore[arg-type]

    test.__name__, test.__doc__ = body.__name__, body.__doc__
    return test


@lane_test
async def test_a_truck_that_drives_up_is_read_with_evidence_on_the_disk(folder: Path) -> None:
    """The settled read names both plates, and pictures that are there and are what their names say."""
    async with running(folder) as lane:
        lane.camera.show(TRUCK, seconds=1)
        lane.reader.begin_visit(7)
        event = await lane.until(lambda e: isinstance(e, PlateSettled | PlateUnread))
        assert isinstance(event, PlateSettled), event
        assert (event.visit, event.read.vrn) == (7, "LT3482")
        assert event.read.mainland in {"粤ZR12A港", None}
        assert event.read.evidence
        for name in event.read.evidence:
            assert hashlib.sha256((lane.evidence / name).read_bytes()).hexdigest() == name
        shown = lane.reader.latest()
        assert shown is not None
        assert shown.jpeg[:2] == b"\xff\xd8"
        taken = lane.reader.read_ms()
        assert taken is not None
        assert 0 < taken[0] <= taken[1]
        assert not lane.reader.faults


@lane_test
async def test_a_truck_in_a_queue_is_seen_again_and_one_that_is_gone_is_not(folder: Path) -> None:
    """Asked for the plate that stands there the reader answers once; asked for another it keeps silent."""
    async with running(folder) as lane:
        lane.camera.show(TRUCK, seconds=1)
        lane.reader.begin_visit(7)
        await lane.until(lambda e: isinstance(e, PlateSettled))
        lane.reader.look_again(7, 40, "AB1234")
        lane.reader.look_again(8, 41, "LT3482")
        await asyncio.sleep(4)
        assert not [event for event in lane.events if isinstance(event, PlateSeenAgain)]
        lane.reader.look_again(7, 42, "LT3482")
        assert await lane.until(lambda e: isinstance(e, PlateSeenAgain)) == PlateSeenAgain(7, 42, "LT3482")


@lane_test
async def test_a_visit_without_a_legible_plate_is_given_up_and_not_for_ever_waited_for(folder: Path) -> None:
    """An empty lane gives the reason after the limit."""
    async with running(folder, limit_ms=700) as lane:
        lane.reader.begin_visit(3)
        event = await lane.until(lambda e: isinstance(e, PlateUnread))
        assert isinstance(event, PlateUnread)
        assert (event.visit, event.reason) == (3, "no plate seen")
        assert event.evidence


@lane_test
async def test_a_frozen_camera_is_a_fault_and_clears_when_pictures_move_again(folder: Path) -> None:
    """The same picture again and again is a camera fault; every new process is told of it, until the camera lives."""
    async with running(folder, stall_s=1.2) as lane:
        lane.camera.ailment = Ailment.FROZEN
        event = await lane.until(lambda e: isinstance(e, FaultRaised))
        assert isinstance(event, FaultRaised)
        assert event.fault is Fault.CAMERA
        assert "frozen" in event.detail
        await asyncio.sleep(8)  # a new process, and what it makes of the same frozen picture
        assert lane.reader.starts > 1
        assert [e for e in lane.events if isinstance(e, FaultCleared)] == []
        lane.camera.ailment = Ailment.NONE
        assert await lane.until(lambda e: isinstance(e, FaultCleared)) == FaultCleared(Fault.CAMERA)


@lane_test
async def test_a_killed_reader_process_is_a_fault_and_is_started_again(folder: Path) -> None:
    """A kill -9 of the reader: fault READER, a new process, and the running visit is read all the same."""
    async with running(folder) as lane:
        lane.reader.begin_visit(9)
        first = lane.reader.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        event = await lane.until(lambda e: isinstance(e, FaultRaised))
        assert isinstance(event, FaultRaised)
        assert event.fault is Fault.READER
        lane.camera.show(TRUCK, seconds=0.5)
        await lane.until(lambda e: e == FaultCleared(Fault.READER))
        assert lane.reader.pid not in {None, first}
        event = await lane.until(lambda e: isinstance(e, PlateSettled))
        assert isinstance(event, PlateSettled)
        assert (event.visit, event.read.vrn) == (9, "LT3482")


@lane_test
async def test_a_hanging_reader_process_is_killed_and_started_again(folder: Path) -> None:
    """A stopped process says nothing: after the silence limit it is killed, and a new one sees."""
    async with running(folder) as lane:
        first = lane.reader.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        await lane.until(lambda e: isinstance(e, FaultRaised) and e.fault is Fault.READER)
        await lane.until(lambda e: e == FaultCleared(Fault.READER))
        assert lane.reader.pid != first
        assert lane.reader.starts == 2


@lane_test
async def test_what_was_seen_for_a_visit_that_has_ended_is_dropped(folder: Path) -> None:
    """A truck read after its visit has ended gives no event: the next truck must not get its mark."""
    async with running(folder) as lane:
        lane.reader.begin_visit(1)
        lane.reader.end_visit(1)
        lane.camera.show(TRUCK, seconds=0.1)
        await asyncio.sleep(2.0)
        assert lane.events == []


@lane_test
async def test_missing_weights_are_a_reader_fault_that_says_what_to_do(folder: Path) -> None:
    """The fault names the file and the remedy."""
    lane = Lane(folder, weights=folder / "nowhere")
    try:
        await lane.reader.start(wait_s=30)
        event = await lane.until(lambda e: isinstance(e, FaultRaised))
        assert isinstance(event, FaultRaised)
        assert event.fault is Fault.READER
        assert "weights.json: no such file" in event.detail
    finally:
        await lane.reader.stop()
