"""Copies of the past: a run with them holds every promise, and the checker finds what a copy must not cost."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.ledger.sqlite_import import import_sqlite
from core.ledger.store import CoreStore
from simulation.ledgers import database_at
from tools.torture.check_delivery import check_uses
from tools.torture.check_releases import check_followers, check_late_answers, check_releases
from tools.torture.checker import check
from tools.torture.copies import edit_list
from tools.torture.decisions import of_lane
from tools.torture.gate import RestoreGate
from tools.torture.history import RunHistory, StoredJournal, StoredName, StoredRow, read_history
from tools.torture.signed import SignedLog
from tools.torture.verdict import Bounds, RunVerdict

pytestmark = pytest.mark.long

Spoil = Callable[[Callable[[sqlite3.Connection], object]], RunVerdict]


@pytest.fixture(scope="module")
def put_back(torture_run: Callable[..., Any]) -> Any:
    """A run in which lanes and core are put back from copies."""
    words = ("--seconds", "22", "--lanes", "2", "--seed", "5", "--kinds", "lane_restore,core_restore")
    return torture_run("copies", *words)


@pytest.fixture
def after(put_back: Any) -> RunHistory:
    """What that run left."""
    return read_history(put_back.folder)


@pytest.fixture
def spoilt_core(put_back: Any, tmp_path: Path) -> Spoil:
    """Spoils the core's store in a copy of the run's files and returns what the checker finds."""

    def spoil(how: Callable[[sqlite3.Connection], object]) -> RunVerdict:
        shutil.copytree(put_back.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("*.sock"))
        with closing(sqlite3.connect(tmp_path / "copy" / "core" / "core.db")) as db:
            how(db)
            db.commit()
        return check(read_history(tmp_path / "copy"), Bounds())

    return spoil


def counts(verdict: RunVerdict) -> set[str]:
    """The figures of the report that something was found for."""
    return {finding.count for finding in verdict.findings}


def former(history: RunHistory) -> tuple[str, StoredJournal, str]:
    """A lane, a store that it left, and the name that its journal had there and has no more."""
    for lane in history.lanes:
        present = lane.stores[-1].names[-1].journal
        for store in lane.stores[:-1]:
            if store.names[-1].journal != present and store.kept_until(len(store.names) - 1) > 0:
                return lane.name, store, store.names[-1].journal
    raise AssertionError("no lane of the run went on under another name")


def test_copies_put_back_cost_nothing_that_was_promised(put_back: Any, after: RunHistory) -> None:
    """Used bundles came again and released nobody; a journal went on under another name; nothing acknowledged is lost."""
    assert put_back.status == 0, put_back.said
    assert put_back.report["faults"]["lane_restore"] >= 1
    assert put_back.report["felt"]["StoreWentBack"] >= 1
    assert put_back.report["tempted_by_copy"] >= 1
    assert len(after.core.events) > len(after.lanes)
    former(after)


def test_an_acknowledged_row_that_only_the_left_store_had_is_missed(spoilt_core: Spoil, after: RunHistory) -> None:
    """The copy does not have it, the present store neither: it is at the core or nowhere."""
    lane, store, journal = former(after)
    restores = [one for one in after.faults if "present" in one and journal not in one["present"].values()]
    seq = min([store.kept_until(len(store.names) - 1), *(one["had"].get(journal, 0) for one in restores)])
    assert seq > 0, "every core that was put back since knew nothing of that name"
    sql = "DELETE FROM events WHERE lane = ? AND journal = ? AND seq = ?"
    verdict = spoilt_core(lambda db: db.execute(sql, (lane, journal, seq)))
    assert "lost" in counts(verdict)
    assert any(f"row {seq} is not at the core" in finding.text for finding in verdict.findings)


def test_a_visit_that_counts_under_both_names_is_found(spoilt_core: Spoil, after: RunHistory) -> None:
    """As if a row that was carried over had been made something of a second time."""
    lane, store, journal = former(after)
    last = next(one for one in after.lanes if one.name == lane).stores[-1].names[-1].journal
    visit = max(key[2] for key in after.core.crossings if key[:2] == (lane, journal))
    sql = (
        "INSERT INTO crossings SELECT lane, ?, 999000 + visit, first_ms, last_ms, vrn, base, records, ubrs "
        "FROM crossings WHERE lane = ? AND journal = ? AND visit = ?"
    )
    verdict = spoilt_core(lambda db: db.execute(sql, (last, lane, journal, visit)))
    assert "duplicated" in counts(verdict)
    assert store.left


def test_a_delta_that_lanes_keep_and_the_core_forgot_is_found(spoilt_core: Spoil, after: RunHistory) -> None:
    """A core that was put back, took nothing back, and went on."""
    epoch, version, _ = max(after.lanes[0].stores[-1].deltas, key=lambda one: one[1])
    verdict = spoilt_core(lambda db: db.execute("DELETE FROM log WHERE epoch = ? AND version = ?", (epoch, version)))
    assert any(f"lacks version {version} " in finding.text for finding in verdict.findings)


def test_a_bundle_that_releases_again_after_the_copy_is_found(after: RunHistory) -> None:
    """Once in the store that was left, once under the new name."""
    lane, store = next((lane, store) for lane in after.lanes for store in lane.stores if any(_uses(store)))
    ubr = next(_uses(store))
    body = {"event": {"type": "x"}, "effects": [{"type": "Consume", "visit": 999, "ubrs": [ubr]}], "at": {"mono_ms": 1}}
    rows = lane.stores[-1].rows
    rows.append(StoredRow(len(rows) + 1, "b", json.dumps(body).encode(), bytes(32)))
    verdict = RunVerdict()
    check_uses(after, verdict)
    assert [ubr in finding.text for finding in verdict.findings] == [True]


def _uses(store: StoredJournal) -> Any:
    for row in store.rows:
        for effect in row.entry["effects"]:
            yield from effect["ubrs"] if effect["type"] == "Consume" else ()


def test_only_what_was_not_acknowledged_may_go_with_a_left_store() -> None:
    """By the core's numbers, under each name; the present store may lack nothing."""
    rows = [StoredRow(seq, "b", b"", bytes([seq]) * 32) for seq in range(1, 11)]
    names = [StoredName("one", 0, 1), StoredName("two", 4, 7)]
    carried = {("two", 5): b"five", ("two", 6): b"six"}
    store = StoredJournal(left=True, names=names, rows=rows, carried=carried, acknowledged=8, deltas=[])
    assert [(row.seq, row.hash) for row in store.chain(1)][:3] == [(1, b"five"), (2, b"six"), (3, bytes([7]) * 32)]
    assert len(store.chain(0)) == 6
    assert (store.kept_until(0), store.kept_until(1)) == (4, 4)
    assert [store.written_under(seq) for seq in (1, 6, 7)] == ["one", "one", "two"]
    store.left = False
    assert store.kept_until(1) == 6


def test_a_release_on_the_answer_for_the_vehicle_before_is_found(history: RunHistory) -> None:
    """The vehicle before had no answer; this one is released by it, before its own."""
    lane = next(one for one in history.lanes if any(found.used for found in of_lane(one)))
    decision = next(found for found in of_lane(lane) if found.used)
    at = decision.at_ms
    began = {"event": {"type": "ContactChanged", "contact": "immigration_started"}, "effects": []}
    for when in (at - 900, at - 850, at - 200):
        body = json.dumps({**began, "at": {"mono_ms": when}}).encode()
        lane.rows.append(StoredRow(len(lane.rows) + 1, "b", body, bytes(32)))
    lane.process = []
    history.trucks = [
        {"t": at - 1_000, "lane": lane.name, "truth": "unanswered", "vrn": "A", "did": "arrives"},
        {"t": at - 300, "lane": lane.name, "truth": "late_clear", "vrn": decision.vrn, "did": "arrives"},
        {"t": at - 100, "lane": lane.name, "vrn": decision.vrn, "did": "late"},
        {"t": at + 100, "lane": lane.name, "vrn": decision.vrn, "did": "own"},
    ]
    verdict = RunVerdict()
    check_late_answers(lane, history, verdict)
    assert verdict.tempted_late == 1
    assert counts(verdict) == {"unsafe_releases"}


@pytest.mark.parametrize(
    ("goes_ms", "killed_ms", "found"), [(900, None, False), (4_500, None, True), (4_500, 700, False)]
)
def test_a_3_that_stands_on_for_a_close_follower_is_found(
    history: RunHistory, goes_ms: int, killed_ms: int | None, found: bool
) -> None:
    """Unless the lane was killed: then the screens' own safe face ends it, which is another promise."""
    lane = history.lanes[0]
    passed = 50_000
    history.trucks = [{"t": passed, "lane": lane.name, "vrn": "AB1234", "did": "passed"}]
    lane.paint = [
        {"t": passed - 2_000, "screen": "xdb", "serial": 1, "scene": "DONE"},
        {"t": passed + goes_ms, "screen": "xdb", "serial": 2, "scene": "STOP"},
    ]
    lane.process = [] if killed_ms is None else [{"t": passed + killed_ms, "did": "killed"}]
    verdict = RunVerdict()
    check_followers(lane, Bounds(), history, verdict)
    assert verdict.tempted_by_follower == int(killed_ms is None)
    assert counts(verdict) == ({"unsafe_releases"} if found else set())


def test_a_release_under_a_bypass_is_found(history: RunHistory) -> None:
    """Whatever else it rests on."""
    lane = next(one for one in history.lanes if any(found.used for found in of_lane(one)))
    event = {"type": "LoopBypassed", "contact": "exit_loop", "bypassed": True}
    effects = [{"type": "Record", "kind": "LoopBypassed", "visit": 0, "facts": []}]
    body = json.dumps({"event": event, "effects": effects, "at": {"mono_ms": 1}}).encode()
    store = lane.stores[-1]
    store.rows = [StoredRow(0, "b", body, bytes(32)), *store.rows]
    verdict = RunVerdict()
    check_releases(lane, SignedLog(history.core.log, history.offset_ms), [], Bounds(), verdict)
    assert any("bypassed" in finding.text for finding in verdict.findings)


def test_an_edited_list_lets_the_held_vehicle_go(put_back: Any, tmp_path: Path) -> None:
    """What the weapon does is what row A7 says: the row stops nobody, and the head is counted anew."""
    store = tmp_path / "core.db"
    with CoreStore(database_at(store)) as opened:
        import_sqlite(put_back.folder / "core" / "core.db", opened)
    with psycopg.connect(database_at(store)) as db:
        before = db.execute("SELECT state_hash FROM head").fetchone()
    changed = edit_list(store, "")
    with psycopg.connect(database_at(store)) as db:
        hashed = db.execute("SELECT state_hash FROM head").fetchone()
    assert bool(changed) == (hashed != before)


def test_the_site_is_had_alone_or_shared() -> None:
    """Who wants it alone waits for all others, and they for him."""

    async def story() -> list[str]:
        gate, said = RestoreGate(), list[str]()
        began = asyncio.Event()

        async def other(name: str) -> None:
            async with gate.among_others():
                said.append(f"{name} in")
                began.set()
                await asyncio.sleep(0.05)
                said.append(f"{name} out")

        first = asyncio.create_task(other("first"))
        await began.wait()

        async def alone() -> None:
            async with gate.alone():
                said.append("alone in")
                await asyncio.sleep(0.05)
                said.append("alone out")

        mine = asyncio.create_task(alone())
        await asyncio.sleep(0.01)
        await asyncio.gather(first, mine, other("second"))
        return said

    assert asyncio.run(story()) == ["first in", "first out", "alone in", "alone out", "second in", "second out"]
