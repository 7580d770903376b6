"""The table of alarms in a store: a lane's and the core's are the same one, with the lane's name in it at the core.

Rules of this file: SQL only; what an alarm's life is, `domain.alarm_lifecycle` says. Writes belong to the caller's
transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final, Protocol

from domain.alarm_lifecycle import FORGOTTEN_MS, AlarmKey, TrackedAlarm

FIRST_COLUMNS: Final[dict[str, type]] = {
    "id": int,
    "at_ms": int,
    "lane": str,
    "journal": str,
    "visit": int,
    "kind": str,
    "detail": str,
    "cleared_by": str,
}
"""Those that a core's table has had from its first schema on; `cleared_by` is who closed it."""

LATER_COLUMNS: Final[dict[str, type]] = {
    "of_core": int,
    "cause": str,
    "last_ms": int,
    "count": int,
    "ended_ms": int,
    "taken_by": str,
    "taken_ms": int,
    "closed_ms": int,
    "why": str,
    "shelved_by": str,
    "shelved_ms": int,
}
_COLUMNS = (*FIRST_COLUMNS, *LATER_COLUMNS)
_NAMES = ", ".join(_COLUMNS)
INDEXES: Final = (
    "CREATE INDEX alarms_by_key ON alarms(lane, journal, kind, visit, cause)",
    "CREATE INDEX alarms_open ON alarms(closed_ms, ended_ms, lane)",
)
CURSOR: Final = (
    "CREATE TABLE alarm_cursor (lane TEXT NOT NULL, journal TEXT NOT NULL, seq INTEGER NOT NULL, "
    "PRIMARY KEY (lane, journal)) STRICT"
)
"""Up to which row a journal's alarms are in the table."""


class _Cursor(Protocol):
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class AlarmConnection(Protocol):
    """What carries out a statement with its values: a connection of SQLite's or PostgreSQL's."""

    def execute(self, query: Any, params: Any = ..., /) -> _Cursor:
        """Carries it out."""
        ...


class AlarmTable:
    """The table in one store, through its plain connection.

    Args:
        connection: the store's.
        mark: how that names a value in a statement.
    """

    def __init__(self, connection: AlarmConnection, *, mark: str = "?") -> None:
        self._db = connection
        self._mark = mark

    def _do(self, sql: str, values: Iterable[Any]) -> _Cursor:
        return self._db.execute(sql.replace("?", self._mark), tuple(values))

    def newest(self, lane: str, journal: str, key: AlarmKey) -> tuple[int, TrackedAlarm] | None:
        """The newest alarm of a key, with its number."""
        where = "WHERE lane=? AND journal=? AND kind=? AND visit=? AND cause=? ORDER BY id DESC LIMIT 1"
        found = self._select(where, (lane, journal, key.kind, key.visit, key.cause))
        return (found[0][0], found[0][3]) if found else None

    def live(self, lane: str, journal: str) -> list[tuple[int, TrackedAlarm]]:
        """Those of a lane's journal that are neither ended nor closed."""
        where = "WHERE closed_ms=0 AND ended_ms=0 AND lane=? AND journal=? ORDER BY id"
        return [(number, alarm) for number, _, _, alarm in self._select(where, (lane, journal))]

    def listed(self, now_ms: int, *, most: int) -> list[tuple[int, str, str, TrackedAlarm]]:
        """(number, lane, journal, alarm) of those that are open or have returned within a shift, the newest first."""
        where = "WHERE closed_ms=0 AND (ended_ms=0 OR ended_ms>?) ORDER BY id DESC LIMIT ?"
        return self._select(where, (now_ms - FORGOTTEN_MS, most))

    def untouched(self, since_ms: int, *, most: int) -> list[tuple[int, str, str, TrackedAlarm]]:
        """(number, lane, journal, alarm) of those that are open, and that nobody has dealt with since `since_ms`, newest first."""
        open_so = "closed_ms=0 AND ended_ms=0 AND taken_by='' AND at_ms<=? AND shelved_ms<=?"
        return self._select(f"WHERE {open_so} ORDER BY id DESC LIMIT ?", (since_ms, since_ms, most))

    def open_of(self, kind: str) -> list[tuple[int, str, str, TrackedAlarm]]:
        """(number, lane, journal, alarm) of those of a kind that are neither ended nor closed."""
        return self._select("WHERE closed_ms=0 AND ended_ms=0 AND kind=? ORDER BY id", (kind,))

    def raised(
        self, lanes: Collection[str], since_ms: int, until_ms: int, *, most: int
    ) -> list[tuple[int, str, str, TrackedAlarm]]:
        """(number, lane, journal, alarm) of those of these lanes that were first raised in that time, in order."""
        marks = ", ".join("?" for _ in lanes)
        where = f"WHERE lane IN ({marks}) AND at_ms>=? AND at_ms<? ORDER BY at_ms, id LIMIT ?"
        return self._select(where, (*lanes, since_ms, until_ms, most)) if lanes else []

    def every(self, *, most: int) -> list[tuple[int, str, str, TrackedAlarm]]:
        """The latest, closed ones too, the newest first."""
        return self._select("ORDER BY id DESC LIMIT ?", (most,))

    def numbered(self, number: int) -> tuple[str, str, TrackedAlarm] | None:
        """(lane, journal, alarm) of a number."""
        found = self._select("WHERE id=?", (number,))
        return found[0][1:] if found else None

    def add(self, lane: str, journal: str, alarm: TrackedAlarm) -> int:
        """One more; returns its number."""
        values = _values(lane, journal, alarm)
        marks = ", ".join("?" for _ in values)
        sql = f"INSERT INTO alarms ({', '.join(values)}) VALUES ({marks}) RETURNING id"  # noqa: S608 (fixed names)
        return int(self._do(sql, values.values()).fetchone()[0])

    def put(self, number: int, lane: str, journal: str, alarm: TrackedAlarm) -> None:
        """The alarm of that number is this now."""
        values = _values(lane, journal, alarm)
        sets = ", ".join(f"{name}=?" for name in values)
        self._do(f"UPDATE alarms SET {sets} WHERE id=?", [*values.values(), number])  # noqa: S608 (fixed names)

    def forget_closed(self, *, keep: int) -> None:
        """Only the newest `keep` of those that are over stay; the journal has them all."""
        sql = "DELETE FROM alarms WHERE closed_ms>0 AND id <= (SELECT max(id) FROM alarms) - ?"
        self._do(sql, (keep,))

    def cursor(self, lane: str, journal: str) -> int:
        """The last row of a journal that said something about alarms and is in the table; 0 for none."""
        row = self._do("SELECT seq FROM alarm_cursor WHERE lane=? AND journal=?", (lane, journal)).fetchone()
        return int(row[0]) if row else 0

    def move_cursor(self, lane: str, journal: str, seq: int) -> None:
        """That is this row now."""
        sql = (
            "INSERT INTO alarm_cursor(lane, journal, seq) VALUES (?, ?, ?) "
            "ON CONFLICT (lane, journal) DO UPDATE SET seq = excluded.seq"
        )
        self._do(sql, (lane, journal, seq))

    def _select(self, rest: str, values: Iterable[Any]) -> list[tuple[int, str, str, TrackedAlarm]]:
        rows = self._do(f"SELECT {_NAMES} FROM alarms {rest}", values).fetchall()  # noqa: S608 (fixed texts)
        return [_alarm(dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def _alarm(row: dict[str, Any]) -> tuple[int, str, str, TrackedAlarm]:
    key = AlarmKey(row.pop("kind"), row.pop("visit"), row.pop("cause"))
    number, lane, journal = row.pop("id"), row.pop("lane"), row.pop("journal")
    of_core = bool(row.pop("of_core"))
    return number, lane, journal, TrackedAlarm(key=key, of_core=of_core, closed_by=row.pop("cleared_by"), **row)


def _values(lane: str, journal: str, alarm: TrackedAlarm) -> dict[str, Any]:
    key = alarm.key
    named: dict[str, Any] = {"lane": lane, "journal": journal, "visit": key.visit, "kind": key.kind, "cause": key.cause}
    plain = ("detail", "at_ms", "last_ms", "count", "ended_ms", "taken_by", "taken_ms", "closed_ms", "why")
    named |= {name: getattr(alarm, name) for name in (*plain, "shelved_by", "shelved_ms")}
    return named | {"of_core": int(alarm.of_core), "cleared_by": alarm.closed_by}
