"""A journal that the core contradicts goes on under another name: nothing recorded is lost, nothing is named twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sync.journal import Chain, Journal, Receipt
from sync.store import LaneStore
from wire.hashes import journal_next, journal_start


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LaneStore]:
    """A lane's store."""
    with LaneStore(tmp_path / "lane.db") as made:
        yield made


def written(journal: Journal, count: int) -> list[bytes]:
    """The bodies of as many new rows."""
    bodies = [f"{journal.boot} {number}".encode() for number in range(count)]
    for body in bodies:
        journal.append(body)
    return bodies


def begun_anew(store: LaneStore) -> tuple[Journal, list[bytes]]:
    """Ten rows, of which the core has four; then another name; and the bodies that the core has to get."""
    journal = Journal(store, boot="boot-1", software="test")
    bodies = written(journal, 10)
    assert journal.acknowledge(4, journal.hash_at(4), b"the core's word") is Receipt.ADVANCED
    journal.begin_anew("the core has 20 rows of it")
    return journal, bodies[4:]


def test_rows_that_the_core_never_had_are_carried_over_and_numbered_anew(store: LaneStore) -> None:
    """The core gets them as rows 1 to 6 of another journal, in a chain that begins with its name."""
    old = store.journal_id
    journal, bodies = begun_anew(store)
    assert journal.journal_id != old
    previous = journal_start(journal.journal_id)
    for number, row in enumerate(journal.outgoing(1, 100), 1):
        assert (row.seq, row.body, row.previous) == (number, bodies[number - 1], previous)
        assert row.hash == journal_next(previous, number, row.boot, row.body)
        previous = row.hash
    assert journal.head_at_core() == (6, previous)
    assert (journal.acknowledged, journal.acknowledged_at_core) == (4, 0)
    assert journal.receipt() == b""


def test_what_is_written_after_that_follows_in_the_new_chain(store: LaneStore) -> None:
    """Acknowledgements count by the core's numbers; a restart of the agent changes nothing; the whole is sound."""
    journal, bodies = begun_anew(store)
    bodies += written(journal, 3)
    again = Journal(store, boot="boot-2", software="test")
    bodies += written(again, 2)
    rows = list(again.outgoing(1, 100))
    assert [row.body for row in rows] == bodies
    assert [row.previous for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert again.acknowledge(8, rows[7].hash, b"word") is Receipt.ADVANCED
    assert (again.acknowledged, again.acknowledged_at_core) == (12, 8)
    assert again.acknowledge(9, rows[7].hash) is Receipt.FOREIGN
    assert Chain(store).verify() is None
    assert [name.base for name in again.names()] == [0, 4]


def test_it_may_happen_again(store: LaneStore) -> None:
    """A second copy of the past, before anything was written under the new name."""
    journal, bodies = begun_anew(store)
    journal.begin_anew("and again")
    bodies += written(journal, 1)
    assert [row.body for row in journal.outgoing(1, 100)] == bodies
    assert len({name.journal for name in journal.names()}) == 3
    assert Chain(store).verify() is None


def test_an_empty_journal_can_begin_anew(store: LaneStore) -> None:
    """A store that was made anew under a name that is known at the core."""
    journal = Journal(store, boot="boot-1", software="test")
    journal.begin_anew("it has rows at the core")
    assert journal.head_at_core() == (0, journal_start(journal.journal_id))
    bodies = written(journal, 2)
    assert [row.body for row in journal.outgoing(1, 100)] == bodies
    assert Chain(store).verify() is None


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE carried SET hash = zeroblob(32) WHERE seq = 7", 7),
        ("DELETE FROM carried WHERE seq = 5", 5),
        ("UPDATE journals SET base = 5 WHERE number = 2", 6),
        ("UPDATE journal SET body = x'00' WHERE seq = 12", 12),
        ("DELETE FROM journals WHERE number = 2", 1),
    ],
)
def test_a_change_of_what_was_carried_over_is_found(tmp_path: Path, statement: str, row: int) -> None:
    """By the row concerned."""
    path = tmp_path / "lane.db"
    with LaneStore(path) as store:
        journal, _ = begun_anew(store)
        written(journal, 3)
    with closing(sqlite3.connect(path)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount == 1
        connection.commit()
    with LaneStore(path, read_only=True) as store:
        flaw = Chain(store).verify()
    assert flaw is not None
    assert flaw.seq == row
