"""`wall.history` in one SQLite file (`runtime.sqlite_store`): durable, one writer, migrations that only add."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.sqlite_store import SqliteStore, StoreSchema, create_table
from wall.history import MOST_DEEDS, NeedDeed, WallLook, WorkedShift
from wall.needs import Deed

if TYPE_CHECKING:
    from sqlite_utils import Database


def _first(db: Database) -> None:
    need = {"need": str, "lane": str, "kind": str, "title": str, "visit": int, "vrn": str}
    create_table(
        db,
        "deeds",
        {"id": int, "at_ms": int, **need, "what": str, "who": str, "detail": str},
        pk="id",
        null=("id",),
    )
    create_table(db, "needs", {"need": str, "taken_by": str, "taken_ms": int}, pk="need", null=("need",))
    look = {"at_ms": int, "who": str, "what": str, "lane": str, "detail": str}
    create_table(db, "looks", {"id": int, **look}, pk="id", null=("id",))
    db.conn.execute("CREATE INDEX deeds_of_lane ON deeds(lane, at_ms)")
    db.conn.execute("PRAGMA application_id = 0x57414C4C")


def _shifts(db: Database) -> None:
    """`told`: how much of it the core knows: 0 nothing, 1 that it began, 2 that it ended."""
    shift = {"id": int, "who": str, "shown": str, "began_ms": int, "ended_ms": int, "note": str, "told": int}
    create_table(db, "shifts", shift, pk="id", null=("id",))
    db.conn.execute("CREATE INDEX shifts_by_end ON shifts(ended_ms)")
    db.conn.execute("CREATE INDEX shifts_untold ON shifts(id) WHERE told < 2")


_SHIFT = "SELECT id, who, shown, began_ms, ended_ms, note FROM shifts"
WALL_SCHEMA = StoreSchema(owner="rocars-wall", migrations=(_first, _shifts), application_id=0x57414C4C)


class WallStore:
    """`wall.history.WallHistory`.

    Args:
        path: its file; made if there is none.

    Raises:
        StoreError: it cannot be used; says what to do.
    """

    def __init__(self, path: Path) -> None:
        self._store = SqliteStore(path, WALL_SCHEMA)

    def write_deeds(self, deeds: Iterable[Deed]) -> None:
        """What became of needs; those that are over are open no more."""
        with self._store.transaction() as db:
            for deed in deeds:
                need = deed.need
                row = (deed.at_ms, need.key, need.lane, need.kind.word, need.title, need.visit, need.vrn)
                db.execute(
                    "INSERT INTO deeds(at_ms, need, lane, kind, title, visit, vrn, what, who, detail) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, deed.what, deed.who, deed.detail),
                )
                if deed.what == "over":
                    db.execute("DELETE FROM needs WHERE need=?", (need.key,))
                else:
                    db.execute(
                        "INSERT OR REPLACE INTO needs VALUES (?, ?, ?)", (need.key, need.taken_by, need.taken_ms)
                    )

    def write_look(self, look: WallLook) -> None:
        """Who looked at what, or did what."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO looks(at_ms, who, what, lane, detail) VALUES (?, ?, ?, ?, ?)",
                (look.at_ms, look.who, look.what, look.lane, look.detail),
            )

    def takers(self) -> dict[str, tuple[str, int]]:
        """Of needs that were not over: key to whose they are and since when."""
        with self._store.reading() as db:
            return {key: (who, at) for key, who, at in db.execute("SELECT need, taken_by, taken_ms FROM needs")}

    def deeds(self, *, lane: str = "", most: int = 200) -> list[tuple[int, str, str, str, str]]:
        """The latest deeds, newest first."""
        with self._store.reading() as db:
            return db.execute(
                "SELECT at_ms, need, what, who, detail FROM deeds WHERE ? IN ('', lane) ORDER BY id DESC LIMIT ?",
                (lane, most),
            ).fetchall()

    def past_needs(self, *, lane: str = "", mark: str = "", since_ms: int = 0, until_ms: int = 0) -> list[NeedDeed]:
        """Deeds of needs of that time, newest first."""
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT at_ms, lane, kind, title, vrn, what, who, detail FROM deeds WHERE ? IN ('', lane) AND ? IN ('', vrn) "
                "AND at_ms BETWEEN ? AND ? ORDER BY id DESC LIMIT ?",
                (lane, mark, since_ms, until_ms, MOST_DEEDS),
            )
            return [NeedDeed(*row) for row in rows]

    def looks(self, *, most: int = 200) -> list[WallLook]:
        """The latest looks, newest first."""
        with self._store.reading() as db:
            rows = db.execute("SELECT at_ms, who, what, lane, detail FROM looks ORDER BY id DESC LIMIT ?", (most,))
            return [WallLook(*row) for row in rows]

    def begin_shift(self, who: str, shown: str, at_ms: int) -> WorkedShift:
        """Somebody begins a shift."""
        with self._store.transaction() as db:
            number = db.execute(
                "INSERT INTO shifts(who, shown, began_ms, ended_ms, note, told) VALUES (?, ?, ?, 0, '', 0)",
                (who, shown, at_ms),
            ).lastrowid
        return WorkedShift(number=number or 0, who=who, shown=shown, began_ms=at_ms)

    def end_shift(self, number: int, at_ms: int, note: str) -> None:
        """That shift is over."""
        with self._store.transaction() as db:
            db.execute("UPDATE shifts SET ended_ms=?, note=? WHERE id=? AND ended_ms=0", (at_ms, note, number))

    def shifts(self, since_ms: int, until_ms: int) -> list[WorkedShift]:
        """Shifts that lasted at some moment of that time."""
        return self._shifts("WHERE began_ms < ? AND (ended_ms = 0 OR ended_ms > ?) ORDER BY id", until_ms, since_ms)

    def shifts_on(self) -> list[WorkedShift]:
        """Shifts that last."""
        return self._shifts("WHERE ended_ms = 0 ORDER BY id")

    def last_shifts(self, *, most: int = 5) -> list[WorkedShift]:
        """Shifts that have ended, the last first."""
        return self._shifts("WHERE ended_ms > 0 ORDER BY ended_ms DESC, id DESC LIMIT ?", most)

    def untold_shifts(self, *, most: int = 20) -> list[WorkedShift]:
        """What the core does not know yet of shifts."""
        rows = self._shifts("WHERE told = 0 OR (told = 1 AND ended_ms > 0) ORDER BY id LIMIT ?", most)
        with self._store.reading() as db:
            begun = {number for (number,) in db.execute("SELECT id FROM shifts WHERE told = 1")}
        return [one if one.number in begun else replace(one, ended_ms=0, note="") for one in rows]

    def shift_told(self, shift: WorkedShift) -> None:
        """The core has written this down."""
        with self._store.transaction() as db:
            db.execute("UPDATE shifts SET told=? WHERE id=?", (2 if shift.ended_ms else 1, shift.number))

    def _shifts(self, which: str, *values: int) -> list[WorkedShift]:
        with self._store.reading() as db:
            names = ("number", "who", "shown", "began_ms", "ended_ms", "note")
            return [
                WorkedShift(**dict(zip(names, row, strict=True))) for row in db.execute(f"{_SHIFT} {which}", values)
            ]

    def close(self) -> None:
        """The file is closed."""
        self._store.close()
