"""The control point as its lanes tell it: one `LaneSeen` a lane, moved by what arrives. Pure; time comes in.

Rules of this file:
- What a lane does not say is not guessed. A lane of another version may leave facts out: they keep their defaults, and the
  page says "not told".
- A lane may be on any broker, and the one it left keeps its old state and its Will. What a lane says of itself carries its
  session, a serial and its own time: of two sessions the one whose state is newer by the lane's own clock counts, and within
  a session the higher serial (lessons 32). A Will counts for its own session alone.
- Times of the lane are moved to the wall's clock by the message that carried them, so that seconds on the page are right where
  the box's clock is not. A state that was retained tells no such difference, and its times are taken as they stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec

from domain.alarm_traits import Care
from domain.alarms import care_of
from domain.visit_record import ApprovalDeed
from wire.messages import LaneState, Presence, Telemetry

_SESSIONS = 8
"""Presences of a lane that are remembered: one a broker, and some old ones."""

LIVE_MS = 5_000
"""A state whose own time is within this of its arrival came straight from the lane; an older one was kept by a broker."""


class Heard(StrEnum):
    """How a lane stands at the brokers."""

    UNKNOWN = "unknown"  # nothing was heard of it since the wall began
    ONLINE = "online"
    STOPPED = "stopped"  # its agent was ended in good order
    LOST = "lost"  # its connection broke: the broker's word


@dataclass(frozen=True, slots=True)
class SeenAlarm:
    """A standing alarm, as the lane's state names it."""

    kind: str
    visit: int
    cause: str
    at_ms: int
    taken_by: str

    @property
    def care(self) -> Care:
        """How its kind is dealt with."""
        return care_of(self.kind)

    @property
    def key(self) -> str:
        """As commands name it: kind/visit/cause."""
        return f"{self.kind}/{self.visit}/{self.cause}"


class ApprovalFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a lane last asked of a second officer, and what became of it (`edge.second_officer`); `id` "" before anything was."""

    id: str = ""
    act: str = ""
    deed: str = ""
    officer: str = ""
    reason: str = ""
    visit: int = 0
    until_ms: int = 0
    second: str = ""
    why: str = ""

    @property
    def waits(self) -> bool:
        """Whether somebody is still to answer."""
        return self.id != "" and self.deed == ApprovalDeed.ASKED


class NoticeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a lane's panel says besides its message (`edge.driver_notice`); `notice` "" for nothing."""

    notice: str = ""
    issuer: str = ""
    until_ms: int = 0


_NO_APPROVAL = ApprovalFacts()
_NO_NOTICE = NoticeFacts()


class StateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of `up/state` that the wall shows; names and values are those of `edge.wiring.wall_facts`."""

    open: bool = False
    manual: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    row: str = ""
    row_ms: int = 0
    at_ms: int = 0
    help: str = "none"
    visit: int = 0
    arrived_ms: int = 0
    vrn: str = ""
    doubt: str = ""
    outcome: str = ""
    link: str = ""
    xdb: str = ""
    aiop: str = ""
    parameter: str = ""
    painted: tuple[str, ...] = ()
    alarms: tuple[tuple[str, int, str, int, str], ...] = ()
    alarms_of: str = ""
    alarms_more: int = 0
    approval: ApprovalFacts = _NO_APPROVAL
    notice: NoticeFacts = _NO_NOTICE


class BoxFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of `up/telemetry` that the wall shows."""

    proof_age_ms: int | None = None
    picture_age_ms: int | None = None
    journal_waiting: int = 0


_NO_STATE = StateFacts()
_NO_BOX = BoxFacts()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSeen:
    """One lane, as far as it has been heard. Times are UTC ms by the wall's clock; 0 for never.

    Attributes:
        presences: by session, newest last.
        session, serial: of the state that counts.
        state: its facts, the times among them moved to the wall's clock.
        state_ms: when that state arrived.
        alarms: of the state.
        box: the newest telemetry; box_ms: when it was taken.
        heard_ms: when anything was heard.
    """

    lane: str
    presences: tuple[tuple[int, Heard], ...] = ()
    session: int = 0
    serial: int = 0
    software: str = ""
    told_ms: int = 0
    state: StateFacts = _NO_STATE
    state_ms: int = 0
    alarms: tuple[SeenAlarm, ...] = ()
    box: BoxFacts = _NO_BOX
    box_ms: int = 0
    heard_ms: int = 0

    @property
    def heard(self) -> Heard:
        """How it stands: by its own session; without a state, by whatever session is online."""
        known = dict(self.presences)
        if self.session in known:
            return known[self.session]
        return Heard.ONLINE if Heard.ONLINE in known.values() else next(reversed(known.values()), Heard.UNKNOWN)

    @property
    def visit_key(self) -> str:
        """The visit in the lane as commands name it: lane/journal/number; "" for none."""
        state = self.state
        return f"{self.lane}/{state.alarms_of}/{state.visit}" if state.visit and state.alarms_of else ""


@dataclass(slots=True)
class Point:
    """Every lane of the control point.

    Args:
        names: the lanes.
    """

    names: Iterable[str]
    lanes: dict[str, LaneSeen] = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = {name: LaneSeen(lane=name) for name in self.names}

    def hear(self, message: Presence | LaneState | Telemetry, now_ms: int) -> bool:
        """Takes what a lane said; whether anything that is shown has changed.

        Raises:
            msgspec.ValidationError: facts that are not of the kind that this name has.
            KeyError: no lane of this point.
        """
        before = self.lanes[message.lane]
        match message:
            case Presence():
                after = _present(before, message)
            case LaneState():
                after = _state(before, message, now_ms)
            case _:
                box = msgspec.convert(message.facts, BoxFacts)
                after = replace(before, box=box, box_ms=now_ms - message.age_ms)
        self.lanes[message.lane] = replace(after, heard_ms=now_ms)
        return after != before


def _present(before: LaneSeen, told: Presence) -> LaneSeen:
    others = [one for one in before.presences if one[0] != told.session]
    presences = (*others, (told.session, Heard(told.status)))[-_SESSIONS:]
    software = told.software if told.status == "online" else before.software
    return replace(before, presences=presences, software=software)


def _state(before: LaneSeen, told: LaneState, now_ms: int) -> LaneSeen:
    facts = msgspec.convert(told.facts, StateFacts)
    older = told.serial <= before.serial if told.session == before.session else facts.at_ms < before.told_ms
    if before.state_ms and older:
        return before
    behind = now_ms - facts.at_ms
    by = behind if facts.at_ms and abs(behind) < LIVE_MS else 0
    return replace(
        before,
        session=told.session,
        serial=told.serial,
        told_ms=facts.at_ms,
        state=msgspec.structs.replace(
            facts,
            row_ms=_moved(facts.row_ms, by),
            arrived_ms=_moved(facts.arrived_ms, by),
            notice=msgspec.structs.replace(facts.notice, until_ms=_moved(facts.notice.until_ms, by)),
            approval=msgspec.structs.replace(facts.approval, until_ms=_moved(facts.approval.until_ms, by)),
        ),
        state_ms=now_ms,
        alarms=tuple(SeenAlarm(*one) for one in facts.alarms),
    )


def _moved(at_ms: int, by_ms: int) -> int:
    return at_ms + by_ms if at_ms else 0
