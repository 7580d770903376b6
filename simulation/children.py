"""Programs as our children: output in a log, ended by process id, and ended by the kernel should this process die.

Rules of this file:
- The tie to the kernel is `setpriv --pdeathsig` (util-linux): without it, a child may outlive a killed parent.
- Each child has a session of its own: Ctrl-C reaches only this process, which then ends its children in its own order.
- Start a child from a thread that lives as long as it is wanted: the kernel ends it with that thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path

_FIRST_PORT, _AFTER_PORT, _TRIES = 20_000, 32_000, 100


class ChildProcess:
    """One program, started as often as wanted.

    Args:
        log: its output is appended here.
    """

    def __init__(self, log: Path) -> None:
        self.log = log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def status(self) -> int | None:
        """How it ended, negative for a signal; None if it runs or never ran."""
        return None if self._child is None else self._child.poll()

    @property
    def pid(self) -> int | None:
        """Its process id; None while it does not run."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self, *command: str | Path) -> None:
        """Starts it; returns at once."""
        keeper = shutil.which("setpriv")
        tie = (keeper, "--pdeathsig", "KILL") if keeper else ()
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [*tie, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal, if it runs."""
        if self._child is not None:
            self._child.send_signal(number)

    def wait(self, seconds: float | None = None) -> int | None:
        """Waits until it ends; its status.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        return None if self._child is None else self._child.wait(seconds)

    def end(self, number: signal.Signals = signal.SIGTERM, *, patience: float = 20.0) -> int | None:
        """Ends it with this signal, or by SIGKILL when patience (seconds) is over; its status, None if it never ran."""
        self.send(number)
        try:
            return self.wait(patience)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            return self.wait()

    async def ended(self, number: signal.Signals = signal.SIGTERM, *, patience: float = 20.0) -> int | None:
        """As `end`, while the loop goes on: the child may have to speak to us to end in good order."""
        return await asyncio.to_thread(self.end, number, patience=patience)

    def last_words(self, lines: int = 4) -> str:
        """The end of its log."""
        said = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return " / ".join(said[-lines:]) or "it said nothing"


def cpu_s(pid: int | None) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A TCP port on loopback at which nobody listens yet.

    It is below those that the kernel gives to connections (ip_local_port_range): of these any may be taken by one before it is listened at.

    Raises:
        OSError: none could be found.
    """
    for _ in range(_TRIES):
        port = _FIRST_PORT + secrets.randbelow(_AFTER_PORT - _FIRST_PORT)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError(errno.EADDRINUSE, f"no free port was found between {_FIRST_PORT} and {_AFTER_PORT}")
