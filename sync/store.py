"""The lane's one SQLite file (`runtime.sqlite_store`), with what only a lane's has: a name of its own, and a probe."""

from __future__ import annotations

from pathlib import Path

from runtime.sqlite_store import WAL_PAGES, SqliteStore
from runtime.store_errors import StoreDamagedError
from sync.schema import LANE_SCHEMA

_LOADING_PAGES = 4_000  # a checkpoint every 16 MB while a list is loaded, whose pages would else be moved repeatedly


class LaneStore(SqliteStore):
    """An open store of a lane.

    Attributes:
        journal_id: this store's own name, 32 hexadecimal digits, made when it was created.
    """

    def __init__(self, path: Path, *, read_only: bool = False, as_it_is: bool = False) -> None:
        """Opens `path`, creating it where there is none; see `SqliteStore`."""
        super().__init__(path, LANE_SCHEMA, read_only=read_only, as_it_is=as_it_is)
        try:
            self.journal_id = self._read_journal_id()
        except BaseException:
            self.close()
            raise

    def _read_journal_id(self) -> str:
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = 'journal'").fetchone()
        if row is None:
            raise StoreDamagedError(f"store {self.path}: its name is missing; move it aside by hand")
        return str(row[0])

    def loading(self, *, much: bool) -> None:
        """Whether much is written now that nobody reads: the WAL may then grow longer before it is moved into the file.

        What is committed is on the medium either way. Call it with False before the last commit, which then moves what
        is left.
        """
        with self.reading() as connection:
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LOADING_PAGES if much else WAL_PAGES}")

    def probe(self) -> None:
        """Writes one row and waits for the medium: whether the store works *now* (lessons 19).

        Raises:
            StoreError: it does not.
        """
        with self.transaction() as connection:
            connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'probe'")
