"""Two cores on one database, and two databases of which one stands by: what was acknowledged outlives each of them."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.enrolment.keys import load_core_ring
from core.errors import RefusedError
from core.ledger.lease import APART_S
from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.office.admin import AdminClient, CoreUnreachableError
from simulation.broker import PrivateBroker
from simulation.children import ChildProcess
from simulation.cluster import PrivateCluster
from simulation.private_core import PrivateCore
from wire.envelope import Signer

WAITS = ("synchronous_commit=on", "synchronous_standby_names=*")
PATIENCE_S = 90.0


@pytest.fixture
def clusters() -> Iterator[tuple[PrivateCluster, PrivateCluster]]:
    """A primary that waits for its stand-by with each commit, and that stand-by."""
    first, second = PrivateCluster(settings=WAITS), PrivateCluster()
    first.start()
    try:
        second.copy_of(first)
        second.start()
        yield first, second
    finally:
        first.stop()
        second.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """Where the cores meet the lanes; one core has its name at a time."""
    made = PrivateBroker(tmp_path / "broker")
    made.start()
    yield made
    made.stop()


class TwoCores:
    """Two core processes with one database and one key, each with a socket of its own."""

    def __init__(self, folder: Path, broker: PrivateBroker, database: str) -> None:
        self.core = PrivateCore(folder, broker, database=database)
        text = self.core.config.read_text(encoding="utf-8")
        (folder / "second.toml").write_text(text.replace('"s"', '"s2"'), encoding="utf-8")
        self.children = [ChildProcess(folder / f"{name}.log") for name in ("core", "second")]
        self.sockets = [folder / "s", folder / "s2"]
        self.acknowledged: list[str] = []

    def start(self, number: int) -> None:
        """The first or the second."""
        program = Path(sys.executable).with_name("rocars-core")
        self.children[number].start(program, "run", "--config", self.core.folder / ("core.toml", "second.toml")[number])

    async def hold(self, vrn: str) -> int:
        """Holds a vehicle at whichever core serves; which one acknowledged it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for number, socket in enumerate(self.sockets):
                    try:
                        async with asyncio.timeout(5), AdminClient(socket) as client:
                            await client.hold(vrn, reason="exercise")
                    except (CoreUnreachableError, RefusedError, TimeoutError):
                        continue
                    self.acknowledged.append(vrn)
                    return number
                await asyncio.sleep(0.05)

    def end(self) -> None:
        """Both."""
        for one in self.children:
            one.send(signal.SIGCONT)
            one.end()


def held(dsn: str, core: PrivateCore) -> set[str]:
    """Every vehicle that the list holds, which is proved from its first delta."""
    with CoreStore(dsn, reading=True) as store:
        key = core.folder / "core-1.key"
        log = ReplicatedLog(store, Signer.from_pem("core-1", key.read_bytes()), load_core_ring(key))
        log.check()
        head = log.head()
        return {row.vrn for row in log.list_at(head.epoch, head.version).rows.values()}


def test_the_primary_and_its_core_die_and_nothing_acknowledged_is_lost(
    clusters: tuple[PrivateCluster, PrivateCluster], broker: PrivateBroker, tmp_path: Path
) -> None:
    """The stand-by is promoted, the second core takes the lease over, and every vehicle stays held."""
    first, second = clusters
    first.create("rocars")
    both = TwoCores(
        tmp_path / "core",
        broker,
        f"host={first.folder},{second.folder} dbname=rocars user=postgres target_session_attrs=read-write",
    )

    async def story() -> float:
        both.start(0)
        assert await both.hold("A0") == 0
        both.start(1)
        for number in range(1, 6):
            assert await both.hold(f"A{number}") == 0
        began = time.monotonic()
        first.kill()
        both.children[0].send(signal.SIGKILL)
        second.promote()
        assert await both.hold("B0") == 1
        took = time.monotonic() - began
        for number in range(1, 6):
            await both.hold(f"B{number}")
        return took

    try:
        took = asyncio.run(story())
    finally:
        both.end()
    assert took > APART_S, "the lease was not waited for"  # its last renewal is at most `LASTS_S` before the kill
    assert held(second.dsn("rocars"), both.core) == set(both.acknowledged)
    assert "Traceback" not in (both.core.folder / "core.log").read_text(encoding="utf-8")


def test_a_paused_core_wakes_up_and_says_nothing(broker: PrivateBroker, tmp_path: Path) -> None:
    """SIGSTOP, the second takes over, SIGCONT: the first stands by, and has the lease again when the second is stopped."""
    cluster = PrivateCluster()
    cluster.start()
    both = TwoCores(tmp_path / "core", broker, cluster.create("rocars"))

    async def story() -> None:
        both.start(0)
        assert await both.hold("A0") == 0
        both.start(1)
        await both.hold("A1")
        both.children[0].send(signal.SIGSTOP)
        assert await both.hold("B0") == 1
        both.children[0].send(signal.SIGCONT)
        await asyncio.sleep(4.0)
        await asyncio.to_thread(both.children[1].end)
        assert await both.hold("C0") == 0

    try:
        asyncio.run(story())
        assert held(cluster.dsn("rocars"), both.core) == set(both.acknowledged)
        log = (both.core.folder / "core.log").read_text(encoding="utf-8")
        words = ("another core has taken the lease over", "terminating connection due to administrator command")
        assert any(one in log for one in words), "its renewal or its ended session, whichever it hears of first"
        assert "Traceback" not in log
    finally:
        both.end()
        cluster.stop()
