"""The journal: rows in order, in a chain where every change shows and is named."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lane_agent import ports
from runtime.store_errors import StoreDamagedError, StoreError
from sync.journal import Boot, Chain, Flaw, Journal
from sync.store import LaneStore
from wire.hashes import journal_next, journal_start

ROWS = 6


def entry(seq: int) -> bytes:
    """The body that row `seq` has in these tests."""
    return f"entry {seq} of the lane".encode()


def written(path: Path) -> None:
    """A store of two boots and six rows; the fourth uses two bundles."""
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot-a", software="1.0")
        for seq in (1, 2, 3):
            assert journal.append(entry(seq)) == seq
        journal = Journal(store, boot="boot-b", software="1.1")
        journal.append(entry(4), uses=[("2349872345", "lane/j/1"), ("1001014161", "lane/j/1")])
        for seq in (5, 6):
            assert journal.append(entry(seq)) == seq


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A written store, closed."""
    path = tmp_path / "lane.db"
    written(path)
    return path


def tamper(path: Path, *statements: str) -> None:
    """Changes the file behind the store's back, as somebody with the right tools could."""
    with sqlite3.connect(path) as connection:
        for trigger in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger[0]}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def flaw_in(path: Path) -> Flaw | None:
    """What a reader finds."""
    with LaneStore(path, read_only=True) as store:
        return Chain(store).verify()


def test_the_journal_is_the_port_of_the_lane(path: Path) -> None:
    """The shell's port is met; its error is an OSError."""
    with LaneStore(path) as store:
        journal: ports.JournalPort = Journal(store, boot="boot-c", software="1.1")
        assert journal.append(b"entry") == ROWS + 1
    assert issubclass(StoreError, OSError)


def test_rows_come_back_as_they_were_written(path: Path) -> None:
    """Numbers from 1 without a gap, each with its boot and body, the software of each boot, and any range of them."""
    with LaneStore(path, read_only=True) as store:
        chain = Chain(store)
        rows = list(chain.rows())
        assert [(row.seq, row.boot, row.body) for row in rows] == [
            (seq, "boot-a" if seq < 4 else "boot-b", entry(seq)) for seq in range(1, ROWS + 1)
        ]
        assert chain.boots() == [Boot("boot-a", "1.0", 1), Boot("boot-b", "1.1", 4)]
        assert [row.seq for row in chain.rows(2, 4)] == [2, 3, 4]
        assert [row.seq for row in chain.rows(5, 99)] == [5, 6]
        assert list(chain.rows(99)) == []
        assert chain.head() == (ROWS, rows[-1].hash)


def test_the_chain_is_the_one_of_the_wire(path: Path) -> None:
    """The core can check every row it receives with `wire.hashes` alone."""
    with LaneStore(path, read_only=True) as store:
        previous = journal_start(store.journal_id)
        for row in Chain(store).rows():
            assert row.previous == previous
            previous = journal_next(previous, row.seq, row.boot, row.body)
            assert row.hash == previous


def test_a_long_journal_is_read_in_order(tmp_path: Path) -> None:
    """More rows than one chunk come back once each, also when rows are added meanwhile."""
    with LaneStore(tmp_path / "lane.db") as store:
        journal = Journal(store, boot="boot", software="1")
        for seq in range(1, 621):
            journal.append(entry(seq))
        seen = []
        for row in journal.rows(1, 620):
            seen.append(row.seq)
            if row.seq == 300:
                journal.append(b"meanwhile")
        assert seen == list(range(1, 621))
        assert journal.verify() is None


def test_uses_are_written_with_their_row(path: Path) -> None:
    """The bundles of a row are used from that row on; a second use does not take the place of the first."""
    with LaneStore(path) as store:
        Journal(store, boot="boot-c", software="1").append(b"again", uses=[("2349872345", "lane/j/2")])
        found = store.connection.execute("SELECT ubr, visit, seq FROM used_here ORDER BY ubr").fetchall()
    assert found == [("1001014161", "lane/j/1", 4), ("2349872345", "lane/j/1", 4)]


def test_a_boots_name_is_used_once(path: Path) -> None:
    """Beginning a boot under a name that was used is refused, and adds nothing."""
    with LaneStore(path) as store:
        with pytest.raises(StoreError):
            Journal(store, boot="boot-a", software="2.0")
        assert Chain(store).boots() == [Boot("boot-a", "1.0", 1), Boot("boot-b", "1.1", 4)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET body = x'00' WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 6",
        "INSERT OR REPLACE INTO journal SELECT seq, boot, x'00', previous, hash FROM journal WHERE seq = 2",
        "UPDATE boots SET software = '9'",
        "DELETE FROM boots",
    ],
)
def test_the_file_itself_refuses_changes(path: Path, statement: str) -> None:
    """What was written cannot be updated, deleted or replaced through SQL."""
    with LaneStore(path) as store, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        store.connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "seq", "what"),
    [
        ("UPDATE journal SET body = CAST('entry 3 of the lana' AS BLOB) WHERE seq = 3", 3, "its body was changed"),
        ("UPDATE journal SET hash = zeroblob(32) WHERE seq = 3", 3, "its hash was changed"),
        ("UPDATE journal SET hash = zeroblob(32) WHERE seq = 6", 6, "its hash was changed"),
        ("UPDATE journal SET previous = zeroblob(32) WHERE seq = 3", 3, "its previous hash was changed"),
        ("UPDATE journal SET previous = zeroblob(32) WHERE seq = 1", 1, "its previous hash was changed"),
        ("UPDATE journal SET boot = 'boot-b' WHERE seq = 3", 3, "its boot was changed"),
        ("UPDATE journal SET boot = 'boot-x' WHERE seq = 3", 3, "its boot was changed"),
        ("UPDATE journal SET seq = 66 WHERE seq = 6", 6, "is missing"),
        ("UPDATE journal SET seq = 0 WHERE seq = 1", 1, "stands before the first row"),
        (
            "UPDATE journal SET boot = 'boot-x', body = x'00' WHERE seq = 3",
            3,
            "its boot or body was changed",
        ),
        ("DELETE FROM journal WHERE seq = 1", 1, "is missing"),
        ("DELETE FROM journal WHERE seq = 4", 4, "is missing"),
        ("DELETE FROM journal WHERE seq = 6", 6, "is missing"),
        ("DELETE FROM journal", 1, "is missing"),
        ("UPDATE journal_head SET seq = 5", 6, "is beyond the head that stands apart"),
        ("UPDATE journal_head SET seq = 7", 7, "is missing"),
        ("UPDATE journal_head SET hash = zeroblob(32)", 6, "and the head that stands apart differ in their hash"),
        ("DELETE FROM journal_head", 7, "cannot be read"),
        ("UPDATE outbox SET acknowledged = 8", 7, "is acknowledged but missing"),
        ("DELETE FROM outbox", 7, "cannot be read"),
        ("UPDATE boots SET software = '1.2' WHERE boot = 'boot-b'", 4, "its boot's row was changed"),
        ("UPDATE boots SET first_seq = 5 WHERE boot = 'boot-b'", 4, "its boot's row was changed"),
        ("UPDATE boots SET seal = zeroblob(32) WHERE boot = 'boot-b'", 4, "its boot's row was changed"),
        ("UPDATE boots SET boot = 'boot-x' WHERE boot = 'boot-b'", 4, "names a boot that is not recorded"),
        ("DELETE FROM boots WHERE boot = 'boot-b'", 4, "names a boot that is not recorded"),
        ("UPDATE meta SET value = 'another' WHERE name = 'journal'", 1, "does not follow from this store's name"),
    ],
)
def test_each_change_is_found_and_named(path: Path, statement: str, seq: int, what: str) -> None:
    """Whatever column is changed, whatever row is missing: the first row concerned and what is wrong with it."""
    assert flaw_in(path) is None
    tamper(path, statement)
    flaw = flaw_in(path)
    assert flaw is not None
    assert (flaw.seq, flaw.what[: len(what)]) == (seq, what)


def test_a_rewritten_tail_is_found_by_the_head(path: Path) -> None:
    """Cutting the last row off together with its boot's rows still leaves the head that stands apart."""
    tamper(path, "DELETE FROM journal WHERE seq >= 4", "DELETE FROM boots WHERE boot = 'boot-b'")
    assert flaw_in(path) == Flaw(4, "is missing")


def test_a_journal_that_does_not_end_as_it_should_is_not_continued(path: Path) -> None:
    """The agent is told before it writes, and nothing is written; reading stays possible."""
    tamper(path, "DELETE FROM journal WHERE seq = 6")
    before = path.read_bytes()
    with LaneStore(path) as store:
        with pytest.raises(StoreDamagedError, match="row 6 is missing; move it aside by hand"):
            Journal(store, boot="boot-c", software="1")
        assert len(list(Chain(store).rows())) == ROWS - 1
    assert path.read_bytes() == before


def look(path: Path) -> tuple[object, ...]:
    """All that a reader gets from a store, or the error it gets instead; flaws first."""
    try:
        with LaneStore(path, read_only=True) as store:
            chain = Chain(store)
            if (flaw := chain.verify()) is not None:
                return ("flaw", flaw.seq)
            if store.flaws():
                return ("damaged",)
            return ("sound", store.journal_id, *chain.rows(), *chain.boots(), chain.head(), chain.acknowledged)
    except StoreError:
        return ("refused",)


def flipped(path: Path, place: int, bit: int, then: Callable[[Path], tuple[object, ...]]) -> tuple[object, ...]:
    """What `then` says of a copy in which one bit is another."""
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1 << bit
    copy = path.with_name("copy.db")
    copy.write_bytes(raw)
    return then(copy)


def test_a_changed_bit_in_a_body_is_named_by_its_row(path: Path) -> None:
    """Each byte of each body, changed on the medium, names exactly that row."""
    raw = path.read_bytes()
    for seq in range(1, ROWS + 1):
        start = raw.index(entry(seq))
        for place in range(start, start + len(entry(seq))):
            assert flipped(path, place, place % 8, look) == ("flaw", seq)


def test_a_changed_bit_anywhere_is_found_or_changes_nothing(path: Path) -> None:
    """Anywhere else in the file a changed bit is refused or found, or lies where nothing is stored."""
    sound = look(path)
    assert sound[0] == "sound"
    rng = random.Random(7)
    used = [place for place, byte in enumerate(path.read_bytes()) if byte]
    answers = [flipped(path, place, rng.randrange(8), look) for place in rng.sample(used, 250)]
    assert {answer[0] for answer in answers} >= {"flaw", "sound"}
    assert all(answer == sound for answer in answers if answer[0] == "sound")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=12), st.data())
def test_any_rows_give_a_whole_chain_and_any_change_breaks_it(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], data: st.DataObject
) -> None:
    """Whatever is written verifies; replacing any one body by any other is found at that row."""
    path = tmp_path_factory.mktemp("journal") / "lane.db"
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot", software="1")
        for body in bodies:
            journal.append(body)
        assert journal.verify() is None
    if bodies:
        seq = data.draw(st.integers(1, len(bodies)))
        other = data.draw(st.binary(max_size=200).filter(lambda body: body != bodies[seq - 1]))
        tamper(path, f"UPDATE journal SET body = x'{other.hex()}' WHERE seq = {seq}")  # noqa: S608 made here
        assert flaw_in(path) == Flaw(seq, "its body was changed")
