"""What needs an officer, for the whole point: one queue, worst and oldest first. Pure; time comes in.

    appears ──► waiting ──taken──► in somebody's hands ──its cause is gone──► over
                   │ ▲                    │
                   │ └──────given back────┘ (or handed over to another)
                   └──nobody for too long──► escalated: one priority higher, and everybody is called again

Rules of this file:
- A need is made of the alarms that the lanes say stand, and ends with them: nobody closes a need here while its cause
  stands. One vehicle is one need, however many alarms its visit has.
- A lane that is not heard loses no need. It gets one more: that it is not heard.
- Whoever takes what somebody else has must have seen whose it was (`had`): two officers cannot both believe that it is theirs.
- What waits for a second officer (`edge.second_officer`) is a need of its own, for somebody else than whoever asked: he has the
  vehicle's need, and cannot take this one. It ends with the request, and the history has what became of it, with both names.
- What comes again is the lane's same alarm, as old as before (`domain.alarm_lifecycle`); its need waits anew, for nobody could take it
  while it was over.
- What a lane's own officers have taken there is taken here too, in their name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from domain.alarm_lifecycle import CHATTER_MS
from domain.alarm_traits import Desk, Ends, Priority
from domain.alarms import LaneAlarmKind
from lane_agent.approval import one_person
from wall.errors import NeedRefusedError
from wall.point import Heard, LaneSeen, SeenAlarm


class NeedKind(Enum):
    """What kind of need; the value orders them, after what is urgent."""

    RAN = 1
    HELP = 2
    SECOND = 3
    EXCEPTION = 4
    SILENT = 5
    FAULT = 6

    @property
    def word(self) -> str:
        """As the store and the page name it."""
        return self.name.lower()


_RAN = frozenset({LaneAlarmKind.RUN_THROUGH.value, LaneAlarmKind.LEFT_UNSEEN.value})
NOT_HEARD = "LaneNotHeard"
"""The title of the need of a lane that is not heard: an alarm of the wall's own, of no lane."""

SECOND_OFFICER = "SecondOfficer"
"""The title of the need of a request that waits for a second officer, likewise."""

AT_LANE = "@lane"
"""Behind a name: who took it at the lane's own page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One entry of the queue. Times are UTC ms, 0 for what has not happened.

    Attributes:
        key: lane, kind, and the visit or the cause.
        title: the worst of its alarms, by name; cause: which of several causes.
        alarms: those it is made of, as commands name them.
        since_ms: when it appeared; waits_ms: since when nobody has had it, where somebody gave it back or it came again.
        usual: how urgent it is without having been left.
        taken_by, taken_ms: whose it is.
        escalated_ms: since when nobody has taken it for too long.
        asked_by, until_ms: of a request for a second officer: who asked, and when it lapses.
    """

    key: str
    lane: str
    kind: NeedKind
    title: str
    cause: str = ""
    alarms: tuple[str, ...] = ()
    visit: int = 0
    vrn: str = ""
    since_ms: int
    waits_ms: int = 0
    usual: Priority
    taken_by: str = ""
    taken_ms: int = 0
    escalated_ms: int = 0
    asked_by: str = ""
    until_ms: int = 0

    @property
    def priority(self) -> Priority:
        """How urgent it is now."""
        return Priority(max(1, self.usual.value - 1)) if self.escalated_ms else self.usual

    def waited_ms(self, now_ms: int) -> int:
        """How long it has been waiting for somebody."""
        return now_ms - max(self.since_ms, self.waits_ms)

    @property
    def rank(self) -> tuple[bool, bool, int, int, int]:
        """Its place: untaken before taken, urgent before the rest, then by kind, priority and age."""
        urgent = self.priority is Priority.URGENT
        return (bool(self.taken_by), not urgent, self.kind.value, self.priority.value, self.since_ms)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that became of a need, for the history: `what` is appeared, taken, handed, returned, escalated or over."""

    at_ms: int
    need: Need
    what: str
    who: str = ""
    detail: str = ""


@dataclass(slots=True)
class NeedBook:
    """The queue.

    Args:
        limit_ms: how long a need of a priority may wait.
        kept: who had taken which need when the wall ended: key to (name, when).
    """

    limit_ms: Callable[[Priority], int]
    kept: dict[str, tuple[str, int]] = field(default_factory=dict)
    open: dict[str, Need] = field(default_factory=dict)
    _ended: dict[str, int] = field(default_factory=dict, init=False, repr=False)

    def queue(self) -> list[Need]:
        """All, the first to be dealt with first."""
        return sorted(self.open.values(), key=lambda need: need.rank)

    def follow(self, seen: LaneSeen, now_ms: int) -> list[Deed]:
        """A lane has changed: what appeared, what is over, what its own officers have taken."""
        mine = {key: need for key, need in self.open.items() if need.lane == seen.lane}
        wanted = _wanted(seen, now_ms)
        if seen.heard is not Heard.ONLINE:  # what was last known stays until the lane itself says that it is over
            wanted = mine | {key: need for key, need in wanted.items() if need.kind is NeedKind.SILENT}
        deeds = [_over(need, seen, now_ms) for key, need in mine.items() if key not in wanted]
        for deed in deeds:
            del self.open[deed.need.key]
            self._ended[deed.need.key] = now_ms
        self._ended = {key: at_ms for key, at_ms in self._ended.items() if now_ms - at_ms < CHATTER_MS}
        return [*deeds, *(deed for need in wanted.values() for deed in self._merge(need, now_ms))]

    def _merge(self, need: Need, now_ms: int) -> Iterator[Deed]:
        known = self.open.get(need.key)
        if known is None:
            name, at_ms = self.kept.pop(need.key, ("", 0))
            waits = now_ms if self._ended.pop(need.key, 0) else 0
            self.open[need.key] = replace(need, taken_by=need.taken_by or name, taken_ms=at_ms, waits_ms=waits)
            if not name:
                yield Deed(now_ms, self.open[need.key], "appeared")
            return
        after = replace(
            need,
            since_ms=min(known.since_ms, need.since_ms),
            waits_ms=known.waits_ms,
            taken_by=known.taken_by,
            taken_ms=known.taken_ms,
            escalated_ms=known.escalated_ms,
        )
        if need.taken_by and not known.taken_by:
            after = replace(after, taken_by=need.taken_by, taken_ms=now_ms, escalated_ms=0)
            yield Deed(now_ms, after, "taken", need.taken_by)
        self.open[need.key] = after

    def take(self, key: str, who: str, *, had: str, now_ms: int) -> list[Deed]:
        """Somebody takes a need.

        Args:
            key: which.
            who: the login.
            had: whose it was by what that person saw, "" for nobody.
            now_ms: the time.

        Raises:
            NeedRefusedError: it is over, or somebody else has taken it meanwhile.
        """
        need = self._known(key)
        if need.taken_by == who:
            return []
        if need.asked_by and one_person(need.asked_by, who):
            raise NeedRefusedError("You asked for it yourself: somebody else must approve it.")
        if need.taken_by != had:
            raise NeedRefusedError(f"{need.taken_by} has taken it meanwhile.")
        return self._given(need, who, "taken", who, now_ms, detail=f"from {had}" if had else "")

    def hand(self, key: str, who: str, to: str, *, now_ms: int) -> list[Deed]:
        """Whoever has it hands it to somebody else, or back to the queue with `to` "".

        Raises:
            NeedRefusedError: it is over, or not theirs.
        """
        need = self._known(key)
        if need.taken_by != who:
            raise NeedRefusedError("It is not yours to hand over.")
        if need.asked_by and one_person(need.asked_by, to):
            raise NeedRefusedError("That officer asked for it: somebody else must approve it.")
        what = "handed" if to else "returned"
        return self._given(need, to, what, who, now_ms, detail=f"to {to}" if to else "")

    def _given(self, need: Need, to: str, what: str, who: str, now_ms: int, *, detail: str) -> list[Deed]:
        waits = 0 if to else now_ms  # given back, it waits anew
        after = replace(need, taken_by=to, taken_ms=now_ms if to else 0, waits_ms=waits, escalated_ms=0)
        self.open[need.key] = after
        return [Deed(now_ms, after, what, who, detail)]

    def escalate(self, now_ms: int) -> list[Deed]:
        """What nobody has taken for too long, once each."""
        late = [
            need
            for need in self.open.values()
            if not need.taken_by and not need.escalated_ms and need.waited_ms(now_ms) >= self.limit_ms(need.usual)
        ]
        for need in late:
            self.open[need.key] = replace(need, escalated_ms=now_ms)
        return [Deed(now_ms, self.open[need.key], "escalated") for need in late]

    def _known(self, key: str) -> Need:
        need = self.open.get(key)
        if need is None:
            raise NeedRefusedError("It is over.")
        return need


def _wanted(seen: LaneSeen, now_ms: int) -> dict[str, Need]:
    """The needs of a lane as it is."""
    groups: dict[str, tuple[NeedKind, list[SeenAlarm]]] = {}
    for alarm in seen.alarms:
        kind = kind_of(alarm)
        if kind is not None:
            name = f"{seen.lane}/{kind.word}/{_subject(kind, alarm)}"
            groups.setdefault(name, (kind, []))[1].append(alarm)
    found = {key: _need(seen, key, kind, alarms, now_ms) for key, (kind, alarms) in groups.items()}
    if seen.state.approval.waits:
        second = _second(seen, now_ms)
        found[second.key] = second
    if seen.heard is not Heard.ONLINE:
        key = f"{seen.lane}/{NeedKind.SILENT.word}/"
        usual = Priority.HIGH if seen.heard is Heard.LOST else Priority.MEDIUM
        found[key] = Need(key=key, lane=seen.lane, kind=NeedKind.SILENT, title=NOT_HEARD, since_ms=now_ms, usual=usual)
    return found


def _second(seen: LaneSeen, now_ms: int) -> Need:
    asked, state = seen.state.approval, seen.state
    return Need(
        key=f"{seen.lane}/{NeedKind.SECOND.word}/{asked.id}",
        lane=seen.lane,
        kind=NeedKind.SECOND,
        title=SECOND_OFFICER,
        cause=asked.act,
        visit=asked.visit,
        vrn=state.vrn if asked.visit and asked.visit == state.visit else "",
        since_ms=now_ms,
        usual=Priority.HIGH,
        asked_by=asked.officer,
        until_ms=asked.until_ms,
    )


def _over(need: Need, seen: LaneSeen, now_ms: int) -> Deed:
    """It is over; of a request for a second officer, what became of it and by whom."""
    asked = seen.state.approval
    if need.kind is not NeedKind.SECOND:
        return Deed(now_ms, need, "over")
    if need.key != f"{seen.lane}/{NeedKind.SECOND.word}/{asked.id}":  # the lane began anew, and knows it no more
        return Deed(now_ms, need, "over", detail=f"asked by {need.asked_by}: the lane began anew, nothing was done")
    why = f": {asked.why}" if asked.why else ""
    return Deed(now_ms, need, "over", asked.second, f"asked by {asked.officer}: {asked.deed}{why}")


def kind_of(alarm: SeenAlarm) -> NeedKind | None:
    """What kind of need an alarm is; None for what a technician plans by, and what calls nobody."""
    care = alarm.care
    if alarm.kind in _RAN:
        return NeedKind.RAN
    if alarm.kind == LaneAlarmKind.HELP:
        return NeedKind.HELP
    if care.priority is Priority.LOW:
        return None
    if care.ends is Ends.VISIT or (care.desk is Desk.OFFICER and care.ends is Ends.PERSON):
        return NeedKind.EXCEPTION
    return NeedKind.FAULT


def _subject(kind: NeedKind, alarm: SeenAlarm) -> str:
    """What alarms of one need have in common: the vehicle; of a fault, its kind and cause; of help, the lane."""
    if kind is NeedKind.HELP:
        return ""
    return f"{alarm.kind}/{alarm.cause}" if kind is NeedKind.FAULT else str(alarm.visit)


def _need(seen: LaneSeen, key: str, kind: NeedKind, alarms: list[SeenAlarm], now_ms: int) -> Need:
    worst = min(alarms, key=lambda one: (one.care.priority.value, one.at_ms))
    names = {one.taken_by for one in alarms}
    visit = worst.visit or (seen.state.visit if kind is NeedKind.HELP else 0)
    return Need(
        key=key,
        lane=seen.lane,
        kind=kind,
        title=worst.kind,
        cause=worst.cause,
        alarms=tuple(one.key for one in alarms),
        visit=visit,
        vrn=seen.state.vrn if visit and visit == seen.state.visit else "",
        since_ms=min(now_ms, *(one.at_ms for one in alarms)),
        usual=worst.care.priority,
        taken_by="" if "" in names else f"{worst.taken_by}{AT_LANE}",
    )


def kept_of(rows: Mapping[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    """What a store kept of takers, as `NeedBook.kept` wants it: without those that nobody had."""
    return {key: (name, at_ms) for key, (name, at_ms) in rows.items() if name}
