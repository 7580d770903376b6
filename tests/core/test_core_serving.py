"""A core whose database died under it stands by, and serves again: what it need not do a second time, and what it must."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.errors import CoreSettingsError, RefusedError
from core.ledger.lease import CorePlace, Lease
from core.ledger.store import CoreStore, connected, is_away
from core.office.admin import CoreUnreachableError
from core.parts import CoreParts
from core.settings import load
from runtime.store_errors import StoreError, StoreFullError
from simulation.broker import PrivateBroker
from simulation.cluster import PrivateCluster
from simulation.ledgers import copy_database, put_back_database
from simulation.private_core import PrivateCore
from wire.records import HoldRecord

PATIENCE_S = 90.0


class Place:
    """A core's process, without its connections: what it opens once the lease is its own."""

    def __init__(self, folder: Path, clock: Any) -> None:
        self.core = PrivateCore(folder, PrivateBroker(folder / "broker"), listen=0.2)
        self._settings, self._clock = load(self.core.config), clock
        self._lock = CorePlace(folder / "s.lock")
        self.name = self._lock.name
        self.lease = Lease(self.core.database, self._lock)
        self.parts: CoreParts

    def serves(self, told: Any = None) -> CoreParts:
        """It takes the lease, and opens the rest."""
        assert self.lease.take()
        self.parts = CoreParts(self._settings, self._clock, None, self.lease, told)
        return self.parts

    def listens(self) -> None:
        """Its lanes can be heard, and it listens to its end."""
        self.parts.exchange.whole.on_connected()
        while self.parts.exchange.whole.listening():
            time.sleep(0.02)

    def holds(self, vrn: str) -> None:
        """A vehicle is held, and everybody told."""
        with self.parts.store.transaction():
            self.parts.log.append([HoldRecord(vrn, "exercise")], at_ms=self._clock())
        assert self.parts.exchange.news()

    def loses_its_database(self) -> Any:
        """What it has told goes on."""
        told = self.parts.exchange.told()
        self.parts.store.close()
        self.lease.leave()
        return told

    def close(self) -> None:
        """Ends it."""
        self.parts.store.close()
        self.lease.leave()
        self._lock.leave()


@pytest.fixture
def place(tmp_path: Path, clock: Any) -> Iterator[Place]:
    """A core."""
    made = Place(tmp_path / "c", clock)
    yield made
    made.close()


def has_it_again(place: Place, meanwhile: Callable[[], object] = lambda: None) -> bool:
    """A core that has listened and told of a hold loses its database and has it again; whether it listens to its lanes anew."""
    copy_database(place.core.store, place.core.folder / "backup.db")
    place.serves()
    assert place.parts.exchange.whole.listening()
    place.listens()
    place.holds("AB1234")
    told = place.loses_its_database()
    assert told is not None
    meanwhile()
    return place.serves(told).exchange.whole.listening()


def test_a_core_that_has_its_database_again_at_once_need_not_listen(place: Place) -> None:
    """Nobody else can have served, and all that it told is there."""
    assert not has_it_again(place)
    assert place.lease.was_kept
    assert place.parts.exchange.told() is not None, "nor need it after the next time"


def test_a_copy_put_back_meanwhile_is_listened_over(place: Place) -> None:
    """The hold that it told of is not there: only lanes can say what else is not."""

    def put_back() -> None:
        put_back_database(place.core.folder / "backup.db", place.core.store)
        with psycopg.connect(place.core.database, autocommit=True) as db:
            db.execute("UPDATE lease SET term = %s, holder = %s", (place.lease.term, place.name))

    assert has_it_again(place, put_back)
    assert place.lease.was_kept, "the lease says nothing of it"


def test_one_whom_another_may_have_followed_listens(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease was free long enough to be taken over elsewhere."""

    def time_passes() -> None:
        later = time.monotonic() + 5.1
        monkeypatch.setattr("core.ledger.lease.time.monotonic", lambda: later)

    assert has_it_again(place, time_passes)
    assert not place.lease.was_kept


def test_one_whom_another_has_followed_listens(place: Place, tmp_path: Path) -> None:
    """However short a time the other had it."""

    def another() -> None:
        with psycopg.connect(place.core.database, autocommit=True) as db:
            db.execute("UPDATE lease SET holder = ''")
        lock = CorePlace(tmp_path / "other.lock")
        other = Lease(place.core.database, lock)
        assert other.take()
        other.give_back()
        lock.leave()

    assert has_it_again(place, another)
    assert not place.lease.was_kept


@pytest.mark.parametrize("why", ["nobody could be heard", "listening", "broken", "edited", "a lane names more"])
def test_one_that_cannot_say_that_its_list_is_whole_has_told_nothing(place: Place, why: str) -> None:
    """It, or whoever comes next, listens."""
    exchange = place.serves().exchange
    match why:
        case "nobody could be heard":
            while exchange.whole.listening():
                time.sleep(0.02)
        case "listening":
            exchange.whole.on_connected()
        case _:
            place.listens()
            assert exchange.told() is not None
    match why:
        case "broken":
            exchange.whole.broken = "a lane shows another branch"
        case "edited":
            exchange.list_watch._found = "another program has changed the list"
        case "a lane names more":
            exchange.whole._claims["szb-in-01"] = object()  # type: ignore[assignment]
        case _:
            pass
    assert exchange.told() is None


def test_which_errors_say_that_the_server_is_gone(place: Place) -> None:
    """A full disk or a damaged file is nothing that passes when one stands by."""
    with pytest.raises(StoreError) as away:
        connected("host=/nowhere dbname=x")
    assert is_away(away.value)
    with CoreStore(place.core.database) as store:
        with connected(place.core.database) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (store.connection.info.backend_pid,))
        with pytest.raises(StoreError) as ended, store.transaction():
            pass
        assert is_away(ended.value)
        with pytest.raises(psycopg.OperationalError) as closed:
            store.connection.execute("SELECT 1")
        assert is_away(closed.value)
    full = StoreFullError("full")
    full.__cause__ = psycopg.errors.DiskFull()
    other_faults = (full, StoreError("its stand-by was not waited for"), psycopg.errors.QueryCanceled())
    assert not any(map(is_away, (*other_faults, CoreSettingsError("a file is missing"))))
    place.serves()


def test_a_core_outlives_its_server(tmp_path: Path) -> None:
    """The server is killed and started again: the same process serves, and everything that it had acknowledged is there."""
    cluster, broker = PrivateCluster(durable=True), PrivateBroker(tmp_path / "broker")
    cluster.start()
    broker.start()
    core = PrivateCore(tmp_path / "core", broker, database=cluster.create("rocars"))

    async def hold(vrn: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    async with core.admin() as client:
                        await client.hold(vrn, reason="exercise")
                except (CoreUnreachableError, RefusedError):
                    await asyncio.sleep(0.05)
                else:
                    return

    async def story() -> None:
        core.start()
        await hold("A1")
        pid = core.process.pid
        for number in (2, 3):
            cluster.crash()
            cluster.start()
            await hold(f"A{number}")
        assert core.process.pid == pid
        cluster.crash()
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        assert await asyncio.to_thread(core.process.wait, PATIENCE_S) == 0, "one that stands by ends when it is told to"

    try:
        asyncio.run(story())
        cluster.start()
        with CoreStore(core.database, reading=True) as store:
            held = {row[0] for row in store.connection.execute("SELECT key FROM rows WHERE kind = 'hold'")}
        assert held == {"A1", "A2", "A3"}
        assert "Traceback" not in core.log()
    finally:
        core.end()
        broker.stop()
        cluster.stop()
