"""The shipped core in a folder of its own, on private brokers: keys and store at once, a child process when started."""

from __future__ import annotations

import asyncio
import contextlib
import io
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.cli.app import main
from core.logins import own_login
from core.office.admin import AdminClient, CoreUnreachableError
from simulation.broker import CORE, PrivateBroker
from simulation.children import ChildProcess
from simulation.ledgers import database_at
from wire.envelope import KeyRing, Signer, public_from_pem, public_to_pem

CORE_KEY = "core-1"
POINTS: Mapping[str, str] = {"SBC": "Shenzhen Bay", "SZB": "Shenzhen Bay", "MKT": "Man Kam To"}
DESK = ("supervisor", "selector", "clerk", "lane_officer", "technician", "system")
"""Roles of whoever runs a core here: the whole department in one person. People of the trade sign in."""

_GROUPS = ("account", "party")
"""Commands that have commands of their own."""

CORE_PROGRAM = Path(sys.executable).with_name("rocars-core")
"""The shipped program."""

_CORE = """\
[core]
database = "{database}"
signing_key = "{key}.key"
lane_keys = "lane-keys"
admin_socket = "s"
"""
_LOG = """\
[log]
listen_seconds = {listen:g}
keep_ended_seconds = {keep:g}
"""
_AUTHORITY = """\
[authority]
folder = "authority"
"""
_BROKER = """\
[[broker]]
host = "{host}"
port = {port}
client_id = "core"
"""
_LOGIN = """\
user_name = "core"
password_file = "password"
"""
_CERTIFICATE = """\
authority = "authority.pem"
certificate = "core.pem"
key = "core.pem"
"""


class CommandError(RuntimeError):
    """A command of `rocars-core` did not end with the status that was expected; the text is what it said."""


class PrivateCore:
    """One core.

    Args:
        folder: made if missing; its path is short, because the admin socket lies in it.
        brokers: those it connects to. One with TLS gets its certificate here, and is started after that.
        port: of a cable before the (one) broker; 0 for none.
        lanes: public keys of lanes that connect by password; those with certificates are enrolled (`enrol`).
        sections: more of its configuration file, as TOML.
        listen: seconds that it listens to its lanes after a start.
        keep: seconds that a row stays in its list after it has ended.
        database: the connection string of its database; one in the cluster of this process if left out.

    Attributes:
        config: its configuration file.
        brokers: its brokers.
        public, ring: the public key that it signs with, and the ring of that alone.
        process: the running core.
    """

    def __init__(
        self,
        folder: Path,
        *brokers: PrivateBroker,
        port: int = 0,
        lanes: Mapping[str, Ed25519PublicKey] | None = None,
        sections: str = "",
        listen: float = 0.5,
        keep: float = 86_400,
        database: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.config, self.brokers = folder, folder / "core.toml", brokers
        self.process = ChildProcess(folder / "core.log")
        self.database = database or database_at(self.store)
        encrypted = any(broker.tls for broker in brokers)
        self.config.write_text(
            _configuration(self.database, brokers, port, _LOG.format(listen=listen, keep=keep) + sections),
            encoding="utf-8",
        )
        self.command("init")
        self.command("account", "roles", own_login(), *(word for role in DESK for word in ("--role", role)))
        if encrypted:
            self.command("authority")
        for broker in brokers:
            if broker.tls:
                self.command("enrol-broker", "localhost", "--out", str(broker.directory))
            else:
                write_secret(folder / "password", broker.password(CORE))
        for lane, public in (lanes or {}).items():
            self.register(lane, public)
        self.public = public_from_pem((folder / f"{CORE_KEY}.pub").read_bytes())
        self.ring = KeyRing({CORE_KEY: self.public})

    @property
    def store(self) -> Path:
        """By what its database is called here (`simulation.ledgers`)."""
        return self.folder / "core.db"

    @property
    def socket(self) -> Path:
        """Its admin socket."""
        return self.folder / "s"

    @property
    def signer(self) -> Signer:
        """Its own signing key, for who has to lie in its name."""
        return Signer.from_pem(CORE_KEY, (self.folder / f"{CORE_KEY}.key").read_bytes())

    def register(self, lane: str, public: Ed25519PublicKey) -> None:
        """Believes this key to be the lane's."""
        (self.folder / "lane-keys" / f"{lane}.pub").write_bytes(public_to_pem(public))

    def enrol(self, lane: str, home: Path) -> None:
        """Makes a lane's keys and certificate in the folder `home`."""
        self.command("enrol", lane, "--here", str(home))

    def give_keys(self, folder: Path) -> None:
        """Puts the core's public keys into a lane's folder of them."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.folder / f"{CORE_KEY}.pub", folder / f"{CORE_KEY}.pem")

    def command(self, *words: str, expect: int = 0) -> str:
        """Runs `rocars-core` to its end, in this process: that is a dozen times faster. What it printed.

        Raises:
            CommandError: it ended with another status than `expect`. Where that is not 0, the errors are returned.
        """
        out, err = io.StringIO(), io.StringIO()
        code: object = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                named = 2 if words[0] in _GROUPS else 1
                main([*words[:named], "--config", str(self.config), *words[named:]])
            except SystemExit as left:
                code = left.code or 0
        if code != expect:
            raise CommandError(f"rocars-core {' '.join(words)} ended with {code}: {out.getvalue()}{err.getvalue()}")
        return (err if expect else out).getvalue()

    def start(self) -> None:
        """Starts it; returns at once."""
        self.process.start(CORE_PROGRAM, "run", "--config", self.config)

    def end(self) -> int | None:
        """Ends it in good order; its status."""
        self.freeze(frozen=False)
        return self.process.end()

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.end(signal.SIGKILL)

    def freeze(self, *, frozen: bool) -> None:
        """Freezes its process (connections stay, and nothing is said), or lets it go on."""
        self.process.send(signal.SIGSTOP if frozen else signal.SIGCONT)

    def log(self) -> str:
        """What it has logged."""
        return self.process.log.read_text(encoding="utf-8")

    def admin(self) -> AdminClient:
        """A client of it: the login that runs this has an account for everything that the department does."""
        return AdminClient(self.socket)

    async def start_ready(self) -> None:
        """Starts it, and waits until it is ready."""
        self.start()
        await self.ready()

    async def ready(self, seconds: float = 120.0) -> None:
        """Waits until it answers and is connected to every broker.

        Raises:
            TimeoutError: it does not come up.
        """
        async with asyncio.timeout(seconds):
            while not await self._serves():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)

    async def _serves(self) -> bool:
        with contextlib.suppress(CoreUnreachableError):
            async with self.admin() as client:
                return all((await client.status()).brokers.values())
        return False

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[AdminClient]:
        """A client of it, once it is ready."""
        await self.ready()
        async with self.admin() as client:
            yield client


def write_secret(file: Path, text: str | bytes) -> None:
    """Writes a file that only its owner may read."""
    file.touch(mode=0o600)
    file.write_bytes(text.encode() if isinstance(text, str) else text)


def _configuration(database: str, brokers: tuple[PrivateBroker, ...], port: int, sections: str) -> str:
    parts = [_CORE.format(database=database, key=CORE_KEY)]
    if any(broker.tls for broker in brokers):
        parts.append(_AUTHORITY)
    for broker in brokers:
        host = "localhost" if broker.tls else broker.host
        parts.append(_BROKER.format(host=host, port=port or broker.port))
        parts.append(_CERTIFICATE if broker.tls else _LOGIN)
    parts.append("[points]\n" + "".join(f'{code} = "{name}"\n' for code, name in POINTS.items()))
    return "".join(parts) + sections
