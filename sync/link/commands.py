"""Which command from afar is obeyed (design §3): signed, for this lane, in time, once, and one of a few.

Rules of this file:
- What may be ordered from afar: manual mode (it reverts by itself), its end, words for the lane, and that a help call
  was answered. A release is not among them. Everything else is refused, counted, and raises an alarm.
- In time means by the core's time from the last proof: without a proof no command is good. A command issued before
  this machine's first proof is refused: it may have been executed before a restart, and nobody here would know.
- Whatever its outcome, an identifier is good once; it is remembered until it has expired.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lane_agent.events import Event, HelpAnswered, ManualEnded, ManualOrdered
from sync.link.freshness import CoreTime
from sync.link.limits import Limits
from sync.wire.messages import Command


class Refusal(Enum):
    """Why a command is not obeyed; the value is the counter and the answer."""

    RETAINED = "command_retained"
    FOREIGN = "command_foreign"
    REPLAYED = "command_replayed"
    NO_TIME = "command_without_core_time"
    EXPIRED = "command_expired"
    TOO_EARLY = "command_from_the_future"
    BEFORE_START = "command_from_before_start"
    UNKNOWN = "command_unknown"


SILENT = {Refusal.RETAINED, Refusal.FOREIGN, Refusal.REPLAYED}
"""Refused without an answer: the answer to the real command is not to be drowned by one to its copy."""


@dataclass(frozen=True, slots=True)
class Obeyed:
    """The event it became; None for words only."""

    event: Event | None


class Commands:
    """Remembers what was executed, and what has to revert."""

    def __init__(self, lane: str, limits: Limits) -> None:
        self._lane = lane
        self._limits = limits
        self._seen: dict[str, int] = {}
        self._first_ms: int | None = None
        self._revert: tuple[int, str] | None = None

    def proven(self, core: CoreTime) -> None:
        """A proof came; the first one says since when commands are taken."""
        if self._first_ms is None:
            self._first_ms = core.ms

    def take(self, command: Command, core: CoreTime | None, now: int, *, retained: bool) -> Obeyed | Refusal:
        """Judges a command whose signature is good, and executes it if it is good too."""
        refusal = self._refusal(command, core, retained=retained)
        if refusal is not None:
            return refusal
        if core is not None:
            self._seen = {name: end for name, end in self._seen.items() if end > core.ms}
        self._seen[command.command] = command.expires_ms
        return self._obey(command, now)

    def _refusal(self, command: Command, core: CoreTime | None, *, retained: bool) -> Refusal | None:
        if retained:
            return Refusal.RETAINED
        if command.lane != self._lane:
            return Refusal.FOREIGN
        if command.command in self._seen:
            return Refusal.REPLAYED
        return self._out_of_time(command, core)

    def _out_of_time(self, command: Command, core: CoreTime | None) -> Refusal | None:
        if core is None or self._first_ms is None:
            return Refusal.NO_TIME
        latest = core.ms + core.slack_ms
        if latest >= command.expires_ms:
            return Refusal.EXPIRED
        if command.issued_ms > latest + self._limits.ahead_ms:
            return Refusal.TOO_EARLY
        return Refusal.BEFORE_START if command.issued_ms < self._first_ms else None

    def _obey(self, command: Command, now: int) -> Obeyed | Refusal:
        match command.name:
            case "manual":
                self._revert = (now + (command.revert_ms or self._limits.revert_ms), command.issuer)
                return Obeyed(ManualOrdered(command.issuer, command.text))
            case "automatic":
                self._revert = None
                return Obeyed(ManualEnded(command.issuer))
            case "answered":
                return Obeyed(HelpAnswered(command.issuer))
            case "message":
                return Obeyed(None)
            case _:
                return Refusal.UNKNOWN

    def due(self, now: int) -> Event | None:
        """The end of a mode set from afar, when its time is up."""
        if self._revert is None or now < self._revert[0]:
            return None
        issuer, self._revert = self._revert[1], None
        return ManualEnded(issuer)
