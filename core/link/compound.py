"""The Customs Examination Compound: who was sent there, and whether they came (domain §4 row 9).

Rules of this file:
- A vehicle sent to the compound is expected within a configured time; past it an alarm is raised, once; an officer at
  the compound ends the expectation, late or not.
- That time counts on this core's clock, from when it heard of the vehicle. Before that nobody could expect it here, nor
  record that it came: a lane that was cut off for hours would raise an alarm for every vehicle that arrived meanwhile.
  And a lane's own clock, which may be off, can neither raise the alarm too soon nor put it off.
"""

from __future__ import annotations

import msgspec

from core.errors import RefusedError
from core.ledger.store import LedgerConnection
from core.link.alarms import AlarmBook
from domain.alarms import CoreAlarmKind
from domain.marks import normalise


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle on its way to the compound; times in UTC ms, `overdue` once the alarm has been raised.

    `sent_ms` is the lane's word, never later than this core heard it; `due_ms` is this core's own.
    """

    lane: str
    journal: str
    visit: int
    vrn: str
    sent_ms: int
    due_ms: int
    overdue: bool


class Compound:
    """The expectations in the store.

    Args:
        connection: the store's.
        within_ms: how long a vehicle may take to the compound once the core has heard of it.
    """

    def __init__(self, connection: LedgerConnection, *, within_ms: int) -> None:
        self._db = connection
        self._alarms = AlarmBook(connection)
        self._within_ms = within_ms

    def expect(self, *, lane: str, journal: str, visit: int, vrn: str, sent_ms: int, heard_ms: int) -> None:
        """A vehicle was sent, as the core hears at `heard_ms`; inside the caller's transaction.

        Said again for one visit, the first time stands.
        """
        self._db.execute(
            "INSERT INTO compound(lane, journal, visit, vrn, sent_ms, due_ms, overdue) "
            "VALUES (%s, %s, %s, %s, %s, %s, 0) ON CONFLICT DO NOTHING",
            (lane, journal, visit, vrn, min(sent_ms, heard_ms), heard_ms + self._within_ms),
        )

    def expected(self) -> list[Expected]:
        """Every vehicle that has not arrived, the longest due first."""
        names = "lane, journal, visit, vrn, sent_ms, due_ms, overdue"
        rows = self._db.execute(f"SELECT {names} FROM compound WHERE arrived_ms IS NULL ORDER BY due_ms")  # noqa: S608
        return [
            Expected(lane=lane, journal=journal, visit=visit, vrn=vrn, sent_ms=sent, due_ms=due, overdue=bool(late))
            for lane, journal, visit, vrn, sent, due, late in rows
        ]

    def overdue(self, now_ms: int) -> list[Expected]:
        """Those past their time for whom no alarm was raised yet."""
        return [one for one in self.expected() if one.due_ms <= now_ms and not one.overdue]

    def raise_alarms(self, late: list[Expected], *, now_ms: int) -> None:
        """Raises the alarm for each, inside the caller's transaction."""
        for one in late:
            name = one.vrn or "a vehicle whose plate was not read"
            detail = f"{name} was sent to the examination compound and has not arrived"
            self._alarms.raise_once(
                at_ms=now_ms,
                lane=one.lane,
                journal=one.journal,
                visit=one.visit,
                kind=CoreAlarmKind.COMPOUND_OVERDUE,
                detail=detail,
            )
            self._db.execute(
                "UPDATE compound SET overdue=1 WHERE lane=%s AND journal=%s AND visit=%s",
                (one.lane, one.journal, one.visit),
            )

    def arrive(self, vrn: str, *, now_ms: int) -> Expected:
        """An officer at the compound has the vehicle, inside the caller's transaction; returns what was expected.

        Raises:
            RefusedError: no vehicle of that mark is expected.
        """
        plain = normalise(vrn)
        found = next((one for one in self.expected() if one.vrn == plain), None)
        if found is None:
            raise RefusedError(f"{vrn} is not expected at the compound; list those who are with rocars-core compound")
        self._db.execute(
            "UPDATE compound SET arrived_ms=%s WHERE lane=%s AND journal=%s AND visit=%s",
            (now_ms, found.lane, found.journal, found.visit),
        )
        self._alarms.end_own(
            at_ms=now_ms,
            lane=found.lane,
            journal=found.journal,
            visit=found.visit,
            kind=CoreAlarmKind.COMPOUND_OVERDUE,
        )
        return found
