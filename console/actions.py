"""What officers do, and in demonstrations what the simulated world does: every route here changes something."""

from __future__ import annotations

from typing import Any, assert_never

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.acts import REQUESTS
from console.context import RouteContext, answer, read
from console.errors import RequestRefusedError
from console.grounds import check_seen, in_words
from console.ports import SimulationPort
from console.requests import (
    AcknowledgeAlarm,
    ActRequest,
    CloseAlarm,
    PressControl,
    SendTruck,
    SimulationRequest,
    SwitchLink,
)


class Actions:
    """The routes `/action`, `/acknowledge`, `/close-alarm` and, where there is a simulated world, `/simulation`."""

    def __init__(self, context: RouteContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """The routes of this file; without a simulated world none for it."""
        found = [
            Route("/action", self._act, methods=["POST"]),
            Route("/acknowledge", self._acknowledge, methods=["POST"]),
            Route("/close-alarm", self._close_alarm, methods=["POST"]),
        ]
        simulation = self._context.simulation
        if simulation is not None:
            found.append(Route("/simulation", _Simulation(self._context, simulation).act, methods=["POST"]))
        return found

    async def _act(self, request: Request) -> Response:
        """Asks the lane, which alone refuses what may not be done now."""
        session = self._context.access.officer(request)
        asked: ActRequest = await read(request, REQUESTS)
        event = asked.event(session.officer)
        check_seen(asked, self._context.feed.view())
        why = await self._context.feed.act(event)
        if why:
            told = in_words(why, self._context.feed.view(), getattr(asked, "visit", 0))
            raise RequestRefusedError(409, f"Not done. {told}")
        return answer(accepted=True, words="Done, and in the journal.")

    async def _acknowledge(self, request: Request) -> Response:
        session = self._context.access.officer(request)
        asked = await read(request, AcknowledgeAlarm)
        if not await self._context.feed.acknowledge(asked.alarm, session.officer):
            raise RequestRefusedError(409, "That is no longer kept here.")
        return answer(accepted=True, words="Noted.")

    async def _close_alarm(self, request: Request) -> Response:
        session = self._context.access.officer(request)
        asked = await read(request, CloseAlarm)
        why = await self._context.feed.close_alarm(asked.alarm, session.officer, asked.checked())
        if why:
            raise RequestRefusedError(409, f"Not closed: {why}.")
        return answer(accepted=True, words="Closed, and in the journal.")


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
