"""What a lane's journal says about alarms, made into their lives: the one reading that a lane and the core share.

Rules of this file:
- An alarm raised or ended, and four records, are all that counts (docs/lane.md): what an officer did with an alarm, a call
  answered, a vehicle arrived, a visit ended.
- A lane has one visit: when it ends, or another begins, what ends with a visit is over. The officer who decided the visit
  has seen its alarms.
- A row counts once; whoever keeps the list keeps with it up to which row it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from domain.alarm_lifecycle import (
    ITSELF,
    AlarmKey,
    TrackedAlarm,
    close_alarm,
    end_alarm,
    lane_key,
    raise_alarm,
    shelve_alarm,
    take_alarm,
)
from domain.alarm_traits import Ends
from domain.alarms import LaneAlarmKind
from domain.visit_record import RecordKind

TAKEN, CLOSED, SHELVED = DEEDS = ("taken", "closed", "shelved")
"""What an officer can do with an alarm: fact `deed` of `RecordKind.ALARM_HANDLED`, whose others are `alarm`, `officer`,
`reason` and `until_ms` (of shelving)."""


class AlarmStore(Protocol):
    """Where the alarms of one lane are kept, one newest of each key."""

    def newest(self, key: AlarmKey) -> TrackedAlarm | None:
        """The newest alarm of this key, closed or not."""

    def live(self) -> Iterable[TrackedAlarm]:
        """Those neither ended nor closed."""

    def keep(self, alarm: TrackedAlarm, *, anew: bool) -> None:
        """This is the newest of its key now; `anew`: beside the one before, which is history."""


@dataclass(slots=True)
class AlarmList:
    """The alarms of one lane, moved by what its journal says.

    Attributes:
        store: where they are.
    """

    store: AlarmStore

    def raised(self, kind: str, visit: int, cause: str, detail: str, at_ms: int) -> None:
        """A lane raised an alarm."""
        self.raise_key(lane_key(kind, visit, cause), detail, at_ms)

    def raise_key(self, key: AlarmKey, detail: str, at_ms: int, *, of_core: bool = False) -> None:
        """An alarm of this key is raised."""
        known = self.store.newest(key)
        after = raise_alarm(known, key, detail, at_ms, of_core=of_core)
        anew = known is None or after.at_ms != known.at_ms or after.count == 1
        if known is not None and anew and not known.closed_ms:  # it had ended by itself, and nobody wrote that down yet
            self.store.keep(replace(known, closed_by=ITSELF, closed_ms=max(1, at_ms)), anew=False)
        self.store.keep(after, anew=anew)

    def ended(self, kind: str, visit: int, cause: str, at_ms: int) -> None:
        """A lane says that the cause of an alarm is gone."""
        self.change(lane_key(kind, visit, cause), lambda known: end_alarm(known, at_ms))

    def change(self, key: AlarmKey, how: Callable[[TrackedAlarm], TrackedAlarm]) -> bool:
        """Moves the newest alarm of this key on, if there is one; whether that changed it."""
        known = self.store.newest(key)
        after = known if known is None else how(known)
        if after is None or after == known:
            return False
        self.store.keep(after, anew=False)
        return True

    def recorded(self, kind: str, visit: int, facts: Mapping[str, str], at_ms: int) -> None:
        """A record of a journal; those that say nothing about alarms change nothing."""
        match kind:
            case RecordKind.VISIT_ENDED:
                self._visit_over(lambda number: number == visit, facts.get("officer", ""), at_ms)
            case RecordKind.VEHICLE_ARRIVED:
                self._visit_over(lambda number: number != visit, "", at_ms)
            case RecordKind.HELP_ANSWERED:
                key, officer = lane_key(LaneAlarmKind.HELP, 0), facts.get("officer", "")
                self.change(key, lambda known: take_alarm(known, officer, at_ms))
            case RecordKind.ALARM_HANDLED:
                self._handled(facts, at_ms)
            case _:
                pass

    def _visit_over(self, of: Callable[[int], bool], officer: str, at_ms: int) -> None:
        for known in list(self.store.live()):
            if known.care.ends is Ends.VISIT and known.key.visit and of(known.key.visit):
                seen = take_alarm(known, officer, at_ms) if officer and not known.taken_by else known
                self.store.keep(end_alarm(seen, at_ms), anew=False)

    def _handled(self, facts: Mapping[str, str], at_ms: int) -> None:
        key, who, until = AlarmKey.of_text(facts.get("alarm", "")), facts.get("officer", ""), facts.get("until_ms", "")
        if key is None or not who:
            return
        match facts.get("deed"):
            case "taken":
                self.change(key, lambda known: take_alarm(known, who, at_ms))
            case "closed":
                self.change(key, lambda known: close_alarm(known, who, facts.get("reason", ""), at_ms))
            case "shelved":
                until_ms = int(until) if until.isdecimal() else 0
                self.change(key, lambda known: shelve_alarm(known, who, until_ms, at_ms))
            case _:
                pass


def says_something(kind: str) -> bool:
    """Whether a record of this kind can change an alarm."""
    return kind in {
        RecordKind.VISIT_ENDED,
        RecordKind.VEHICLE_ARRIVED,
        RecordKind.HELP_ANSWERED,
        RecordKind.ALARM_HANDLED,
    }
