"""Cameras that FFmpeg opens: V4L2, RTSP and HTTP, whose pictures have an age; and a video file in their place."""

from __future__ import annotations

import time
from collections.abc import Iterator

import av
import av.container
import av.format
import numpy as np

from devices.dated_picture import CameraError, DatedPicture, LatePictures, Picture, monotonic_ms
from devices.picture_age import LATE_MS, LEAST_MS, PacedAge, StampedAge, Wholeness
from devices.settings import CameraKind, CameraSettings

OPEN_TIMEOUT, READ_TIMEOUT = 3.0, 2.0  # seconds; the library's own are up to 90
BLIND_MS = 2_000
"""A stream none of whose pictures can be used for so long is opened again,"""
LAGGING_MS = 1_000
"""one whose pictures are all late for so long,"""
JOINED_MS = 10_000
"""and one that was joined in the middle, when no key frame has come for so long."""


def _opened(settings: CameraSettings) -> av.container.InputContainer:
    options, form = {"analyzeduration": "100000"}, None
    if settings.kind is CameraKind.V4L2:
        form, options = "video4linux2", {}
    if settings.kind is CameraKind.RTSP:
        # With sound beside it, the first report of the sender's clock would shift the pictures' stamps.
        options |= {"rtsp_transport": "tcp", "allowed_media_types": "video"}
    try:
        return av.open(settings.place, format=form, options=options, timeout=(OPEN_TIMEOUT, READ_TIMEOUT))
    except (av.FFmpegError, OSError) as error:
        raise _broken(settings, error) from error


def _broken(settings: CameraSettings, error: Exception) -> CameraError:
    return CameraError(f"{settings.place}: {error}: check the address, the cable and the power")


def _picture(frame: av.VideoFrame) -> Picture:
    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


class VideoFile:
    """A video file, looped and paced; its pictures count as taken when they are shown."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._pace = Pace(settings.fps)
        self._container = _opened(settings)
        self._frames = self._decoded()

    def _decoded(self) -> Iterator[Picture]:
        while True:
            for frame in self._container.decode(video=0):
                yield _picture(frame)
            self._container.seek(0)

    def read(self) -> DatedPicture:
        """See `Camera`."""
        self._pace.wait()
        try:
            return DatedPicture.now(next(self._frames))
        except (av.FFmpegError, OSError, IndexError) as error:
            raise _broken(self._settings, error) from error

    def close(self) -> None:
        """See `Camera`."""
        self._container.close()


class StreamCamera:
    """A live stream. What is late, or cannot be trusted after a loss, is dropped; a stream that gives nothing else ends.

    Args:
        settings: where it is.
    """

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._opened_ms = monotonic_ms()
        self._container = _opened(settings)
        self._stamped = av.format.Flags.no_timestamps not in av.format.Flags(self._container.format.flags)
        self._clock, self._rhythm = StampedAge(), PacedAge()
        self._whole = Wholeness()
        self._usable_ms = self._opened_ms + JOINED_MS - BLIND_MS
        self._frames = self._decoded()

    def _decoded(self) -> Iterator[av.VideoFrame]:
        for packet in self._container.demux(video=0):
            if not packet.size:  # the end: what the decoder still has is from before it
                return
            if packet.is_corrupt:
                self._whole.lost()
            try:
                yield from packet.decode()
            except av.InvalidDataError:
                self._whole.lost()
                self._weigh("its pictures are damaged", BLIND_MS)

    def read(self) -> DatedPicture:
        """See `Camera`.

        Raises:
            LatePictures: they have been late for `LAGGING_MS`.
        """
        while True:
            shot = self._judged(self._next())
            if shot is not None:
                self._usable_ms = monotonic_ms()
                return shot

    def _next(self) -> av.VideoFrame:
        try:
            return next(self._frames)
        except CameraError:
            raise
        except (av.FFmpegError, OSError, IndexError) as error:
            raise _broken(self._settings, error) from error
        except StopIteration as end:
            raise CameraError(f"{self._settings.place}: the stream has ended: check the camera") from end

    def _judged(self, frame: av.VideoFrame) -> DatedPicture | None:
        """The picture with its age, or None for one that says nothing about now."""
        received = monotonic_ms()
        stamp = frame.time * 1000 if self._stamped and frame.time is not None else None
        trusted = self._whole.trusts(stamp, key=frame.key_frame, damaged=frame.is_corrupt)
        lag = self._clock.lag_ms(stamp, received) if self._stamped else self._rhythm.lag_ms(received)
        if self._clock.crept_ms > LATE_MS:
            raise CameraError(f"{self._settings.place}: opened again, to see whether its clock is slow or its line")
        if lag is not None and lag > LATE_MS:
            late = f"pictures come {lag / 1000:.1f} s late: the line is too slow, ask less of it (size, rate, quality)"
            self._weigh(late, LAGGING_MS, LatePictures)
            return None
        if not trusted or lag is None:
            why = "pictures are lost, and no key frame comes: set the camera's key frame interval to one second"
            self._weigh(why if not trusted else "its pictures have no age", BLIND_MS)
            return None
        taken = received - lag - LEAST_MS
        return DatedPicture(_picture(frame), taken, taken if self._stamped else min(taken, self._opened_ms))

    def _weigh(self, why: str, limit_ms: int, error: type[CameraError] = CameraError) -> None:
        """Gives up, for the reason `why`, a stream that has been of no use for longer than `limit_ms`."""
        if monotonic_ms() - self._usable_ms > limit_ms:
            raise error(f"{self._settings.place}: {why}")

    def close(self) -> None:
        """See `Camera`."""
        self._container.close()


class Pace:
    """So many calls a second."""

    def __init__(self, fps: float) -> None:
        self._step = 1 / fps
        self._due = time.monotonic()

    def wait(self) -> None:
        """Until the next call is due."""
        self._due = max(self._due + self._step, time.monotonic() - self._step)
        time.sleep(max(0.0, self._due - time.monotonic()))
