"""Cameras on bad days, over real MJPEG and RTSP servers: the reader's loop names each ailment in time, and it passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest

from devices.camera_condition import small_grey
from devices.dated_picture import Picture
from devices.reader import ReaderProcess
from devices.reader_protocol import ReaderSetup
from devices.settings import CameraKind, CameraSettings, ReaderSettings
from devices.simulated.mjpeg_camera import MjpegCamera
from devices.simulated.rtsp_camera import RtspCamera
from lane_agent.events import Event, FaultCleared, FaultRaised
from simulation.waiting import until
from tools.bench.ailing_camera import AILING, coded, well

PATIENCE_S = 120.0
"""How soon each is noticed is measured by `rocars-bench devices`, on a quiet machine."""


class Watching:
    """The reader as the agent has it, and what it says of the camera."""

    def __init__(self, camera: CameraSettings, folder: Path) -> None:
        setup = ReaderSetup(camera=camera, reader=ReaderSettings(), evidence=folder)
        self.reader = ReaderProcess(setup, self._take)
        self.trouble = ""

    def _take(self, event: Event) -> None:
        if isinstance(event, FaultRaised):
            self.trouble = event.detail
        elif isinstance(event, FaultCleared):
            self.trouble = ""

    @property
    def well(self) -> bool:
        """It sees, and nothing is wrong."""
        return not self.trouble and self.reader.latest() is not None

    async def until(self, holds: Callable[[], object]) -> None:
        """Waits."""
        try:
            await until(holds, PATIENCE_S)
        except TimeoutError:
            raise AssertionError(f"still: {self.trouble!r}, faults {self.reader.faults}") from None


@contextmanager
def mjpeg() -> Iterator[tuple[CameraKind, str, Callable[[Callable[[int], Picture]], None]]]:
    """A camera over HTTP, and how it is made to show something."""
    with MjpegCamera(well, fps=6) as camera:
        yield (
            CameraKind.HTTP,
            f"http://127.0.0.1:{camera.port}/lane",
            lambda shows: setattr(camera, "picture_of", shows),
        )


@contextmanager
def rtsp() -> Iterator[tuple[CameraKind, str, Callable[[Callable[[int], Picture]], None]]]:
    """The same over RTSP; a living one plays pictures that never come again within the memory of the stall."""
    living = coded(well, count=270)
    ailing = {shows: coded(shows, count=60) for shows in AILING.values()}
    with RtspCamera(living, fps=10) as camera:
        yield (
            CameraKind.RTSP,
            f"rtsp://127.0.0.1:{camera.port}/lane",
            lambda shows: camera.show(ailing.get(shows, living)),
        )


@pytest.mark.parametrize("server", [pytest.param(mjpeg, marks=pytest.mark.long), rtsp])
def test_each_ailment_is_named_in_time_and_passes(server: Callable, tmp_path: Path) -> None:  # type: ignore[type-arg]
    """Frozen, black, blinded, out of focus and moved: told apart, each with what to do, and over by itself."""
    reference = tmp_path / "reference.png"
    cv2.imwrite(str(reference), small_grey(well()))

    async def story(kind: CameraKind, url: str, show: Callable[[Callable[[int], Picture]], None]) -> None:
        watching = Watching(CameraSettings(kind=kind, url=url, fps=10.0, reference=reference), tmp_path)
        await watching.reader.start(PATIENCE_S)
        try:
            await watching.until(lambda: watching.well)
            for word, shows in AILING.items():
                show(shows)
                await watching.until(lambda word=word: word in watching.trouble)  # type: ignore[misc]
                assert ":" in watching.trouble
                show(well)
                await watching.until(lambda: watching.well)
        finally:
            await watching.reader.stop()

    with server() as (kind, url, show):
        asyncio.run(story(kind, url, show))


def test_a_stalled_camera_is_none_of_these(tmp_path: Path) -> None:
    """It keeps the connection and sends nothing."""

    async def story(camera: MjpegCamera) -> None:
        settings = CameraSettings(kind=CameraKind.HTTP, url=f"http://127.0.0.1:{camera.port}/lane")
        watching = Watching(settings, tmp_path)
        await watching.reader.start(PATIENCE_S)
        try:
            await watching.until(lambda: watching.well)
            camera.silent = True
            await watching.until(lambda: watching.trouble)
            assert not any(word in watching.trouble for word in AILING)
            camera.silent = False
            await watching.until(lambda: watching.well)
        finally:
            await watching.reader.stop()

    with MjpegCamera(well, fps=6) as camera:
        asyncio.run(story(camera))
