"""Where the walls of the control points order lanes and look back: the operators' lines of JSON, over TLS with certificates both ways.

Rules of this file:
- The certificate says which wall it is, and the settings which lanes that wall may order; nothing that a request says of itself
  can widen either. The wall names the person (`who`), and both are written down as the command's issuer.
- A wall orders what an officer does with a lane, and asks what became of it. It changes no list, and it releases nobody: a release
  is decided at the lane's own page, where its warnings are.
- A wall looks back at its own lanes alone (`wall_requests`). The person is in the audit log before anything is read.
- Who is on shift there it tells: the core writes it down, and grants nothing for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from core.errors import RefusedError
from core.model.people import NAME, Actor, Role
from core.model.refusals import refusal
from core.office.answers import AdminAnswer, CommandState
from core.office.requests import ListCommands, SendCommand, Status
from core.office.wall_requests import LookRequest, ShiftTold
from core.settings import WallsSection

log = logging.getLogger("rocars.core")

ORDERS = frozenset(
    {"open", "close", "manual", "automatic", "answered", "message", "notice", "inspect_visit", "restart_reader"}
    | {"take_alarm", "close_alarm"}
)
"""The commands that a wall may send."""

_LONGEST = 64 << 10
_MOST = 16
"""Connections at once: a wall has one."""

WallRequest = SendCommand | ListCommands | Status | LookRequest | ShiftTold


async def nothing_of_the_past(request: LookRequest, who: Actor, lanes: frozenset[str]) -> Any:
    """Of a core that tells walls nothing of the past; raises RefusedError."""
    del request, who, lanes
    raise RefusedError(refusal("wall_past"))


def no_shifts(told: ShiftTold, who: Actor) -> None:
    """Of a core that writes no shifts down; raises RefusedError."""
    del told, who
    raise RefusedError(refusal("wall_past"))


class WallDoor:
    """Listens for walls.

    Args:
        section: where, and who may order what.
        serve: carries out a request as this person; raises RefusedError where a rule forbids it.
        listening: called with the port once walls can connect.
        look: answers what this person asks of the past of these lanes; raises RefusedError likewise.
        shift: writes down that this person has begun or ended a shift.
    """

    def __init__(
        self,
        section: WallsSection,
        serve: Callable[[Any, Actor], Any],
        listening: Callable[[int], None] = lambda _: None,
        *,
        look: Callable[[LookRequest, Actor, frozenset[str]], Awaitable[Any]] = nothing_of_the_past,
        shift: Callable[[ShiftTold, Actor], None] = no_shifts,
    ) -> None:
        self._section, self._serve, self._listening, self._look = section, serve, listening, look
        self._shift = shift
        self._open = 0

    async def run(self, *, port: int | None = None) -> None:
        """Serves until cancelled; without a port it only waits. `port` replaces the settings'.

        Raises:
            OSError: it cannot listen, or the files of TLS cannot be read.
        """
        wanted = self._section.port if port is None else port
        if port is None and not wanted:
            await asyncio.Event().wait()
        server = await asyncio.start_server(
            self._connected, self._section.host, wanted, ssl=self._tls(), limit=_LONGEST, ssl_handshake_timeout=5.0
        )
        self._listening(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    def _tls(self) -> ssl.SSLContext:
        section = self._section
        assert section.certificate is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(section.authority)
        context.load_cert_chain(section.certificate, section.key)
        return context

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wall = _name(writer.get_extra_info("peercert"))
        self._open += 1
        try:
            if wall not in self._section.lanes or self._open > _MOST:
                log.warning("a wall that calls itself %r was turned away: it is not under walls.lanes", wall)
                return
            with contextlib.suppress(ConnectionError, ValueError):  # gone, or a line longer than any request
                while line := await reader.readline():
                    writer.write(await self._answer(line, wall) + b"\n")
                    await writer.drain()
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, line: bytes, wall: str) -> bytes:
        try:
            request, who = _asked(line, wall)
            self._check(request, wall)
            if isinstance(request, LookRequest):
                result = await self._look(request, who, frozenset(self._section.lanes[wall]))
            elif isinstance(request, ShiftTold):
                self._shift(request, who)
                result = True
            else:
                result = self._serve(request, who)
            if isinstance(request, ListCommands):
                result = [one for one in result if self._own(one, wall)]
            answer = AdminAnswer(result=msgspec.Raw(msgspec.json.encode(result)))
        except RefusedError as error:
            answer = AdminAnswer(problems=error.problems)
        except (msgspec.DecodeError, TypeError) as error:
            answer = AdminAnswer(problems=(f"a wall cannot ask this: {error}",))
        return msgspec.json.encode(answer)

    def _check(self, request: WallRequest, wall: str) -> None:
        if not isinstance(request, SendCommand):
            return
        if request.name not in ORDERS:
            raise RefusedError(refusal("wall_order", name=request.name))
        if request.lane not in self._section.lanes[wall]:
            raise RefusedError(refusal("wall_lane", wall=wall, lane=request.lane))

    def _own(self, command: CommandState, wall: str) -> bool:
        return command.lane in self._section.lanes[wall]


def _asked(line: bytes, wall: str) -> tuple[WallRequest, Actor]:
    """A request, and who makes it: a lane officer whom the wall has signed in and names as `who`."""
    plain = msgspec.json.decode(line, type=dict[str, Any])
    who = str(plain.pop("who", ""))
    request: WallRequest = msgspec.convert(plain, WallRequest)
    if isinstance(request, SendCommand | LookRequest | ShiftTold) and not NAME.fullmatch(who):
        raise RefusedError(refusal("wall_person"))
    return request, Actor(account=who, roles=frozenset({Role.LANE_OFFICER}), login=wall)


def _name(certificate: dict[str, Any] | None) -> str:
    """The common name in a client's certificate, which TLS has checked; "" without."""
    subject = (certificate or {}).get("subject", ())
    return next((str(value) for rdn in subject for name, value in rdn if name == "commonName"), "")
