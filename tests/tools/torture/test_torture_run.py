"""The kit as a command: a short run holds what was promised, and its checker finds each thing that does not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.ledger.log import ReplicatedLog
from core.ledger.sqlite_import import import_sqlite
from core.ledger.store import CoreStore
from simulation.ledgers import database_at, exported
from tools.torture.check_delivery import check_orders
from tools.torture.check_link import accepted_proofs, check_manual
from tools.torture.check_releases import check_times
from tools.torture.decisions import decisions
from tools.torture.history import RunHistory, StoredRow, lines
from tools.torture.signed import SignedLog
from tools.torture.verdict import Bounds, RunVerdict
from wire.codec import decode
from wire.envelope import Signer
from wire.messages import Delta
from wire.records import HoldRecord
from wire.topics import LOG

Spoil = Callable[[Callable[[Path], object]], RunVerdict]


def counts(verdict: RunVerdict) -> set[str]:
    """The figures of the report that something was found for."""
    return {finding.count for finding in verdict.findings}


def edit(path: Path, sql: str, *values: object) -> None:
    """Changes a store behind its owner's back."""
    with closing(sqlite3.connect(path)) as db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute(sql, values)
        db.commit()


def rewrite(path: Path, keep: Callable[[dict[str, Any]], bool]) -> None:
    """Leaves lines of a ledger out."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines(path) if keep(line)))


def released(history: RunHistory) -> tuple[str, Any]:
    """A lane, and one of its releases that used a bundle."""
    return next((lane.name, one) for lane in history.lanes for one in decisions(lane.rows) if one.used and one.seq > 30)


def test_a_short_run_holds_every_promise(ran: Any) -> None:
    """Exit 0; trucks were released, faults of many kinds came, and everything that was promised held."""
    report = ran.report
    assert ran.status == 0, ran.said
    assert report["broken"] == []
    assert report["ended"] == "in full"
    assert sum(report["faults"].values()) >= 4
    assert report["events_checked"] > 100
    assert report["releases_checked"] >= 3
    assert report["shown"]["DONE"] >= 3
    for name in ("lost", "duplicated", "unsafe_releases", "cache_mismatches", "late_manual"):
        assert report[name] == 0
    assert set(report["manual_entry_ms"]) == {"times", "p50", "p99", "max"}


@pytest.mark.long
def test_no_truck_is_released_by_a_core_whose_clock_jumps(tortured: Callable[..., Any]) -> None:
    """Bundles of half an hour to come, and of yesterday: they would be good by the time that the core names."""
    words = ("--seconds", "18", "--lanes", "2", "--seed", "3", "--kinds", "clock_ahead,clock_behind")
    found = tortured(*words)
    assert found.status == 0, found.said
    assert found.report["tempted_by_clock"] >= 1
    assert found.report["felt"]["fault clock"] >= 1
    assert found.report["unsafe_releases"] == 0


def test_a_row_lost_on_the_way_is_found(spoilt: Spoil) -> None:
    """The core has not got a row, and nobody says so."""
    verdict = spoilt(
        lambda copy: edit(copy / "core" / "core.db", "DELETE FROM events WHERE lane = 'lane-1' AND seq = 40")
    )
    assert counts(verdict) == {"lost"}
    assert any("row 40" in finding.text for finding in verdict.findings)


def test_a_changed_row_is_found(spoilt: Spoil) -> None:
    """The row is there, and says something else."""
    verdict = spoilt(
        lambda copy: edit(
            copy / "core" / "core.db", "UPDATE events SET body = x'7b7d' WHERE lane = 'lane-2' AND seq = 9"
        )
    )
    assert {"lost", "duplicated"} == counts(verdict)


def test_a_row_that_only_the_core_has_is_found(spoilt: Spoil) -> None:
    """A row that no lane journaled stands at the end of a stream."""
    verdict = spoilt(
        lambda copy: edit(
            copy / "core" / "core.db",
            "INSERT INTO events SELECT lane, journal, seq + 1, boot, hash, body, received_ms FROM events "
            "WHERE lane = 'lane-1' ORDER BY seq DESC LIMIT 1",
        )
    )
    assert "duplicated" in counts(verdict)


def test_an_effect_that_happened_twice_is_found(spoilt: Spoil, history: RunHistory) -> None:
    """A record stands twice in a crossing, as if its row had been projected twice."""
    (lane, journal, visit), crossing = next(
        (key, one) for key, one in history.core.crossings.items() if len(one.records) > 1
    )

    def double(copy: Path) -> None:
        with closing(sqlite3.connect(copy / "core" / "core.db")) as db:
            key = (lane, journal, visit)
            read = "SELECT records FROM crossings WHERE lane = ? AND journal = ? AND visit = ?"
            records = json.loads(db.execute(read, key).fetchone()[0])
            twice = json.dumps([*records, records[-1]])
            db.execute("UPDATE crossings SET records = ? WHERE lane = ? AND journal = ? AND visit = ?", (twice, *key))
            db.commit()

    verdict = spoilt(double)
    assert counts(verdict) == {"duplicated"}
    assert f"visit {visit} " in verdict.findings[0].text
    assert len(crossing.records) > 1


def test_a_release_against_an_older_hold_is_found(spoilt: Spoil, history: RunHistory) -> None:
    """The core had signed a hold ten seconds before the lane released that vehicle."""
    lane, decision = released(history)

    def hold(copy: Path) -> None:
        signer = Signer.from_pem("core-1", (copy / "core" / "core-1.key").read_bytes())
        file = copy / "core" / "core.db"
        store = CoreStore(database_at(file))
        import_sqlite(file, store)
        with store.transaction():
            at_ms = decision.at_ms + history.offset_ms - 10_000
            ReplicatedLog(store, signer).append([HoldRecord(decision.vrn, "earlier")], at_ms=at_ms)
        store.close()
        exported(file, file)

    verdict = spoilt(hold)
    unsafe = [finding.text for finding in verdict.findings if finding.count == "unsafe_releases"]
    assert len(unsafe) == 1
    assert decision.vrn in unsafe[0]
    assert unsafe[0].startswith(lane)
    assert "cache_mismatches" in counts(verdict), "and no lane has heard of that version"


def test_a_release_outside_its_time_is_found(history: RunHistory) -> None:
    """The bundle was good from a time that had not come; no time that the core named excuses that."""
    name, decision = released(history)
    lane = next(one for one in history.lanes if one.name == name)
    bundle = next(one for one in (decision.codes or {})["bundles"] if one["ubr"] == decision.used[0])
    early = bundle["earliest_ms"] - decision.at_ms - 60_000
    verdict = RunVerdict()
    history.faults = [{"t": 0, "fault": "clock_ahead", "lane": name}]
    check_times(lane, SignedLog(history.core.log, early), verdict, history)
    assert any(f"row {decision.seq} " in finding.text for finding in verdict.findings)


def test_a_release_that_is_not_in_the_signed_log_is_found(spoilt: Spoil, history: RunHistory) -> None:
    """The delta that brought the bundle is taken out of the core's log."""
    _, decision = released(history)
    ubr = decision.used[0]
    version = next(
        one.version
        for one in history.core.log
        if one.delta is not None and any(row.key == ("bundle", ubr) for row in one.delta.changes)
    )
    verdict = spoilt(lambda copy: edit(copy / "core" / "core.db", "DELETE FROM log WHERE version = ?", version))
    assert any(ubr in finding.text for finding in verdict.findings if finding.count == "unsafe_releases")


def test_a_delta_that_nobody_signed_is_found(spoilt: Spoil) -> None:
    """One bit of a signature in the core's log."""

    def spoil(copy: Path) -> None:
        with closing(sqlite3.connect(copy / "core" / "core.db")) as db:
            payload = bytearray(db.execute("SELECT payload FROM log WHERE version = 2").fetchone()[0])
            payload[-1] ^= 1
            db.execute("UPDATE log SET payload = ? WHERE version = 2", (bytes(payload),))
            db.commit()

    assert any("cannot be believed" in finding.text for finding in spoilt(spoil).findings)


def test_a_release_while_not_fresh_is_found(spoilt: Spoil, history: RunHistory) -> None:
    """No proof had passed on the cable in the three seconds before the release."""
    lane, decision = released(history)
    near = range(decision.at_ms - 3_000, decision.at_ms + 1)
    verdict = spoilt(
        lambda copy: rewrite(
            copy / "lanes" / lane / "wire.jsonl", lambda line: "proof" not in line or line["t"] not in near
        )
    )
    unsafe = [finding.text for finding in verdict.findings if finding.count == "unsafe_releases"]
    assert any(f"row {decision.seq} " in text and "no proof" in text for text in unsafe)


def test_a_picture_without_a_row_is_found(spoilt: Spoil) -> None:
    """3 stood on the board, and the journal knows nothing of it."""

    def paint(copy: Path) -> None:
        with (copy / "lanes" / "lane-2" / "paint.jsonl").open("a") as log:
            log.write(json.dumps({"t": 1, "screen": "xdb", "scene": "DONE", "serial": 999_999}) + "\n")

    assert counts(spoilt(paint)) == {"unsafe_releases"}


def test_a_list_that_differs_in_one_row_is_found(spoilt: Spoil) -> None:
    """The version is the same, a row is not."""
    verdict = spoilt(
        lambda copy: edit(
            copy / "lanes" / "lane-1" / "disk" / "lane.db",
            "DELETE FROM codes WHERE name = (SELECT min(name) FROM codes WHERE generation = "
            "(SELECT generation FROM code_head))",
        )
    )
    assert counts(verdict) == {"cache_mismatches"}


def test_a_list_of_another_version_is_found(spoilt: Spoil) -> None:
    """A lane that stayed behind."""
    verdict = spoilt(
        lambda copy: edit(copy / "lanes" / "lane-2" / "disk" / "lane.db", "UPDATE code_head SET version = version - 1")
    )
    assert counts(verdict) == {"cache_mismatches"}


@pytest.mark.parametrize(
    ("offline_at", "found", "entries"),
    [(None, True, []), (9_000, True, []), (6_100, False, [5_100]), (3_000, False, [2_000])],
)
def test_a_lane_that_goes_manual_too_late_is_found(
    history: RunHistory, offline_at: int | None, found: bool, entries: list[int]
) -> None:
    """No proof after the first; the lane says that it is offline never, too late, in time, or before it had to."""
    lane, verdict = history.lanes[0], RunVerdict()
    links = [(500, "fresh")] + ([] if offline_at is None else [(offline_at, "offline")])
    lane.rows = [
        StoredRow(
            seq,
            "b",
            json.dumps({"event": {"type": "LinkChanged", "link": link}, "effects": [], "at": {"mono_ms": at}}).encode(),
            bytes(32),
        )
        for seq, (at, link) in enumerate(links, 1)
    ]
    lane.wire = [{"t": 1_000, "nonce": "a"}, {"t": 1_010, "proof": "a", "epoch": "e", "version": 1}]
    lane.process = [{"t": 0, "did": "start"}, {"t": 20_000, "did": "ended"}]
    history.faults = []
    check_manual(lane, accepted_proofs(lane.wire, Bounds()), Bounds(), verdict, history)
    assert counts(verdict) == ({"late_manual"} if found else set())
    assert verdict.manual_entry_ms == entries


def test_a_lane_that_obeys_the_liar_is_found(history: RunHistory) -> None:
    """An order that nobody at the core gave."""
    order = {"type": "ManualOrdered", "officer": "liar@centre", "reason": "forged"}
    body = json.dumps({"event": order, "effects": [], "at": {"mono_ms": 1}}).encode()
    lane = history.lanes[0]
    verdict = RunVerdict()
    lane.rows.append(StoredRow(len(lane.rows) + 1, "b", body, bytes(32)))
    check_orders(lane, verdict)
    assert counts(verdict) == {"unsafe_releases"}


def test_the_runs_own_files_are_clean(spoilt: Spoil, history: RunHistory) -> None:
    """What was not spoilt is not found to be; and the log of the run is one that can be read by anybody."""
    assert spoilt(lambda _: None).findings == []
    assert all(decode(Delta, one.body).version == one.version for one in history.core.log)
    assert LOG == "rocars/v1/log"


def test_words_told_twice_are_found(history: RunHistory) -> None:
    """A replayed command was carried out a second time."""
    words = {"type": "WordsReceived", "issuer": "torture", "text": "note 1"}
    body = json.dumps({"event": words, "effects": [], "at": {"mono_ms": 1}}).encode()
    lane, verdict = history.lanes[0], RunVerdict()
    lane.rows += [
        StoredRow(len(lane.rows) + 1, "b", body, bytes(32)),
        StoredRow(len(lane.rows) + 2, "b", body, bytes(32)),
    ]
    check_orders(lane, verdict)
    assert counts(verdict) == {"duplicated"}
