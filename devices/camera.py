"""Where pictures come from: a folder, a video file, V4L2, a network stream, or the drawn world's socket.

A camera is read in a thread of the reader process (`Newest`), which keeps the newest picture only. Whatever blocks
inside a driver for ever is cured by ending that process (lessons 15 and 16).
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import av
import av.container
import cv2
import numpy as np
from numpy.typing import NDArray

from devices.settings import CameraKind, CameraSettings

Picture = NDArray[np.uint8]
OPEN_TIMEOUT, READ_TIMEOUT = 3.0, 2.0  # seconds; the library's own are up to 90


class CameraError(OSError):
    """The camera gives no pictures; says what a technician can do."""


class Camera(Protocol):
    """Gives one picture after another."""

    def read(self) -> Picture:
        """The next picture (height, width, 3) blue-green-red; blocks until there is one.

        Raises:
            CameraError: there will be none.
        """

    def close(self) -> None:
        """Lets go of the device."""


class FolderCamera:
    """The pictures of a folder, by name, in a loop."""

    def __init__(self, folder: Path, fps: float) -> None:
        self._files = sorted(f for f in folder.glob("*") if f.suffix.lower() in {".jpg", ".jpeg", ".png", ".bmp"})
        if not self._files:
            raise CameraError(f"{folder}: no pictures (.jpg, .png, .bmp) there: put some in, or name another folder")
        self._pace = _Pace(fps)
        self._next = 0

    def read(self) -> Picture:
        """See `Camera`."""
        self._pace.wait()
        file = self._files[self._next % len(self._files)]
        self._next += 1
        picture = cv2.imread(str(file))
        if picture is None:
            raise CameraError(f"{file}: not a picture, or cut short: remove it")
        return np.asarray(picture, np.uint8)

    def close(self) -> None:
        """See `Camera`."""


class ContainerCamera:
    """Anything FFmpeg opens: a video file (looped and paced), V4L2, RTSP, HTTP."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._pace = _Pace(settings.fps) if settings.kind is CameraKind.VIDEO else None
        self._container = self._opened()
        self._frames = self._decoded()

    def _opened(self) -> av.container.InputContainer:
        options, form = {"analyzeduration": "100000"}, None
        if self._settings.kind is CameraKind.V4L2:
            form, options = "video4linux2", {}
        if self._settings.kind is CameraKind.RTSP:
            options["rtsp_transport"] = "tcp"
        try:
            return av.open(self._settings.place, format=form, options=options, timeout=(OPEN_TIMEOUT, READ_TIMEOUT))
        except (av.FFmpegError, OSError) as error:
            raise CameraError(f"{self._settings.place}: {error}: check the address, the cable and the power") from error

    def _decoded(self) -> Iterator[Picture]:
        while True:
            for frame in self._container.decode(video=0):
                yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            if self._settings.kind is not CameraKind.VIDEO:
                return
            self._container.seek(0)

    def read(self) -> Picture:
        """See `Camera`."""
        if self._pace:
            self._pace.wait()
        try:
            return next(self._frames)
        except (av.FFmpegError, OSError, IndexError) as error:
            raise CameraError(f"{self._settings.place}: {error}: check the address, the cable and the power") from error
        except StopIteration as end:
            raise CameraError(f"{self._settings.place}: the stream has ended: check the camera") from end

    def close(self) -> None:
        """See `Camera`."""
        self._container.close()


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

    def read(self) -> Picture:
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
                    return np.frombuffer(body, np.uint8).reshape(height, width, 3)
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


class _Pace:
    """So many calls a second."""

    def __init__(self, fps: float) -> None:
        self._step = 1 / fps
        self._due = time.monotonic()

    def wait(self) -> None:
        self._due = max(self._due + self._step, time.monotonic() - self._step)
        time.sleep(max(0.0, self._due - time.monotonic()))


def open_camera(settings: CameraSettings) -> Camera:
    """The camera that the settings name.

    Raises:
        CameraError: it cannot be opened.
    """
    if settings.kind is CameraKind.FOLDER:
        return FolderCamera(Path(settings.place), settings.fps)
    if settings.kind is CameraKind.SIMULATED:
        return SocketCamera(Path(settings.place))
    return ContainerCamera(settings)


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture and when it was taken: `taken_ms` on the monotonic clock; `number` counts from 1."""

    picture: Picture
    taken_ms: int
    number: int


def monotonic_ms() -> int:
    """The box's time since boot, asleep or awake: a picture from before a sleep is old after it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class Newest:
    """Reads a camera in a thread and keeps its newest picture; pictures not taken in time are dropped.

    Args:
        settings: which camera; it is opened in the thread and opened again after an error.
        opener: how a camera is opened.
    """

    def __init__(self, settings: CameraSettings, opener: Callable[[CameraSettings], Camera] = open_camera) -> None:
        self._settings = settings
        self._opener = opener
        self._fresh = threading.Condition()
        self._frame: Frame | None = None
        self._error = ""
        self._count = 0
        threading.Thread(target=self._run, name="camera", daemon=True).start()

    def after(self, number: int, timeout: float) -> Frame | None:
        """The newest picture if it is newer than `number`; waits up to `timeout` seconds for one."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._count > number, timeout)
            return self._frame if self._count > number else None

    @property
    def error(self) -> str:
        """What the camera last complained of; "" while it gives pictures."""
        return self._error

    def _run(self) -> None:
        while True:
            try:
                self._drain(self._opener(self._settings))
            except CameraError as error:
                self._error = str(error)
                time.sleep(0.5)

    def _drain(self, camera: Camera) -> None:
        try:
            while True:
                picture = camera.read()
                with self._fresh:
                    self._count += 1
                    self._frame = Frame(picture, monotonic_ms(), self._count)
                    self._error = ""
                    self._fresh.notify_all()
        finally:
            camera.close()
