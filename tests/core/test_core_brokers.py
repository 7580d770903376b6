"""Core and lane over two shipped brokers: each may be killed, half open or refusing; and a lane that is revoked."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli.app import app
from core.office.admin import AdminClient, CoreUnreachableError
from lane_agent.model import Link
from runtime.mqtt import Broker, Options, Tls
from simulation.broker import BrokerTls, PrivateBroker
from simulation.cable import Cable
from sync.client import LinkClient
from sync.codelog import CodeLog
from sync.journal import Journal
from sync.store import LaneStore
from wire.envelope import KeyRing, Signer, public_from_pem

LANE = "szb-in-01"
PATIENCE = 60.0
COMMAND = Path(sys.executable).with_name("rocars-core")

CONFIG = """
[core]
store = "core.db"
signing_key = "core-1.key"
lane_keys = "keys"
admin_socket = "s"
[authority]
folder = "authority"
[points]
SZB = "Shenzhen Bay"
"""

SECTION = """
[[broker]]
host = "localhost"
port = {port}
authority = "authority.pem"
certificate = "core.pem"
key = "core.pem"
"""


class Territory:
    """Two brokers, a core on both, and one enrolled lane whose cable to each can be cut."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "core.toml"
        self.config.write_text(CONFIG + SECTION.format(port=1), encoding="utf-8")
        self.command("init")
        self.command("authority")
        self.brokers: list[PrivateBroker] = []
        for name in "ab":
            self.command("enrol-broker", "localhost", "--out", str(folder / name))
            self.brokers.append(PrivateBroker(folder / name, tls=BrokerTls.in_folder(folder / name)))
        self.command("enrol", LANE, "--here", str(folder / "lane"))
        self.config.write_text(CONFIG + "".join(SECTION.format(port=one.port) for one in self.brokers))
        self.cables = [Cable(one.port, encrypted=True) for one in self.brokers]
        self.core: subprocess.Popen[bytes] | None = None

    def command(self, *words: str) -> None:
        """Runs a command of `rocars-core`, in this process: it starts a dozen times faster."""
        result = CliRunner().invoke(app, [words[0], "--config", str(self.config), *words[1:]])
        assert result.exit_code == 0, (result.output, result.exception)

    def start_core(self) -> None:
        """Starts the core."""
        with (self.folder / "log").open("ab") as log:
            self.core = subprocess.Popen([COMMAND, "run", "--config", self.config], stdout=log, stderr=log)

    def end(self) -> None:
        """Ends core and brokers."""
        if self.core is not None:
            self.core.kill()
            self.core.wait(PATIENCE)
        for one in self.brokers:
            one.resume()
            one.stop()

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncIterator[AdminClient]:
        """A client of the core, once that answers and is on both brokers."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(CoreUnreachableError):
                    async with AdminClient(self.folder / "s", who="tester") as client:
                        if all((await client.status()).brokers.values()):
                            yield client
                            return
                await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def lane(self) -> AsyncIterator[LinkClient]:
        """The lane's link through its two cables."""
        home = self.folder / "lane"
        for cable in self.cables:
            await cable.start()
        with LaneStore(self.folder / "lane.db") as store:
            link = LinkClient(
                LANE,
                options=Options(
                    brokers=tuple(Broker("localhost", cable.near) for cable in self.cables),
                    client_id=LANE,
                    subscriptions=(),
                    tls=Tls(home / "authority.pem", home / "lane.pem", home / "lane.pem"),
                ),
                signer=Signer.of(LANE, (home / "signing.pem").read_bytes()),
                ring=KeyRing({file.stem: public_from_pem(file.read_bytes()) for file in (home / "core").iterdir()}),
                journal=Journal(store, boot=secrets.token_hex(4), software="test"),
                codes=CodeLog(store),
                now_ms=lambda: time.monotonic_ns() // 1_000_000,
                on_event=lambda _: None,
                on_alarm=lambda _kind, _detail: None,
            )
            await link.start()
            try:
                yield link
            finally:
                await link.stop()
                for cable in self.cables:
                    await cable.stop()


@pytest.fixture
def territory(tmp_path: Path) -> Iterator[Territory]:
    """Everything running but the lane."""
    made = Territory(tmp_path)
    try:
        for one in made.brokers:
            one.start()
        made.start_core()
        yield made
    finally:
        made.end()


async def until(condition: Callable[[], object]) -> float:
    """Waits for a condition, for as long as it is patient; returns the seconds it took."""
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return time.monotonic() - began


def fresh_on(link: LinkClient, cable: Cable) -> bool:
    """Whether the lane is fresh through this cable."""
    status = link.status()
    return status.link is Link.FRESH and status.broker == f"localhost:{cable.near}"


def test_whichever_broker_fails_and_however_the_lane_is_fresh_on_the_other(territory: Territory) -> None:
    """Killed, half open, refusing; each comes back and serves when the other fails in its turn."""

    async def story() -> None:
        (a, b), (broker_a, _) = territory.cables, territory.brokers
        async with territory.admin(), territory.lane() as link:
            await until(lambda: fresh_on(link, a))
            broker_a.kill()
            taken = {"killed": await until(lambda: fresh_on(link, b))}
            broker_a.start()
            b.hold()
            taken["half open, left"] = await until(lambda: link.status().broker != f"localhost:{b.near}")
            taken["half open, fresh"] = await until(lambda: fresh_on(link, a))
            b.mend()
            broker_a.stop()
            taken["refusing"] = await until(lambda: fresh_on(link, b))
            broker_a.start()
            territory.brokers[1].pause()
            taken["hanging"] = await until(lambda: fresh_on(link, a))
            assert taken["half open, left"] < PATIENCE / 4, taken

    asyncio.run(story())


def test_with_every_broker_gone_the_lane_comes_back_with_the_first(territory: Territory) -> None:
    """Nobody restarts anything."""

    async def story() -> None:
        a, _ = territory.cables
        async with territory.admin(), territory.lane() as link:
            await until(lambda: fresh_on(link, a))
            for one in territory.brokers:
                one.kill()
            await until(lambda: link.status().link is Link.OFFLINE)
            territory.brokers[1].start()
            await until(lambda: link.status().link is Link.FRESH)

    asyncio.run(story())


def test_a_revoked_lane_is_refused_by_the_running_core_at_once_and_by_a_broker_with_the_list(
    territory: Territory,
) -> None:
    """No restart of the core; enrolled anew it is a lane again."""

    async def story() -> None:
        async with territory.admin() as core:
            async with territory.lane() as link:
                await until(lambda: link.status().link is Link.FRESH)
                await asyncio.to_thread(territory.command, "revoke", LANE)
                await until(lambda: link.status().link is not Link.FRESH)
                assert [one.kind for one in await core.alarms()] == ["MessageRefused"]
                assert await core.lanes() == []
                for one in territory.brokers:
                    revoked = (territory.folder / "authority/revoked.crl").read_bytes()
                    (one.directory / "revoked.crl").write_bytes(revoked)
                    one.restart()
                await until(lambda: "revoked" in link.status().trouble)
            territory.cables = [Cable(one.port, encrypted=True) for one in territory.brokers]
            await asyncio.to_thread(territory.command, "enrol", LANE, "--here", str(territory.folder / "lane"))
            async with territory.lane() as link:
                await until(lambda: link.status().link is Link.FRESH)

    asyncio.run(story())


def test_a_lane_enrolled_while_the_core_runs_is_served_without_a_restart(territory: Territory) -> None:
    """The register is read while it runs."""

    async def story() -> None:
        async with territory.admin() as core:
            await asyncio.to_thread(territory.command, "enrol", "mkt-in-02", "--here", str(territory.folder / "two"))
            async with asyncio.timeout(PATIENCE):
                while [one.lane for one in await core.lanes()] != ["mkt-in-02", LANE]:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    asyncio.run(story())
