"""kill -9 at any moment: what was answered as durable is there, and the chain is whole."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from sync.codelog import CodeLog
from sync.journal import Chain, Journal
from sync.lookup import Lookup
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from wire.records import HoldRecord

WRITER = """
import itertools, pathlib, sys
from sync.journal import Journal
from sync.store import LaneStore
with LaneStore(pathlib.Path(sys.argv[1])) as store:
    journal = Journal(store, boot=sys.argv[2], software="1")
    for n in itertools.count():
        seq = journal.append(b"entry %d" % n + bytes(n % 3000), uses=[(f"{sys.argv[2]}-{n}", "lane/j/1")])
        print(seq, flush=True)
        if n % 5 == 4:
            journal.acknowledge(seq - 2, next(journal.rows(seq - 2, seq - 2)).hash)
            print(-(seq - 2), flush=True)
"""

LOADER = """
import pathlib, sys
from sync.codelog import CodeLog
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from wire.codec import encode
from wire.records import HoldRecord
with LaneStore(pathlib.Path(sys.argv[1])) as store:
    log = CodeLog(store)
    print("ready", flush=True)
    while True:
        at = log.head.version
        core = SimulatedLog("epoch")
        for version in range(at + 1):
            core.change(HoldRecord(vrn=f"AB{version}"), HoldRecord(vrn="CD1", reason=str(version + 1)))
        for part in core.snapshot(request=str(at), size=2):
            log.load(part)
        delta = core.change(HoldRecord(vrn=f"AB{at + 1}"), HoldRecord(vrn="CD1", reason=str(at + 2)))
        log.apply(delta, encode(delta))
"""


def killed(code: str, *arguments: str, after_s: float, lines: int) -> list[str]:
    """What a process had said when it was killed, `after_s` seconds after its line number `lines`."""
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    time.sleep(after_s)
    process.kill()
    rest = process.communicate()[0]
    return [line.strip() for line in "".join((*said, rest)).splitlines(keepends=True) if line.endswith("\n")]


def test_nothing_answered_as_durable_is_lost_by_a_kill(tmp_path: Path) -> None:
    """Ten kills at random moments of one store: every row that was answered is there, with its uses, in one chain."""
    path = tmp_path / "lane.db"
    rng = random.Random(11)
    rows = cursor = 0
    for kill in range(10):
        said = [int(line) for line in killed(WRITER, str(path), f"boot-{kill}", after_s=rng.random() / 8, lines=1)]
        last = max([rows, *said])
        cursor = max([cursor, *(-line for line in said)])
        with LaneStore(path) as store:
            chain = Chain(store)
            rows = chain.head()[0]
            assert last <= rows <= last + 1  # one more may be on the medium than was answered
            assert chain.verify() is None
            assert cursor <= chain.acknowledged <= rows
            cursor = chain.acknowledged
            assert store.db["used_here"].count == rows
            assert store.flaws() == []
    with LaneStore(path) as store:
        assert Journal(store, boot="after", software="1").append(b"goes on") == rows + 1
        assert [boot.boot for boot in Chain(store).boots()] == [*(f"boot-{kill}" for kill in range(10)), "after"]


def test_a_kill_leaves_the_old_list_or_the_new_one(tmp_path: Path) -> None:
    """Killed between parts, in the swap or in a delta: the rows are exactly those of the version the head names."""
    path = tmp_path / "lane.db"
    rng = random.Random(12)
    for _ in range(6):
        killed(LOADER, str(path), after_s=rng.random() / 8, lines=1)
        with LaneStore(path) as store:
            log = CodeLog(store)
            core = SimulatedLog("epoch" if log.head.version else "")
            for version in range(log.head.version):
                core.change(HoldRecord(vrn=f"AB{version}"), HoldRecord(vrn="CD1", reason=str(version + 1)))
            assert log.damage == ""
            assert log.head.state_hash == core.state_hash
            if log.head.version:
                assert log.head.log_hash == core.log_hash
                assert Lookup(log).find(f"AB{log.head.version - 1}").held
            assert not Lookup(log).find(f"AB{log.head.version}").held
