"""Starts the compositor and opens the graphics card for it: `python -m display.card weston ...`, as the unit does.

Debian's Weston asks somebody else to open its devices: a session of logind, which needs a seat, D-Bus and a virtual terminal;
root; or a launcher at the other end of a socket, whose number is in `WESTON_LAUNCHER_SOCK`. This is that launcher. It needs
no privilege, since the unit's user may open the card, and it opens cards alone: a keyboard that is plugged in does nothing.

The compositor takes this process' place, so that the unit watches it; the launcher is its child and ends with it.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import sys

_OPEN, _OPEN_REPLY = 0, 3
_REQUEST = struct.Struct("=ii")  # opcode, flags; then the path and its NUL
_REPLY = struct.Struct("=ii")  # opcode, and 0 or -1
_CARD = re.compile(r"/dev/dri/card\d+")
_LONGEST = 4_096


def main(arguments: list[str] | None = None) -> int:
    """Starts the program; returns only if it cannot."""
    command = sys.argv[1:] if arguments is None else arguments
    if not command:
        sys.stderr.write("display.card: name the compositor and its options\n")
        return 2
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        its.close()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends when the compositor has ended, not before
        serve(ours)
        os._exit(0)
    ours.close()
    its.set_inheritable(True)
    os.environ["WESTON_LAUNCHER_SOCK"] = str(its.fileno())
    try:
        os.execvp(command[0], command)  # noqa: S606  it takes our place
    except OSError as error:
        sys.stderr.write(f"display.card: {command[0]} cannot be started: {error.strerror}\n")
        return 1


def serve(requests: socket.socket) -> None:
    """Opens what the compositor asks for, until it is gone."""
    while request := requests.recv(_LONGEST):
        opcode, flags = _REQUEST.unpack_from(request)
        path = request[_REQUEST.size :].split(b"\0", 1)[0].decode("utf-8", "replace")
        file = _opened(path, flags) if opcode == _OPEN else None
        if file is None:
            requests.send(_REPLY.pack(_OPEN_REPLY, -1))
            continue
        socket.send_fds(requests, [_REPLY.pack(_OPEN_REPLY, 0)], [file])
        os.close(file)


def _opened(path: str, flags: int) -> int | None:
    if not _CARD.fullmatch(path):
        return None
    try:
        return os.open(path, flags | os.O_CLOEXEC)
    except OSError as error:
        sys.stderr.write(f"display.card: {path} cannot be opened: {error.strerror}\n")
        return None


if __name__ == "__main__":
    sys.exit(main())
