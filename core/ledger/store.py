"""The core's PostgreSQL database: its connection and transactions, its series and its audit log.

Rules of this file:
- One connection writes, in one thread. A second core that opens the database to write is refused while the first has it.
- Nothing is told to anybody before COMMIT has returned without a word: a commit whose wait for the stand-by was broken off
  returns with a warning, is visible, and may be lost. It counts as failed, and a core ends with it.
- `many` is a transaction whose statements do not wait for each other's answers: what is not read is on its way while the next is
  made. Whatever fails in it fails at its end, at the latest.
- Statements name their values as %s; texts of the lanes may hold anything, but PostgreSQL takes no NUL in a text. It is kept as
  U+FFFD.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

import msgspec
import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumper

from core.errors import CoreSettingsError
from core.ledger import audit_log
from core.ledger.audit_log import AuditWords
from core.sql import SQL_FILES, SqlFile
from runtime.store_errors import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreMediumError,
    StoreNewerError,
    StoreReadOnlyError,
)

LedgerConnection = psycopg.Connection[tuple[Any, ...]]
"""What business functions and books are given."""

OLDEST_SERVER = 150_000
"""PostgreSQL 15, as Debian 12 has it."""

_WRITER = 0x524F4341
"""The advisory lock of the one core that writes."""

_CONNECT_S = 5
_LOCK_S = 1.0
_KINDS: dict[type[psycopg.Error], tuple[type[StoreError], str]] = {
    errors.DiskFull: (StoreFullError, "the server's disk is full; free some room there, then start the core again"),
    errors.ReadOnlySqlTransaction: (
        StoreReadOnlyError,
        "the server takes no changes (is it a stand-by?); name the primary in core.database, or promote this one",
    ),
    errors.IoError: (
        StoreMediumError,
        "the server's disk refuses; read the kernel's log there, then replace the medium",
    ),
    errors.DataCorrupted: (StoreDamagedError, "its files are damaged; keep them, and promote the stand-by or restore"),
    errors.IndexCorrupted: (StoreDamagedError, "its files are damaged; keep them, and promote the stand-by or restore"),
    errors.InsufficientPrivilege: (
        StoreError,
        "this role may not do that; the database must belong to it (docs/installing.md, The database)",
    ),
}
_ENDED = frozenset({"57P01", "57P02", "57P03", "57P05"})
"""The server, or somebody there, ended the session: admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout."""

_GIVE = (
    "WITH given AS (INSERT INTO series(name, last) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET last = series.last + 1 "
    "RETURNING last)"
)
_AWAY = "the server does not answer; look at it with `systemctl status postgresql` and in its log"


class LedgerSchema(msgspec.Struct, frozen=True):
    """Which forms of the database this software knows, for the way back between versions (`runtime.versions`)."""

    files: tuple[SqlFile, ...]
    opens_from: int

    @property
    def newest(self) -> int:
        """The newest form, by its file's number."""
        return self.files[-1].number


CORE_SCHEMA = LedgerSchema(tuple(SQL_FILES), opens_from=15)
"""`opens_from`: software that knows this form may still write in a database that has had all files."""


class _TextDumper(StrDumper):
    """A text as PostgreSQL can keep it."""

    def dump(self, obj: str) -> bytes | bytearray | memoryview | None:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))


def the_row(cursor: psycopg.Cursor[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The row of a statement that always has one."""
    row = cursor.fetchone()
    assert row is not None
    return row


def named(dsn: str) -> str:
    """Which database a connection string means, without its secrets."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.Error:
        return "the database"
    where = ":".join(str(parts[key]) for key in ("host", "port") if parts.get(key))
    return f"database {parts.get('dbname', '')}{f' at {where}' if where else ''}"


def connected(dsn: str, **options: Any) -> LedgerConnection:
    """A connection in autocommit: transactions are begun and ended by `CoreStore.transaction` alone.

    Raises:
        StoreError: the server is away, or does not let this role in.
    """
    settings = {"connect_timeout": _CONNECT_S, "application_name": "rocars-core", **options}
    try:
        connection = psycopg.connect(dsn, autocommit=True, **settings)
    except psycopg.Error as error:
        raise StoreError(f"{named(dsn)}: {_why_not_connected(error)} ({str(error).strip()})") from error
    connection.adapters.register_dumper(str, _TextDumper)
    return connection


def _why_not_connected(error: psycopg.Error) -> str:
    told = str(error)
    if "does not exist" in told and "database" in told:
        return "it is not there; make it, for the core's role (docs/installing.md, The database)"
    if "role" in told or "authentication" in told or "pg_hba" in told:
        return "the server does not let this role in; make the role, or mend pg_hba.conf (docs/installing.md, The database)"
    return _AWAY


def translated(error: psycopg.Error, dsn: str) -> StoreError:
    """The store's own error for one of the server's, naming the database and the remedy."""
    for kind, (own, remedy) in _KINDS.items():
        if isinstance(error, kind):
            return own(f"{named(dsn)}: {remedy} ({str(error).strip()})")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreError(f"{named(dsn)}: {_AWAY} ({str(error).strip()})")
    return StoreError(f"{named(dsn)}: it did not take this; report it with the log ({str(error).strip()})")


def is_away(error: BaseException) -> bool:
    """Whether an error says that the server, or the way to it, is gone, and nothing else: its own, or the store's for it."""
    told = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(told, psycopg.OperationalError) or isinstance(told, errors.PipelineAborted):
        return False
    return told.sqlstate is None or told.sqlstate[:2] == "08" or told.sqlstate in _ENDED


class LedgerTables:
    """What business functions write into, through a connection that somebody else begins and ends transactions on."""

    def __init__(self, connection: LedgerConnection) -> None:
        self._connection = connection

    @property
    def connection(self) -> LedgerConnection:
        """The plain connection; writing belongs in a `transaction`."""
        return self._connection

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.info.transaction_status != TransactionStatus.IDLE

    @contextmanager
    def transaction(self) -> Iterator[LedgerConnection]:
        """All of the block or nothing; with the caller's own transaction, where there is one."""
        with self._connection.transaction():
            yield self._connection

    def take_number(self, series: str, first: int, used: str = "SELECT 1 WHERE false") -> int:
        """The next number of a series, inside the caller's transaction.

        Args:
            series: its name.
            first: what it begins with.
            used: finds a row where the number `given.last` is used already; the one after it is taken then.
        """
        sql = f"{_GIVE} SELECT last, EXISTS ({used}) FROM given".encode()  # noqa: S608 (the caller's own words)
        while True:
            number, is_used = the_row(self.connection.execute(sql, (series, first)))
            if not is_used:
                return int(number)

    def write_diary(self, *, at_ms: int, who: str, what: str, detail: str) -> None:
        """Adds a line to the audit log, inside the caller's transaction."""
        audit_log.append(self._connection, AuditWords(at_ms, who, what, detail))


class CoreStore(LedgerTables):
    """The open database. One process writes, in one thread.

    Args:
        dsn: how to connect, as libpq reads it.
        create: make the tables; there must be none. Otherwise they must be there, so that a mistyped name is no empty list.
        reading: only read, also while a core runs on it.
        term: of the lease that this core has (`ledger.lease`): each transaction is one of that term, or fails. Left out
            where people work on a database that no core runs on.

    Raises:
        CoreSettingsError: it cannot be used so; the message says what to do.
        StoreError: the server is away.
    """

    def __init__(self, dsn: str, *, create: bool = False, reading: bool = False, term: int = 0) -> None:
        self._term = term
        self.dsn = dsn
        self.name = named(dsn)
        self._guard = threading.RLock()
        self._doubts: list[str] = []
        self._in_many = False
        self._lines: list[AuditWords] = []
        super().__init__(connected(dsn))
        try:
            self._connection.add_notice_handler(self._on_notice)
            self._open(create=create, reading=reading)
        except psycopg.Error as error:
            self._connection.close()
            raise translated(error, dsn) from error
        except BaseException:
            self._connection.close()
            raise

    def _open(self, *, create: bool, reading: bool) -> None:
        version = self._connection.info.server_version
        if version < OLDEST_SERVER:
            raise CoreSettingsError(
                f"{self.name}: the server is PostgreSQL {version // 10_000}; install 15 or later, and move the data there"
            )
        if not reading:
            self._take_lock()
        done = _files_done(self._connection)
        if create and done and self._connection.execute("SELECT 1 FROM head").fetchone():
            raise CoreSettingsError(f"{self.name}: there is a list already; name another database in core.database")
        if not create and not done:
            raise CoreSettingsError(
                f"{self.name}: there is no list in it; make one with rocars-core init, or correct core.database"
            )
        _check_files(self._connection, self.name, done)
        if reading:
            self._connection.execute("SET default_transaction_read_only = on")
        else:
            _run_files(self._connection, done)
            self._connection.execute("UPDATE list_writers SET signer = pg_backend_pid()")
            if self._term:  # a core that is paused within a transaction holds nobody up for longer
                self._connection.execute("SET idle_in_transaction_session_timeout = '5s'")

    def _take_lock(self) -> None:
        """The server may take a moment to notice that a core which was killed is gone."""
        end = time.monotonic() + _LOCK_S
        while self._connection.execute("SELECT pg_try_advisory_lock(%s)", (_WRITER,)).fetchone() != (True,):
            if self._term:  # its session outlived the lease, as one does whose network was cut
                self._connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
                    "WHERE locktype = 'advisory' AND objid = %s AND datname = current_database()",
                    (_WRITER,),
                )
            if time.monotonic() < end:
                time.sleep(0.05)
                continue
            raise CoreSettingsError(
                f"{self.name}: another core has it (pg_stat_activity names it); stop that one, or correct core.database"
            )

    def _on_notice(self, told: psycopg.errors.Diagnostic) -> None:
        if told.severity_nonlocalized == "WARNING":
            self._doubts.append(str(told.message_primary))

    @contextmanager
    def transaction(self) -> Iterator[LedgerConnection]:
        """A transaction that is kept when the block ends, or has left nothing behind when it raises.

        Within another one it joins that: all of it is kept, or nothing. What may fail alone is a `part`.

        Raises:
            StoreError: it is not known to be kept. Nothing of it may be told to anybody.
        """
        if self.in_transaction:
            yield self._connection
            return
        with self._guard, self.errors():
            self._doubts.clear()
            self._begin()
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(psycopg.Error):  # the first error is the one to tell
                    self._connection.execute("ROLLBACK")
                raise
            self._check_doubts()

    @contextmanager
    def many(self) -> Iterator[LedgerConnection]:
        """As `transaction`, not within another one, for what needs many statements: only those are waited for whose rows are read.

        None of its statements may be two in one, be read row by row, or be asked how many rows it changed.

        Raises:
            StoreError: it is not known to be kept. Nothing of it may be told to anybody.
        """
        with self._guard, self.errors():
            self._doubts.clear()
            self._in_many, self._lines = True, []
            try:
                with self._connection.pipeline():
                    self._connection.execute("BEGIN")
                    lease = self._connection.execute(self._lease_sql()) if self._term else None
                    yield self._connection
                    self._check_lease(lease)
                    if self._lines:
                        audit_log.append(self._connection, *self._lines)
                    ended = self._connection.execute("COMMIT")
                self._check_kept(ended.statusmessage)
            except BaseException:
                with suppress(psycopg.Error):  # the first error is the one to tell
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._in_many, self._lines = False, []
            self._check_doubts()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._in_many or super().in_transaction

    def write_diary(self, *, at_ms: int, who: str, what: str, detail: str) -> None:
        """Adds a line to the audit log, inside the caller's transaction; of `many` at its end, all lines at once."""
        line = AuditWords(at_ms, who, what, detail)
        if self._in_many:
            self._lines.append(line)
        else:
            audit_log.append(self._connection, line)

    @contextmanager
    def part(self) -> Iterator[LedgerConnection]:
        """A part of the caller's transaction that may fail alone: when the block raises, only what it did is undone."""
        if not self._in_many:
            with self._connection.transaction():
                yield self._connection
            return
        self._connection.execute("SAVEPOINT part")
        said = len(self._lines)
        try:
            yield self._connection
        except BaseException:
            del self._lines[said:]
            self._connection.execute("ROLLBACK TO SAVEPOINT part")
            raise
        self._connection.execute("RELEASE SAVEPOINT part")

    def _check_lease(self, looked: psycopg.Cursor[tuple[Any, ...]] | None) -> None:
        if looked is not None and looked.fetchone() is None:
            raise StoreError(self._lost())

    def _check_kept(self, ended: str | None) -> None:
        """The server ends a transaction that has failed by ROLLBACK, whatever was asked for."""
        if ended != "COMMIT":
            raise StoreError(f"{self.name}: the transaction ended with {ended}, and is not kept")

    def _check_doubts(self) -> None:
        if self._doubts:
            raise StoreError(f"{self.name}: {self._doubts[0]}: what was committed last may be lost with this server")

    def _lease_sql(self) -> bytes:
        return f"SELECT 1 FROM lease WHERE term = {self._term:d} FOR KEY SHARE".encode()  # noqa: S608 (a number)

    def _lost(self) -> str:
        return f"{self.name}: another core has taken the lease over; this one changes nothing any more"

    def _begin(self) -> None:
        if not self._term:
            self._connection.execute("BEGIN")
            return
        began = self._connection.execute(b"BEGIN; " + self._lease_sql())
        began.nextset()
        if began.fetchone() is None:
            self._connection.execute("ROLLBACK")
            raise StoreError(self._lost())

    @contextmanager
    def errors(self) -> Iterator[None]:
        """The server's errors as the store's own; a misuse of the interface stays what it is."""
        try:
            yield
        except (psycopg.ProgrammingError, psycopg.DataError) as error:
            if isinstance(error, errors.InsufficientPrivilege):
                raise translated(error, self.dsn) from error
            raise
        except psycopg.Error as error:
            raise translated(error, self.dsn) from error

    def close(self) -> None:
        """Closes the connection; an open transaction is lost."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def opens_from(dsn: str) -> int | None:
    """The form that software must know to write in this database; None where it is empty.

    Raises:
        StoreError: it cannot be read.
    """
    with connected(dsn) as connection:
        if not _files_done(connection):
            return None
        return _least(connection)


def _least(connection: LedgerConnection) -> int:
    return int(the_row(connection.execute("SELECT COALESCE(max(least), 0) FROM sql_files"))[0])


def _files_done(connection: LedgerConnection) -> list[tuple[int, str, str]]:
    """(number, name, digest) of the files that this database has had."""
    if connection.execute("SELECT to_regclass('sql_files')").fetchone() == (None,):
        return []
    return connection.execute("SELECT number, name, digest FROM sql_files ORDER BY number").fetchall()


def _check_files(connection: LedgerConnection, name: str, done: list[tuple[int, str, str]]) -> None:
    for (number, file, digest), own in zip(done, SQL_FILES, strict=False):
        if digest != own.digest:
            raise CoreSettingsError(
                f"{name}: it was made by another {file} (file {number}) than this software has; install the version that "
                "wrote it"
            )
    if len(done) > len(SQL_FILES) and _least(connection) > CORE_SCHEMA.newest:
        raise StoreNewerError(
            f"{name}: written by a newer version of this software (form {done[-1][0]}, this one knows {CORE_SCHEMA.newest}); "
            "install that version"
        )


def _run_files(connection: LedgerConnection, done: list[tuple[int, str, str]]) -> None:
    """Runs the missing files, each in one transaction with its number; stops at the first that fails."""
    for file in SQL_FILES[len(done) :]:
        with connection.transaction():
            connection.execute(
                "CREATE TABLE IF NOT EXISTS sql_files "
                "(number integer PRIMARY KEY, name text NOT NULL, digest text NOT NULL, least integer NOT NULL)"
            )
            connection.execute(file.text.encode())
            connection.execute(
                "INSERT INTO sql_files VALUES (%s, %s, %s, %s)",
                (file.number, file.name, file.digest, CORE_SCHEMA.opens_from),
            )
