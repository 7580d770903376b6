"""Months of the lanes' rows leave the database for signed files: nothing is lost, and what was decided is proved as before."""

from __future__ import annotations

import gzip
import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from core.cli.app import main
from core.errors import HistoryError, RefusedError
from core.ledger import archiving, leaving
from core.ledger.archive_file import ArchiveFile, ArchiveWriter, brought, manifest_of
from core.ledger.archiving import Archiver, MonthArchived
from core.ledger.decision_audit import Decisions
from core.ledger.event_months import REST, EventMonth, make_ahead, tables
from core.ledger.store import CoreStore, connected
from core.logins import own_login
from core.model.people import Actor, Role
from core.model.refusals import FormLanguage
from core.office.looking_back import LookingBack
from core.office.wall_requests import ExportStory, ProveStory, SearchVisits, TellStory
from domain.times import DAY_MS
from tests.core.conftest import NOON, JournalledLane
from tests.core.test_core_decided import DONE, as_lane, bundle, found, lists, looks_up, writes
from wire.envelope import Signer, public_to_pem

NOVEMBER, DECEMBER, JANUARY = (EventMonth(2026, 11), EventMonth(2026, 12), EventMonth(2027, 1))
FEBRUARY = EventMonth(2027, 2)


def crosses(core: Any, lane: Any, visit: int, ubr: str) -> None:
    """A visit that is released on a bundle and ends."""
    vrn = f"AB123{visit}"
    row = bundle(core, ubr, vrn=vrn)
    lists(core, row)
    writes(core, lane, {"type": "PlateSettled", "visit": visit, "read": {"type": "Read", "vrn": vrn}})
    consume = {"type": "Consume", "visit": visit, "ubrs": [ubr]}
    looks_up(core, lane, found(core, as_lane(row), vrn=vrn), consume, DONE, visit=visit)
    ended = {"type": "Record", "kind": "VisitEnded", "visit": visit, "facts": []}
    writes(core, lane, {"type": "TimerFired"}, ended)


@pytest.fixture
def year(core: Any, lane: Any) -> Any:
    """A core in which a visit a month was released: 1 in November, 2 in December, 3 in January; it is February."""
    make_ahead(core.store.dsn, now_ms=NOON, ahead=4)
    with core.store.transaction() as db:
        db.execute("INSERT INTO accounts VALUES ('keeper', 'k', 'technician', '', 'x', 0, '', '', 0, 0, 0)")
    for visit, month in enumerate((NOVEMBER, DECEMBER, JANUARY), 1):
        core.clock.now = month.start_ms + 25 * DAY_MS
        lane.boot = f"boot of {month}"
        crosses(core, lane, visit, f"100000000{visit}")
    core.clock.now = FEBRUARY.start_ms + DAY_MS
    return core


def archiver(core: Any, lane: Any, **settings: Any) -> Archiver:
    """As the command makes it; the newest two rows stay."""
    rings = {lane.name: lane.signer.ring()}
    settings = {"kept": 2, **settings}
    return Archiver(core.store.dsn, core.signer, core.log.ring, rings, core.clock, "keeper", **settings)


def archive(core: Any, lane: Any, folder: Path, before: EventMonth = FEBRUARY, **settings: Any) -> list[MonthArchived]:
    """All of it."""
    return list(archiver(core, lane, **settings).archive(before, folder))


def here(core: Any, journal: str = "j1") -> list[int]:
    """The rows that are in the database."""
    return [
        seq
        for (seq,) in core.store.connection.execute("SELECT seq FROM events WHERE journal=%s ORDER BY seq", (journal,))
    ]


def in_files(core: Any, folder: Path) -> list[int]:
    """The rows that are in files, each proved."""
    files = brought(folder, core.log.ring)
    return sorted({row.seq for file in files for one in file.manifest.journals for row in file.rows(one)})


def desk(core: Any, lane: Any, folder: Path | None = None) -> Decisions:
    """As `decided` opens it, with or without the files."""
    files = brought(folder, core.log.ring) if folder else ()
    return Decisions(core.store, core.log, {lane.name: lane.signer.ring()}, files)


def proof(core: Any, lane: Any, visit: int, folder: Path | None = None) -> Any:
    """Of a visit."""
    audit = desk(core, lane, folder)
    return audit.prove(audit.of_visit(lane.name, lane.journal, visit))


def table_names(core: Any) -> list[str]:
    """Those that there are."""
    return [one.name for one in tables(core.store.connection)]


def test_a_month_leaves_whole_and_every_row_is_in_its_file(year: Any, lane: Any, tmp_path: Path) -> None:
    """As it was: bodies, boots, times; and the audit log says who did it."""
    told = archive(year, lane, tmp_path, JANUARY)
    assert [(one.month, one.rows, one.stays) for one in told] == [("2026-11", 3, ()), ("2026-12", 3, ())]
    assert (here(year), in_files(year, tmp_path)) == ([7, 8, 9], [1, 2, 3, 4, 5, 6])
    assert table_names(year) == ["events_2027_01", "events_2027_02", REST]
    assert told[0].file is not None
    (head, *lines) = gzip.decompress(told[0].file.read_bytes()).splitlines()
    assert json.loads(head)["journal"] == lane.journal
    assert [json.loads(line)["body"].encode() for line in lines] == [row.body for row in lane.rows[:3]]
    sql = "SELECT who, detail FROM audit WHERE what = 'archived events' ORDER BY seq"
    lines = year.store.connection.execute(sql).fetchall()
    assert [(who, told[n].file.name in detail) for n, (who, detail) in enumerate(lines)] == [("keeper", True)] * 2
    assert archive(year, lane, tmp_path, JANUARY) == []


def test_a_visit_after_the_anchor_is_proved_from_there(year: Any, lane: Any, tmp_path: Path) -> None:
    """Without any file; and one before says which file to bring."""
    before = [proof(year, lane, visit).decision for visit in (1, 2, 3)]
    told = archive(year, lane, tmp_path, JANUARY)
    verdict = proof(year, lane, 3)
    assert (verdict.problems, verdict.decision) == ((), before[2])
    assert any("from row 6, where this core signed an anchor" in check for check in verdict.checks)
    for visit, one in zip((1, 2), told, strict=True):
        assert one.file is not None
        with pytest.raises(RefusedError, match=one.file.name):
            proof(year, lane, visit)
        with pytest.raises(RefusedError, match=one.file.name):
            desk(year, lane).of_bundle(f"100000000{visit}")
        with pytest.raises(RefusedError, match=one.file.name):
            desk(year, lane).at_row(lane.name, "", 3 * visit)
        verdict = proof(year, lane, visit, tmp_path)
        assert (verdict.problems, verdict.decision) == ((), before[visit - 1])
        assert any("signed by lane" in check for check in verdict.checks)
        assert desk(year, lane, tmp_path).at_row(lane.name, "", 3 * visit) == verdict.decision


def test_one_file_alone_proves_its_visits_by_the_anchors_around_it(year: Any, lane: Any, tmp_path: Path) -> None:
    """The lane's signature over them was checked when the month was archived, and the core signed that."""
    told = archive(year, lane, tmp_path, JANUARY)
    alone = tmp_path / "alone"
    alone.mkdir()
    for path in (told[0].file, manifest_of(told[0].file)):
        (alone / path.name).write_bytes(path.read_bytes())
    verdict = proof(year, lane, 1, alone)
    assert verdict.problems == ()
    assert any("had signed over it" in check for check in verdict.checks)
    with pytest.raises(RefusedError, match=str(told[1].file.name)):
        proof(year, lane, 2, alone)


def test_a_visit_that_lies_in_two_months_needs_both(core: Any, lane: Any, tmp_path: Path) -> None:
    """Of a part of it nothing is told: that nothing was looked up in it, for instance."""
    make_ahead(core.store.dsn, now_ms=NOON, ahead=4)
    lists(core, bundle(core))
    looks_up(core, lane, found(core, as_lane(bundle(core))), DONE)
    core.clock.now = DECEMBER.start_ms
    ended = {"type": "Record", "kind": "VisitEnded", "visit": 1, "facts": []}
    writes(core, lane, {"type": "TimerFired"}, ended)
    for _ in range(2):
        writes(core, lane, {"type": "TimerFired"})
    assert [one.rows for one in archive(core, lane, tmp_path, DECEMBER)] == [1]
    with pytest.raises(RefusedError, match="in the archive"):
        desk(core, lane).of_visit(lane.name, lane.journal, 1)
    assert proof(core, lane, 1, tmp_path).problems == ()


def test_rows_behind_a_file_that_is_not_there_are_not_proved_by_half(year: Any, lane: Any, tmp_path: Path) -> None:
    """A late row names a visit of months ago; between them lies another month, and its chain."""
    writes(year, lane, {"type": "TimerFired"}, {"type": "Record", "kind": "Complaint", "visit": 1, "facts": []})
    told = archive(year, lane, tmp_path, JANUARY)
    for path in (told[1].file, manifest_of(told[1].file)):
        path.unlink()
    (problem,) = proof(year, lane, 1, tmp_path).problems
    assert (
        problem
        == f"row 10 is of this visit, too, and some before it are in the archive: bring {told[1].file.name} as well"
    )


def test_that_a_lane_had_not_signed_is_said_for_ever(year: Any, lane: Any, tmp_path: Path) -> None:
    """Rows that somebody wrote into the store prove nothing, archived or not."""
    with year.store.transaction() as db:
        db.execute("DELETE FROM seals")
    first = archive(year, lane, tmp_path, DECEMBER)
    archive(year, lane, tmp_path, JANUARY)
    alone = tmp_path / "alone"
    alone.mkdir()
    for path in (first[0].file, manifest_of(first[0].file)):
        (alone / path.name).write_bytes(path.read_bytes())
    assert any("could not be proved" in problem for problem in proof(year, lane, 1, alone).problems)


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "a byte": lambda raw: raw[:200] + bytes([raw[200] ^ 1]) + raw[201:],
    "cut short": lambda raw: raw[:-30],
    "another row": lambda raw: gzip.compress(gzip.decompress(raw).replace(b"AB1231", b"AB1235")),
    "a row more": lambda raw: gzip.compress(gzip.decompress(raw) + gzip.decompress(raw).splitlines()[-1]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_proves_nothing(year: Any, lane: Any, tmp_path: Path, change: str) -> None:
    """Looked at whole, or asked for one visit."""
    (one,) = archive(year, lane, tmp_path, DECEMBER)
    assert one.file is not None
    ArchiveFile(one.file, year.log.ring).check()
    one.file.write_bytes(CHANGES[change](one.file.read_bytes()))
    with pytest.raises(HistoryError):
        ArchiveFile(one.file, year.log.ring).check()
    with pytest.raises(HistoryError):
        proof(year, lane, 1, tmp_path)


def test_a_manifest_or_an_anchor_by_another_key_is_none(year: Any, lane: Any, tmp_path: Path) -> None:
    """Whoever can write folder and database has no key of this core's; another journal's anchor is none either."""
    stranger = Signer.generate(year.signer.kid)
    (one,) = archive(year, lane, tmp_path, DECEMBER)
    told = ArchiveFile(one.file, year.log.ring).manifest
    with ArchiveWriter(tmp_path, "2026-11") as writer:
        rows = list(ArchiveFile(one.file, year.log.ring).rows(told.journals[0]))
        writer.add(lane.name, lane.journal, bytes.fromhex(told.journals[0].previous), rows)
        assert writer.keep(stranger, made_ms=1) == one.file
    with pytest.raises(HistoryError, match="not signed for"):
        brought(tmp_path, year.log.ring)
    for sql in (
        "UPDATE anchors SET payload = set_byte(payload, 90, get_byte(payload, 90) # 1)",
        "UPDATE anchors SET seq = 4",
        "UPDATE anchors SET journal = 'j2'; UPDATE events SET journal = 'j2'",
    ):
        with year.store.connection.transaction(force_rollback=True):
            year.store.connection.execute(sql)
            audit = desk(year, lane)
            journal = "j2" if "j2" in sql else "j1"
            with pytest.raises(HistoryError, match="anchor"):
                audit.of_visit(lane.name, journal, 3)


STEPS = {
    "the rows are written": (archiving.ArchiveWriter, "keep", False),
    "the file has its name": (archiving.ArchiveWriter, "keep", True),
    "it was read back": (archiving.ArchiveFile, "check", True),
    "the anchors are written": (archiving.Archiver, "_note", True),
    "the table is away": (leaving, "_drop", True),
    "it is committed": (leaving, "clear", False),
}


def _dies(core: Any, lane: Any, folder: Path, step: tuple[Any, str, bool]) -> None:
    """The command, killed before or after the first time of a step; in a process of its own."""
    where, name, after = step
    does = getattr(where, name)

    def killed(*given: Any, **named: Any) -> Any:
        if name == "clear" and _cleared.pop():
            return does(*given, **named)
        if after:
            does(*given, **named)
        os._exit(9)

    _cleared = [False, True]  # it begins with one, for what was left before
    setattr(where, name, killed)
    archive(core, lane, folder, JANUARY)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_nothing_is_lost_and_the_next_run_ends_it(
    year: Any, lane: Any, tmp_path: Path, step: str
) -> None:
    """Every row is in the database or in a file that was read back."""
    child = os.fork()
    if not child:
        with suppress(BaseException):
            _dies(year, lane, tmp_path, STEPS[step])
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert sorted({*here(year), *in_files(year, tmp_path)}) == list(range(1, 10))
    assert here(year) in (list(range(1, 10)), list(range(4, 10)))
    archive(year, lane, tmp_path, JANUARY)
    assert (here(year), in_files(year, tmp_path)) == ([7, 8, 9], [1, 2, 3, 4, 5, 6])
    assert all(proof(year, lane, visit, tmp_path).problems == () for visit in (1, 2, 3))


def test_what_the_medium_did_not_keep_is_found_before_anything_leaves(
    year: Any, lane: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bit of the file is another when it is read back."""
    keep = ArchiveWriter.keep

    def worn(writer: ArchiveWriter, *given: Any, **named: Any) -> Path | None:
        file = keep(writer, *given, **named)
        assert file is not None
        raw = bytearray(file.read_bytes())
        raw[-20] ^= 4
        file.write_bytes(raw)
        return file

    monkeypatch.setattr(ArchiveWriter, "keep", worn)
    with pytest.raises(HistoryError, match="was changed, or is not whole"):
        archive(year, lane, tmp_path, JANUARY)
    assert here(year) == list(range(1, 10))


def test_a_folder_that_cannot_be_written_leaves_everything_here(year: Any, lane: Any, tmp_path: Path) -> None:
    """A full disk, or a medium that was taken out."""
    with pytest.raises(OSError, match="none"):
        archive(year, lane, tmp_path / "none", JANUARY)
    assert here(year) == list(range(1, 10))


def test_a_month_that_is_not_over_is_refused(year: Any, lane: Any, tmp_path: Path) -> None:
    """Also while another archives."""
    with pytest.raises(RefusedError, match="has not begun"):
        archive(year, lane, tmp_path, FEBRUARY.next)
    running = archiver(year, lane).archive(JANUARY, tmp_path)
    next(running)
    with pytest.raises(RefusedError, match="archives already"):
        archive(year, lane, tmp_path, JANUARY)
    running.close()


# -- what stays -------------------------------------------------------------------------------------------------------

OPEN = {
    "claims": "INSERT INTO claims VALUES ('1', 'szb-in-01', 'j1', 2, 1, 1)",
    "disputed-uses": "INSERT INTO disputes VALUES ('1', 'szb-in-01', 'szb-in-01/j1/2', 1)",
    "alarms": "INSERT INTO alarms(at_ms, lane, journal, visit, kind, detail, cleared_by, of_core, cause, last_ms, count, ended_ms, "
    "taken_by, taken_ms, closed_ms, why, shelved_by, shelved_ms) VALUES (1, 'szb-in-01', 'j1', 2, 'x', '', '', 0, '', 1, 1, 0, "
    "'', 0, 0, '', '', 0)",
}


@pytest.mark.parametrize("matter", OPEN)
def test_what_somebody_has_to_deal_with_stays_and_all_after_it(
    year: Any, lane: Any, tmp_path: Path, matter: str
) -> None:
    """Until it is dealt with; what came before it goes."""
    year.store.connection.execute(OPEN[matter])
    told = archive(year, lane, tmp_path)
    assert [one.rows for one in told] == [3, 0, 0]
    assert "row 4: visit 2: " in told[1].stays[0]
    assert f"rocars-core {matter}" in told[1].stays[0]
    assert here(year) == [4, 5, 6, 7, 8, 9]
    assert proof(year, lane, 2).problems == ()
    year.store.connection.execute("DELETE FROM claims; DELETE FROM disputes; UPDATE alarms SET closed_ms = 1")
    assert [one.rows for one in archive(year, lane, tmp_path)] == [3, 1]
    assert here(year) == [8, 9]


def test_a_quarantined_row_stays_while_its_alarm_is_open(year: Any, lane: Any, tmp_path: Path) -> None:
    """Nobody has looked yet; afterwards it goes, and stays on the list of such rows."""
    db = year.store.connection
    db.execute("INSERT INTO quarantine VALUES ('szb-in-01', 'j1', 5, 1, 'x')")
    sql = OPEN["alarms"].replace("'j1', 2, 'x'", "'', 0, 'EventQuarantined'")
    db.execute(sql)
    assert [one.rows for one in archive(year, lane, tmp_path, JANUARY)] == [3, 1]
    assert here(year) == [5, 6, 7, 8, 9]
    db.execute("UPDATE alarms SET closed_ms = 1")
    archive(year, lane, tmp_path, JANUARY)
    assert here(year) == [7, 8, 9]
    assert [one.seq for one in year.intake.quarantined()] == [5]


FLAWS = {
    "a row is missing": ("DELETE FROM events WHERE seq = 5", "row 5 is missing"),
    "a row was changed": ("UPDATE events SET body = body || ' ' WHERE seq = 5", "row 5: it does not have the hash"),
    "the last is missing": ("DELETE FROM events WHERE seq = 6", "row 6 is missing"),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_nothing_is_signed_that_does_not_hold(year: Any, lane: Any, tmp_path: Path, flaw: str) -> None:
    """What is there of the journal stays, for whoever finds out."""
    sql, why = FLAWS[flaw]
    year.store.connection.execute(sql)
    there = here(year)
    told = archive(year, lane, tmp_path)
    assert why in told[1].stays[0]
    assert max(in_files(year, tmp_path)) == (5 if "last" in flaw else 4)
    assert {*here(year), *in_files(year, tmp_path)} >= set(there)


def test_a_row_of_no_journal_keeps_its_table_here(year: Any, lane: Any, tmp_path: Path) -> None:
    """Somebody wrote into the database: nothing leaves it unseen."""
    year.store.connection.execute("UPDATE events SET lane = 'other' WHERE seq = 5")
    with pytest.raises(RefusedError, match="not in streams"):
        archive(year, lane, tmp_path, JANUARY)
    assert 5 in here(year)


def test_the_newest_rows_of_a_silent_journal_stay(year: Any, lane: Any, tmp_path: Path) -> None:
    """Its lane may not know that they came; they move to the rest when their month's table goes."""
    assert [one.rows for one in archive(year, lane, tmp_path, kept=5)] == [3, 1, 0]
    assert here(year) == [5, 6, 7, 8, 9]
    assert table_names(year) == ["events_2027_01", "events_2027_02", REST]
    assert proof(year, lane, 3).problems == ()
    year.exchange.hear(lane.sends(*lane.rows))
    assert here(year) == [5, 6, 7, 8, 9]


def test_where_much_stays_the_rest_is_deleted_beside_it(year: Any, lane: Any, tmp_path: Path) -> None:
    """The table goes when it is empty: nobody is held up for what would have to move."""
    year.store.connection.execute(OPEN["claims"])
    archive(year, lane, tmp_path, most_moved=0)
    assert here(year) == [4, 5, 6, 7, 8, 9]
    assert table_names(year) == ["events_2026_12", "events_2027_01", "events_2027_02", REST]
    year.store.connection.execute("DELETE FROM claims")
    archive(year, lane, tmp_path, most_moved=0, kept=0)
    assert (here(year), table_names(year)) == ([], ["events_2027_02", REST])


@pytest.mark.parametrize("wrong", ["years ahead", "years back"])
def test_a_wrong_clock_takes_nothing_along_that_is_new(core: Any, lane: Any, tmp_path: Path, wrong: str) -> None:
    """A row dated later than now goes with its neighbours; one dated long ago stays with its own."""
    make_ahead(core.store.dsn, now_ms=NOON, ahead=4)
    for moment in (
        NOON,
        2_060_000_000_000 if wrong == "years ahead" else NOON - 3_000 * DAY_MS,
        NOON + 1,
        DECEMBER.start_ms,
    ):
        core.clock.now = moment
        row = lane.write()
        with core.store.transaction():
            core.intake._store_row(row, moment)  # as it is stored, whatever a lane may cost by that clock
    core.clock.now = FEBRUARY.start_ms
    told = archive(core, lane, tmp_path, DECEMBER, kept=0)
    assert sum(one.rows for one in told) == 3
    assert (here(core), in_files(core, tmp_path)) == ([4], [1, 2, 3])


def test_what_came_before_there_were_months_is_archived_month_by_month(core: Any, lane: Any, tmp_path: Path) -> None:
    """From the table of a database that is older than file 0015; it goes with the last of them."""
    core.store.connection.execute(
        "CREATE TABLE events_before PARTITION OF events FOR VALUES FROM (MINVALUE) TO (%d)" % JANUARY.start_ms  # noqa: UP031
    )
    make_ahead(core.store.dsn, now_ms=JANUARY.start_ms)
    for moment in (NOON, NOON, DECEMBER.start_ms, JANUARY.start_ms):
        core.clock.now = moment
        core.exchange.hear(lane.sends(lane.write()))
    core.clock.now = FEBRUARY.start_ms
    assert [(one.month, one.rows) for one in archive(core, lane, tmp_path, DECEMBER, kept=0)] == [("2026-11", 2)]
    assert here(core) == [3, 4]
    archive(core, lane, tmp_path, JANUARY, kept=0)
    assert (here(core), "events_before" in table_names(core)) == ([4], False)


# -- the running core beside it ------------------------------------------------------------------------------------------


def test_archived_rows_that_come_again_are_known(year: Any, lane: Any, tmp_path: Path, make_record: Any) -> None:
    """Never stored or projected twice; that they are the same nobody can say, but for the anchor's own."""
    archive(year, lane, tmp_path, JANUARY)
    seen = year.projection.latest()
    year.exchange.hear(lane.sends(*lane.rows))
    assert here(year) == [7, 8, 9]
    assert year.projection.latest() == seen
    assert year.intake.again[lane.name, lane.journal] == 5  # rows 3 and 6 by their anchors
    refused = "SELECT count(*) FROM alarms WHERE kind = 'EventRefused'"
    assert year.store.connection.execute(refused).fetchone() == (0,)
    other = JournalledLane(lane.name)
    other.signer = lane.signer
    for _ in range(6):
        other.write(make_record("VehicleArrived", 9))
    year.exchange.hear(other.sends(*other.rows))
    assert (here(year), year.projection.latest()) == ([7, 8, 9], seen)
    assert year.store.connection.execute(refused).fetchone() == (1,)
    assert year.intake.hash_at(lane.name, lane.journal, 6) == lane.rows[5].hash
    assert year.intake.hash_at(lane.name, lane.journal, 5) is None
    assert year.intake.hash_at(lane.name, lane.journal, 9) == lane.rows[8].hash


def test_a_lane_that_knows_less_or_more_is_answered_as_before(year: Any, lane: Any, tmp_path: Path) -> None:
    """`streams` alone says what was committed: nothing of what left is asked for again."""
    year.exchange.hear(lane.sends(lane.write()))
    archive(year, lane, tmp_path, FEBRUARY, kept=0)
    assert year.intake.told(lane.name, lane.journal, 10) is None
    assert year.intake.told(lane.name, lane.journal, 3) is None
    assert year.intake.standing(lane.name, lane.journal).seq == 10
    assert year.intake.told(lane.name, lane.journal, 12).wanted == (11, 12)
    year.exchange.hear(lane.sends(lane.write(), lane.write()))
    assert here(year)[-2:] == [11, 12]


def test_archived_rows_that_are_carried_over_into_another_journal_are_known(
    year: Any, lane: Any, tmp_path: Path, make_record: Any
) -> None:
    """A box with a store of months ago begins another journal with them. A row of a boot that is still going on is new."""
    archive(year, lane, tmp_path, JANUARY)
    seen = year.projection.latest()
    again = JournalledLane(lane.name, "j2")
    again.signer = lane.signer
    for row in lane.rows[3:6]:
        again.boot = row.boot
        again.write_body(row.body)
    year.exchange.hear(again.sends(*again.rows))
    assert here(year, "j2") == [1, 2, 3]
    assert year.projection.latest() == seen
    again.boot = lane.rows[-1].boot
    year.exchange.hear(again.sends(again.write(make_record("VehicleArrived", 9))))
    assert year.projection.crossing(lane.name, "j2", 9) is not None


def test_a_row_of_a_boot_that_went_on_is_new(year: Any, lane: Any, tmp_path: Path, make_record: Any) -> None:
    """The anchor lies within the boot: what is carried over may never have come, and a use must not be lost."""
    archive(year, lane, tmp_path, JANUARY, kept=5)
    assert here(year) == [5, 6, 7, 8, 9]
    again = JournalledLane(lane.name, "j2")
    again.signer, again.boot = lane.signer, lane.rows[3].boot
    year.exchange.hear(again.sends(again.write(make_record("VehicleArrived", 9))))
    assert year.projection.crossing(lane.name, "j2", 9) is not None


def test_rows_go_through_while_a_month_leaves(
    year: Any, lane: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The core's longest wait is a moment, even while a backup keeps the month here; and then it is said so."""
    monkeypatch.setattr(leaving, "_TRIES", 2)
    waits, over = list[float](), threading.Event()

    def speaks() -> None:
        with closing(connected(year.store.dsn)) as db:
            while not over.is_set():
                began = time.monotonic()
                db.execute("INSERT INTO events VALUES (1, 'x', 'x', 1, '', '', '', %s)", (year.clock(),))
                db.execute("DELETE FROM events WHERE lane = 'x'")
                waits.append(time.monotonic() - began)

    lane_thread = threading.Thread(target=speaks)
    lane_thread.start()
    try:
        with closing(connected(year.store.dsn)) as backup, backup.transaction():
            backup.execute("LOCK TABLE events IN ACCESS SHARE MODE")
            with pytest.raises(RefusedError, match="a backup"):
                archive(year, lane, tmp_path, DECEMBER)
        assert here(year) == list(range(1, 10))
        assert [one.rows for one in archive(year, lane, tmp_path, DECEMBER)] == [3]
    finally:
        over.set()
        lane_thread.join()
    assert max(waits) < 1.5


# -- who asks ------------------------------------------------------------------------------------------------------------


def test_a_wall_says_that_a_visit_is_in_the_archive(year: Any, lane: Any, tmp_path: Path) -> None:
    """In the reader's language; whatever is not of its rows it goes on telling."""
    past = LookingBack(
        lambda: CoreStore(year.store.dsn, reading=True),
        signer=year.signer,
        ring=year.log.ring,
        rings=lambda: {lane.name: lane.signer.ring()},
        gallery=year.gallery,
        clock=year.clock,
    )
    who = Actor(account="chan", roles=frozenset({Role.LANE_OFFICER}), login="wall")
    (one,) = archive(year, lane, tmp_path, DECEMBER)
    key = f"{lane.name}/{lane.journal}/"
    for request in (TellStory(visit=f"{key}1"), ProveStory(visit=f"{key}1"), ExportStory(visit=f"{key}1", purpose="x")):
        with pytest.raises(
            RefusedError, match=f"are in the archive; have a technician bring {one.file.name}"
        ) as refused:
            past.answer(request, who, {lane.name})
        assert "已存檔" in refused.value.told(FormLanguage.TRADITIONAL)[0]
    assert len(past.answer(SearchVisits(text="AB1231"), who, {lane.name}).visits) == 1
    assert past.answer(ProveStory(visit=f"{key}2"), who, {lane.name}).problems == ()
    assert len(past.answer(TellStory(visit=f"{key}2"), who, {lane.name}).rows) == 3


@pytest.fixture
def config(year: Any, lane: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings' file of that core, and the account of this login."""
    for folder in ("keys", "lanes", "archive"):
        (tmp_path / folder).mkdir()
    (tmp_path / "keys" / f"{year.signer.kid}.key").write_bytes(year.signer.to_pem())
    (tmp_path / "keys" / f"{year.signer.kid}.key").chmod(0o600)
    (tmp_path / "keys" / f"{year.signer.kid}.pub").write_bytes(public_to_pem(year.signer.public))
    (tmp_path / "lanes" / f"{lane.name}.pub").write_bytes(public_to_pem(lane.signer.public))
    file = tmp_path / "core.toml"
    file.write_text(
        f'[core]\ndatabase = "{year.store.dsn}"\nsigning_key = "keys/{year.signer.kid}.key"\nlane_keys = "lanes"\n'
        'admin_socket = "s"\n[[broker]]\nhost = "127.0.0.1"\nport = 1\n[points]\nSZB = "Shenzhen Bay"\n',
        encoding="utf-8",
    )
    year.store.connection.execute("UPDATE accounts SET login = %s", (own_login(),))
    monkeypatch.setattr("core.cli.archive.utc_ms", year.clock)
    monkeypatch.setattr("core.ledger.archiving.KEPT", 2)
    return file


def said(capsys: Any, *words: object, code: int = 0) -> str:
    """What a command says, on either stream."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    assert (ended.value.code or 0) == code
    told = capsys.readouterr()
    return str(told.out + told.err)


def test_an_operator_archives_looks_and_proves(year: Any, lane: Any, tmp_path: Path, config: Path, capsys: Any) -> None:
    """The commands as they are typed; the account of the login is in the audit log."""
    to = ("--to", tmp_path / "archive")
    told = said(capsys, "archive", "-c", config, "--before", "2027-01", *to)
    assert "2026-11: 3 rows are in" in told
    assert "2 months before 2027-01 had rows here" in told
    assert "nothing from before" in said(capsys, "archive", "-c", config, "--before", "2027-01", *to)
    visit = ("--visit", f"{lane.name}/{lane.journal}/1")
    lacking = said(capsys, "decided", "-c", config, *visit, code=1)
    file = next((tmp_path / "archive").glob("events-2026-11-*.gz"))
    assert f"bring {file.name}" in lacking
    assert said(capsys, "decided", "-c", config, *visit, "--archive", tmp_path / "archive").endswith("PROVED\n")
    assert "row 1 of journal j1 of lane szb-in-01 is in the archive" in said(
        capsys, "decided", "-c", config, lane.name, 1, code=1
    )
    looked = said(capsys, "archive", "-c", config, "--look", manifest_of(file))
    assert "rows 1 to 3, visits 1 to 1" in looked
    assert looked.endswith("GENUINE, and whole\n")
    file.write_bytes(file.read_bytes()[:-1])
    assert "was changed, or is not whole" in said(capsys, "archive", "-c", config, "--look", file, code=1)
    file.unlink()
    assert "bring the file and its manifest" in said(capsys, "archive", "-c", config, "--look", file, code=1)


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--before", "2027-13", "--to", "archive"), 2, "write a month as 2026-11"),
        (("--before", "2027-03", "--to", "archive"), 1, "has not begun"),
        (("--before", "2027-01"), 1, "give --before and --to"),
        (("--before", "2027-01", "--to", "none"), 1, "there is no such folder"),
    ],
)
def test_what_cannot_be_archived_is_refused_with_the_remedy(  # noqa: PLR0917 -- fixtures
    year: Any,
    tmp_path: Path,
    config: Path,
    capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
    words: Any,
    code: int,
    why: str,
) -> None:
    """Nothing leaves the database."""
    monkeypatch.chdir(tmp_path)
    assert why in said(capsys, "archive", "-c", config, *words, code=code)
    assert here(year) == list(range(1, 10))


def test_only_those_may_archive_who_keep_the_store(year: Any, tmp_path: Path, config: Path, capsys: Any) -> None:
    """A technician or a supervisor, by their login."""
    year.store.connection.execute("UPDATE accounts SET roles = 'clerk'")
    told = said(capsys, "archive", "-c", config, "--before", "2027-01", "--to", tmp_path / "archive", code=1)
    assert "keeper may not do this (archive)" in told
    assert here(year) == list(range(1, 10))
