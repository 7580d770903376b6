"""Which command from the centre is obeyed (design §3): signed, for this lane, in time, once, and of `wire.commands`.

Rules of this file:
- Everything else is refused, counted, and raises an alarm. Arguments that a command does not take are refused too.
- "In time" is by the core's time from the last proof: without a proof no command is good. A command issued before
  this machine's first proof is refused: it may have been executed before a restart by a lane that lost its store.
- Whatever its outcome, an identifier is good once: it is durable before anything is done (`KeepOrder`), and remembered
  until a day after it expired, for the core's clock may have been set back.
- One that names a visit is for that vehicle alone. Whether the event counts is for the lane to decide: its own checks
  apply, so that no command releases over an exact stop (`LinkMachine.on_order_done`).
- "automatic" ends only a manual mode that was set from the centre; what a lane officer ordered, the lane officer ends.
- Who ordered from the centre is recorded as `login@centre`, which no officer's login at the lane can be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from domain.alarm_list import CLOSED, TAKEN
from domain.notices import LONGEST_MS, NO_NOTICE, USUAL_MS, DriverNotice
from lane_agent.events import (
    AlarmHandled,
    DriverNotified,
    Event,
    HelpAnswered,
    LaneClosed,
    LaneOpened,
    ManualEnded,
    ManualOrdered,
    OfficerInspected,
    OfficerReleased,
    WordsReceived,
)
from lane_agent.model import Link
from sync.link.core_clock import CoreTime
from sync.link.effects import Effect, FetchPicture, KeepOrder, Order, RestartReader, Revert
from sync.link.limits import Limits
from wire.commands import ARGUMENTS, COMMANDS
from wire.messages import Command, EventsWanted

CENTRE = "@centre"
_KEPT_MS = 86_400_000
_NOTICES = frozenset({*DriverNotice, NO_NOTICE})


class Refusal(Enum):
    """Why a command is not obeyed; the value is the counter and the answer."""

    RETAINED = "command_retained"
    FOREIGN = "command_foreign"
    REPLAYED = "command_replayed"
    NO_TIME = "command_without_core_time"
    EXPIRED = "command_expired"
    TOO_EARLY = "command_from_the_future"
    LONG_LIVED = "command_good_for_too_long"
    BEFORE_START = "command_from_before_start"
    UNKNOWN = "command_unknown"
    INCOMPLETE = "command_incomplete"
    NO_SUCH_NOTICE = "notice_not_on_the_list"
    OTHER_VISIT = "command_for_another_visit"
    NOT_FRESH = "command_while_not_fresh"
    LANES_OWN = "command_against_a_lane_officers_order"
    OTHER_ROWS = "command_for_rows_not_held"
    TOO_MANY_ROWS = "command_for_too_many_rows"
    NOT_KEPT = "command_could_not_be_kept"


SILENT = {Refusal.RETAINED, Refusal.FOREIGN, Refusal.REPLAYED}
"""Refused without a reply: a reply to a copy would drown the one to the real command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The lane at the moment a command is judged.

    Attributes:
        core: the core's time, None without a proof.
        link: the verdict.
        visit: key of the visit in the lane, "" if none.
        ordered: the lane is in manual mode by an order, whoever's.
        journal, last: the journal here, and its last row.
    """

    core: CoreTime | None
    link: Link
    visit: str
    ordered: bool
    journal: str
    last: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A command to be obeyed: first `keep`, then `effect`.

    Attributes:
        detail: of the reply, once it is done.
        before: what was to revert before it.
    """

    keep: KeepOrder
    effect: Effect | EventsWanted
    detail: str = ""
    before: Revert | None = None


class Commands:
    """Judges commands; remembers the ones taken, and the mode that has to revert.

    Args:
        lane: its name.
        limits: durations.
        taken: identifier to expiry of the commands taken before this start.
        revert: what was to revert when the agent ended.
    """

    def __init__(
        self, lane: str, limits: Limits, *, taken: Mapping[str, int] | None = None, revert: Revert | None = None
    ) -> None:
        self._lane = lane
        self._limits = limits
        self._taken = dict(taken or {})
        self._first_ms: int | None = None
        self._ending = False
        self.revert = revert

    def on_proof(self, core: CoreTime) -> None:
        """A proof arrived; commands issued before the first one are refused."""
        if self._first_ms is None:
            self._first_ms = core.ms

    def judge(self, command: Command, situation: Situation, *, retained: bool) -> Taken | Refusal:
        """Judges a command whose signature is good. Anything but a copy uses its identifier up."""
        refusal = self._refusal(command, situation, retained=retained)
        if refusal is not None or situation.core is None:
            return refusal or Refusal.NO_TIME
        self._forget(situation.core.ms - _KEPT_MS)
        self._taken[command.command] = command.expires_ms
        refusal = _unfit(command, situation) or _unlisted(command) or self._against_the_lane(command, situation)
        if command.last - command.first >= self._limits.range_rows:
            refusal = refusal or Refusal.TOO_MANY_ROWS
        if refusal is not None:
            return refusal
        before = self.revert
        effect = _EFFECTS[command.name](command, f"{command.issuer}{CENTRE}")
        detail = self._set_revert(command, situation)
        keep = KeepOrder(command.command, command.expires_ms, situation.core.ms - _KEPT_MS, self.revert)
        self._ending = self._ending and self.revert is before
        return Taken(keep, effect, detail, before)

    def on_not_kept(self, taken: Taken) -> None:
        """The store could not keep it: nothing is done, and what was to revert before still is."""
        self.revert = taken.before

    def _forget(self, before_ms: int) -> None:
        self._taken = {name: end for name, end in self._taken.items() if end > before_ms}

    def _refusal(self, command: Command, situation: Situation, *, retained: bool) -> Refusal | None:
        if retained:
            return Refusal.RETAINED
        if command.lane != self._lane:
            return Refusal.FOREIGN
        if command.command in self._taken:
            return Refusal.REPLAYED
        return self._out_of_time(command, situation.core)

    def _out_of_time(self, command: Command, core: CoreTime | None) -> Refusal | None:
        if core is None or self._first_ms is None:
            return Refusal.NO_TIME
        latest = core.ms + core.slack_ms
        if latest >= command.expires_ms:
            return Refusal.EXPIRED
        if command.issued_ms > latest + self._limits.ahead_ms:
            return Refusal.TOO_EARLY
        if command.expires_ms - command.issued_ms > self._limits.command_ms:
            return Refusal.LONG_LIVED
        return Refusal.BEFORE_START if command.issued_ms < self._first_ms else None

    def _against_the_lane(self, command: Command, situation: Situation) -> Refusal | None:
        """A lane officer who ordered manual mode has seen something; it ends where it was ordered."""
        theirs = situation.ordered and self.revert is None
        return Refusal.LANES_OWN if command.name == "automatic" and theirs else None

    def _set_revert(self, command: Command, situation: Situation) -> str:
        if command.name != "manual" or situation.core is None:
            return ""
        if situation.ordered and self.revert is None:
            return "manual mode was ordered at the lane already, and ends there"
        lasts = command.revert_ms or self._limits.revert_ms
        self.revert = Revert(f"{command.issuer}{CENTRE}", situation.core.ms + lasts)
        return f"reverts by itself after {lasts // 1000} s"

    def due(self, core: CoreTime | None) -> ManualEnded | None:
        """The end of a mode set from the centre, when it is due by the core's time; once a start of the agent."""
        if self._ending or self.revert is None or core is None or core.ms < self.revert.until_ms:
            return None
        self._ending = True
        return ManualEnded(self.revert.issuer)

    def on_mode_stepped(self, event: ManualOrdered | ManualEnded) -> bool:
        """A mode was ordered or ended, at the lane or from the centre. Returns whether nothing is to revert any more."""
        from_centre = event.officer.endswith(CENTRE)
        if self.revert is None or (from_centre and isinstance(event, ManualOrdered)):
            return False
        self.revert, self._ending = None, False
        return True


def _unfit(command: Command, situation: Situation) -> Refusal | None:
    """What is wrong with the command itself, or with its visit, its rows, the link."""
    form = COMMANDS.get(command.name)
    if form is None:
        return Refusal.UNKNOWN
    given = {name for name in ARGUMENTS if getattr(command, name)}
    if not {*form.needs} <= given <= {*form.needs, *form.may} or (command.text and not command.text.strip()):
        return Refusal.INCOMPLETE
    if command.visit and command.visit != situation.visit:
        return Refusal.OTHER_VISIT
    if command.name == "release_visit" and situation.link is not Link.FRESH:
        return Refusal.NOT_FRESH
    if command.name == "fetch":
        held = command.journal == situation.journal and 1 <= command.first <= command.last <= situation.last
        return None if held else Refusal.OTHER_ROWS
    return None


def _unlisted(command: Command) -> Refusal | None:
    """A notice that is none of the fixed list, or would stand for too long."""
    listed = command.text in _NOTICES and command.revert_ms <= LONGEST_MS
    return Refusal.NO_SUCH_NOTICE if command.name == "notice" and not listed else None


def _number(visit: str) -> int:
    """The visit's number of its key lane/journal/number, which is this lane's own."""
    return int(visit.rsplit("/", 1)[1])


def _notified(command: Command, who: str) -> DriverNotified:
    visit = _number(command.visit) if command.visit else 0
    return DriverNotified(command.text, who, visit, command.revert_ms or USUAL_MS)


def _closed(text: str, who: str) -> AlarmHandled:
    alarm, _, reason = text.partition("|")
    return AlarmHandled(alarm, CLOSED, who, reason)


def _order(event: Callable[[Command, str], Event]) -> Callable[[Command, str], Effect]:
    return lambda command, who: Order(command.command, event(command, who))


_EFFECTS: dict[str, Callable[[Command, str], Effect | EventsWanted]] = {
    "manual": _order(lambda command, who: ManualOrdered(who, command.text)),
    "automatic": _order(lambda _, who: ManualEnded(who)),
    "open": _order(lambda _, who: LaneOpened(who)),
    "close": _order(lambda command, who: LaneClosed(who, command.text)),
    "answered": _order(lambda _, who: HelpAnswered(who)),
    "release_visit": _order(lambda command, who: OfficerReleased(_number(command.visit), who, command.text)),
    "inspect_visit": _order(lambda command, who: OfficerInspected(_number(command.visit), who, command.text)),
    "message": _order(lambda command, who: WordsReceived(who, command.text)),
    "notice": _order(_notified),
    "take_alarm": _order(lambda command, who: AlarmHandled(command.text, TAKEN, who)),
    "close_alarm": _order(lambda command, who: _closed(command.text, who)),
    "restart_reader": lambda command, who: RestartReader(command.command, who, command.text),
    "upload": lambda command, _: FetchPicture(command.command, command.picture),
    "fetch": lambda command, _: EventsWanted(
        lane=command.lane, journal=command.journal, first=command.first, last=command.last
    ),
}
