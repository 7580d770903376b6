"""A request that waits for a second officer: asked for at the page, approved or refused there by somebody else, or lapsed.

Rules of this file:
- It decides nothing: the lane itself refuses what needs two officers and names one (`lane_agent.approval`). Here is only who asked
  for what, on which grounds, and until when.
- One request at a time. It lives in this process alone: a lane that begins anew releases nothing on what was asked before.
- It is void once the vehicle or the grounds are not those on which it was asked for, and an approval of it does nothing.
- Each deed is in the journal before anybody is told of it, with both names.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

from console.acts import ACTS
from console.grounds import basis
from console.ports import ApprovalView, LaneView, OfficerAction, SecondAnswer
from domain.visit_record import ApprovalDeed
from lane_agent.acceptance import SECOND
from lane_agent.approval import one_person
from lane_agent.effects import Effect
from lane_agent.events import ApprovalHandled, Event, LoopBypassed, OfficerReleased

log = logging.getLogger("rocars.lane")

_LOOK_S = 0.25

NOT_NEEDED = "no second officer is needed for this now: look again"
WAITS = "another request waits for a second officer already"
OWN = "you asked for this yourself: somebody else must approve it"
OVER = "that request is over"
LAPSED = "nobody approved it in time"
CHANGED = "the vehicle or the grounds changed while it waited"

Ask = Callable[[Event], Awaitable[Iterable[Effect]]]
Asked = OfficerReleased | LoopBypassed


class SecondOfficer:
    """The desk of one lane.

    Args:
        ask: puts an event to the lane; returns once it is in the journal.
        refused: why the lane did not count the event of these effects, "" if it did.
        view: the lane as it is now.
        mono_ms: a monotonic clock.
        limit_ms: how long a request stands.
        moved: something that is shown has changed.
    """

    def __init__(
        self,
        *,
        ask: Ask,
        refused: Callable[[Iterable[Effect]], str],
        view: Callable[[], LaneView],
        mono_ms: Callable[[], int],
        limit_ms: Callable[[], int],
        moved: Callable[[], None],
    ) -> None:
        self._ask, self._refused, self._view = ask, refused, view
        self._mono_ms, self._limit_ms, self._moved = mono_ms, limit_ms, moved
        self._event: Asked | None = None
        self._grounds = ""
        self._until_ms = 0
        self._watch: asyncio.Task[None] | None = None
        self.shown: ApprovalView | None = None
        self.told: Callable[[], None] = lambda: None
        """Called when something is to be told at the wall that no step of the lane tells."""

    @property
    def waits(self) -> bool:
        """Whether a request waits now."""
        return self.shown is not None and self.shown.deed is ApprovalDeed.ASKED

    async def ask(self, event: OfficerAction) -> str:
        """An officer asks for a second one; why that cannot be, "" if the request stands."""
        view = self._view()
        act = _name(event)
        if not isinstance(event, Asked) or act not in view.second:
            return NOT_NEEDED
        if self.waits:
            return WAITS
        limit_ms = self._limit_ms()
        self._event = replace(event, second="")  # nobody brings his own second officer
        self._grounds, self._until_ms = grounds(act, view), self._mono_ms() + limit_ms
        self.shown = ApprovalView(
            id=secrets.token_hex(8),
            act=act,
            officer=event.officer,
            reason=event.reason,
            visit=view.visit.id if view.visit is not None else 0,
            loop=event.contact.value if isinstance(event, LoopBypassed) else "",
            asked_ms=view.at_ms,
            until_ms=view.at_ms + limit_ms,
        )
        try:
            await self._note(self.shown)
        except BaseException:
            self.shown = self._event = None
            raise
        self._watch = asyncio.create_task(self._wait(self.shown.id), name="second officer")
        return ""

    async def answer(self, answer: SecondAnswer) -> str:
        """A second officer approves or refuses; why nothing came of it, "" if it was done."""
        shown, event = self.shown, self._event
        if shown is None or event is None or shown.id != answer.id or not self.waits:
            return self._why_over(answer.id)
        if answer.approves and one_person(answer.officer, shown.officer):
            return OWN
        if not answer.approves:
            await self._end(ApprovalDeed.REFUSED, second=answer.officer, why=answer.reason)
            return ""
        if await self._look():
            return self._why_over(answer.id)
        self._event = None  # from here on nobody can approve it again
        try:
            why = self._refused(await self._ask(replace(event, second=answer.officer)))
        except BaseException:
            self._told(replace(shown, deed=ApprovalDeed.VOID, second=answer.officer))
            raise
        if why:
            await self._end(ApprovalDeed.VOID, second=answer.officer, why=why)
            return why
        self._told(replace(shown, deed=None, second=answer.officer))
        return ""

    def _why_over(self, wanted: str) -> str:
        shown = self.shown
        if shown is None or shown.id != wanted:
            return OVER
        return {ApprovalDeed.LAPSED: LAPSED, ApprovalDeed.VOID: CHANGED}.get(shown.deed or ApprovalDeed.ASKED, OVER)

    async def _wait(self, wanted: str) -> None:
        """Until it is answered, lapses, or its grounds are gone."""
        while self.waits and self.shown is not None and self.shown.id == wanted and self._event is not None:
            if await self._look():
                return
            await asyncio.sleep(_LOOK_S)

    async def _look(self) -> bool:
        """Whether the request that waits has just ended by itself."""
        shown = self.shown
        if shown is None or not self.waits:
            return False
        if self._mono_ms() >= self._until_ms:
            await self._end(ApprovalDeed.LAPSED)
        elif grounds(shown.act, self._view()) != self._grounds:
            await self._end(ApprovalDeed.VOID, why=CHANGED)
        else:
            return False
        return True

    async def _end(self, deed: ApprovalDeed, *, second: str = "", why: str = "") -> None:
        shown = self.shown
        if shown is None or not self.waits:
            return
        self._event = None
        ended = replace(shown, deed=deed, second=second, why=why)
        self.shown = ended  # before the wait below: nobody else may end it as well
        await self._note(ended)
        self._moved()

    def _told(self, view: ApprovalView) -> None:
        self.shown = view
        self._moved()
        self.told()

    async def _note(self, shown: ApprovalView) -> None:
        deed = shown.deed.value if shown.deed is not None else ""
        await self._ask(
            ApprovalHandled(shown.act, deed, shown.officer, reason=shown.reason, second=shown.second, why=shown.why)
        )

    def facts(self) -> dict[str, Any]:
        """For the wall of lanes: what was asked for last, and what became of it; empty before anything was."""
        shown = self.shown
        if shown is None:
            return {}
        return {
            "id": shown.id,
            "act": shown.act,
            "deed": "approved" if shown.deed is None else shown.deed.value,
            "officer": shown.officer,
            "reason": shown.reason,
            "visit": shown.visit,
            "until_ms": shown.until_ms,
            "second": shown.second,
            "why": shown.why,
        }


def _name(event: OfficerAction) -> str:
    kinds = {type(act.request.example(1)): act.name for act in ACTS if act.name in {"release", "bypass"}}
    return kinds.get(type(event), "")


def grounds(act: str, view: LaneView) -> str:
    """What an approval would rest on, as a short text that changes with it."""
    if act == "release":
        return basis(view)
    visit = 0 if view.visit is None else view.visit.id
    why, faults = [one.value for one in view.manual], [one.value for one, _ in view.faults]
    return repr((view.start, visit, why, [one.value for one in view.bypassed], faults))


def needing(refused: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Of the acts that the lane would refuse now, those that lack nothing but a second officer."""
    return tuple(act for act, why in refused if why == SECOND.why)
