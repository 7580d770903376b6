"""Where pictures come from: a folder, a video file, V4L2, a network stream, or the drawn world's socket.

A camera is read in a thread of the reader process (`Newest`), which keeps the newest picture only. Whatever blocks
inside a driver for ever is cured by ending that process (lessons 15 and 16).
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from devices.dated_picture import (
    Camera,
    CameraError,
    DatedPicture,
    LatePictures,
    LoginRefused,
    Picture,
    PictureDemand,
    monotonic_ms,
)
from devices.settings import CameraKind, CameraSettings
from devices.stream_camera import Pace, StreamCamera, VideoFile
from runtime.backoff import Backoff
from runtime.live_tap import PacketTap

STEADY_MS = 10_000
"""Pictures must have come in time for so long before a camera whose pictures were late is trusted again."""

_AGAIN_S = (0.5, 2.0)
"""Before a camera that failed is tried again: first, longest."""
_LOGIN_S = (10.0, 60.0)
"""The same after it refused the login. A camera that is asked twice a second locks the address, and then the right password is
wrong, too."""

CLOSE_S = 2.0
"""Waited for the end of the thread; a stalled stream ends its read later."""


class FolderCamera:
    """The pictures of a folder, by name, in a loop."""

    def __init__(self, folder: Path, fps: float) -> None:
        self._files = sorted(f for f in folder.glob("*") if f.suffix.lower() in {".jpg", ".jpeg", ".png", ".bmp"})
        if not self._files:
            raise CameraError(f"{folder}: no pictures (.jpg, .png, .bmp) there: put some in, or name another folder")
        self._pace = Pace(fps)
        self._next = 0

    def read(self) -> DatedPicture:
        """See `Camera`."""
        self._pace.wait()
        file = self._files[self._next % len(self._files)]
        self._next += 1
        picture = cv2.imread(str(file))
        if picture is None:
            raise CameraError(f"{file}: not a picture, or cut short: remove it")
        return DatedPicture.now(np.asarray(picture, np.uint8))

    def close(self) -> None:
        """See `Camera`."""


PUSH = struct.Struct(">4sII")
PUSH_MAGIC = b"lane"


class SocketCamera:
    """Pictures that a simulated world writes to a Unix socket: header (`PUSH`: magic, width, height), then raw bytes.

    The socket is created here and the world connects to it, so that either may be restarted.
    """

    def __init__(self, place: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        place.unlink(missing_ok=True)
        try:
            self._listener.bind(str(place))
        except OSError as error:
            self._listener.close()
            raise CameraError(f"{place}: {error}: name a socket in a folder that exists and may be written") from error
        self._listener.listen(1)
        self._peer: socket.socket | None = None

    def read(self) -> DatedPicture:
        """See `Camera`; waits for the world to connect, and again when it has gone."""
        while True:
            if self._peer is None:
                self._peer, _ = self._listener.accept()
            head = _received(self._peer, PUSH.size)
            if head is not None:
                magic, width, height = PUSH.unpack(head)
                if magic != PUSH_MAGIC:
                    raise CameraError("the simulated camera's socket carries something else than pictures")
                body = _received(self._peer, width * height * 3)
                if body is not None:
                    return DatedPicture.now(np.frombuffer(body, np.uint8).reshape(height, width, 3))
            self._peer.close()
            self._peer = None

    def close(self) -> None:
        """See `Camera`."""
        if self._peer:
            self._peer.close()
        self._listener.close()


def _received(link: socket.socket, count: int) -> bytearray | None:
    data = bytearray(count)
    view, at = memoryview(data), 0
    while at < count:
        got = link.recv_into(view[at:])
        if not got:
            return None
        at += got
    return data


def open_camera(
    settings: CameraSettings, attention: PictureDemand | None = None, tap: PacketTap | None = None
) -> Camera:
    """The camera that the settings name.

    Args:
        settings: which one.
        attention: whether somebody is in the lane; None for a camera that is always watched.
        tap: hears a live stream's packets.

    Raises:
        CameraError: it cannot be opened.
    """
    if settings.kind is CameraKind.FOLDER:
        return FolderCamera(Path(settings.place), settings.fps)
    if settings.kind is CameraKind.SIMULATED:
        return SocketCamera(Path(settings.place))
    return (
        VideoFile(settings)
        if settings.kind is CameraKind.VIDEO
        else StreamCamera(settings, attention or PictureDemand(), tap)
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture and when it was taken: `taken_ms` on the monotonic clock; `number` counts from 1.

    `earliest_ms`: it was certainly not taken before; None where that is `taken_ms` itself.
    """

    picture: Picture
    taken_ms: int
    number: int
    earliest_ms: int | None = None

    def since(self, moment_ms: int) -> bool:
        """Whether it was taken after `moment_ms`, certainly."""
        certain = self.earliest_ms is None or self.earliest_ms >= moment_ms
        return certain and self.taken_ms > moment_ms


class Newest:
    """Reads a camera in a thread and keeps its newest picture; pictures not taken in time are dropped.

    A command that looks through a camera once ends with it (`close`, or as a context): a decoder that still runs while
    the interpreter is taken down may take the whole process with it, exit status included.

    Args:
        settings: which camera; it is opened in the thread and opened again after an error.
        opener: how a camera is opened.
    """

    def __init__(
        self, settings: CameraSettings, opener: Callable[[CameraSettings, PictureDemand], Camera] = open_camera
    ) -> None:
        self._settings = settings
        self._opener = opener
        self._attention = PictureDemand()
        self._fresh = threading.Condition()
        self._shot: DatedPicture | None = None
        self._error = ""
        self._count = 0
        self._wanted_ms = 0
        self._late = ("", 0)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """No further picture; waits `CLOSE_S` at most, for a camera that says nothing holds its thread until it times out."""
        self._closed.set()
        self._thread.join(CLOSE_S)

    def after(self, number: int, timeout: float) -> Frame | None:
        """The newest picture if it is newer than `number`; waits up to `timeout` seconds for one."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._count > number, timeout)
            shot, count = self._shot, self._count
        if shot is None or count <= number:
            return None
        try:
            return Frame(shot.picture, shot.taken_ms, count, shot.earliest_ms)
        except CameraError as error:
            self._error = str(error)
            return None

    @property
    def error(self) -> str:
        """What the camera last complained of; "" while it gives pictures."""
        return self._error

    def want(self, since_ms: int) -> None:
        """Every picture certainly taken after `since_ms` is needed: a stream that cannot say is opened again."""
        self._wanted_ms = since_ms
        self._attention.full = True

    def rest(self) -> None:
        """Nobody is in the lane: one or two pictures a second are enough, until `want`."""
        self._attention.full = False

    @property
    def heard_ms(self) -> int:
        """When the camera last sent a picture that was not needed; 0 for never."""
        return self._attention.heard_ms

    def lateness(self, now_ms: int) -> str:
        """What was last said of late pictures, until they have come in time for `STEADY_MS`; "" for nothing."""
        detail, at_ms = self._late
        return detail if detail and now_ms - at_ms < STEADY_MS else ""

    def _run(self) -> None:
        again, login = Backoff(*_AGAIN_S), Backoff(*_LOGIN_S)
        while not self._closed.is_set():
            before = self._count
            try:
                self._drain(self._opener(self._settings, self._attention))
                continue
            except CameraError as error:
                self._error = str(error)
                if isinstance(error, LatePictures):
                    self._late = str(error), monotonic_ms()
                if self._count > before:
                    again.reset()
                    login.reset()
                wait = login if isinstance(error, LoginRefused) else again
            self._closed.wait(wait.next_s())

    def _drain(self, camera: Camera) -> None:
        try:
            while not self._closed.is_set():
                shot = camera.read()
                if shot.earliest_ms < min(self._wanted_ms, shot.taken_ms):
                    return
                with self._fresh:
                    self._count += 1
                    self._shot = shot
                    self._error = ""
                    self._fresh.notify_all()
        finally:
            camera.close()
