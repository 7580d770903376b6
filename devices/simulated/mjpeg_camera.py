"""A network camera that sends MJPEG over HTTP, and whatever picture it is told to show, or none.

with MjpegCamera(picture_of) as camera:
...                                  # http://127.0.0.1:{camera.port}/lane
camera.picture_of = another          # from the next picture on
camera.silent = True                 # it hangs, and keeps the connection
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from itertools import count
from typing import Self

import cv2

from devices.dated_picture import Picture

_HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"


class MjpegCamera:
    """The camera, from `with` to the end of it.

    Args:
        picture_of: the picture of a number; the numbers count up, over all connections: a sensor's noise never comes again.
        fps: pictures a second.

    Attributes:
        silent: sends nothing while true.
    """

    def __init__(self, picture_of: Callable[[int], Picture], *, fps: float = 10.0) -> None:
        self.picture_of = picture_of
        self.silent = False
        self._fps = fps
        self._numbers = count(1)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="mjpeg camera", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer:
            peer.recv(4_096)
            peer.sendall(_HEAD)
            while not self._over.wait(1 / self._fps):
                number = next(self._numbers)
                if self.silent:
                    continue
                done, coded = cv2.imencode(".jpg", self.picture_of(number))
                body = coded.tobytes() if done else b""
                part = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(body), body)
                peer.sendall(part)
