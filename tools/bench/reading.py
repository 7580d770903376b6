"""Picture to settled read, beside one run of the networks."""

from __future__ import annotations

import asyncio
import itertools
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.anpr.alphabet import CROP
from devices.anpr.detections import NEAR
from devices.anpr.engines import OnnxRuntimeEngine
from devices.anpr.look import FEATURES, GRID
from devices.anpr.plate_reader import PlateReader, fitted
from devices.camera import Frame
from devices.evidence import EvidenceStore
from devices.reader import ReaderProcess
from devices.reader_protocol import ReaderSetup, SettledRead
from devices.settings import CameraKind, CameraSettings, ReaderSettings
from devices.visit_reader import VisitReader, read_region
from lane_agent.events import Event, PlateSettled
from simulation.drawn.camera import DrawnCamera
from simulation.drawn.trucks import CameraView, DrawnTruck
from tools.bench.figures import FigureLine, timing

MARKS = ("LT3482", "EV2033", "HK8461", "AB1234", "TN5907", "RJ246")
START_S = 60.0


def _trucks(count: int) -> list[DrawnTruck]:
    marks = itertools.islice(itertools.cycle(MARKS), count)
    return [DrawnTruck(mark, rows=1 + number % 2, seed=number) for number, mark in enumerate(marks)]


def _setup(folder: Path) -> ReaderSetup:
    camera = CameraSettings(kind=CameraKind.SIMULATED, path=folder / "camera.sock")
    return ReaderSetup(camera=camera, reader=ReaderSettings(), evidence=folder / "evidence")


class _Networks:
    """The floor: every network run once, on a picture prepared for them beforehand."""

    def __init__(self, engine: OnnxRuntimeEngine, picture: NDArray[np.uint8], side: int) -> None:
        self._engine = engine
        self._batch, _ = fitted(picture, side)
        self._crop = np.zeros((1, 1, CROP[1], CROP[0]), np.float32)
        self._peak = np.zeros((1, FEATURES, NEAR, NEAR), np.float32)
        self._find = np.zeros((1, FEATURES, GRID[1], GRID[0]), np.float32)

    def run(self) -> int:
        """Nanoseconds."""
        start = time.perf_counter_ns()
        self._engine.run("detector", self._batch)
        self._engine.run("corners", self._peak)
        self._engine.run("look", self._find)
        self._engine.run("recogniser", self._crop)
        return time.perf_counter_ns() - start


class _InProcess:
    """Reader and settling as the reader process has them, without the process."""

    def __init__(self, folder: Path) -> None:
        self.setup = _setup(folder)
        self.engine = OnnxRuntimeEngine()
        self.reader = PlateReader(self.engine, side=self.setup.side)
        self.evidence = EvidenceStore(self.setup.evidence)
        self.view = CameraView()
        self.networks = _Networks(self.engine, self.view.picture().image, self.setup.side)
        self.pictures: list[int] = []
        self.settled: list[int] = []
        self.floor: list[int] = []

    def visit(self, number: int, truck: DrawnTruck) -> None:
        """One truck at the stop line, picture after picture, until its read settles."""
        watch = VisitReader(number, 0, self.setup, self.evidence)
        frames = [Frame(self.view.picture(truck, frame=each).image, each, each) for each in range(1, 13)]
        start = time.perf_counter_ns()
        for frame in frames:
            began = time.perf_counter_ns()
            reports = watch.look(frame, read_region(self.reader, frame, self.setup.camera.zone))
            end = time.perf_counter_ns()
            self.pictures.append(end - began)
            if any(isinstance(report, SettledRead) for report in reports):
                self.settled.append(end - start)
                break
        self.floor.append(self.networks.run())


class _Child:
    """The reader process and the drawn camera, as a lane has them."""

    def __init__(self, folder: Path) -> None:
        setup = _setup(folder)
        self.camera = DrawnCamera(Path(setup.camera.place), fps=setup.busy_fps)
        self.reader = ReaderProcess(setup, self._take)
        self._read: asyncio.Future[int] | None = None
        self._visit = 0

    def _take(self, event: Event) -> None:
        waits = self._read is not None and not self._read.done()
        if waits and isinstance(event, PlateSettled) and event.visit == self._visit:
            assert self._read is not None
            self._read.set_result(time.perf_counter_ns())

    async def visits(self, trucks: list[DrawnTruck]) -> list[int]:
        """Nanoseconds from a truck at the stop line to its settled read, for each that settled."""
        self.camera.start()
        spent = []
        try:
            await self.reader.start(wait_s=START_S)
            for number, truck in enumerate(trucks, 1):
                spent.append(await self._one(number, truck))
        finally:
            await self.reader.stop()
            self.camera.stop()
        return spent

    async def _one(self, number: int, truck: DrawnTruck) -> int:
        self._visit, self._read = number, asyncio.get_running_loop().create_future()
        self.camera.show(truck, seconds=0.001)
        start = time.perf_counter_ns()
        self.reader.begin_visit(number)
        end = await asyncio.wait_for(self._read, START_S)
        self.reader.end_visit(number)
        self.camera.show(None)
        await asyncio.sleep(0.3)
        return end - start


def measure_reader(folder: Path, visits: int) -> list[FigureLine]:
    """One picture, a settled read in this process, and one through the reader process and its camera.

    A read settles on `frames` pictures that agree, and the process looks at `busy_fps` of them a second
    (`devices.reader_protocol.ReaderSetup`): the last figure is mostly that wait.
    """
    here = _InProcess(folder)
    trucks = _trucks(visits)
    for number, truck in enumerate(trucks, 1):
        here.visit(number, truck)
    child = asyncio.run(_Child(folder).visits(trucks[: max(1, visits // 3)]))
    floor = timing("detector and recogniser once", here.floor)
    return [
        FigureLine(timing("one picture read", here.pictures), floor),
        FigureLine(timing("picture to settled read", here.settled), floor),
        FigureLine(timing("the same, reader process and camera", child), floor),
    ]
