"""What officers do, and in demonstrations what the simulated world does: every route here changes something."""

from __future__ import annotations

from typing import Any, assert_never

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.context import RouteContext, answer, read
from console.errors import RequestRefusedError
from console.ports import ActionAnswer, SimulationPort
from console.requests import AcknowledgeAlarm, Asked, Press, SendTruck, Simulated, SwitchLink, to_event


class Actions:
    """The routes `/action`, `/acknowledge` and, where there is a simulated world, `/simulation`."""

    def __init__(self, parts: RouteContext) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """The routes of this file; without a simulated world none for it."""
        found = [
            Route("/action", self._act, methods=["POST"]),
            Route("/acknowledge", self._acknowledge, methods=["POST"]),
        ]
        simulation = self._parts.simulation
        if simulation is not None:
            found.append(Route("/simulation", _Simulation(self._parts, simulation).act, methods=["POST"]))
        return found

    async def _act(self, request: Request) -> Response:
        session = self._parts.gate.officer(request)
        asked: Any = await read(request, Asked)  # type: ignore[arg-type]  # a union is no type to mypy
        event = to_event(asked, officer=session.officer, view=self._parts.feed.view())
        return _told(await self._parts.feed.act(event))

    async def _acknowledge(self, request: Request) -> Response:
        session = self._parts.gate.officer(request)
        asked = await read(request, AcknowledgeAlarm)
        return _told(await self._parts.feed.acknowledge(asked.alarm, session.officer))


def _told(became: ActionAnswer) -> Response:
    return answer(accepted=became.accepted, words=became.words, status=200 if became.accepted else 409)


class _Simulation:
    def __init__(self, parts: RouteContext, world: SimulationPort) -> None:
        self._parts = parts
        self._world = world

    async def act(self, request: Request) -> Response:
        """Does something in the simulated world."""
        self._parts.gate.officer(request)
        asked: Any = await read(request, Simulated)  # type: ignore[arg-type]  # a union is no type to mypy
        await self._do(asked)
        return answer(accepted=True, words="Done in the simulation.")

    async def _do(self, asked: Simulated) -> None:
        match asked:
            case Press(control):
                await self._world.press(control)
            case SwitchLink(up):
                await self._world.switch_link(up=up)
            case SendTruck(scenario):
                if scenario not in {known.key for known in self._world.view().scenarios}:
                    raise RequestRefusedError(422, "There is no such scenario.")
                await self._world.send_truck(scenario)
            case _:
                assert_never(asked)
