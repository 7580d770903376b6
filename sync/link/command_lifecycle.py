"""Command lifecycle: validate, persist, execute, reply.

Rules of this file:
- Nothing is done before the store has the command's identifier; a crash after that leaves it undone, never done twice.
- The reply repeats what the lane said: an order that its own checks refuse is answered with their words.
- A mode set from the centre that has to end is told to the lane like any order; it has ended when the lane has stepped.
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

REVERTED = "revert"
"""In place of a command's identifier where a mode ends by itself; no reply is due."""


class CommandLifecycle:
    """Takes commands in and replies to them.

    Args:
        lane: its name.
        limits: durations.
        sender: for journal rows asked for again.
        taken, revert: see `Commands`.
    """

    def __init__(
        self,
        lane: str,
        limits: Limits,
        sender: Sender,
        *,
        taken: Mapping[str, int] | None = None,
        revert: Revert | None = None,
    ) -> None:
        self._lane = lane
        self._sender = sender
        self._commands = Commands(lane, limits, taken=taken, revert=revert)
        self._open: dict[str, Taken] = {}

    def on_proof(self, core: CoreTime) -> None:
        """A proof arrived."""
        self._commands.on_proof(core)

    def on_command(
        self, command: Command, situation: Situation, *, retained: bool
    ) -> tuple[Refusal | None, tuple[Effect, ...]]:
        """A command arrived, its signature good. Returns why it is refused, or None, and what is to be done."""
        taken = self._commands.judge(command, situation, retained=retained)
        if isinstance(taken, Refusal):
            return taken, () if taken in SILENT else (self._reply(command.command, "refused", taken.value),)
        self._open[command.command] = taken
        return None, (taken.keep,)

    def on_kept(self, command: str, *, failed: bool) -> tuple[Effect, ...]:
        """The store answered a `KeepOrder`."""
        taken = self._open.get(command)
        if taken is None:
            return ()
        if failed:
            del self._open[command]
            self._commands.on_not_kept(taken)
            return (self._reply(command, "refused", Refusal.NOT_KEPT.value),)
        if isinstance(taken.effect, EventsWanted):
            return self._fetch(command, taken.effect)
        return (taken.effect,)

    def _fetch(self, command: str, wanted: EventsWanted) -> tuple[Effect, ...]:
        del self._open[command]
        rows = self._sender.resend(wanted)
        if rows is None:
            return (self._reply(command, "refused", Refusal.OTHER_ROWS.value),)
        return (rows, self._reply(command, "done", f"rows {rows.first} to {rows.last} sent again"))

    def on_done(self, command: str, why: str) -> tuple[Effect, ...]:
        """It was carried out, or was not, for the reason given."""
        taken = self._open.pop(command, None)
        if taken is None:
            return ()
        return (self._reply(command, "refused", why) if why else self._reply(command, "done", taken.detail),)

    def due(self, core: CoreTime | None) -> tuple[Effect, ...]:
        """The end of a mode set from the centre, when it is due."""
        ended = self._commands.due(core)
        return (Order(REVERTED, ended),) if ended is not None else ()

    def on_mode_stepped(self, event: ManualOrdered | ManualEnded) -> tuple[Effect, ...]:
        """The lane has stepped over an order for a mode, whoever's."""
        return (DropRevert(),) if self._commands.on_mode_stepped(event) else ()

    def _reply(self, command: str, outcome: Literal["done", "refused"], detail: str) -> Publish:
        body = Reply(lane=self._lane, command=command, outcome=outcome, detail=detail)
        return Publish(body)
