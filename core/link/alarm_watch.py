"""The core's own alarms as the lanes' messages raise and end them, and the lanes' lists of what stands, compared."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any

from core.ledger.store import CoreStore
from core.link.alarms import AlarmBook, LaneAlarmsTold
from domain.alarms import CoreAlarmKind
from domain.times import UtcClock
from runtime.journald import LEVELS, told_people

log = logging.getLogger("rocars.alarm")

ENDING = (
    CoreAlarmKind.CORE_KEY_MISSING,
    CoreAlarmKind.CODES_DIFFER,
    CoreAlarmKind.CORE_WENT_BACK,
    CoreAlarmKind.ROWS_MISSING,
    CoreAlarmKind.ROWS_LATE,
    CoreAlarmKind.LANE_WENT_BACK,
    CoreAlarmKind.TWO_BOXES,
    CoreAlarmKind.LIST_EDITED,
)
"""Those whose end a lane's messages show."""

MOST_LEFT = 20_000
"""Alarms looked at; a territory with more untouched ones has other worries."""

UNTOUCHED = "core/untouched"
"""What the log lines about those are called (`runtime.journald.message_id`)."""


class AlarmWatch:
    """Each call is one transaction, or none.

    Args:
        store: the core's.
        clock: the present time, UTC ms.
    """

    def __init__(self, store: CoreStore, clock: UtcClock) -> None:
        self._store = store
        self._clock = clock
        self._book = AlarmBook(store.connection)
        self._own = {(lane, kind) for kind in ENDING for lane in self._book.lanes_with(kind)}
        self._left: set[int] = set()
        self._uncompared: dict[str, LaneAlarmsTold] = {}

    def seen(self, lane: str, kind: CoreAlarmKind, detail: str) -> None:
        """The cause of such an alarm is there. Within a transaction it is part of that one."""
        with nullcontext() if self._store.in_transaction else self._store.transaction():
            self._book.raise_once(at_ms=self._clock(), lane=lane, kind=kind, detail=detail)
        if kind in ENDING:
            self._own.add((lane, kind))

    def over(self, lane: str, kind: CoreAlarmKind) -> None:
        """The cause of such an alarm is not there; most of the time it never was."""
        if (lane, kind) in self._own:
            self._own.discard((lane, kind))
            with self._store.transaction():
                self._book.end_own(at_ms=self._clock(), lane=lane, kind=kind)

    def escalate(self) -> None:
        """Tells, once each, of what nobody has taken for too long."""
        now = self._clock()
        left = self._book.untouched(now_ms=now, most=MOST_LEFT)
        for number in left.keys() - self._left:
            lane, one = left[number]
            priority = one.priority(now)
            about = told_people(UNTOUCHED, ALARM_PRIORITY=priority.word, LANE=lane, VISIT=str(one.key.visit))
            text = "alarm %d, %s of lane %s: nobody has taken it"
            log.log(LEVELS[priority], text, number, one.key.kind, lane, extra=about)
        self._left = set(left)

    def told(self, lane: str, facts: Mapping[str, Any]) -> None:
        """A lane's state: the alarms that stand here are those that stand there, once the rows that say so have come."""
        told = LaneAlarmsTold.of_facts(facts)
        if told is not None:
            self._compare(lane, told)

    def rows_came(self, lanes: Iterable[str]) -> None:
        """Rows of these lanes have been read."""
        for lane in {*lanes} & self._uncompared.keys():
            self._compare(lane, self._uncompared[lane])

    def _compare(self, lane: str, told: LaneAlarmsTold) -> None:
        with self._store.transaction():
            done = self._book.compare(lane, told, at_ms=self._clock())
        if done:
            self._uncompared.pop(lane, None)
        else:
            self._uncompared[lane] = told
