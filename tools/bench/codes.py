"""The store against the physical floor of each thing it does: one dict lookup, one fdatasync, one bare commit.

`python -m tools.bench.codes [--codes N] [--folder FOLDER] [--json FILE]`. The folder decides which disk is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sync.codelog import CodeLog
from sync.journal import Journal
from sync.lookup import Lookup
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from wire.codec import encode
from wire.records import BundleRecord, CargoRecord, HoldRecord

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_ENTRY = 2_000  # bytes of a journal entry with a whole lookup in it

# Run in a process of its own: how much more memory a lane's process needs when its store holds the codes.
_MEMORY = """
import pathlib, random, re, string, sys
from sync.codelog import CodeLog
from sync.lookup import Lookup
from sync.store import LaneStore
with LaneStore(pathlib.Path(sys.argv[1])) as store:
    look = Lookup(CodeLog(store))
    for number in range(2_000):
        look.find("".join(random.choices(string.ascii_uppercase, k=2)) + str(random.randint(1, 9999)))
    print(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """Microseconds of one action done `samples` times."""

    name: str
    samples: int
    p50_us: float
    p99_us: float

    def __str__(self) -> str:
        return f"{self.name:<30} p50 {self.p50_us:10,.1f} us   p99 {self.p99_us:10,.1f} us   ({self.samples:,} times)"


def timed(samples: int, **actions: Callable[[int], object]) -> list[Timing]:
    """Does each action with 0, 1, ... in turn, so that a busy machine is as busy for one as for the others."""
    taken: dict[str, list[int]] = {name: [] for name in actions}
    for number in range(samples):
        for name, action in actions.items():
            start = time.perf_counter_ns()
            action(number)
            taken[name].append(time.perf_counter_ns() - start)
    return [
        Timing(name, samples, spent[samples // 2] / 1_000, spent[samples * 99 // 100] / 1_000)
        for name, spent in ((name, sorted(spent)) for name, spent in taken.items())
    ]


def marks(count: int, seed: int) -> list[str]:
    """Ordinary Hong Kong marks, drawn at random, some of them twice."""
    rng = random.Random(seed)
    return [f"{rng.choice(_LETTERS)}{rng.choice(_LETTERS)}{rng.randint(1, 9999)}" for _ in range(count)]


def bundles(count: int) -> tuple[BundleRecord, ...]:
    """As many bundles of one consignment each."""
    return tuple(
        BundleRecord(
            ubr=f"{number:010d}",
            vrn=vrn,
            direction="inbound",
            point="MKT",
            earliest_ms=0,
            valid_until_ms=2**45,
            cargo=(CargoRecord(ccrn=f"{number:010d}", code="release"),),
        )
        for number, vrn in enumerate(marks(count, seed=1))
    )


def measure_codes(folder: Path, count: int) -> tuple[list[Timing], dict[str, float]]:
    """Lookup, delta, snapshot, opening and memory with `count` codes; the floor is one lookup in a dict."""
    core = SimulatedLog("epoch", bundles(count))
    by_vrn = {record.vrn: record for record in core.rows.values()}
    known, unknown = marks(2_000, seed=1), marks(2_000, seed=2)
    once: dict[str, float] = {}
    with LaneStore(folder / "codes.db") as store:
        log = CodeLog(store)
        start = time.perf_counter()
        for part in core.snapshot():
            log.load(part)
        once["snapshot_s"] = time.perf_counter() - start
        look = Lookup(log)
        timings = timed(
            2_000,
            dict_lookup_floor=lambda n: by_vrn.get(known[n]),
            lookup_of_a_bundled_vehicle=lambda n: look.find(known[n]),
            lookup_of_an_unknown_vehicle=lambda n: look.find(unknown[n]),
        )
        deltas = [core.change(HoldRecord(vrn=vrn)) for vrn in marks(300, seed=3)]
        raw = [encode(delta) for delta in deltas]
        timings += timed(300, delta_of_one_hold=lambda n: log.apply(deltas[n], raw[n]))
    once["file_mb"] = (folder / "codes.db").stat().st_size / 1e6
    start = time.perf_counter()
    with LaneStore(folder / "codes.db") as store:
        CodeLog(store)
    once["open_and_verify_s"] = time.perf_counter() - start
    LaneStore(folder / "empty.db").close()
    once["memory_mb"] = (memory_kib(folder / "codes.db") - memory_kib(folder / "empty.db")) / 1_024
    return timings, once


def memory_kib(path: Path) -> int:
    """The most memory that a process held with this store open, after some lookups."""
    return int(subprocess.run([sys.executable, "-c", _MEMORY, path], check=True, capture_output=True).stdout)


def measure_journal(folder: Path) -> list[Timing]:
    """An entry journaled, durable; the floors are one bare fdatasync and one bare commit of as many bytes."""
    entry = os.urandom(_ENTRY)
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE bare (seq INTEGER PRIMARY KEY, body BLOB)")
    insert = "INSERT INTO bare (body) VALUES (?)"

    def bare(_: int) -> None:
        os.write(descriptor, entry)
        os.fdatasync(descriptor)

    with LaneStore(folder / "journal.db") as store:
        journal = Journal(store, boot="boot", software="bench")
        timings = timed(
            500,
            write_and_fdatasync_floor=bare,
            bare_sqlite_commit_floor=lambda _: connection.execute(insert, (entry,)),
            journal_entry=lambda _: journal.append(entry),
        )
    connection.close()
    os.close(descriptor)
    return timings


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints; `--json` writes the figures as well."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.codes", description=__doc__)
    parser.add_argument("--codes", type=int, default=100_000, help="how many codes the list has")
    parser.add_argument("--folder", type=Path, default=Path(), help="on the disk to be measured")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="bench-") as folder:
        timings, once = measure_codes(Path(folder), given.codes)
        timings += measure_journal(Path(folder))
    for timing in timings:
        print(timing)
    for name, figure in once.items():
        print(f"{name:<30} {figure:14,.2f}")
    if given.json:
        figures = {"codes": given.codes, "timings": [asdict(timing) for timing in timings], **once}
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
