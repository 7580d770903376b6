"""The store's file: opened by one agent only, refused with a remedy when it is not what it should be, never lost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from runtime.sqlite_store import migrate, move_aside, schema_version
from runtime.store_errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreNewerError,
    StoreReadOnlyError,
)
from sync.journal import Chain, Journal
from sync.schema import LANE_SCHEMA
from sync.store import LaneStore

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store lies."""
    return tmp_path / "lane.db"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount], check=True)
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_a_store_keeps_its_name_over_restarts(path: Path) -> None:
    """The random name made at creation is there again after closing; another store has another."""
    with LaneStore(path) as store:
        name = store.journal_id
    with LaneStore(path) as again, LaneStore(path.with_name("other.db")) as other:
        assert again.journal_id == name != other.journal_id
        assert len(name) == 32


def test_the_store_is_durable_and_its_log_is_capped(path: Path) -> None:
    """WAL, synchronous FULL and a limit on the WAL's size, as the design fixes."""
    with LaneStore(path) as store:
        asked = {
            name: store.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in (
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "recursive_triggers",
                "journal_size_limit",
                "wal_autocheckpoint",
            )
        }
    assert asked == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "journal_size_limit": 8 << 20,
        "wal_autocheckpoint": 1_000,
    }


def test_the_write_ahead_log_stays_small(path: Path) -> None:
    """Many large rows leave a WAL of a few megabytes, not one that fills the disk."""
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot", software="1")
        for _ in range(200):
            journal.append(bytes(100_000))
        assert path.with_name("lane.db-wal").stat().st_size < 10 << 20


def test_two_agents_cannot_share_a_store(path: Path) -> None:
    """A second opening is refused, also from another process, and works once the first has closed."""
    code = f"import pathlib, sync.store as s; s.LaneStore(pathlib.Path({str(path)!r}))"
    with LaneStore(path):
        with pytest.raises(StoreBusyError, match="stop that one"):
            LaneStore(path)
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "StoreBusyError" in other.stderr
    LaneStore(path).close()


def test_a_store_can_be_read_beside_the_agent(path: Path) -> None:
    """Read-only opening needs no lock, sees what is committed, and cannot write."""
    with LaneStore(path) as store:
        Journal(store, boot="boot", software="1").append(b"entry")
        with LaneStore(path, read_only=True) as reader:
            assert [row.body for row in Chain(reader).rows()] == [b"entry"]
            with pytest.raises(StoreReadOnlyError):
                reader.probe()


def test_reading_a_store_that_is_not_there_creates_nothing(path: Path) -> None:
    """A wrong path given to a reading command is an error, not an empty store."""
    with pytest.raises(StoreError):
        LaneStore(path, read_only=True)
    assert list(path.parent.iterdir()) == []


def test_a_missing_folder_is_named(path: Path) -> None:
    """A data partition that is not mounted is said so."""
    with pytest.raises(StoreError, match="mount the data partition"):
        LaneStore(path.parent / "data" / "lane.db")


def test_a_store_of_newer_software_is_left_alone(path: Path) -> None:
    """A higher schema number is refused with both numbers; the file is not changed."""
    LaneStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("UPDATE opens_from SET schema = 99")
        connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreNewerError, match=f"schema 99, this one knows {len(LANE_SCHEMA.migrations)}"):
        LaneStore(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_left_alone(path: Path) -> None:
    """A database that is not a lane's is refused, not migrated."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StoreDamagedError, match="not made by the agent"):
        LaneStore(path)


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be taken for one" * 100])
def test_a_damaged_file_is_refused_and_kept(path: Path, content: bytes) -> None:
    """An empty or overwritten file is refused each time, and its bytes stay as they are."""
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(StoreDamagedError, match="by hand"):
            LaneStore(path)
    assert path.read_bytes() == content


def test_a_store_whose_file_is_missing_beside_its_log_is_not_begun_anew(path: Path) -> None:
    """A WAL without its file means somebody moved the file: nothing new is created over it."""
    path.with_name("lane.db-wal").write_bytes(b"frames")
    with pytest.raises(StoreDamagedError, match="put the file back"):
        LaneStore(path)
    assert not path.exists()


def test_an_unfinished_creation_is_begun_again(path: Path) -> None:
    """Whatever a power cut left of a store in the making does not stand in the way."""
    path.with_name("lane.db.new").write_bytes(b"half a store")
    with LaneStore(path) as store:
        store.probe()
    assert not path.with_name("lane.db.new").exists()


def test_moving_aside_keeps_everything_and_makes_room(path: Path) -> None:
    """The operator's action renames the store, twice if need be, and a new one begins."""
    names = []
    for number in (1, 2):
        with LaneStore(path) as store:
            names.append(store.journal_id)
        assert move_aside(path, "agent") == path.with_name(f"lane.db.aside-{number}")
    for number, name in enumerate(names, 1):
        with LaneStore(path.with_name(f"lane.db.aside-{number}"), read_only=True) as kept:
            assert kept.journal_id == name


def test_a_store_in_use_cannot_be_moved_aside(path: Path) -> None:
    """Moving aside under a running agent is refused; so is moving what is not there."""
    with LaneStore(path), pytest.raises(StoreBusyError):
        move_aside(path, "agent")
    with pytest.raises(FileNotFoundError):
        move_aside(path.with_name("none.db"), "agent")


def test_a_failing_migration_leaves_the_schema_before_it(path: Path) -> None:
    """Each migration happens with its number, or not at all; those before it stay."""

    def second(db: Database) -> None:
        db.execute("CREATE TABLE added (x INTEGER)")

    def third(db: Database) -> None:
        db.execute("CREATE TABLE half (x INTEGER)")
        db.execute("INSERT INTO nowhere VALUES (1)")

    def fourth(db: Database) -> None:
        db.execute("CREATE TABLE more (x INTEGER)")

    with LaneStore(path) as store:
        with pytest.raises(sqlite3.OperationalError):
            migrate(store.connection, (*LANE_SCHEMA.migrations, second, third))
        assert schema_version(store.connection) == len(LANE_SCHEMA.migrations) + 1
        assert "added" in store.db.table_names()
        assert "half" not in store.db.table_names()
        migrate(store.connection, (*LANE_SCHEMA.migrations, second, fourth))
        assert schema_version(store.connection) == len(LANE_SCHEMA.migrations) + 2


def test_an_older_store_is_not_migrated_by_a_reader(path: Path) -> None:
    """A reading command says which command brings an older store up to date."""
    LaneStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    with pytest.raises(StoreError, match="start the agent on it once"):
        LaneStore(path, read_only=True)


def refuse(store: LaneStore, *transactions: str) -> None:
    """From now on SQLite refuses these: COMMIT, ROLLBACK. Setting it makes statements prepared before ask again."""
    store.connection.set_authorizer(
        lambda action, what, *_: (
            sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION and what in transactions else sqlite3.SQLITE_OK
        )
    )


def test_a_commit_that_fails_leaves_nothing_behind(path: Path) -> None:
    """Where COMMIT itself is refused, the rows of the transaction are gone and the next one works."""
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot", software="1")
        journal.append(b"first")
        refuse(store, "COMMIT")
        for _ in range(3):
            with pytest.raises(StoreError):
                journal.append(b"lost", uses=[("2349872345", "lane/journal/1")])
        refuse(store, "COMMIT", "ROLLBACK")  # not even that works: the next transaction begins by making up for it
        with pytest.raises(StoreError):
            journal.append(b"lost")
        with pytest.raises(StoreError):
            journal.head()  # nor can what was not kept be read
        refuse(store)
        assert journal.head()[0] == 1
        assert journal.append(b"second") == 2
        assert [row.body for row in journal.rows()] == [b"first", b"second"]
        assert store.db["used_here"].count == 0
        assert journal.verify() is None


def _filled(journal: Journal) -> tuple[int, bytes]:
    """Appends until there is no room; the head then."""
    with contextlib.suppress(StoreFullError):
        for _ in range(1_000):
            journal.append(bytes(3_000))
    return journal.head()


@as_root
def test_a_full_disk_is_said_and_survived(small_disk: Path) -> None:
    """Appending to a full disk raises each time; what was journaled stays; with room again it goes on."""
    ballast = small_disk / "ballast"
    with LaneStore(small_disk / "lane.db") as store:
        journal = Journal(store, boot="boot", software="1")
        ballast.write_bytes(bytes(500_000))
        head = _filled(journal)
        for _ in range(2):
            with pytest.raises(StoreFullError, match="free some room"):
                journal.append(bytes(30_000))
        assert journal.head() == head
        ballast.unlink()
        store.probe()
        assert journal.append(b"goes on") == head[0] + 1
        assert journal.verify() is None
        assert store.flaws() == []


@as_root
def test_a_read_only_disk_is_said(small_disk: Path) -> None:
    """A store on a disk that the kernel made read-only is refused with the word mount in the remedy."""
    LaneStore(small_disk / "lane.db").close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    try:
        with pytest.raises(StoreReadOnlyError, match="look at the mount"):
            LaneStore(small_disk / "lane.db")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)


def test_a_disk_that_refuses_is_said_and_survived(path: Path) -> None:
    """An input/output error on writing raises; in the same process, with the cause gone, the chain goes on whole."""
    code = f"""
import pathlib, resource, signal
from runtime.store_errors import StoreError
from sync.journal import Journal
from sync.store import LaneStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with LaneStore(pathlib.Path({str(path)!r})) as store:
    journal = Journal(store, boot="boot", software="1")
    journal.append(b"first")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    raised = 0
    while raised < 3:
        try:
            journal.append(bytes(5_000))
        except StoreError:
            raised += 1
    before = journal.head()[0]
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    print(journal.append(b"goes on") - before, journal.verify(), store.flaws())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1 None []\n"


def test_threads_see_whole_transactions_only(path: Path) -> None:
    """A reader in another thread waits for the transaction, and never sees half of it."""
    seen = []
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot", software="1")

        def read():
            with store.reading() as connection:
                seen.append(connection.execute("SELECT count(*) FROM meta WHERE name LIKE 'half%'").fetchone()[0])

        with store.transaction() as connection:
            connection.execute("INSERT INTO meta VALUES ('half 1', '')")
            thread = threading.Thread(target=read)
            thread.start()
            thread.join(0.05)
            connection.execute("INSERT INTO meta VALUES ('half 2', '')")
        thread.join()
        assert seen == [2]
        assert journal.head()[0] == 0
