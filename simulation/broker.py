"""A private Mosquitto for demonstrations and tests: generated configuration, own port, a child of this process.

Rules of this file:
- It listens on loopback unless told otherwise, and dies with the process that started it.
- Given certificates it is what `config/mosquitto.conf.example` ships, TLS both ways and persistence, with this folder's
  places (`broker_files.production`); without, it has passwords instead and keeps nothing. The access list is one.
- A client's id is its user name, so nobody squats on a name.
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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from wire.mosquitto import ACCESS, FLOW, BrokerFiles, production
from wire.topics import CORE, IMMIGRATION, check_lane

__all__ = ["ACCESS", "CORE", "IMMIGRATION", "BrokerError", "BrokerTls", "PrivateBroker"]

_PLACES = ("/usr/sbin", "/usr/local/sbin")  # daemons are not on everybody's PATH
_RUNNING = b" running"  # "mosquitto version 2.0.11 running": its listeners are open
_ITERATIONS = 101  # what mosquitto_passwd itself uses; these passwords are random and live as long as a demonstration


class BrokerError(RuntimeError):
    """The private broker did not start; the text says what a technician does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerTls:
    """The PEM files of a broker that speaks TLS both ways: who signs, its own pair, and the list of the revoked."""

    authority: Path
    certificate: Path
    key: Path
    revoked: Path

    @classmethod
    def in_folder(cls, folder: Path) -> BrokerTls:
        """As `rocars-core enrol-broker --out FOLDER` leaves them."""
        return cls(
            authority=folder / "authority.crt",
            certificate=folder / "broker.crt",
            key=folder / "broker.key",
            revoked=folder / "revoked.crl",
        )


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
        lanes: the lanes that may connect by password; with TLS, certificates say who may.
        port: TCP port; 0 takes a free one, which stays the same over `restart`.
        tls: TLS both ways, and persistence: the broker that is shipped.
        address: where it listens.
        wrap: words before the command, such as those that run it in another network namespace.

    Start it from a thread that lives as long as it is wanted: the kernel ends it with that thread.
    """

    def __init__(
        self,
        directory: Path,
        *,
        lanes: Iterable[str] = (),
        port: int = 0,
        tls: BrokerTls | None = None,
        address: str = "127.0.0.1",
        wrap: Sequence[str] = (),
    ) -> None:
        self.directory = directory
        self.host = address
        self._tls = tls
        self._wrap = tuple(wrap)
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
        command = [*self._wrap, program, "-c", str(self.directory / "broker.conf")]
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
        return user + (self._with_passwords() if self._tls is None else self._shipped(self._tls))

    def _with_passwords(self) -> str:
        return (
            f"listener {self.port} {self.host}\n"
            "allow_anonymous false\n"
            f"password_file {self.directory / 'broker.passwd'}\n"
            f"acl_file {self.directory / 'broker.acl'}\n"
            "use_username_as_clientid true\n"
            "persistence false\n"
            f"{FLOW}log_dest stderr\n"
        )

    def _shipped(self, tls: BrokerTls) -> str:
        places = BrokerFiles(
            listen=f"{self.port} {self.host}",
            authority=str(tls.authority),
            certificate=str(tls.certificate),
            key=str(tls.key),
            revoked=str(tls.revoked),
            access=str(self.directory / "broker.acl"),
            data=f"{self.directory}/",
            log="stderr",
        )
        return production(places)

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

    def reload(self) -> None:
        """Lets it read its certificate, its access list and the list of the revoked again; nobody is thrown out."""
        if self._child is not None:
            self._child.send_signal(signal.SIGHUP)

    def restart(self) -> None:
        """Stops it if it runs, and starts it on the same port; without persistence it remembers nothing."""
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
