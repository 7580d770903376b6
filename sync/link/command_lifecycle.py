"""A command's way through the lane: judged, made durable, carried out, answered. The machine's part for orders.

Rules of this file:
- Nothing is done before the store has the command's identifier; a crash after that leaves it undone, never done twice.
- The answer says what the lane itself said: an order that its own checks refuse is answered with their words.
- A mode set from afar that has to end is told to the lane like any order; it counts as ended when the lane has stepped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from lane_agent.events import ManualEnded, ManualOrdered
from sync.link.commands import SILENT, Commands, Refusal, Situation, Taken
from sync.link.core_clock import CoreTime
from sync.link.effects import DropRevert, Effect, Order, Publish, Revert
from sync.link.limits import Limits
from sync.link.sender import Sender
from wire.messages import Command, EventsWanted, Reply
from wire.topics import LaneTopics

REVERTED = "revert"
"""Stands for a command's identifier where a mode ends by itself."""


class CommandLifecycle:
    """Where commands are taken in and answered.

    Args:
        topics: the lane's.
        limits: durations.
        sender: the journal's way out, for rows asked for again.
        taken, revert: see `Commands`.
    """

    def __init__(
        self,
        topics: LaneTopics,
        limits: Limits,
        sender: Sender,
        *,
        taken: Mapping[str, int] | None = None,
        revert: Revert | None = None,
    ) -> None:
        self._topics = topics
        self._sender = sender
        self._commands = Commands(topics.lane, limits, taken=taken, revert=revert)
        self._open: dict[str, Taken] = {}

    def proven(self, core: CoreTime) -> None:
        """A proof came."""
        self._commands.proven(core)

    def take(
        self, command: Command, situation: Situation, *, retained: bool
    ) -> tuple[Refusal | None, tuple[Effect, ...]]:
        """A command came, its signature good. Returns why it is refused, and what is to be done."""
        taken = self._commands.take(command, situation, retained=retained)
        if isinstance(taken, Refusal):
            return taken, () if taken in SILENT else (self._reply(command.command, "refused", taken.value),)
        self._open[command.command] = taken
        return None, (taken.keep,)

    def kept(self, command: str, *, failed: bool) -> tuple[Effect, ...]:
        """The store answered a `KeepOrder`."""
        taken = self._open.get(command)
        if taken is None:
            return ()
        if failed:
            del self._open[command]
            self._commands.not_kept(taken)
            return (self._reply(command, "refused", Refusal.NOT_KEPT.value),)
        if isinstance(taken.effect, EventsWanted):
            return self._fetch(command, taken.effect)
        return (taken.effect,)

    def _fetch(self, command: str, wanted: EventsWanted) -> tuple[Effect, ...]:
        del self._open[command]
        rows = self._sender.asked_again(wanted)
        if rows is None:
            return (self._reply(command, "refused", Refusal.OTHER_ROWS.value),)
        return (rows, self._reply(command, "done", f"rows {rows.first} to {rows.last} sent again"))

    def ordered(self, command: str, why: str) -> tuple[Effect, ...]:
        """It was carried out, or was not for this reason."""
        taken = self._open.pop(command, None)
        if taken is None:
            return ()
        return (self._reply(command, "refused", why) if why else self._reply(command, "done", taken.detail),)

    def due(self, core: CoreTime | None) -> tuple[Effect, ...]:
        """The end of a mode set from afar, when its time has come."""
        ended = self._commands.due(core)
        return (Order(REVERTED, ended),) if ended is not None else ()

    def mode_stepped(self, event: ManualOrdered | ManualEnded) -> tuple[Effect, ...]:
        """The lane has stepped over an order for a mode, whoever's."""
        return (DropRevert(),) if self._commands.mode_stepped(event) else ()

    def _reply(self, command: str, outcome: Literal["done", "refused"], detail: str) -> Publish:
        body = Reply(lane=self._topics.lane, command=command, outcome=outcome, detail=detail)
        return Publish(self._topics.reply, body, 1)
