"""The lane's alarms while the box runs: made of the journal, kept in the store, told to people, never twice for one cause.

Rules of this file:
- What stands is what the journal says (`domain.alarm_list`). At the start the table of the store is read and then the rows
  after it, so a restart forgets neither an alarm nor who took it.
- The box's log gets a line for each change that people should hear of: the first raising, every tenfold repetition, the
  escalation, the end, what an officer did. A flapping plug fills no log.
- The end of a trouble goes into the journal only if the trouble stands. After a start nobody knows whether it does: what
  nobody raises again has ended.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from domain.alarm_lifecycle import CHATTER_MS, AlarmKey, AlarmState, TrackedAlarm, lane_key
from domain.alarm_list import AlarmList, says_something
from domain.alarm_traits import Ends, Priority
from domain.alarms import LaneAlarmKind
from lane_agent.effects import Alarm, AlarmEnded, Effect, Record
from lane_agent.events import Event, TroubleEnded, TroubleReported
from lane_agent.model import Moment
from runtime.journald import LEVELS, told_people
from sync.alarm_rows import AlarmRows
from sync.journal import Chain

log = logging.getLogger("rocars.alarm")

HISTORY = 50
"""Alarms that are over and still listed."""

TOLD_TO_THE_CORE = 40
"""Standing alarms that the lane's state names at most."""

_MARKS = (b'"type":"Alarm', b'"kind":"VisitEnded"', b'"kind":"VehicleArrived"', b'"kind":"HelpAnswered"')
_MARKS_HANDLED = b'"kind":"AlarmHandled"'
_FROM_THE_LANE = frozenset(
    {LaneAlarmKind.FAULT_RAISED, LaneAlarmKind.CONTACT_STUCK, LaneAlarmKind.HELP, LaneAlarmKind.HELP_STUCK}
)
"""Those whose causes `step` knows, and ends at a start by itself."""


@dataclass(frozen=True, slots=True)
class ListedAlarm:
    """An alarm as it is now, for people."""

    alarm: TrackedAlarm
    state: AlarmState
    priority: Priority
    escalated: bool


class LaneAlarms:
    """The alarms of this lane, in memory; `domain.alarm_list.AlarmStore`.

    Args:
        rows: the table of the store; left out, nothing outlives the process.
    """

    def __init__(self, rows: AlarmRows | None = None) -> None:
        self._rows = rows
        self._newest: dict[AlarmKey, TrackedAlarm] = {}
        self._past: deque[TrackedAlarm] = deque(maxlen=HISTORY)
        self._changed: dict[tuple[AlarmKey, int], TrackedAlarm] = {}
        self._list = AlarmList(self)
        self._quiet = False
        self._escalated: set[AlarmKey] = set()
        self._told: set[AlarmKey] = set()
        self._cursor = 0
        self.said_at = 0

    # --- `AlarmStore` ------------------------------------------------------------------------------------------------

    def newest(self, key: AlarmKey) -> TrackedAlarm | None:
        """The newest alarm of this key."""
        return self._newest.get(key)

    def live(self) -> Iterable[TrackedAlarm]:
        """Those neither ended nor closed."""
        return [one for one in self._newest.values() if not one.ended_ms and not one.closed_ms]

    def keep(self, alarm: TrackedAlarm, *, anew: bool) -> None:
        """This is the newest of its key now."""
        before = self._newest.get(alarm.key)
        if anew and before is not None:
            self._past.append(before)
        self._newest[alarm.key] = alarm
        self._changed[alarm.key, alarm.at_ms] = alarm
        if not self._quiet:
            _tell(None if anew else before, alarm)

    # --- what the journal says ---------------------------------------------------------------------------------------

    def restore(self, journal: Chain) -> None:
        """Reads the table, and then what the journal says after it.

        Raises:
            StoreError: the store cannot be read.
        """
        self._quiet = True
        if self._rows is not None:
            alarms, self._cursor, self.said_at = self._rows.load()
            for alarm in alarms:
                self.keep(alarm, anew=True)
            self._changed.clear()
        for row in journal.rows(self._cursor + 1):
            if any(mark in row.body for mark in (*_MARKS, _MARKS_HANDLED)):
                self._read(json.loads(row.body), row.seq)
        self._quiet = False

    def _read(self, plain: dict[str, Any], seq: int) -> None:
        """One row, of this release or an older one: what it lacks is empty."""
        at_ms = int(plain["at"]["utc_ms"])
        for one in plain["effects"]:
            kind, visit, cause = str(one.get("kind", "")), int(one.get("visit", 0)), str(one.get("cause", ""))
            match one["type"]:
                case "Alarm":
                    self._list.raised(kind, visit, cause, str(one.get("detail", "")), at_ms)
                case "AlarmEnded":
                    self._list.ended(kind, visit, cause, at_ms)
                case "Record" if says_something(kind):
                    self._list.recorded(kind, visit, dict(one.get("facts", [])), at_ms)
                case _:
                    continue
            self.said_at = seq

    def stepped(self, at: Moment, effects: tuple[Effect, ...], last_row: Callable[[], int]) -> bool:
        """One step is durable; whether it said anything about alarms. `last_row` is asked for the journal's newest row."""
        said = False
        for effect in effects:
            match effect:
                case Alarm():
                    self._list.raised(effect.kind, effect.visit, effect.cause, effect.detail, at.utc_ms)
                case AlarmEnded():
                    self._told.discard(lane_key(effect.kind, effect.visit, effect.cause))
                    self._list.ended(effect.kind, effect.visit, effect.cause, at.utc_ms)
                case Record() if says_something(effect.kind):
                    self._list.recorded(effect.kind, effect.visit, dict(effect.facts), at.utc_ms)
                case _:
                    continue
            said = True
        if said:
            self.said_at = last_row()
        return said

    def is_news(self, event: Event) -> bool:
        """Whether the lane is to be told of this: the end of a trouble that does not stand says nothing."""
        match event:
            case TroubleReported():
                self._told.add(lane_key(event.kind, 0, event.cause))
            case TroubleEnded():
                key = lane_key(event.kind, 0, event.cause)
                known = self._newest.get(key)
                return key in self._told or (known is not None and not known.ended_ms and not known.closed_ms)
            case _:
                pass
        return True

    def unproven(self) -> list[TroubleEnded]:
        """After a start: the ends of all troubles that stood; whoever still sees one raises it again."""
        return [
            TroubleEnded(one.key.kind, one.key.cause)
            for one in self.live()
            if one.care.ends is Ends.CAUSE and one.key.kind not in _FROM_THE_LANE
        ]

    # --- what people see ---------------------------------------------------------------------------------------------

    def listed(self, now_ms: int) -> list[ListedAlarm]:
        """Those that stand or returned unseen, the most urgent and newest first; then what is over, the newest first."""
        now = [_as_of(one, now_ms) for one in self._newest.values()]
        stands = sorted((one for one in now if one.state is not AlarmState.CLOSED), key=_rank)
        over = [*self._past, *(one.alarm for one in now if one.state is AlarmState.CLOSED)]
        latest = sorted(over, key=lambda one: -max(one.closed_ms, one.ended_ms, one.last_ms))[:HISTORY]
        return [*stands, *(_as_of(one, now_ms) for one in latest)]

    def standing(self, now_ms: int) -> list[ListedAlarm]:
        """Those whose cause stands, or which a person must still end."""
        now = [_as_of(one, now_ms) for one in self.live() if one.stands(now_ms)]
        return sorted(now, key=_rank)

    def calls(self, now_ms: int) -> bool:
        """Whether an urgent one stands that nobody has taken, or one that became urgent by being left: the siren."""
        urgent = (one for one in self.live() if one.priority(now_ms) is Priority.URGENT)
        return any(one.state(now_ms) is AlarmState.UNACKNOWLEDGED for one in urgent)

    def open_one(self, name: str) -> TrackedAlarm | None:
        """The alarm that the page calls so, None if there is none or it is over."""
        key = AlarmKey.of_text(name.rpartition("@")[0])
        known = self._newest.get(key) if key is not None else None
        return known if known is not None and not known.closed_ms and page_name(known) == name else None

    def wall_facts(self, journal: str, now_ms: int) -> dict[str, Any]:
        """For the lane's state: the standing alarms as of row `alarms_at` of the journal, and how many more there are."""
        stands = self.standing(now_ms)
        rows = [
            [one.alarm.key.kind, one.alarm.key.visit, one.alarm.key.cause, one.alarm.at_ms, one.alarm.taken_by]
            for one in stands[:TOLD_TO_THE_CORE]
        ]
        more = max(0, len(stands) - TOLD_TO_THE_CORE)
        return {"alarms": rows, "alarms_of": journal, "alarms_at": self.said_at, "alarms_more": more}

    # --- beside the journal ------------------------------------------------------------------------------------------

    def save(self, journal: Chain) -> None:
        """Writes what has changed since the last time.

        Raises:
            StoreError: it is not written; it will be with the next.
        """
        if self._changed and self._rows is not None:
            self._rows.save([*self._changed.values()], journal.head()[0], self.said_at)
        self._changed.clear()

    def tidy(self, now_ms: int) -> None:
        """What is over, and can no longer come again as the same alarm, is history: the newest of it stays listed."""
        over = [one for one in self._newest.values() if one.state(now_ms) is AlarmState.CLOSED]
        for one in over:
            if now_ms - max(one.last_ms, one.ended_ms, one.closed_ms) >= CHATTER_MS:
                self._past.append(self._newest.pop(one.key))

    def escalate(self, now_ms: int) -> bool:
        """Tells, once each, of what nobody has touched for too long; whether there was any."""
        left = {one.key for one in self.live() if one.escalated(now_ms)}
        for key in left - self._escalated:
            one = self._newest[key]
            minutes = (now_ms - one.at_ms) // 60_000
            _say(one, LEVELS[one.priority(now_ms)], f"nobody has taken it for {minutes} minutes")
        news = bool(left - self._escalated)
        self._escalated = left
        return news

    async def run(self, journal: Chain, now_ms: Callable[[], int], moved: Callable[[], None]) -> None:
        """Writes behind, and looks for what only the passing of time changes, until cancelled."""
        before: list[tuple[AlarmKey, AlarmState]] = []
        try:
            while True:
                await asyncio.sleep(_EVERY_S)
                self._save_if_possible(journal)
                now = now_ms()
                self.tidy(now)
                states = [(one.alarm.key, one.state) for one in self.listed(now)]
                if self.escalate(now) or states != before:
                    before = states
                    moved()
        finally:
            self._save_if_possible(journal)

    def _save_if_possible(self, journal: Chain) -> None:
        try:
            self.save(journal)
        except OSError as error:
            log.debug("alarms are not written: %s", error)  # the store's own watch raises the fault


_EVERY_S = 2.0


def page_name(alarm: TrackedAlarm) -> str:
    """What the page calls it: no two alarms of a list share it."""
    return f"{alarm.key.text}@{alarm.at_ms}"


def _as_of(alarm: TrackedAlarm, now_ms: int) -> ListedAlarm:
    return ListedAlarm(alarm, alarm.state(now_ms), alarm.priority(now_ms), alarm.escalated(now_ms))


def _rank(one: ListedAlarm) -> tuple[bool, bool, int, int]:
    untaken = one.state is AlarmState.UNACKNOWLEDGED
    return (not untaken, one.state is AlarmState.RETURNED, one.priority.value, -one.alarm.at_ms)


def _tell(before: TrackedAlarm | None, after: TrackedAlarm) -> None:
    """The line of the box's log for a change, if people should hear of it."""
    if before is None:
        _say(after, LEVELS[after.care.priority], "raised")
    elif after.count > before.count:
        often = str(after.count)
        heard = set(often[1:]) <= {"0"} and often[0] == "1"
        _say(after, LEVELS[after.care.priority] if heard else logging.DEBUG, f"raised {after.count} times")
    elif after.closed_ms and not before.closed_ms:
        _say(after, logging.INFO, f"closed by {after.closed_by}{': ' + after.why if after.why else ''}")
    elif after.ended_ms and not before.ended_ms:
        _say(after, logging.INFO, "its cause is gone; nobody had taken it")
    elif after.taken_by != before.taken_by:
        _say(after, logging.INFO, f"taken by {after.taken_by}")
    elif after.shelved_ms != before.shelved_ms:
        _say(after, logging.INFO, f"shelved by {after.shelved_by}")


def _say(alarm: TrackedAlarm, level: int, what: str) -> None:
    key = alarm.key
    about = f", visit {key.visit}" if key.visit else ""
    log.log(
        level,
        "alarm %s%s: %s (%s)",
        key.kind,
        about,
        alarm.detail or "no more is known",
        what,
        extra=told_people(
            key.kind,
            ALARM=key.text,
            ALARM_PRIORITY=alarm.care.priority.word,
            ALARM_COUNT=str(alarm.count),
            VISIT=str(key.visit),
        ),
    )
