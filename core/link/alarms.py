"""Alarms at the centre: those of the lanes, by what their journals say, and the core's own. One life each, counted.

Rules of this file:
- A lane's alarm lives by the lane's journal, read as the lane reads it (`domain.alarm_list`); officers of the centre may
  take, shelve and close it here besides.
- A lane tells with its state which alarms stand, as of which row. Where this core has read up to that row and has others,
  the lane is right: rows may have been lost with a backup, or written by an older release.
- The core's own is raised once a cause, counted at most once a minute while it stands, and ends when its cause is gone, where
  that can be seen (lessons 31).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from core.errors import RefusedError
from core.ledger.store import LedgerConnection
from domain.alarm_lifecycle import (
    ESCALATES_MS,
    ITSELF,
    AlarmKey,
    AlarmState,
    TrackedAlarm,
    close_alarm,
    end_alarm,
    shelve_alarm,
    take_alarm,
)
from domain.alarm_list import AlarmList
from domain.alarm_traits import Ends
from domain.alarms import CoreAlarmKind, care_of
from runtime.alarm_table import AlarmTable
from runtime.journald import LEVELS, OF_CORE, told_people

log = logging.getLogger("rocars.alarm")

REPEAT_MS = 60_000
"""The core's own alarm is not counted again within this."""

MOST_TOLD = 100
"""Alarms of a lane's state that are looked at."""


class CoreAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm, as it is now; `visit` is 0 and `journal` may be "" where no vehicle is concerned.

    Attributes:
        at_ms, last_ms, count: raised first, last, how often.
        state: `domain.alarm_lifecycle.AlarmState`; priority: the word of `domain.alarm_traits.Priority`.
        escalated: nobody has taken it for too long.
        ended_ms: its cause is gone since, 0 while it stands.
        cleared_by: who closed it, `ITSELF` where nobody had to, "" while it is open.
        of_core: the core raised it itself.
    """

    id: int
    at_ms: int
    lane: str
    journal: str
    visit: int
    kind: str
    detail: str
    cleared_by: str
    cause: str = ""
    last_ms: int = 0
    count: int = 1
    state: str = ""
    priority: str = ""
    escalated: bool = False
    ended_ms: int = 0
    taken_by: str = ""
    why: str = ""
    of_core: bool = False


class LaneAlarmsTold(msgspec.Struct, frozen=True):
    """Which alarms stand at a lane: facts `alarms_of`, `alarms_at`, `alarms_more` and `alarms` of its state.

    Attributes:
        journal: whose rows.
        at: the journal's last row that says something about alarms.
        more: standing ones that are not named.
        rows: kind, visit, cause, raised first (UTC ms), taken by.
    """

    journal: str
    at: int
    more: int
    rows: tuple[tuple[str, int, str, int, str], ...]

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> Self | None:
        """What a state says of it; None where it says nothing that can be read."""
        told = {
            name: facts.get(f"alarms_{short}") for name, short in (("journal", "of"), ("at", "at"), ("more", "more"))
        }
        try:
            return msgspec.convert({**told, "rows": facts.get("alarms")}, cls)
        except msgspec.ValidationError:
            return None


@dataclass(slots=True)
class _Shelf:
    """`domain.alarm_list.AlarmStore` of one lane's journal in the table."""

    table: AlarmTable
    lane: str
    journal: str

    def newest(self, key: AlarmKey) -> TrackedAlarm | None:
        """The newest alarm of this key."""
        found = self.table.newest(self.lane, self.journal, key)
        return found[1] if found is not None else None

    def live(self) -> Iterable[TrackedAlarm]:
        """Those neither ended nor closed."""
        return [alarm for _, alarm in self.table.live(self.lane, self.journal)]

    def keep(self, alarm: TrackedAlarm, *, anew: bool) -> None:
        """This is the newest of its key now."""
        found = None if anew else self.table.newest(self.lane, self.journal, alarm.key)
        if found is None:
            self.table.add(self.lane, self.journal, alarm)
        else:
            self.table.put(found[0], self.lane, self.journal, alarm)


class AlarmBook:
    """The alarms in the store; writes belong to the caller's transaction."""

    def __init__(self, connection: LedgerConnection) -> None:
        self._table = AlarmTable(connection, mark="%s")

    # --- those of the lanes ------------------------------------------------------------------------------------------

    def of_lane(self, lane: str, journal: str) -> AlarmList:
        """The alarms of a lane's journal, to be moved by what it says."""
        return AlarmList(_Shelf(self._table, lane, journal))

    def read_to(self, lane: str, journal: str, seq: int) -> None:
        """Row `seq` of a journal said something about alarms, and it is in the book."""
        self._table.move_cursor(lane, journal, seq)

    def journal_over(self, lane: str, journals: Iterable[str], *, at_ms: int) -> None:
        """A lane began another journal: of the older ones nobody will hear an end."""
        for journal in journals:
            shelf = _Shelf(self._table, lane, journal)
            for known in list(shelf.live()):
                if not known.of_core:
                    shelf.keep(end_alarm(known, at_ms), anew=False)

    def compare(self, lane: str, told: LaneAlarmsTold, *, at_ms: int) -> bool:
        """Puts right what differs from what the lane says; False while rows are still to come that may say the same."""
        if self._table.cursor(lane, told.journal) < told.at:
            return False
        if self._table.cursor(lane, told.journal) == told.at:
            self._put_right(lane, told, at_ms)
        return True  # else it is older than what is here, and says nothing new

    def _put_right(self, lane: str, told: LaneAlarmsTold, at_ms: int) -> None:
        shelf = _Shelf(self._table, lane, told.journal)
        there = {AlarmKey(kind, visit, cause): (since, by) for kind, visit, cause, since, by in told.rows[:MOST_TOLD]}
        here = {one.key: one for one in shelf.live() if not one.of_core}
        for key in (here.keys() - there.keys()) if not told.more else ():
            gone = end_alarm(here[key], at_ms)
            if gone == here[key]:
                gone = close_alarm(gone, ITSELF, "the lane no longer has it", at_ms)
            shelf.keep(gone, anew=False)
        for key in there.keys() - here.keys():
            since_ms, taken_by = there[key]
            known = shelf.newest(key)
            by_person = known is not None and known.closed_by not in {"", ITSELF} and known.at_ms == since_ms
            if by_person or care_of(key.kind).ends is Ends.QUIET:
                continue
            AlarmList(shelf).raise_key(key, "told with the lane's state", since_ms)
            if taken_by:
                AlarmList(shelf).change(key, lambda one, by=taken_by: take_alarm(one, by, at_ms))  # type: ignore[misc]

    # --- the core's own ----------------------------------------------------------------------------------------------

    def raise_once(
        self,
        *,
        at_ms: int,
        lane: str,
        kind: CoreAlarmKind,
        detail: str,
        journal: str = "",
        visit: int = 0,
        cause: str = "",
    ) -> None:
        """Raises the core's own alarm about a lane; while it stands, it is counted at most once a minute."""
        shelf, key = _Shelf(self._table, lane, journal), AlarmKey(kind.value, visit, cause)
        known = shelf.newest(key)
        if known is not None and known.stands(at_ms) and 0 <= at_ms - known.last_ms < REPEAT_MS:
            return
        AlarmList(shelf).raise_key(key, detail, at_ms, of_core=True)
        _say(lane, shelf.newest(key), "raised" if known is None or not known.stands(at_ms) else "again")

    def end_own(
        self, *, at_ms: int, lane: str, kind: CoreAlarmKind, journal: str = "", visit: int = 0, cause: str = ""
    ) -> None:
        """The cause of the core's own alarm is gone."""
        shelf, key = _Shelf(self._table, lane, journal), AlarmKey(kind.value, visit, cause)
        if AlarmList(shelf).change(key, lambda known: end_alarm(known, at_ms)):
            _say(lane, shelf.newest(key), "its cause is gone")

    def lanes_with(self, kind: CoreAlarmKind) -> set[str]:
        """The lanes about which the core's own alarm of this kind stands."""
        return {lane for _, lane, _, one in self._table.open_of(kind.value) if one.of_core}

    # --- what officers of the centre do ------------------------------------------------------------------------------

    def take(self, number: int, *, who: str, at_ms: int) -> CoreAlarm:
        """An officer deals with it.

        Raises:
            RefusedError: there is no such alarm, or it is over.
        """
        return self._move(number, lambda known: take_alarm(known, who, at_ms), at_ms)

    def clear(self, number: int, *, who: str, at_ms: int, why: str = "") -> CoreAlarm:
        """An officer has dealt with it. Should its cause still stand at a lane, the lane raises it again.

        Raises:
            RefusedError: there is no such alarm, or it is over.
        """
        return self._move(number, lambda known: close_alarm(known, who, why, at_ms), at_ms)

    def shelve(self, number: int, *, who: str, until_ms: int, at_ms: int) -> CoreAlarm:
        """An officer does not want to be called about it for a while.

        Raises:
            RefusedError: there is no such alarm, or it is over.
        """
        return self._move(number, lambda known: shelve_alarm(known, who, until_ms, at_ms), at_ms)

    def _move(self, number: int, how: Callable[[TrackedAlarm], TrackedAlarm], at_ms: int) -> CoreAlarm:
        found = self._table.numbered(number)
        if found is None or found[2].state(at_ms) is AlarmState.CLOSED:
            raise RefusedError(f"alarm {number} is not standing; list them with rocars-core alarms")
        lane, journal, known = found
        after = how(known)
        self._table.put(number, lane, journal, after)
        return _plain(number, lane, journal, after, at_ms)

    # --- lists -------------------------------------------------------------------------------------------------------

    def standing(self, *, now_ms: int, most: int = 500) -> list[CoreAlarm]:
        """Those that stand, or returned and nobody has seen it: what nobody has taken first, by priority and age."""
        found = [_plain(*one, now_ms) for one in self._table.listed(now_ms, most=10 * most)]
        order = [AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED, AlarmState.SHELVED, AlarmState.RETURNED]
        urgency = ["urgent", "high", "medium", "low"]
        listed = [one for one in found if one.state != AlarmState.CLOSED]
        listed.sort(key=lambda one: (order.index(AlarmState(one.state)), urgency.index(one.priority), -one.id))
        return listed[:most]

    def untouched(self, *, now_ms: int, most: int) -> dict[int, tuple[str, TrackedAlarm]]:
        """(lane, alarm) by number of those that call somebody, and that nobody has touched for too long; the newest `most`."""
        asked = self._table.untouched(now_ms - min(ESCALATES_MS.values()), most=most)
        return {number: (lane, alarm) for number, lane, _, alarm in asked if alarm.escalated(now_ms)}

    def every(self, *, now_ms: int, most: int = 500) -> list[CoreAlarm]:
        """Closed ones too, newest first."""
        return [_plain(*one, now_ms) for one in self._table.every(most=most)]


def _say(lane: str, alarm: TrackedAlarm | None, what: str) -> None:
    """The line of the core's log for an alarm of its own."""
    if alarm is None:
        return
    about = told_people(
        f"{OF_CORE}{alarm.key.kind}",
        ALARM=alarm.key.text,
        ALARM_PRIORITY=alarm.care.priority.word,
        ALARM_COUNT=str(alarm.count),
        VISIT=str(alarm.key.visit),
        LANE=lane,
    )
    level = logging.INFO if alarm.ended_ms else LEVELS[alarm.care.priority]
    log.log(level, "alarm %s, lane %s: %s (%s)", alarm.key.kind, lane or "none", alarm.detail, what, extra=about)


def _plain(number: int, lane: str, journal: str, alarm: TrackedAlarm, now_ms: int) -> CoreAlarm:
    return CoreAlarm(
        id=number,
        at_ms=alarm.at_ms,
        lane=lane,
        journal=journal,
        visit=alarm.key.visit,
        kind=alarm.key.kind,
        detail=alarm.detail,
        cleared_by=alarm.closed_by,
        cause=alarm.key.cause,
        last_ms=alarm.last_ms,
        count=alarm.count,
        state=alarm.state(now_ms).value,
        priority=alarm.priority(now_ms).word,
        escalated=alarm.escalated(now_ms),
        ended_ms=alarm.ended_ms,
        taken_by=alarm.taken_by,
        why=alarm.why,
        of_core=alarm.of_core,
    )
