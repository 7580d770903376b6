"""What officers do, and in demonstrations what the simulated world does: every route here changes something."""

from __future__ import annotations

from typing import Any, assert_never

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console import requests
from console.acts import ACTS, REQUESTS, acted
from console.context import RouteContext, answer, read, tongue_of
from console.desks import Acted, Deciding
from console.errors import RequestRefusedError
from console.grounds import check_seen, in_words
from console.ports import SimulationPort
from console.requests import (
    AcknowledgeAlarm,
    ActRequest,
    CloseAlarm,
    PressControl,
    SendTruck,
    ShelveAtLane,
    SimulationRequest,
    SwitchLink,
)
from console.tongues import Both, chinese_of, in_tongue


class Actions:
    """The routes `/action`, `/second`, `/deciding`, `/acknowledge`, `/close-alarm`, `/shelve-alarm` and, where there is a simulated world, `/simulation`."""

    def __init__(self, context: RouteContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """The routes of this file; without a simulated world none for it."""
        found = [
            Route("/action", self._act, methods=["POST"]),
            Route("/second", self._second, methods=["POST"]),
            Route("/deciding", self._decides, methods=["POST"]),
            Route("/acknowledge", self._acknowledge, methods=["POST"]),
            Route("/close-alarm", self._close_alarm, methods=["POST"]),
            Route("/shelve-alarm", self._shelve_alarm, methods=["POST"]),
        ]
        simulation = self._context.simulation
        if simulation is not None:
            found.append(Route("/simulation", _Simulation(self._context, simulation).act, methods=["POST"]))
        return found

    async def _act(self, request: Request) -> Response:
        """Asks the lane, which alone refuses what may not be done now."""
        session = self._context.access.officer(request)
        asked: ActRequest = await read(request, REQUESTS)
        event, visit = asked.event(session.officer), getattr(asked, "visit", 0)
        try:
            check_seen(asked, self._context.feed.view())
        except RequestRefusedError as refused:
            raise RequestRefusedError(refused.status, self._who_before(refused.words, visit)) from refused
        name = str(asked.__struct_config__.tag)
        two = name in self._context.feed.view().second
        why = await (self._context.feed.ask_second(event) if two else self._context.feed.act(event))
        if why:
            told = in_words(why, self._context.feed.view(), visit)
            words = Both(f"Not done. {told}", f"未有執行。{chinese_of(told)}")
            raise RequestRefusedError(409, self._who_before(words, visit))
        desks = self._context.desks
        desks.decides(session.csrf, None)
        if two:
            return _done(
                request, Both("Not done yet: it waits for a second officer.", "尚未執行：等候第二名關員批准。")
            )
        desks.last = Acted(session.officer, name, visit, self._context.feed.view().at_ms)
        return _done(request, Both("Done, and in the journal.", "已執行，並記入日誌。"))

    async def _second(self, request: Request) -> Response:
        """A second officer approves what waits, on what he is shown himself; or whoever asked takes it back."""
        access, feed = self._context.access, self._context.feed
        session = access.officer(request)
        asked = await read(request, requests.SecondRequest)
        if asked.approves:
            access.second(request)
        answer_, view = asked.answer(session.officer), feed.view()
        waits = view.approval
        if asked.approves and waits is not None and waits.id == asked.id and waits.act == "release":
            seen = requests.ReleaseVisit(waits.visit, asked.basis, waits.reason, asked.read)
            check_seen(seen, view)
        why = await feed.answer_second(answer_)
        if why:
            told = in_words(why, feed.view(), 0 if waits is None else waits.visit)
            raise RequestRefusedError(409, Both(f"Not done. {told}", f"未有執行。{chinese_of(told)}"))
        if asked.approves and waits is not None:
            self._context.desks.last = Acted(session.officer, waits.act, waits.visit, view.at_ms)
        done = Both("Approved: done, and in the journal with both names.", "已批准並執行，兩人姓名已記入日誌。")
        return _done(request, done if asked.approves else Both("Refused, and in the journal.", "已拒絕，並記入日誌。"))

    def _who_before(self, words: str, visit: int) -> str:
        """A refusal, with who was quicker at this very visit."""
        last = self._context.desks.last
        if last is None or not visit or last.visit != visit:
            return words
        told = acted(last, self._context.officers.shown(last.officer))
        return Both(f"{words} {told}", f"{chinese_of(words)}{told.chinese}")

    async def _decides(self, request: Request) -> Response:
        """A page says that a dialog is open; the other pages show by whom. A dialog left open keeps no page from locking."""
        session = self._context.access.session(request)
        if session is None:
            raise RequestRefusedError(401, "Log in to act.")
        self._context.access.check_token(request, session)
        asked = await read(request, requests.DecidingRequest)
        known = asked.act in {act.name for act in ACTS}
        now = self._context.access.sessions.ticks()
        deciding = Deciding(session.officer, asked.act, asked.visit, now) if known else None
        self._context.desks.decides(session.csrf, deciding)
        return answer(accepted=True, words="")

    async def _acknowledge(self, request: Request) -> Response:
        session = self._context.access.officer(request)
        asked = await read(request, AcknowledgeAlarm)
        noted = [await self._context.feed.acknowledge(alarm, session.officer) for alarm in asked.all]
        if not any(noted):
            raise RequestRefusedError(409, Both("That is no longer kept here.", "此項已不再保存。"))
        return _done(request, Both("Noted.", "已記錄。"))

    async def _close_alarm(self, request: Request) -> Response:
        session = self._context.access.officer(request)
        asked = await read(request, CloseAlarm)
        reason = asked.checked()
        found = [await self._context.feed.close_alarm(alarm, session.officer, reason) for alarm in asked.all]
        if all(found):
            raise RequestRefusedError(409, f"Not closed: {found[0]}.")
        return _done(request, Both("Closed, and in the journal.", "已結案，並記入日誌。"))

    async def _shelve_alarm(self, request: Request) -> Response:
        session = self._context.access.officer(request)
        asked = await read(request, ShelveAtLane)
        reason, feed = asked.checked(), self._context.feed
        found = [await feed.shelve_alarm(alarm, session.officer, reason, asked.minutes) for alarm in asked.all]
        if all(found):
            raise RequestRefusedError(409, f"Not shelved: {found[0]}.")
        return _done(request, Both("Shelved, and in the journal.", "已暫時擱置，並記入日誌。"))


def _done(request: Request, words: Both) -> Response:
    return answer(accepted=True, words=in_tongue(words, tongue_of(request)))


class _Simulation:
    def __init__(self, context: RouteContext, world: SimulationPort) -> None:
        self._context = context
        self._world = world

    async def act(self, request: Request) -> Response:
        """Does something in the simulated world."""
        self._context.access.officer(request)
        asked: Any = await read(request, SimulationRequest)  # type: ignore[arg-type]  # a union is no type to mypy
        await self._do(asked)
        return answer(accepted=True, words="Done in the simulation.")

    async def _do(self, asked: SimulationRequest) -> None:
        match asked:
            case PressControl(control):
                await self._world.press(control)
            case SwitchLink(up):
                await self._world.switch_link(up=up)
            case SendTruck(scenario):
                if scenario not in {known.key for known in self._world.view().scenarios}:
                    raise RequestRefusedError(422, "There is no such scenario.")
                await self._world.send_truck(scenario)
            case _:
                assert_never(asked)
