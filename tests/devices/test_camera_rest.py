"""A camera at rest and at an arrival, over a real RTSP connection on loopback. Each picture shows its number."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from devices.camera import Frame, Newest
from devices.dated_picture import monotonic_ms
from devices.settings import CameraKind, CameraSettings
from devices.simulated.rtsp_camera import RtspCamera
from tests.rigs.films import access_units, number_of

FPS, EVERY = 25, 25
"""A key frame a second."""
_UNITS = access_units(100, every=EVERY, fps=FPS)


def looking(camera: RtspCamera) -> Newest:
    """That camera, being read."""
    return Newest(CameraSettings(kind=CameraKind.RTSP, url=f"rtsp://127.0.0.1:{camera.port}/lane"))


@contextmanager
def resting(units: list[bytes], seconds: float, *, fps: int = FPS) -> Iterator[tuple[Newest, list[int]]]:
    """A camera that nobody has needed for so long, and the numbers of the pictures it gave in the last two seconds."""
    with RtspCamera(units, fps=fps) as camera, looking(camera) as newest:
        newest.rest()
        assert newest.after(0, 10) is not None, newest.error
        time.sleep(seconds)
        yield newest, [number_of(frame.picture) for frame in given(newest, 2.0)]


def given(newest: Newest, seconds: float) -> list[Frame]:
    """Every picture of so many seconds, beginning with the next one."""
    frames, number, until = [], _latest(newest), time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if (frame := newest.after(number, left)) is not None:
            number = frame.number
            frames.append(frame)
    return frames


def _latest(newest: Newest) -> int:
    frame = newest.after(0, 0)
    return frame.number if frame else 0


def test_with_nobody_in_the_lane_only_key_frames_are_decoded() -> None:
    """Two in two seconds, where twenty-five a second come; and that others come is known."""
    with resting(_UNITS, 4) as (newest, numbers):
        assert 1 <= len(numbers) <= 3
        assert {number % EVERY for number in numbers} == {0}
        assert monotonic_ms() - newest.heard_ms < 200


def test_at_an_arrival_the_first_picture_comes_at_once_and_not_with_the_next_key_frame() -> None:
    """At five moments between two key frames: within 0.7 s, of which 0.3 are what a picture may be old at the least."""
    with resting(_UNITS, 4) as (newest, _):
        for pause in (1.13, 1.31, 1.57, 1.73, 1.97):
            newest.rest()
            time.sleep(pause)
            begun, number, frame = monotonic_ms(), _latest(newest), None
            newest.want(begun)
            while frame is None or not frame.since(begun):
                frame = newest.after(number, 3)
                assert frame is not None, newest.error
                number = frame.number
            assert monotonic_ms() - begun < 700
        numbers = [number_of(each.picture) for each in given(newest, 2)]
        steps = {(after - before) % 100 for before, after in itertools.pairwise(numbers)}
        assert len(numbers) > 25
        assert max(steps) <= 3  # pictures may be left to a busy machine, not to the next key frame


def test_after_a_loss_at_rest_an_arrival_gets_nothing_before_the_next_key_frame() -> None:
    """Picture 30 of 100 never comes: what stands on it is neither decoded nor believed, whenever the vehicle comes."""
    units = [unit for number, unit in enumerate(_UNITS) if number != 30]

    class Gap(RtspCamera):
        """The pictures keep their stamps: what is lost leaves a gap."""

        def _stamp(self, number: int) -> int:
            return number // len(units) * 100 + (at if (at := number % len(units)) < 30 else at + 1)

    with Gap(units, fps=FPS) as camera, looking(camera) as newest:
        newest.rest()
        assert newest.after(0, 10) is not None, newest.error
        time.sleep(3.5)
        seen: set[int] = set()
        for _ in range(8):
            while not 33 <= _sent(camera) % 100 <= 42:
                time.sleep(0.01)
            newest.want(monotonic_ms())
            seen |= {number_of(each.picture) for each in given(newest, 1.2)}
            newest.rest()
    assert not seen & set(range(31, 50))
    assert seen & set(range(50, 60))


def _sent(camera: RtspCamera) -> int:
    return camera.sent


@pytest.mark.parametrize("every", [100])
def test_a_camera_with_rare_key_frames_is_decoded_whole_at_rest_too(every: int) -> None:
    """Four seconds apart, they would show the lane too seldom."""
    with resting(access_units(100, every=every, fps=FPS), 3) as (_, numbers):
        assert len(numbers) > 25
