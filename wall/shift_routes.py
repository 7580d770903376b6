"""The routes of shifts: what stands when one begins, begin, and end."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from console.context import answer, read
from console.sessions import Session
from wall.desk import WallDesk
from wall.endpoints import Endpoint
from wall.people import May


class BeginShift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Begin one's own shift."""


class EndShift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """End one's own shift; `note` is for whoever comes next."""

    note: Annotated[str, msgspec.Meta(max_length=300)] = ""


class ShiftRoutes:
    """Shifts, for whoever may take a need."""

    def __init__(self, desk: WallDesk) -> None:
        self._desk = desk

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            Endpoint("/shift", May.TAKE, self._handover),
            Endpoint("/shift/begin", May.TAKE, self._begin, post=True),
            Endpoint("/shift/end", May.TAKE, self._end, post=True),
        ]

    async def _handover(self, request: Request, session: Session) -> Response:
        """What those left to be known who ended their shift last."""
        del request, session
        names = ("shown", "began_ms", "ended_ms", "note")
        rows = [{name: getattr(one, name) for name in names} for one in self._desk.shifts.handover()]
        return Response(msgspec.json.encode(rows), media_type="application/json")

    async def _begin(self, request: Request, session: Session) -> Response:
        await read(request, BeginShift)
        self._desk.shifts.begin(session.officer)
        self._desk.feed.moved()
        return answer(accepted=True, words="")

    async def _end(self, request: Request, session: Session) -> Response:
        asked = await read(request, EndShift)
        self._desk.shifts.end(session.officer, asked.note)
        self._desk.feed.moved()
        return answer(accepted=True, words="")
