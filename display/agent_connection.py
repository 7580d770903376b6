"""The screen's end of the socket: never blocks, gives whole lines."""

from __future__ import annotations

import socket
from pathlib import Path

from display.errors import MalformedLineError
from display.protocol import LONGEST_LINE


class AgentLine:
    """A connection to the agent's socket.

    Raises:
        OSError: nobody listens there, or not yet.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._held = b""
        try:
            self._socket.setblocking(False)
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def receive(self) -> list[bytes]:
        """The whole lines that have come.

        Raises:
            ConnectionError: the agent is gone.
            MalformedLineError: the agent sends something without line ends.
        """
        try:
            chunk = self._socket.recv(65536)
        except BlockingIOError:
            return []
        if not chunk:
            raise ConnectionResetError("the agent closed the connection")
        *lines, self._held = (self._held + chunk).split(b"\n")
        if len(self._held) > LONGEST_LINE:
            raise MalformedLineError(f"the agent sent over {LONGEST_LINE} bytes without a line end")
        return lines

    def send(self, line: bytes) -> None:
        """Sends one line.

        Raises:
            ConnectionError: the agent is gone, or reads nothing any more.
        """
        try:
            sent = self._socket.send(line)
        except BlockingIOError as error:
            raise ConnectionAbortedError("the agent reads nothing any more") from error
        if sent != len(line):
            raise ConnectionAbortedError("the agent reads nothing any more")

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()
