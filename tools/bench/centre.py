"""The centre: pairs of lodging and bundling a second beside PostgreSQL alone, and from a hold to the broker.

Rules of this file:
- The shipped core as a process, over its own socket, on a private cluster that waits for its disk; the floor is the like rows,
  written by as many connections into the same cluster, in the same run: a second of the one, a second of the other, in turns.
- The floor signs nothing, checks nothing and decides nothing; it has one serial row, as the list has its head.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from core.model.consignment import CargoInformation, GoodsItem
from core.office.admin import AdminClient
from core.office.bundling import BundleRequest
from domain.crossing import Direction
from runtime.mqtt import Connection, Incoming
from simulation.broker import PrivateBroker
from simulation.cluster import PrivateCluster
from simulation.private_core import PrivateCore
from tools.bench import aged as old
from wire.envelope import Signer
from wire.topics import LOG

CLIENTS = (1, 8, 32)
LANE = "bench-in-01"
_FLOOR = """\
CREATE TABLE floor_head (id integer PRIMARY KEY, version bigint NOT NULL);
INSERT INTO floor_head VALUES (1, 0);
CREATE TABLE floor_cargo (LIKE cargo INCLUDING ALL);
CREATE TABLE floor_bundles (LIKE bundles INCLUDING ALL);
CREATE TABLE floor_owned (LIKE owned INCLUDING ALL);
CREATE TABLE floor_audit
    (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at_ms bigint, who text, what text, detail text, hash bytea);
CREATE TABLE floor_log (version bigint PRIMARY KEY, payload bytea NOT NULL);
CREATE TABLE floor_rows (key text PRIMARY KEY, vrn text NOT NULL, body bytea NOT NULL);
CREATE INDEX ON floor_rows (vrn);
"""
_NOTE = "INSERT INTO floor_audit(at_ms, who, what, detail, hash) VALUES (1, 'bench', 'said', %s, %s)"
_CARGO = "INSERT INTO floor_cargo VALUES (%s, %s, 1, 1, 'release', 'profile', '', '', 0, 0)"
_OWNED = "INSERT INTO floor_owned VALUES (%s, %s, 'bench', 'bench')"
_PARTY = "bench"


def _consignment(expected: str) -> CargoInformation:
    return CargoInformation(
        direction=Direction.INBOUND,
        goods=(GoodsItem(articles="copper buttons", packages=12, package_description="carton"),),
        consignor="Wilson Development Limited",
        consignor_address="1 Bao'an Road, Shenzhen",
        consignee="Training Company",
        consignee_address="Castle Peak Road, Tsuen Wan",
        expected=expected,
    )


def _pair(db: psycopg.Connection[Any], number: str) -> None:
    """What a lodging and a bundling write, in two commits."""
    with db.transaction():
        db.execute(_CARGO, (number, bytes(400)))
        db.execute(_OWNED, ("cargo", number))
        db.execute(_NOTE, (f"CCRN {number}, release by profile", bytes(32)))
    with db.transaction():
        db.execute("INSERT INTO floor_bundles VALUES (%s, 'AB 1234', 'Ho', 1, 'bundled')", (number,))
        db.execute("UPDATE floor_cargo SET ubr = %s WHERE ccrn = %s", (number, number))
        db.execute("INSERT INTO floor_rows VALUES (%s, 'AB1234', %s)", (number, bytes(120)))
        db.execute(_OWNED, ("bundle", number))
        db.execute(_NOTE, (f"UBR {number}, AB1234", bytes(32)))
        row = db.execute("UPDATE floor_head SET version = version + 1 RETURNING version").fetchone()
        db.execute("INSERT INTO floor_log VALUES (%s, %s)", (row and row[0], bytes(420)))


class _Floor:
    """So many connections that write like rows; each goes on where it was."""

    def __init__(self, dsn: str, clients: int) -> None:
        self._connections = [psycopg.connect(dsn, autocommit=True) for _ in range(clients)]
        self._next = [0] * clients

    def run(self, seconds: float) -> float:
        """Pairs a second."""
        end, before, began = time.monotonic() + seconds, sum(self._next), time.monotonic()
        threads = [threading.Thread(target=self._client, args=(one, end)) for one in range(len(self._next))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (sum(self._next) - before) / (time.monotonic() - began)

    def _client(self, one: int, end: float) -> None:
        while time.monotonic() < end:
            self._next[one] += 1
            _pair(self._connections[one], f"{len(self._next):02}{one:02}{self._next[one]:06}")

    def close(self) -> None:
        """Ends the connections."""
        for one in self._connections:
            one.close()


async def _ours(clients: Sequence[AdminClient], seconds: float, expected: str) -> float:
    """Pairs a second through the core."""
    end, began = time.monotonic() + seconds, time.monotonic()

    async def client(one: AdminClient) -> int:
        done = 0
        while time.monotonic() < end:
            ccrn = (await one.lodge(_consignment(expected), party=_PARTY)).ccrn
            await one.bundle(BundleRequest(vrn="AB1234", ccrns=(ccrn,), driver="Ho", direction=Direction.INBOUND))
            done += 1
        return done

    done = await asyncio.gather(*map(client, clients))
    return sum(done) / (time.monotonic() - began)


@dataclass(slots=True)
class _Ear:
    """Hears the list at the broker."""

    heard: asyncio.Event
    at_ns: int = 0

    def hear(self, incoming: Incoming) -> None:
        self.at_ns = time.perf_counter_ns()
        incoming.acknowledge()
        self.heard.set()


async def _holds(core: AdminClient, broker: PrivateBroker, count: int) -> list[float]:
    """Milliseconds from the asking for a hold until a subscriber of the broker has the delta."""
    ear = _Ear(asyncio.Event())
    connection = Connection(
        broker.options(LANE, LOG), will=lambda: None, on_up=lambda: None, on_down=lambda _: None, on_message=ear.hear
    )
    connection.start()
    spent = []
    try:
        while not connection.connected:  # noqa: ASYNC110 - another thread
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)
        for number in range(count):
            ear.heard.clear()
            began = time.perf_counter_ns()
            await core.hold(f"H{number}", reason="bench")
            async with asyncio.timeout(5):
                await ear.heard.wait()
            spent.append((ear.at_ns - began) / 1e6)
    finally:
        await connection.stop()
    return spent


async def _measure(folder: Path, cluster: PrivateCluster, *, seconds: float, rounds: int, holds: int) -> dict[str, Any]:
    broker = PrivateBroker(folder / "broker", lanes=[LANE])
    broker.start()
    dsn = cluster.create("rocars")
    core = PrivateCore(folder / "core", broker, lanes={LANE: Signer.generate(LANE).public}, database=dsn)
    core.command("party", "add", _PARTY, "Training Company")
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute(_FLOOR.encode())
    expected = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86_400))
    found: dict[str, Any] = {}
    try:
        await core.start_ready()
        for number in CLIENTS:
            ours, floors = [], []
            clients = [await core.admin().__aenter__() for _ in range(number)]
            floor = _Floor(dsn, number)
            await _ours(clients, 0.5, expected)
            for _ in range(rounds):
                ours.append(await _ours(clients, seconds, expected))
                floors.append(await asyncio.to_thread(floor.run, seconds))
            floor.close()
            for one in clients:
                await one.__aexit__()
            found[f"clients_{number}"] = {
                "pairs_per_s": round(statistics.median(ours), 1),
                "postgres_pairs_per_s": round(statistics.median(floors), 1),
                "ratio_to_postgres": round(statistics.median(a / b for a, b in zip(ours, floors, strict=True)), 3),
            }
        async with core.admin() as client:
            spent = sorted(await _holds(client, broker, holds))
        found["hold_to_broker_p50_ms"] = round(spent[len(spent) // 2], 3)
        found["hold_to_broker_p99_ms"] = round(spent[len(spent) * 99 // 100], 3)
    finally:
        await asyncio.to_thread(core.end)
        broker.stop()
    return found


def run(*, json_file: Path | None, seconds: float, rounds: int, holds: int, aged: int = 0) -> None:
    """Runs it and prints what it came to, the last line as JSON."""
    with tempfile.TemporaryDirectory(prefix="centre-") as folder:
        cluster = PrivateCluster(durable=True)
        cluster.start()
        try:
            found = asyncio.run(_measure(Path(folder), cluster, seconds=seconds, rounds=rounds, holds=holds))
        finally:
            cluster.stop()
    if aged:
        found["aged"] = old.run(bundles=aged, tell=print)
    for name, value in found.items():
        print(f"{name:24} {value}")
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found))
