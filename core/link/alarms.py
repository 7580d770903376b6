"""Alarms at the centre: those the lanes raised, and the core's own.

Rules of this file: a lane's alarm is kept as often as the lane raised it (it is in the journal); the core's own is
raised once and stays until an officer clears it, so that one fault is one line (lessons 31).
"""

from __future__ import annotations

import sqlite3

import msgspec

from core.errors import RefusedError
from domain.alarms import CoreAlarmKind


class CoreAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm; `visit` is 0 and `journal` may be "" where no vehicle is concerned."""

    id: int
    at_ms: int
    lane: str
    journal: str
    visit: int
    kind: str
    detail: str
    cleared_by: str


class AlarmBook:
    """The alarms in the store; writes belong to the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, *, at_ms: int, lane: str, journal: str, visit: int, kind: str, detail: str) -> None:
        """Keeps an alarm that a lane raised, or one about a visit; `kind` as the lane calls it, known here or not."""
        self._db.execute(
            "INSERT INTO alarms(at_ms, lane, journal, visit, kind, detail, cleared_by) VALUES (?, ?, ?, ?, ?, ?, '')",
            (at_ms, lane, journal, visit, kind, detail),
        )

    def raise_once(self, *, at_ms: int, lane: str, kind: CoreAlarmKind, detail: str) -> None:
        """Raises the core's own alarm about a lane unless one of that kind stands uncleared."""
        standing = self._db.execute(
            "SELECT 1 FROM alarms WHERE lane=? AND journal='' AND kind=? AND cleared_by=''",
            (lane, kind),
        ).fetchone()
        if standing is None:
            self.add(at_ms=at_ms, lane=lane, journal="", visit=0, kind=kind, detail=detail)

    def clear(self, number: int, *, who: str) -> None:
        """An officer has dealt with it.

        Raises:
            RefusedError: there is no such alarm, or it is cleared.
        """
        done = self._db.execute("UPDATE alarms SET cleared_by=? WHERE id=? AND cleared_by=''", (who, number))
        if done.rowcount == 0:
            raise RefusedError(f"alarm {number} is not standing; list them with rocars-core alarms")

    def standing(self, *, most: int = 500) -> list[CoreAlarm]:
        """The alarms not yet cleared, newest first."""
        return self._select("WHERE cleared_by='' ORDER BY id DESC LIMIT ?", most)

    def every(self, *, most: int = 500) -> list[CoreAlarm]:
        """Cleared ones too, newest first."""
        return self._select("ORDER BY id DESC LIMIT ?", most)

    def _select(self, rest: str, most: int) -> list[CoreAlarm]:
        names = ", ".join(CoreAlarm.__struct_fields__)
        rows = self._db.execute(f"SELECT {names} FROM alarms {rest}", (most,))  # noqa: S608 (fixed texts)
        return [CoreAlarm(**dict(zip(CoreAlarm.__struct_fields__, row, strict=True))) for row in rows]
