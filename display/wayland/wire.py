"""Wayland's messages: sent, received and handed to whoever made the object. Nothing here knows what they mean.

A message is the object's number, `size << 16 | opcode`, and its arguments in 32-bit words of the machine's byte order. A
file descriptor travels beside it. A number is used again once the compositor says that it is free, as the compositor asks.
"""

from __future__ import annotations

import array
import os
import signal
import socket
import struct
from collections.abc import Callable
from pathlib import Path

_DISPLAY = 1
_ERROR, _DELETE_ID = 0, 1  # events of wl_display
_HEADER = struct.Struct("=II")
_WORD = struct.Struct("=I")
_PEER = struct.Struct("=iII")  # struct ucred
_CHUNK = 65_536


class Arguments:
    """The arguments of one event, read in order."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def uint(self) -> int:
        """The next word."""
        (value,) = _WORD.unpack_from(self._body, self._at)
        self._at += 4
        return int(value)

    def integer(self) -> int:
        """The next word as a signed number."""
        value = self.uint()
        return value - (1 << 32) if value >> 31 else value

    def text(self) -> str:
        """The next string; "" for a null one."""
        size = self.uint()
        raw = self._body[self._at : self._at + max(0, size - 1)]
        self._at += -(-size // 4) * 4
        return raw.decode("utf-8", "replace")


Hear = Callable[[int, Arguments], None]
"""Takes an event's opcode and arguments."""


class Wire:
    """A connection to the compositor that listens at `path`; never waits.

    Raises:
        OSError: nobody listens there.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._held = b""
        self._heard_by: dict[int, Hear] = {_DISPLAY: self._hear_display}
        self._next = _DISPLAY + 1
        self._free: list[int] = []
        try:
            self._socket.setblocking(False)
            self._socket.connect(str(path))
            self._peer = _open_peer(self._socket)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def new(self, hear: Hear) -> int:
        """The number of a new object whose events `hear` takes."""
        if self._free:
            number = self._free.pop()
        else:
            number, self._next = self._next, self._next + 1
        self._heard_by[number] = hear
        return number

    def send(self, number: int, opcode: int, *arguments: int | str, file: int | None = None) -> None:
        """One request of an object.

        Raises:
            ConnectionError: the compositor is gone, or reads nothing any more.
        """
        body = b"".join(map(_packed, arguments))
        message = _HEADER.pack(number, (_HEADER.size + len(body)) << 16 | opcode) + body
        beside = [] if file is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))]
        try:
            sent = self._socket.sendmsg([message], beside)
        except BlockingIOError as error:
            raise ConnectionAbortedError("the compositor reads nothing any more") from error
        if sent != len(message):
            raise ConnectionAbortedError("the compositor reads nothing any more")

    def receive(self) -> None:
        """Hands on every event that has come.

        Raises:
            ConnectionError: the compositor is gone, or refuses us.
        """
        try:
            chunk = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            raise ConnectionResetError("the compositor closed the connection")
        self._held += chunk
        while len(self._held) >= _HEADER.size:
            number, word = _HEADER.unpack_from(self._held)
            size = word >> 16
            if size < _HEADER.size:
                raise ConnectionAbortedError("the compositor speaks no Wayland")
            if len(self._held) < size:
                return
            body, self._held = self._held[_HEADER.size : size], self._held[size:]
            if number in self._heard_by:  # else of an object that is gone: it was under way
                self._heard_by[number](word & 0xFFFF, Arguments(body))

    def kill_peer(self) -> None:
        """Ends the process at the other end, and no other that got its number since.

        Raises:
            OSError: it is another user's.
        """
        if self._peer is not None:
            signal.pidfd_send_signal(self._peer, signal.SIGKILL)

    def close(self) -> None:
        """Ends the connection; everything that was made over it disappears."""
        self._socket.close()
        if self._peer is not None:
            os.close(self._peer)
            self._peer = None

    def _hear_display(self, opcode: int, arguments: Arguments) -> None:
        if opcode == _ERROR:
            number, code = arguments.uint(), arguments.uint()
            raise ConnectionAbortedError(f"the compositor refuses object {number} ({code}): {arguments.text()}")
        if opcode == _DELETE_ID:
            number = arguments.uint()
            self._heard_by.pop(number, None)
            self._free.append(number)


def _packed(argument: int | str) -> bytes:
    if isinstance(argument, int):
        return _WORD.pack(argument & 0xFFFFFFFF)
    raw = argument.encode() + b"\0"
    return _WORD.pack(len(raw)) + raw + b"\0" * (-len(raw) % 4)


def _open_peer(connected: socket.socket) -> int | None:
    """A handle of the process that listens; None where the kernel does not tell it (another container's)."""
    pid, _, _ = _PEER.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return os.pidfd_open(pid) if pid > 0 else None
