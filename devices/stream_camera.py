"""Cameras that FFmpeg opens: V4L2, RTSP and HTTP, whose pictures have an age; and a video file in their place.

Rules of this file
- The age of the stream is taken from its packets, as they come; nothing needs to be decoded for it.
- Pictures are decoded as many as somebody looks at: within a visit all, else the key frames (`devices.key_frames`). Their
  colours are made for those only that are looked at.
- After anything that was left out or lost, nothing is given before the next key frame (design §2.17).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import av
import av.container
import av.format
import numpy as np

from devices.camera_login import CameraAddress
from devices.dated_picture import CameraError, DatedPicture, LatePictures, Picture, PictureDemand, monotonic_ms
from devices.key_frames import CATCH_UP_MS, LONGEST_MS, KeyFrames
from devices.settings import CameraKind, CameraSettings
from runtime.live_tap import NoTap, PacketTap
from runtime.picture_age import LATE_MS, LEAST_MS, PacedAge, StampedAge, Wholeness
from runtime.sections import milliseconds

if TYPE_CHECKING:
    Packet = av.Packet[av.VideoStream]
else:  # while it runs PyAV's class takes no type
    Packet = av.Packet

OPEN_TIMEOUT, READ_TIMEOUT = 3.0, 2.0  # seconds; the library's own are up to 90
BLIND_MS = 2_000
"""A stream none of whose pictures can be used for so long is opened again,"""
LAGGING_MS = 1_000
"""one whose pictures are all late for so long,"""
JOINED_MS = 10_000
"""and one that was joined in the middle, when no key frame has come for so long."""
RESTING_MS = 450
"""Of a camera whose every picture is a key frame, one in so long is decoded while nobody is in the lane."""
STALL_SHARE = 0.7
"""Key frames must come within this share of the camera's `stall_s`, else seeing only them would look like a stall."""


def _opened(settings: CameraSettings, address: CameraAddress) -> av.container.InputContainer:
    options, form = {"analyzeduration": "100000"}, None
    if settings.kind is CameraKind.V4L2:
        form, options = "video4linux2", {}
    if settings.kind is CameraKind.RTSP:
        # With sound beside it, the first report of the sender's clock would shift the pictures' stamps.
        options |= {"rtsp_transport": "tcp", "allowed_media_types": "video"}
    try:
        return av.open(address.opened, format=form, options=options, timeout=(OPEN_TIMEOUT, READ_TIMEOUT))
    except (av.FFmpegError, OSError) as error:
        raise address.error(error) from None  # the error's own text has the login in it


def _picture(frame: av.VideoFrame) -> Picture:
    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


class VideoFile:
    """A video file, looped and paced; its pictures count as taken when they are shown."""

    def __init__(self, settings: CameraSettings) -> None:
        self._address = CameraAddress(settings)
        self._pace = Pace(settings.fps)
        self._container = _opened(settings, self._address)
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
            raise self._address.error(error) from error

    def close(self) -> None:
        """See `Camera`."""
        self._container.close()


class StreamCamera:
    """A live stream. What is late, or cannot be trusted after a loss, is dropped; a stream that gives nothing else ends.

    Args:
        settings: where it is.
        attention: whether somebody is in the lane; may change at any moment.
        tap: hears every packet as it comes.
    """

    def __init__(
        self, settings: CameraSettings, attention: PictureDemand | None = None, tap: PacketTap | None = None
    ) -> None:
        self._address = CameraAddress(settings)
        self._attention = attention or PictureDemand()
        self._tap = tap or NoTap()
        self._opened_ms = monotonic_ms()
        self._container = _opened(settings, self._address)
        self._stamped = av.format.Flags.no_timestamps not in av.format.Flags(self._container.format.flags)
        self._clock, self._rhythm = StampedAge(), PacedAge()
        self._lag: int | None = None
        self._late_since: int | None = None
        self._whole = Wholeness()
        longest = min(LONGEST_MS, round(milliseconds(settings.stall_s) * STALL_SHARE))
        self._keys = KeyFrames[Packet](longest)
        self._fed = True
        self._rested_ms = 0
        self._usable_ms = self._opened_ms + JOINED_MS - BLIND_MS
        self._frames = self._decoded()

    def read(self) -> DatedPicture:
        """See `Camera`.

        Raises:
            LatePictures: they have been late for `LAGGING_MS`.
        """
        while True:
            shot = self._judged(*self._next())
            if shot is not None:
                self._usable_ms = monotonic_ms()
                return shot

    def close(self) -> None:
        """See `Camera`."""
        self._container.close()

    def _next(self) -> tuple[av.VideoFrame, bool]:
        try:
            return next(self._frames)
        except CameraError:
            raise
        except (av.FFmpegError, OSError, IndexError) as error:
            raise self._address.error(error) from None  # see `_opened`
        except StopIteration as end:
            raise self._address.failed("the stream has ended: check the camera") from end

    def _decoded(self) -> Iterator[tuple[av.VideoFrame, bool]]:
        """Each picture that is decoded, and whether it can be trusted."""
        codec = self._container.streams.video[0].codec_context
        self._tap.opened(codec.name, codec.extradata or b"")
        for packet in self._container.demux(video=0):
            if not packet.size:  # the end: what the decoder still has is from before it
                return
            now = monotonic_ms()
            self._hear(packet, now)
            self._keys.came(packet, packet.size, now, key=packet.is_keyframe, damaged=packet.is_corrupt)
            taken = None if self._lag is None else now - self._lag - LEAST_MS
            self._tap.came(packet, taken, key=packet.is_keyframe, damaged=packet.is_corrupt)
            try:
                yield from self._resting(packet, now) if self._may_rest(now) else self._watching(packet, now)
            except av.InvalidDataError:
                self._whole.lost()
                self._weigh("its pictures are damaged", BLIND_MS)

    def _may_rest(self, now: int) -> bool:
        return not self._attention.full and self._keys.regular(now)

    def _hear(self, packet: Packet, now: int) -> None:
        """How late the stream is, by a packet that has come."""
        if packet.is_corrupt:
            self._whole.lost()
        stamp = None if packet.pts is None else float(packet.pts * packet.time_base * 1000)
        self._lag = self._clock.lag_ms(stamp, now) if self._stamped else self._rhythm.lag_ms(now)
        if self._clock.crept_ms > LATE_MS:
            raise self._address.failed("opened again, to see whether its clock is slow or its line")
        if self._lag is None or self._lag <= LATE_MS:
            self._late_since = None
            return
        self._late_since = now if self._late_since is None else self._late_since
        if now - self._late_since > LAGGING_MS:
            late = f"pictures come {self._lag / 1000:.1f} s late"
            remedy = "the line is too slow, ask less of it (size, rate, quality)"
            raise LatePictures(self._address.clean(f"{self._address.shown}: {late}: {remedy}"))

    def _resting(self, packet: Packet, now: int) -> Iterator[tuple[av.VideoFrame, bool]]:
        """Nobody is in the lane: key frames alone, each by itself."""
        if self._fed:
            packet.stream.codec_context.flush_buffers()
            self._fed = False
        if not packet.is_keyframe or now - self._rested_ms < RESTING_MS:
            if self._lag is not None and self._late_since is None:
                self._attention.heard_ms = now
            return
        self._rested_ms = now
        codec = packet.stream.codec_context
        self._whole.rested()
        frames = [*codec.decode(packet), *codec.decode(None)]
        codec.flush_buffers()
        for frame in frames[:1]:
            yield frame, self._trusts(frame)

    def _watching(self, packet: Packet, now: int) -> Iterator[tuple[av.VideoFrame, bool]]:
        """Every picture; first, unseen, those that were left out."""
        packets, limit = [packet], CATCH_UP_MS
        if not self._fed:
            self._whole.rested()
            if not packet.is_keyframe:
                packets, limit = self._keys.behind(now)
            self._fed = bool(packets)
        for one in packets:
            if one is not packet and monotonic_ms() - now > limit:
                self._keys.spent()
                self._whole.rested()
                packet.stream.codec_context.flush_buffers()
                self._fed = False
                return
            for frame in one.decode():
                trusted = self._trusts(frame)
                if one is packet:
                    yield frame, trusted

    def _trusts(self, frame: av.VideoFrame) -> bool:
        stamp = self._stamp(frame)
        return self._whole.trusts(stamp, key=frame.key_frame, damaged=frame.is_corrupt)

    def _stamp(self, frame: av.VideoFrame) -> float | None:
        return frame.time * 1000 if self._stamped and frame.time is not None else None

    def _judged(self, frame: av.VideoFrame, trusted: bool) -> DatedPicture | None:
        """The picture with its age, or None for one that says nothing about now."""
        now, stamp, lag = monotonic_ms(), self._stamp(frame), self._lag
        if self._stamped:
            lag = None if stamp is None else self._clock.age_ms(stamp, now)
        if lag is not None and lag > LATE_MS:
            return None
        if not trusted or lag is None:
            why = "pictures are lost, and no key frame comes: set the camera's key frame interval to one second"
            self._weigh(why if not trusted else "its pictures have no age", BLIND_MS)
            return None
        taken = now - lag - LEAST_MS
        made = partial(self._coloured, frame)
        return DatedPicture(made, taken, taken if self._stamped else min(taken, self._opened_ms))

    def _coloured(self, frame: av.VideoFrame) -> Picture:
        try:
            return _picture(frame)
        except (av.FFmpegError, ValueError) as error:
            raise self._address.failed(f"its pictures cannot be shown ({error}): choose another format") from error

    def _weigh(self, why: str, limit_ms: int) -> None:
        """Gives up, for the reason `why`, a stream that has been of no use for longer than `limit_ms`."""
        if monotonic_ms() - self._usable_ms > limit_ms:
            raise self._address.failed(why)


class Pace:
    """So many calls a second."""

    def __init__(self, fps: float) -> None:
        self._step = 1 / fps
        self._due = time.monotonic()

    def wait(self) -> None:
        """Until the next call is due."""
        self._due = max(self._due + self._step, time.monotonic() - self._step)
        time.sleep(max(0.0, self._due - time.monotonic()))
