"""The few requests of the X protocol that move a window and ask it to close. No window manager runs on this display."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

_SETUP = struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0)
_CONFIGURE, _GET_PROPERTY, _QUERY_TREE, _INTERN_ATOM, _SEND_EVENT = 12, 20, 15, 16, 25
_ANY_TYPE = 0
_X_AND_Y = 3
_CLIENT_MESSAGE = 33


class XWindows:
    """A connection to an X display.

    Args:
        socket_path: where it listens.

    Raises:
        OSError: nobody does.
    """

    def __init__(self, socket_path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(5)
        self._socket.connect(str(socket_path))
        self._socket.sendall(_SETUP)
        accepted, words = struct.unpack_from("<B5xH", self._exactly(8))
        body = self._exactly(words * 4)
        if accepted != 1:
            raise ConnectionRefusedError("the display accepts nobody")
        vendor, formats = struct.unpack_from("<H", body, 16)[0], body[21]
        (self._root,) = struct.unpack_from("<I", body, 32 + (vendor + 3 & ~3) + 8 * formats)
        self._title = self._atom("_NET_WM_NAME")

    def named(self) -> dict[str, int]:
        """The windows on the root, by name."""
        head, body = self._ask(struct.pack("<BxHI", _QUERY_TREE, 2, self._root))
        (number,) = struct.unpack_from("<H", head, 16)
        return {self._name(window): window for window in struct.unpack_from(f"<{number}I", body)}

    def move(self, window: int, left: int, top: int) -> None:
        """Puts it there."""
        self._socket.sendall(struct.pack("<BxHIHxxii", _CONFIGURE, 5, window, _X_AND_Y, left, top))

    def close(self, window: int) -> None:
        """Asks its program to close it."""
        protocols, delete = self._atom("WM_PROTOCOLS"), self._atom("WM_DELETE_WINDOW")
        event = struct.pack("<BBHIIII12x", _CLIENT_MESSAGE, 32, 0, window, protocols, delete, 0)
        self._socket.sendall(struct.pack("<BBHII", _SEND_EVENT, 0, 11, window, 0) + event)

    def hang_up(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def _name(self, window: int) -> str:
        _, body = self._ask(struct.pack("<BBHIIIII", _GET_PROPERTY, 0, 6, window, self._title, _ANY_TYPE, 0, 64))
        return body.rstrip(b"\0").decode()

    def _atom(self, name: str) -> int:
        raw = name.encode().ljust(len(name) + 3 & ~3, b"\0")
        head, _ = self._ask(struct.pack("<BBHHxx", _INTERN_ATOM, 0, 2 + len(raw) // 4, len(name)) + raw)
        return int(struct.unpack_from("<I", head, 8)[0])

    def _ask(self, request: bytes) -> tuple[bytes, bytes]:
        """Sends it; the fixed part of the reply and the rest. A window may be gone meanwhile: its error is empty."""
        self._socket.sendall(request)
        while True:
            head = self._exactly(32)
            if head[0] == 1:
                return head, self._exactly(struct.unpack_from("<I", head, 4)[0] * 4)
            if head[0] == 0:
                return bytes(32), b""

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            chunk = self._socket.recv(size - len(found))
            if not chunk:
                raise ConnectionResetError("the display is gone")
            found += chunk
        return found
