"""A centre that has aged: so many bundles have passed, and what that costs list, start, loop and lanes.

Rules of this file:
- What passed is in the tables as a year leaves it: rows that were forgotten, and the deltas of an epoch before, written by SQL,
  for nobody signs them again. The list itself, its head and what happens while it is measured are the shipped core's own.
- Two days are in the list: yesterday's bundles, which were used and leave meanwhile, and today's, which live.
- The longest block of the core's loop is the longest time without a proof for a lane that asks for one each 20 ms: while another
  lane is given everything, rows leave, and the list is looked through. It has the broker's own pauses in it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from runtime.mqtt import Connection, Incoming
from simulation.broker import PrivateBroker
from simulation.cluster import PrivateCluster
from simulation.private_core import PrivateCore
from sync.codelog import CodeLog
from sync.link.log_result import Applied
from sync.store import LaneStore
from wire.codec import decode, encode
from wire.envelope import Signer
from wire.hashes import EMPTY_STATE, ZERO
from wire.messages import Delta, Heartbeat, LogReply, Nonce, Presence, SnapshotPart, SnapshotWanted
from wire.records import BundleRecord, CargoRecord, Record
from wire.topics import LOG, LaneTopics

A_DAY = 16_701
"""Goods vehicles of an average day (seed 001 and the figures of 2021)."""

DELTAS_A_BUNDLE = 2
"""Bundled, and used; a delta that forgets has hundreds of rows."""

KEEP_S = 20.0
"""Where a site has a day: yesterday's rows begin to leave while this is measured."""

LEAVE = 2_000
"""So many of them are waited for."""

_NONCE_S = 0.02
_DAY_MS = 86_400_000
_ASKS, _LOADS = "asks-01", "loads-01"
_BATCH = 500_000


def rows_of_two_days(now_ms: int, a_day: int = A_DAY) -> Iterator[Record]:
    """Yesterday's bundles, used, then today's."""
    for number in range(2 * a_day):
        used = f"szb-in-01/{'a' * 32}/{number}" if number < a_day else ""
        cargo = (CargoRecord(f"{2_000_000_000 + number}", "release"),)
        end = now_ms + 14 * _DAY_MS
        yield BundleRecord(
            f"{3_000_000_000 + number}", f"{'ABCDEFGHJK'[number % 10]}{'LMNPRSTUVW'[number // 10 % 10]}{1_000 + number % 9_000}",
            "inbound", "SZB", now_ms - 1, end, cargo, used_by=used,
        )  # fmt: skip


def _fill(dsn: str, bundles: int, sample: Record, tell: Callable[[str], None]) -> None:
    """What has passed, as rows that were forgotten and deltas of an earlier epoch."""
    body, payload = encode(sample), os.urandom(420)
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("INSERT INTO epochs(number, epoch, began_ms, reason) VALUES (0, 'past', 0, 'bench')")
        for first in range(0, bundles, _BATCH):
            last = min(first + _BATCH, bundles)
            db.execute(
                "INSERT INTO forgotten(kind, key, vrn, body, at_ms) "
                "SELECT 'bundle', (1000000000 + n)::text, 'AB1234', %s, (extract(epoch FROM now()) * 1000)::bigint "
                "FROM generate_series(%s::bigint, %s::bigint) AS n",
                (body, first, last - 1),
            )
            db.execute(
                "INSERT INTO log(epoch, version, at_ms, payload, log_hash, state_hash) SELECT 'past', n, n, %s, %s, %s "
                "FROM generate_series(%s::bigint, %s::bigint) AS n",
                (payload, bytes(32), bytes(32), first * DELTAS_A_BUNDLE + 1, last * DELTAS_A_BUNDLE),
            )
            tell(f"{last} bundles have passed")


@dataclass(slots=True)
class _Lanes:
    """Two lanes' ends at the broker: one asks for proofs, the other for everything; what comes of both."""

    proofs: list[float] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    size: int = 0
    deltas: list[tuple[Delta, bytes]] = field(default_factory=list)
    whole: asyncio.Event = field(default_factory=asyncio.Event)
    _parts: int = 0
    open: Callable[[str, bytes], bytes] = lambda _topic, payload: payload

    def hear(self, incoming: Incoming) -> None:
        incoming.acknowledge()
        body = self.open(incoming.topic, incoming.payload)
        if incoming.topic == LOG:
            self.deltas.append((decode(Delta, body), body))
        elif incoming.topic == LaneTopics(_ASKS).heartbeat:
            decode(Heartbeat, body)
            self.proofs.append(time.monotonic())
        else:
            self._take(body, len(incoming.payload))

    def forgotten(self) -> int:
        """How many rows have left."""
        return sum(len(one.forgets) for one, _ in list(self.deltas))

    def _take(self, body: bytes, size: int) -> None:
        """A part of the snapshot; all but the first are read later, so that this process measures the core's pauses, not its own."""
        self.raw.append(body)
        self.size += size
        if len(self.raw) == 1:
            (first,) = self.parts()
            self._parts = first.parts
        if len(self.raw) == self._parts:
            self.whole.set()

    def parts(self) -> list[SnapshotPart]:
        """The parts that have come."""
        replies: list[LogReply] = [decode(LogReply, raw) for raw in self.raw]  # type: ignore[arg-type]
        return [one for one in replies if isinstance(one, SnapshotPart)]


def _longest(moments: list[float], since: float, until: float) -> float:
    """Milliseconds of the longest pause between two moments of a span."""
    seen = [since, *(one for one in moments if since <= one <= until), until]
    return 1_000 * max(after - before for before, after in pairwise(seen))


async def _ask(line: Connection, signer: Signer, over: asyncio.Event) -> None:
    topics, session = LaneTopics(_ASKS), secrets.randbits(63)
    line.publish(
        topics.presence,
        signer.seal(topics.presence, encode(Presence(lane=_ASKS, status="online", session=session))),
        qos=1,
        retain=True,
    )
    while not over.is_set():
        nonce = Nonce(
            lane=_ASKS, session=session, nonce=secrets.token_bytes(16), epoch="", version=0, state_hash=EMPTY_STATE,
            journal="j", acknowledged=0, last=0, last_hash=ZERO,
        )  # fmt: skip
        line.publish(topics.nonce, signer.seal(topics.nonce, encode(nonce)), qos=0)
        await asyncio.sleep(_NONCE_S)


def _at_a_lane(folder: Path, lanes: _Lanes) -> dict[str, float]:
    """What the same list costs a lane: to load, to open again, and the longest block of each delta that forgets."""
    longest, forgetting, parts = 0, 0, lanes.parts()
    with closing(LaneStore(folder / "lane.db")) as store:
        log = CodeLog(store)
        began = before = time.perf_counter_ns()
        for part in parts:
            log.load(part)
            now = time.perf_counter_ns()
            longest, before = max(longest, now - before), now
        if log.head.version != parts[0].version:
            raise RuntimeError("the snapshot was not taken")
        loaded = before - began
        for delta, body in lanes.deltas:
            if delta.version <= log.head.version:
                continue
            began = time.perf_counter_ns()
            if not isinstance(log.apply(delta, body), Applied):
                raise RuntimeError(f"delta {delta.version} was not applied")  # noqa: TRY004 - a verdict, not a type
            forgetting = max(forgetting, time.perf_counter_ns() - began)
        began = time.perf_counter_ns()
        CodeLog(store)
        opened = time.perf_counter_ns() - began
    figures = {
        "load_s": loaded / 1e9,
        "load_block_ms": longest / 1e6,
        "forget_ms": forgetting / 1e6,
        "start_s": opened / 1e9,
    }
    return {f"lane_{name}": round(value, 3) for name, value in figures.items()}


async def _measured(
    core: PrivateCore, broker: PrivateBroker, signers: dict[str, Signer], rows: int
) -> tuple[dict[str, Any], _Lanes]:
    lanes, over = _Lanes(), asyncio.Event()
    lanes.open = core.ring.open
    topics = LaneTopics(_LOADS)
    lines = [
        Connection(
            broker.options(lane, *filters),
            will=lambda: None,
            on_up=lambda: None,
            on_down=lambda _: None,
            on_message=lanes.hear,
        )
        for lane, filters in ((_ASKS, (LaneTopics(_ASKS).heartbeat, LOG)), (_LOADS, (topics.log,)))
    ]
    for line in lines:
        line.start()
    asking: asyncio.Task[None] | None = None
    try:
        began = time.monotonic()
        await core.start_ready()
        found: dict[str, Any] = {"start_s": round(time.monotonic() - began, 2)}
        asking = asyncio.create_task(_ask(lines[0], signers[_ASKS], over))
        while len(lanes.proofs) < 50:  # noqa: ASYNC110 - a thread counts
            await asyncio.sleep(0.05)
        quiet = time.monotonic()
        await asyncio.sleep(3.0)
        wanted = SnapshotWanted(lane=_LOADS, request="bench", reason="bench")
        loading = time.monotonic()
        found["quiet_pause_ms"] = round(_longest(lanes.proofs, quiet, loading), 1)
        lines[1].publish(topics.request, signers[_LOADS].seal(topics.request, encode(wanted)), qos=1)
        async with asyncio.timeout(120):
            await lanes.whole.wait()
        loaded = time.monotonic()
        async with asyncio.timeout(180):
            while lanes.forgotten() < rows:  # noqa: ASYNC110 - a thread counts
                await asyncio.sleep(0.2)
        end = time.monotonic()
        found |= {
            "snapshot_mb": round(lanes.size / 1e6, 2),
            "snapshot_s": round(loaded - loading, 2),
            "blocked_by_snapshot_ms": round(_longest(lanes.proofs, loading, loaded), 1),
            "blocked_by_forgetting_ms": round(_longest(lanes.proofs, loaded, end), 1),
        }
        found["blocked_ms"] = max(found["blocked_by_snapshot_ms"], found["blocked_by_forgetting_ms"])
    finally:
        over.set()
        if asking is not None:
            await asking
        for line in lines:
            await line.stop()
    return found, lanes


async def aged(
    folder: Path, cluster: PrivateCluster, *, bundles: int, a_day: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Everything in the first lines, by name."""
    signers = {lane: Signer.generate(lane) for lane in (_ASKS, _LOADS)}
    broker = PrivateBroker(folder / "broker", lanes=list(signers))
    broker.start()
    dsn = cluster.create("aged")
    lanes = {lane: signer.public for lane, signer in signers.items()}
    core = PrivateCore(folder / "core", broker, lanes=lanes, database=dsn, keep=KEEP_S)
    now = time.time_ns() // 1_000_000
    rows = list(rows_of_two_days(now, a_day))
    with CoreStore(dsn) as store:
        log = ReplicatedLog(store, core.signer, keep_ms=round(1_000 * KEEP_S))
        with store.transaction():
            log.append([msgspec.structs.replace(row, used_by="") for row in rows], at_ms=now)
        with store.transaction():
            log.append(rows, at_ms=now)
    await asyncio.to_thread(_fill, dsn, bundles, rows[0], tell)
    try:
        figures, ends = await _measured(core, broker, signers, min(a_day, LEAVE))
        async with core.admin() as admin:
            left = (await admin.status()).rows
    finally:
        await asyncio.to_thread(core.end)
        broker.stop()
    at_a_lane = await asyncio.to_thread(_at_a_lane, folder, ends)
    return {"bundles": bundles, "rows": len(rows), "rows_afterwards": left, **figures, **at_a_lane}


def run(*, bundles: int, a_day: int = A_DAY, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Measures it on a cluster of its own that waits for its disk."""
    with tempfile.TemporaryDirectory(prefix="aged-") as folder:
        cluster = PrivateCluster(durable=True)
        cluster.start()
        try:
            return asyncio.run(aged(Path(folder), cluster, bundles=bundles, a_day=a_day, tell=tell))
        finally:
            cluster.stop()
