"""A private Mosquitto for demonstrations and tests: generated configuration, own port, a child of this process.

Rules of this file:
- It listens on loopback unless told otherwise, and dies with the process that started it (`simulation.children`).
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
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from runtime.mqtt import Broker, Options
from simulation.children import ChildProcess, free_port
from wire.mosquitto import ACCESS, FLOW, BrokerFiles, production
from wire.topics import CORE, IMMIGRATION, WALL, check_lane

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


class PrivateBroker:
    """One private Mosquitto.

    Args:
        directory: a folder of its own, for configuration, passwords and log (`broker.log`); made if missing.
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
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.host = address
        self.tls = tls
        self._wrap = tuple(wrap)
        self.port = port or free_port()
        self._passwords = {
            user: secrets.token_urlsafe(18) for user in (CORE, IMMIGRATION, WALL, *map(check_lane, lanes))
        }
        self._child = ChildProcess(directory / "broker.log")

    def password(self, user: str) -> str:
        """The password of a lane, of `CORE`, of `IMMIGRATION`, or of `WALL`.

        Raises:
            KeyError: the user was not named when the broker was made.
        """
        return self._passwords[user]

    @property
    def pid(self) -> int | None:
        """The child's process id, None while it does not run."""
        return self._child.pid

    def options(self, user: str, *filters: str, port: int = 0, **changes: Any) -> Options:
        """How this user connects, at QoS 1 to these topics; `port` is that of a cable before the broker."""
        login = {} if self.tls else {"user_name": user, "password": self.password(user)}
        fields = {
            "brokers": (Broker(self.host, port or self.port),),
            "client_id": user,
            "subscriptions": tuple((name, 1) for name in filters),
        }
        return Options(**(fields | login | changes))

    def start(self, *, patience: float = 10.0) -> None:
        """Writes its files, starts it, and returns when it accepts connections.

        Raises:
            BrokerError: Mosquitto is not installed, ended at once, or did not accept within `patience` seconds.
        """
        program = _find("mosquitto")
        self._write_files()
        said = self._child.log.stat().st_size if self._child.log.exists() else 0
        self._child.start(*self._wrap, program, "-c", self.directory / "broker.conf")
        self._wait(said, patience)

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
        return user + (self._with_passwords() if self.tls is None else self._shipped(self.tls))

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
            log="stderr",
        )
        # What Debian's own mosquitto.conf says, beside which the shipped file stands.
        return f"persistence true\npersistence_location {self.directory}/\n{production(places)}"

    def _wait(self, said: int, patience: float) -> None:
        """Until this very child says that it runs; that somebody accepts on the port may be somebody else."""
        end = time.monotonic() + patience
        while _RUNNING not in self._child.log.read_bytes()[said:]:
            if self._child.status is not None:
                raise BrokerError(f"mosquitto ended at once: {self._child.last_words(3)}")
            if time.monotonic() > end:
                self.kill()
                raise BrokerError(f"mosquitto does not run within {patience} s: {self._child.last_words(3)}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Ends it in good order; clients get no farewell, as with any broker that is stopped."""
        self._child.end(patience=5.0)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._child.end(signal.SIGKILL)

    def reload(self) -> None:
        """Lets it read its certificate, its access list and the list of the revoked again; nobody is thrown out."""
        self._child.send(signal.SIGHUP)

    def restart(self) -> None:
        """Stops it if it runs, and starts it on the same port; without persistence it remembers nothing."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freezes it: sockets stay open and nothing moves, as with a hung machine."""
        self._child.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on after `pause`."""
        self._child.send(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.resume()
        self.stop()
