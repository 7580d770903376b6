"""The life of one alarm, in ISA-18.2's states: pure, and the same at a lane and at the core.

    raised ──► unacknowledged ──taken──► acknowledged ──cause gone, or closed by a person──► closed
                     │
                     └──cause gone──► returned (unacknowledged) ──taken, or 8 hours──► closed

Rules of this file:
- One alarm for each key (kind, visit, cause). Raised again while it is open, it is counted, not repeated.
- What comes and goes (chatter) is one alarm: raised again within `CHATTER_MS` of its end it goes on, with its count and
  with whoever had taken it, so that nobody is called twice to one loose plug. A driver who calls is no loose plug
  (`Care.called`): each call is an alarm of its own, which nobody has taken.
- An end by itself closes what somebody had taken, and what is not worth a look (`Care.stays_listed`). Anything else stays
  listed as returned: it was there, and nobody saw it.
- What a person must end (`Ends.PERSON`) no end of a cause, visit or restart ends.
- A shelved alarm calls nobody until its time is over; it counts and ends as any other.
- Time comes in. What passes by itself (quiet, shelf, escalation, the 8 hours) is a question about now, never a stored fact,
  so both ends answer alike, and a stopped process forgets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from domain.alarm_traits import Care, Ends, Priority
from domain.alarms import care_of, lane_alarm_kind

CHATTER_MS: Final = 300_000
"""Raised again within this of its own end, it is the same alarm."""

FORGOTTEN_MS: Final = 8 * 3_600_000
"""A shift: one that returned and was seen by nobody is no longer listed after it. It stays in the journal."""

LONGEST_SHELF_MS: Final = 8 * 3_600_000
"""Nothing is shelved for longer: the next shift decides anew."""

ESCALATES_MS: Final = {
    Priority.URGENT: 120_000,
    Priority.HIGH: 300_000,
    Priority.MEDIUM: 900_000,
    Priority.LOW: 4 * 3_600_000,
}
"""Untouched for so long, an alarm counts as the next higher priority, and the control room is to call the lane."""

ITSELF: Final = "(itself)"
"""Who closed an alarm that ended by itself; no login has brackets."""


class AlarmState(StrEnum):
    """ISA-18.2's states of an alarm, and shelved."""

    UNACKNOWLEDGED = "unacknowledged"  # it stands, and nobody has taken it
    ACKNOWLEDGED = "acknowledged"  # it stands, and somebody deals with it
    RETURNED = "returned"  # its cause is gone, and nobody had seen it ("returned to normal, unacknowledged")
    SHELVED = "shelved"  # it stands, and an officer does not want to be called for a while
    CLOSED = "closed"  # over ("normal")


@dataclass(frozen=True, slots=True)
class AlarmKey:
    """Which alarm: its kind, the visit it is about (0 for none), and the cause where a kind has several ("camera")."""

    kind: str
    visit: int = 0
    cause: str = ""

    @property
    def text(self) -> str:
        """One word for it: `kind/visit/cause`."""
        return f"{self.kind}/{self.visit}/{self.cause}"

    @classmethod
    def of_text(cls, text: str) -> AlarmKey | None:
        """The key of such a word; None if it is none."""
        kind, _, rest = text.partition("/")
        visit, slash, cause = rest.partition("/")
        return cls(kind, int(visit), cause) if kind and slash and visit.isdecimal() and len(visit) < 16 else None


def lane_key(kind: str, visit: int, cause: str = "") -> AlarmKey:
    """The key of an alarm as a lane raises it: by its name of today; a visit only where each visit has an alarm of its own."""
    known = lane_alarm_kind(kind)
    by_visit = care_of(kind).ends in {Ends.VISIT, Ends.PERSON}
    return AlarmKey(known.value if known is not None else kind, visit if by_visit else 0, cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedAlarm:
    """One alarm, from its first raising to its closing. Times are UTC ms; 0 and "" for what has not happened.

    Attributes:
        key: which.
        of_core: the core raised it, not a lane.
        detail: the newest text about it.
        at_ms, last_ms, count: raised first, last, how often.
        ended_ms: its cause is gone since.
        taken_by, taken_ms: who deals with it.
        closed_by, closed_ms, why: who closed it (`ITSELF` where nobody had to), and what that person wrote.
        shelved_by, shelved_ms: by whom, and until when.
    """

    key: AlarmKey
    of_core: bool = False
    detail: str = ""
    at_ms: int = 0
    last_ms: int = 0
    count: int = 1
    ended_ms: int = 0
    taken_by: str = ""
    taken_ms: int = 0
    closed_by: str = ""
    closed_ms: int = 0
    why: str = ""
    shelved_by: str = ""
    shelved_ms: int = 0

    @property
    def care(self) -> Care:
        """How its kind is dealt with."""
        return care_of(self.key.kind, of_core=self.of_core)

    def state(self, now_ms: int) -> AlarmState:
        """Where it is in its life."""
        ended_ms = self._ended(now_ms)
        if self.closed_ms or (ended_ms and (self.taken_by or not self.care.stays_listed)):
            return AlarmState.CLOSED
        if ended_ms:
            return AlarmState.CLOSED if now_ms - ended_ms >= FORGOTTEN_MS else AlarmState.RETURNED
        if self.shelved_ms > now_ms:
            return AlarmState.SHELVED
        return AlarmState.ACKNOWLEDGED if self.taken_by else AlarmState.UNACKNOWLEDGED

    def stands(self, now_ms: int) -> bool:
        """Whether its cause stands, or a person must still end it."""
        return self.state(now_ms) in {AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED, AlarmState.SHELVED}

    def _ended(self, now_ms: int) -> int:
        """When its cause went, 0 if it stands."""
        care = self.care
        if self.ended_ms or care.ends is not Ends.QUIET:
            return self.ended_ms
        over_ms = self.last_ms + care.quiet_ms
        return over_ms if now_ms >= over_ms else 0

    def over_ms(self, now_ms: int) -> int:
        """Since when it calls nobody any more: its cause is gone, or somebody closed it; 0 while neither is so."""
        return min((one for one in (self._ended(now_ms), self.closed_ms) if one), default=0)

    def escalated(self, now_ms: int) -> bool:
        """Whether it calls somebody, and nobody has touched it for too long."""
        untouched = self.state(now_ms) is AlarmState.UNACKNOWLEDGED
        since_ms = max(self.at_ms, self.shelved_ms)
        return untouched and now_ms - since_ms >= ESCALATES_MS[self.care.priority]

    def priority(self, now_ms: int) -> Priority:
        """How urgent it is now: one higher once it has been left untouched."""
        usual = self.care.priority
        return Priority(max(1, usual.value - 1)) if self.escalated(now_ms) else usual


def raise_alarm(
    known: TrackedAlarm | None, key: AlarmKey, detail: str, at_ms: int, *, of_core: bool = False
) -> TrackedAlarm:
    """The alarm after it was raised; `known` is the newest one of this key."""
    if known is None or not _goes_on(known, at_ms):
        return TrackedAlarm(key=key, of_core=of_core, detail=detail, at_ms=at_ms, last_ms=at_ms)
    return replace(
        known, detail=detail, last_ms=at_ms, count=known.count + 1, ended_ms=0, closed_by="", closed_ms=0, why=""
    )


def _goes_on(known: TrackedAlarm, at_ms: int) -> bool:
    """Whether raising it now is more of the same: it is open, or ended by itself a moment ago."""
    if known.state(at_ms) is not AlarmState.CLOSED:
        return True
    by_person = known.closed_by not in {"", ITSELF}
    return not (by_person or known.care.called) and at_ms - max(known.ended_ms, known.last_ms) < CHATTER_MS


def end_alarm(known: TrackedAlarm, at_ms: int) -> TrackedAlarm:
    """Its cause is gone. What only a person ends stays as it is."""
    if known.closed_ms or known.ended_ms or known.care.ends is Ends.PERSON:
        return known
    ended = replace(known, ended_ms=max(1, at_ms))
    closes = ended.taken_by or not ended.care.stays_listed
    return replace(ended, closed_by=ITSELF, closed_ms=ended.ended_ms) if closes else ended


def take_alarm(known: TrackedAlarm, who: str, at_ms: int) -> TrackedAlarm:
    """Somebody deals with it; whoever takes it later takes it over. One that has returned is closed by being seen."""
    if known.closed_ms:
        return known
    taken = replace(known, taken_by=who, taken_ms=at_ms, shelved_by="", shelved_ms=0)
    over = taken.state(at_ms) is AlarmState.CLOSED
    return replace(taken, closed_by=who, closed_ms=max(1, at_ms)) if over else taken


def close_alarm(known: TrackedAlarm, who: str, why: str, at_ms: int) -> TrackedAlarm:
    """A person ends it. Should its cause still stand, whoever sees the cause raises it anew."""
    if known.closed_ms:
        return known
    taken = known if known.taken_by else replace(known, taken_by=who, taken_ms=at_ms)
    return replace(taken, closed_by=who, closed_ms=max(1, at_ms), why=why, shelved_by="", shelved_ms=0)


def shelve_alarm(known: TrackedAlarm, who: str, until_ms: int, at_ms: int) -> TrackedAlarm:
    """Nobody is called until then; `LONGEST_SHELF_MS` at most."""
    if known.closed_ms or known.ended_ms:
        return known
    return replace(known, shelved_by=who, shelved_ms=min(until_ms, at_ms + LONGEST_SHELF_MS))


def why_not_closed(known: TrackedAlarm, at_ms: int) -> str:
    """Why an officer at the lane cannot close it, "" if that is possible: what its cause ends need not be ended by hand."""
    if known.care.ends is Ends.PERSON or not known.stands(at_ms) or known.care.ends is Ends.QUIET:
        return ""
    return f"it ends by itself, {known.care.ends.value}; take it, or shelve it"
