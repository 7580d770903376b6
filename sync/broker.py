"""A private Mosquitto for demonstrations and tests: generated configuration, own port, a child of this process.

Rules of this file:
- It listens on loopback alone, keeps nothing on disk (persistence off), and dies with the process that started it.
- Its access list is that of the contract (design §3): a lane writes `lane/%u/up/#` and reads `lane/%u/down/#` and `log`,
  nothing else; the core reads the first and writes the rest; Immigration's plate reader writes its one topic a lane.
  A client's id is its user name, so nobody squats on a name.
- Production uses `config/mosquitto.conf.example` with TLS both ways; the two differ in the listener and in who has a
  password, not in the access list.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from sync.wire.topics import ALL_PLATES, ALL_UP, LOG, ROOT, check_lane

CORE = "core"
"""The core's user name."""

IMMIGRATION = "immigration"
"""The user name of Immigration's plate reader."""

ACCESS = f"""\
# Generated from the contract (design, part 3). %u is the user name: the lane's name, from its certificate or password.
user {CORE}
topic read {ALL_UP}
topic write {ROOT}/lane/+/down/#
topic write {LOG}

user {IMMIGRATION}
topic write {ALL_PLATES}

pattern write {ROOT}/lane/%u/up/#
pattern read {ROOT}/lane/%u/down/#
pattern read {LOG}
"""
"""The access list; `config/mosquitto.acl.example` holds the same lines."""

_PLACES = ("/usr/sbin", "/usr/local/sbin")  # daemons are not on everybody's PATH
_RUNNING = b" running"  # "mosquitto version 2.0.11 running": its listeners are open
_ITERATIONS = 101  # what mosquitto_passwd itself uses; these passwords are random and live as long as a demonstration


class BrokerError(RuntimeError):
    """The private broker did not start; the text says what a technician does."""


def _find(program: str) -> str:
    found = shutil.which(program) or next(
        (place for folder in _PLACES if (place := shutil.which(program, path=folder))), None
    )
    if found is not None:
        return found
    raise BrokerError(f"{program} is missing: install the Debian package with `apt-get install {program}`")


def _hashed(user: str, password: str) -> str:
    """One line of Mosquitto's password file: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"{user}:$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}\n"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class PrivateBroker:
    """One private Mosquitto.

    Args:
        directory: an existing folder of its own, for configuration, passwords and log (`broker.log`).
        lanes: the lanes that may connect.
        port: TCP port on 127.0.0.1; 0 takes a free one, which stays the same over `restart`.

    Start it from a thread that lives as long as it is wanted: the kernel ends it with that thread.
    """

    def __init__(self, directory: Path, *, lanes: Iterable[str] = (), port: int = 0) -> None:
        self.directory = directory
        self.host = "127.0.0.1"
        self.port = port or _free_port()
        self._passwords = {user: secrets.token_urlsafe(18) for user in (CORE, IMMIGRATION, *map(check_lane, lanes))}
        self._child: subprocess.Popen[bytes] | None = None

    def password(self, user: str) -> str:
        """The password of a lane, of `CORE`, or of `IMMIGRATION`.

        Raises:
            KeyError: the user was not named when the broker was made.
        """
        return self._passwords[user]

    @property
    def pid(self) -> int | None:
        """The child's process id, None while it does not run."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self, *, patience: float = 10.0) -> None:
        """Writes its files, starts it, and returns when it accepts connections.

        Raises:
            BrokerError: Mosquitto is not installed, ended at once, or did not accept within `patience` seconds.
        """
        program = _find("mosquitto")
        self._write_files()
        command = [program, "-c", str(self.directory / "broker.conf")]
        keeper = shutil.which("setpriv")
        if keeper is not None:
            command = [keeper, "--pdeathsig", "KILL", *command]
        with (self.directory / "broker.log").open("ab") as log:
            said = log.tell()
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait(self._child, said, patience)

    def _write_files(self) -> None:
        passwords = "".join(_hashed(user, password) for user, password in self._passwords.items())
        for name, text in (
            ("broker.passwd", passwords),
            ("broker.acl", ACCESS),
            ("broker.conf", self._configuration()),
        ):
            file = self.directory / name
            file.touch(mode=0o600)
            file.write_text(text, encoding="utf-8")

    def _configuration(self) -> str:
        # As root Mosquitto would become user "mosquitto" and could then not read its own files here.
        user = "user root\n" if os.geteuid() == 0 else ""
        return (
            f"{user}listener {self.port} {self.host}\n"
            "allow_anonymous false\n"
            f"password_file {self.directory / 'broker.passwd'}\n"
            f"acl_file {self.directory / 'broker.acl'}\n"
            "use_username_as_clientid true\n"
            "persistence false\n"
            "log_dest stderr\n"
            "set_tcp_nodelay true\n"
            "max_inflight_messages 100\n"
            "max_queued_messages 10000\n"
            "max_packet_size 2097152\n"
            "sys_interval 0\n"
        )

    def _wait(self, child: subprocess.Popen[bytes], said: int, patience: float) -> None:
        """Until this very child says that it runs; that somebody accepts on the port may be somebody else."""
        end = time.monotonic() + patience
        log = self.directory / "broker.log"
        while _RUNNING not in log.read_bytes()[said:]:
            if child.poll() is not None:
                self._child = None
                raise BrokerError(f"mosquitto ended at once: {self._last_words()}")
            if time.monotonic() > end:
                self.kill()
                raise BrokerError(f"mosquitto does not run within {patience} s: {self._last_words()}")
            time.sleep(0.01)

    def _last_words(self) -> str:
        lines = (self.directory / "broker.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return " / ".join(lines[-3:]) or "it said nothing"

    def stop(self) -> None:
        """Ends it in good order; clients get no farewell, as with any broker that is stopped."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.send_signal(number)
        try:
            child.wait(5.0)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def restart(self) -> None:
        """Stops it if it runs, and starts it on the same port with nothing remembered."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freezes it: sockets stay open and nothing moves, as with a hung machine."""
        if self._child is not None:
            self._child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on after `pause`."""
        if self._child is not None:
            self._child.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.resume()
        self.stop()
