"""The outbox: a cursor over the journal that only the core's acknowledgement moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.journal import Chain, Journal, Receipt
from sync.store import LaneStore
from wire.hashes import journal_start


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of ten rows, closed."""
    path = tmp_path / "lane.db"
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot-a", software="1")
        for seq in range(1, 11):
            journal.append(str(seq).encode())
    return path


def hash_of(chain: Chain, seq: int) -> bytes:
    """What the core says of row `seq` when it has it."""
    return next(chain.rows(seq, seq)).hash


def test_nothing_is_acknowledged_at_first(path: Path) -> None:
    """The whole journal is to be sent, in order, as much at a time as asked."""
    with LaneStore(path) as store:
        chain = Chain(store)
        assert chain.acknowledged == 0
        assert [row.seq for row in chain.unacknowledged(4)] == [1, 2, 3, 4]
        assert [row.seq for row in chain.unacknowledged(4, after=8)] == [9, 10]
        assert chain.unacknowledged(4, after=10) == []


def test_an_acknowledgement_moves_the_cursor_and_stays(path: Path) -> None:
    """After it, and after a restart, sending goes on behind the acknowledged row; the rows themselves stay."""
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot-b", software="1")
        assert journal.acknowledge(7, hash_of(journal, 7)) is Receipt.ADVANCED
    with LaneStore(path) as store:
        chain = Chain(store)
        assert chain.acknowledged == 7
        assert [row.seq for row in chain.unacknowledged(100)] == [8, 9, 10]
        assert [row.seq for row in chain.rows(1, 7)] == [1, 2, 3, 4, 5, 6, 7]
        assert chain.verify() is None


def test_an_older_or_repeated_acknowledgement_changes_nothing(path: Path) -> None:
    """The cursor never goes back, whatever the broker delivers again."""
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot-b", software="1")
        journal.acknowledge(7, hash_of(journal, 7))
        for seq in (7, 3, 0):
            assert journal.acknowledge(seq, bytes(32)) is Receipt.KNOWN
        assert journal.acknowledged == 7


@pytest.mark.parametrize(("seq", "digest"), [(11, bytes(32)), (9, bytes(32)), (2**62, bytes(32))])
def test_an_acknowledgement_of_a_row_never_written_is_foreign(path: Path, seq: int, digest: bytes) -> None:
    """A store restored from an old copy, or another lane's, is noticed by what the core remembers of it."""
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot-b", software="1")
        assert journal.acknowledge(seq, digest) is Receipt.FOREIGN
        assert journal.acknowledged == 0


def test_a_restored_copy_is_foreign_to_the_core(path: Path) -> None:
    """Rows written after the copy was taken are acknowledged by hash, so other rows under their numbers show."""
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot-b", software="1")
        journal.append(b"after the copy")
        core_says = journal.head()
    with LaneStore(copy) as store:
        journal = Journal(store, boot="boot-c", software="1")
        assert journal.acknowledge(*core_says) is Receipt.FOREIGN
        journal.append(b"something else")
        assert journal.acknowledge(*core_says) is Receipt.FOREIGN


def test_an_empty_journal_has_a_head_to_acknowledge(tmp_path: Path) -> None:
    """Before the first row the core's acknowledgement of nothing is known already."""
    with LaneStore(tmp_path / "lane.db") as store:
        journal = Journal(store, boot="boot-a", software="1")
        assert journal.head() == (0, journal_start(store.journal_id))
        assert journal.acknowledge(0, bytes(32)) is Receipt.KNOWN
        assert journal.unacknowledged(10) == []
        assert journal.verify() is None
