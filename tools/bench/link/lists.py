"""The list of codes: a snapshot beside a bare insert, what the hashes cost, and a delta by the length of the list."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from sync.codelog import CodeLog
from sync.link.log_result import Applied, Swapped
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from tools.bench.codes import Timing, bundles, memory_kib, timed
from tools.bench.figures import FigureLine, timing
from wire.codec import encode
from wire.hashes import StateHash
from wire.messages import SnapshotPart
from wire.records import BundleRecord, CargoRecord, Record

PART = 500
"""Rows of a part, as the core sends them."""

DELTAS = 200
_TABLE = """CREATE TABLE codes (generation INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, mark TEXT NOT NULL,
body BLOB NOT NULL, PRIMARY KEY (generation, kind, name)) STRICT, WITHOUT ROWID"""
_INDEX = "CREATE INDEX codes_by_mark ON codes (generation, mark)"


def _rows(records: Iterable[Record]) -> list[tuple[int, str, str, str, bytes]]:
    """As they are in the store: the floor gets them ready made."""
    return [(2, *record.key, record.vrn, encode(record)) for record in records]


@contextmanager
def bare(path: Path) -> Iterator[sqlite3.Connection]:
    """A database with the store's table and index and its durability, and nothing else.

    WAL and FULL as the store's: what is committed is on the medium. Its checkpoints are SQLite's own, at each commit that
    finds 1,000 pages, and so within the time that is measured, as the store's are.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_TABLE)
        connection.execute(_INDEX)
        yield connection


def _insert(path: Path, rows: Sequence[tuple[int, str, str, str, bytes]]) -> int:
    with bare(path) as connection:
        start = time.perf_counter_ns()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO codes VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
        return time.perf_counter_ns() - start


def _load(path: Path, parts: Sequence[SnapshotPart]) -> tuple[int, int]:
    """Nanoseconds in all, and of the longest part: so long the lane waits for its turn."""
    longest = 0
    with LaneStore(path) as store:
        log = CodeLog(store)
        start = before = time.perf_counter_ns()
        verdict = None
        for part in parts:
            verdict = log.load(part)
            now = time.perf_counter_ns()
            longest, before = max(longest, now - before), now
        if not isinstance(verdict, Swapped):
            raise RuntimeError(f"the snapshot was not taken: {verdict}")  # noqa: TRY004 - a verdict, not a type
        return before - start, longest


def _hash(rows: Sequence[tuple[int, str, str, str, bytes]]) -> int:
    state = StateHash()
    start = time.perf_counter_ns()
    state.add_all(row[-1] for row in rows)
    state.digest()
    return time.perf_counter_ns() - start


def measure_snapshot(folder: Path, codes: int, rounds: int) -> tuple[list[FigureLine], dict[str, float]]:
    """The same rows loaded, inserted and hashed in turn; a file of its own for each."""
    core = SimulatedLog("epoch", bundles(codes))
    parts, rows = core.snapshot(size=PART), _rows(core.rows.values())
    spent: dict[str, list[int]] = {"loaded": [], "inserted": [], "hashed": [], "part": []}
    for number in range(rounds):
        spent["inserted"].append(_insert(folder / f"bare-{number}.db", rows))
        whole, longest = _load(folder / f"ours-{number}.db", parts)
        spent["loaded"].append(whole)
        spent["part"].append(longest)
        spent["hashed"].append(_hash(rows))
    floor = timing("bare insert, one transaction", spent["inserted"])
    lines = [FigureLine(timing(f"snapshot of {codes:,} codes", spent["loaded"]), floor)]
    lines.append(FigureLine(timing("its state hash alone", spent["hashed"]), floor))
    LaneStore(folder / "empty.db").close()
    memory = memory_kib(folder / "ours-0.db") - memory_kib(folder / "empty.db")
    return lines, {"memory_mb": round(memory / 1_024, 1), "longest_part_ms": round(max(spent["part"]) / 1e6, 1)}


def _bundle(number: int) -> BundleRecord:
    cargo = (CargoRecord(ccrn=f"{number:010d}", code="release"),)
    return BundleRecord(f"9{number:09d}", f"ZZ{number % 9_999 + 1}", "inbound", "MKT", 0, 2**45, cargo)


class _Grown:
    """A list of so many codes and what follows it."""

    def __init__(self, store: LaneStore, codes: int) -> None:
        core = SimulatedLog("epoch", bundles(codes))
        self.log = CodeLog(store)
        for part in core.snapshot(size=PART):
            self.log.load(part)
        self._deltas = [core.change(_bundle(number)) for number in range(DELTAS)]
        self._raw = [encode(delta) for delta in self._deltas]

    def apply(self, number: int) -> None:
        """Takes the next step."""
        if not isinstance(self.log.apply(self._deltas[number], self._raw[number]), Applied):
            raise RuntimeError(f"delta {number} did not apply")  # noqa: TRY004 - a verdict, not a type


def measure_curve(folder: Path, sizes: Sequence[int]) -> tuple[Timing, dict[int, Timing]]:
    """A delta of one bundle, durable: the floor (the row inserted and committed, no more), and by number of codes."""
    with ExitStack() as opened:
        grown = [_Grown(opened.enter_context(LaneStore(folder / f"codes-{size}.db")), size) for size in sizes]
        connection = opened.enter_context(bare(folder / "bare.db"))
        rows = _rows(_bundle(number) for number in range(DELTAS))
        floor: Callable[[int], object] = lambda n: connection.execute(  # noqa: E731 - one action among others
            "INSERT INTO codes VALUES (?, ?, ?, ?, ?)", rows[n]
        )
        actions = {str(size): each.apply for size, each in zip(sizes, grown, strict=True)}
        first, *others = timed(DELTAS, bare_commit_of_the_row=floor, **actions)
    return first, {int(each.name): each for each in others}


def plain_curve(floor: Timing, curve: dict[int, Timing]) -> dict[str, Any]:
    """For programs: microseconds and times the floor, by number of codes."""
    found = {
        f"{size}": {"p50_us": each.p50_us, "p99_us": each.p99_us, "x_floor": round(each.p50_us / floor.p50_us, 2)}
        for size, each in curve.items()
    }
    return {"floor_p50_us": floor.p50_us, "floor_p99_us": floor.p99_us, "by_codes": found}
