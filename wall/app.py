"""The wall as one ASGI application: the routes as a table of endpoints, each with what it lets somebody do."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Annotated, Final, Protocol
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

import console
from console.access import Access
from console.context import answer, on_refused, read, tongue_of
from console.errors import LiveUnavailableError, RequestRefusedError
from console.headers import FORM_ACTION, SafeHeaders
from console.live import MEDIA_TYPE, NO_LIVE
from console.login import LoginRoutes, templates
from console.officers import OfficerBook
from console.ports import Ticks
from console.sessions import Session
from console.tongues import Both, Tongue, in_tongue, joined
from domain.notices import LONGEST_MS, NO_NOTICE, DriverNotice
from lane_agent.model import Screen
from lane_agent.wording import NOTICES, Scene
from runtime.store_errors import StoreError
from wall.desk import WallDesk
from wall.endpoints import Endpoint, Gatekeeper, OpenEndpoint
from wall.errors import LanePageError, NeedRefusedError, ShiftRefusedError
from wall.lane_pages import LanePages
from wall.look_pages import LookRoutes
from wall.needs import Need
from wall.number_pages import NumberRoutes
from wall.oidc import OidcClient
from wall.oidc_routes import OidcRoutes
from wall.orders import MAY_BE_OF_VISIT, NEEDS, OF_VISIT, WITH_REASON, Became, CoreLine, OrderOutcome
from wall.past import PastDesk
from wall.people import RIGHTS, May
from wall.pictures import PictureBoard
from wall.point_cameras import PointCameras
from wall.present import one_of
from wall.shift_routes import ShiftRoutes
from wall.video_routes import VideoRoutes
from wall.words import BECAME, ROLES, refused, sign_in_refused

_HERE: Final = Path(__file__).parent
_SHARED: Final = Path(console.__file__).parent / "static"
_BODY_LIMIT: Final = 16 * 1024
_BEAT_S: Final = 1.0
_STREAMS: Final = 64
"""Streams at once; the oldest gives its place."""


class Painter(Protocol):
    """Paints a driver's screen (`display.sign_renderer`)."""

    async def paint(self, screen: Screen, scene: Scene, parameter: str, notice: str = "") -> bytes | None:
        """PNG."""


@dataclass(frozen=True, slots=True)
class WallParts:
    """What the wall is made of."""

    desk: WallDesk
    access: Access
    pictures: PictureBoard
    painter: Painter
    ticks: Ticks
    core: CoreLine
    pages: LanePages | None = None
    oidc: OidcClient | None = None
    past: PastDesk = field(default_factory=lambda: PastDesk(CoreLine(None)))
    started: str = field(default_factory=lambda: secrets.token_hex(8))
    """Which start of the wall this is: a browser that was there before learns that it was restarted."""


class TakeNeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take a need; `had` is whose it was by what the page showed."""

    need: str
    had: str = ""


class HandNeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hand a need of one's own over; to "" back to the queue."""

    need: str
    to: str = ""


class GiveOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Order something of lanes; `visit` is the vehicle that the page showed, where it is about one.

    `text` of a notice is its name in the fixed list; `minutes` how long it stands.
    """

    name: str
    lanes: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    text: Annotated[str, msgspec.Meta(max_length=200)] = ""
    visit: str = ""
    minutes: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_MS // 60_000)] = 0


class WallRoutes:
    """The wall's own routes."""

    def __init__(self, parts: WallParts) -> None:
        self.parts = self._parts = parts
        self._desk = parts.desk
        self._officers: OfficerBook = parts.desk.officers
        self._login = LoginRoutes(parts.access, self._page)
        self._jinja = templates(_HERE / "templates")
        self._gate = Gatekeeper(parts.access, self._officers)
        self._looks = LookRoutes(parts.desk, parts.past, access=parts.access, page=self._page, role=self._gate.role)
        self._numbers = NumberRoutes(parts.desk, parts.past, draw=self._looks.draw)
        self._oidc = None if parts.oidc is None else self._signing_in(parts.oidc)
        self._cameras = PointCameras(parts.desk.settings.cameras)
        self._closed = asyncio.Event()
        self._telling: set[asyncio.Task[None]] = set()
        self._signs: dict[tuple[Screen, Scene, str, str], bytes] = {}

    def endpoints(self) -> list[Endpoint | OpenEndpoint]:
        """All of them."""
        login = self._login
        return [
            Endpoint("/", May.WATCH, self._wall, page=True),
            OpenEndpoint("/login", login.form),
            OpenEndpoint("/login", login.log_in, post=True),
            OpenEndpoint("/logout", self._log_out, post=True),
            OpenEndpoint("/unlock", self._unlock, post=True),
            *(self._oidc.endpoints() if self._oidc is not None else ()),
            OpenEndpoint("/language", login.language, post=True),
            OpenEndpoint("/here", login.here, post=True),
            Endpoint("/events", May.WATCH, self._events),
            Endpoint("/pictures", May.WATCH, self._pictures),
            Endpoint("/sign/{screen}/{scene}", May.WATCH, self._sign),
            Endpoint("/needs/take", May.TAKE, self._take, post=True),
            Endpoint("/needs/hand", May.TAKE, self._hand, post=True),
            Endpoint("/orders", May.TAKE, self._order, post=True),
            Endpoint("/lanes/{lane}/enter", May.DECIDE, self._enter),
            Endpoint("/lanes/{lane}/live", May.WATCH, self._live),
            Endpoint("/deeds", May.LOOK_BACK, self._deeds),
            *ShiftRoutes(self._desk).endpoints(),
            *VideoRoutes(self._desk, self._parts.access).endpoints(),
            *self._looks.endpoints(),
            *self._numbers.endpoints(),
        ]

    def _signing_in(self, client: OidcClient) -> OidcRoutes:
        return OidcRoutes(
            client,
            access=self._parts.access,
            officers=self._officers,
            login=self._login,
            page=self._page,
            look=self._desk.look,
            secure=self._desk.settings.page.secure,
        )

    def app(self) -> Starlette:
        """The application."""
        settings = self._desk.settings.page
        found = Starlette(
            routes=[
                *(self._gate.route(endpoint) for endpoint in self.endpoints()),
                Mount("/static", StaticFiles(directory=_HERE / "static")),
                Mount("/shared", StaticFiles(directory=_SHARED)),
            ],
            middleware=[
                Middleware(SafeHeaders, secure=settings.secure),
                Middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts, www_redirect=False),
            ],
            exception_handlers={
                RequestRefusedError: on_refused,
                NeedRefusedError: _on_need_refused,
                ShiftRefusedError: _on_need_refused,
                StoreError: _on_store_failed,
                LanePageError: _on_page_away,
            },
            max_body_size=_BODY_LIMIT,
        )
        found.state.started = self._parts.started
        return found

    def close(self) -> None:
        """Ends every stream within a beat."""
        self._closed.set()
        self._parts.pictures.close()

    # --- pages -----------------------------------------------------------------------------------------------------------

    def _page(self, template: str, request: Request, *, status: int = 200, **values: object) -> Response:
        tongue = self._parts.access.tongue(request)
        other = next(one for one in Tongue if one is not tongue)
        where = self._desk.settings.wall
        session, oidc = self._parts.access.session(request), self._desk.settings.oidc
        body = self._jinja.get_template(template).render(
            guest=session is not None and session.role is not None,
            oidc=None if oidc is None else (oidc.label_chinese if tongue is Tongue.CHINESE else oidc.label),
            point=(where.point_chinese or where.point) if tongue is Tongue.CHINESE else where.point,
            tongue=tongue.value,
            other_tongue=other.value,
            two=lambda english, chinese: chinese if tongue is Tongue.CHINESE else english,
            **values,
        )
        return HTMLResponse(body, status_code=status)

    async def _log_out(self, request: Request) -> Response:
        """Ends the session; whoever came with the control room's account is sent to end that one too."""
        session = self._parts.access.session(request)
        leave = "" if session is None or self._oidc is None else self._oidc.leave(session)
        response = await self._login.log_out(request)
        if leave:
            body = msgspec.json.decode(response.body) | {"goes_to": leave}
            return Response(msgspec.json.encode(body), media_type="application/json")
        return response

    async def _unlock(self, request: Request) -> Response:
        """The password again; of the control room's account it is asked there."""
        session = self._parts.access.session(request)
        if session is not None and session.role is not None:
            raise RequestRefusedError(403, sign_in_refused("Sign in with the control room's account again."))
        return await self._login.unlock(request)

    async def _wall(self, request: Request, session: Session) -> Response:
        role = self._gate.role(session)
        return self._page(
            "wall.html",
            request,
            officer=session.officer,
            officer_shown=self._officers.shown(session.officer),
            role=in_tongue(ROLES[role], self._parts.access.tongue(request)),
            rights=" ".join(sorted(one.name.lower() for one in RIGHTS[role])),
            csrf=session.csrf,
            started=self._parts.started,
            video=bool(self._desk.settings.wall.video_link),
            mounted=request.query_params.get("mode") == "mounted",
            notices=[(one.value, words) for one, words in NOTICES.items()],
        )

    # --- streams ---------------------------------------------------------------------------------------------------------

    async def _events(self, request: Request, session: Session) -> Response:
        return StreamingResponse(self._changes(request, session), media_type="text/event-stream")

    async def _changes(self, request: Request, session: Session) -> AsyncIterator[bytes]:
        tongue, feed = Tongue.of(request.query_params.get("lang", "")), self._desk.feed
        yield b"retry: 1000\n\n"
        number, everything = feed.all(tongue)
        yield _event("all", everything)
        told_ms = 0
        while not self._closed.is_set():
            if (now := self._parts.ticks()) - told_ms >= 1_000 * _BEAT_S:
                told_ms = now
                if self._parts.access.session(request) is None:
                    break
                yield _event("beat", self._beat(session))
            try:
                async with asyncio.timeout(_BEAT_S - (self._parts.ticks() - told_ms) / 1_000):
                    await feed.changed()
            except TimeoutError:
                continue
            missed = feed.after(tongue, number)
            if missed is None:
                number, everything = feed.all(tongue)
                yield _event("all", everything)
            elif missed:
                number += len(missed)
                yield b"".join(_event("some", one) for one in missed)
        yield _event("over", b"{}")

    def _beat(self, session: Session) -> bytes:
        locked = self._parts.access.sessions.locked(session)
        told = {"now_ms": self._desk.now_ms(), "started": self._parts.started, "locked": locked}
        return msgspec.json.encode(told | {"officer": session.officer})

    async def _pictures(self, request: Request, session: Session) -> Response:
        """The pictures of all lanes; who watches them is written down, once for each time they are opened."""
        del request
        self._desk.look(session.officer, "pictures")
        return StreamingResponse(self._parts.pictures.stream(), media_type="application/octet-stream")

    async def _live(self, request: Request, session: Session) -> Response:
        """One lane's camera as it sends (`console.live` has the form), from the last key frame on; 409 where it gives none.

        `camera` names a further one of that lane.
        """
        lane, access = request.path_params["lane"], self._parts.access
        camera, pages = request.query_params.get("camera", ""), self._parts.pages

        def goes_on() -> bool:
            return not self._closed.is_set() and access.session(request) is not None

        if camera:
            pictures = await self._cameras.stream(lane, camera, goes_on)
        elif pages is None or lane not in self._desk.lanes:
            raise LiveUnavailableError(NO_LIVE)
        else:
            pictures = await pages.live(lane).stream(goes_on)
        self._desk.look(session.officer, "live", lane, camera)
        return StreamingResponse(pictures, media_type=MEDIA_TYPE)

    async def _sign(self, request: Request, session: Session) -> Response:
        """What a driver's screen shows with that scene, as PNG. It never changes, so a browser asks once."""
        del session
        screen, scene = request.path_params["screen"], one_of(Scene, request.path_params["scene"])
        parameter = request.query_params.get("p", "")[:40]
        notice = one_of(DriverNotice, request.query_params.get("n", ""))
        if scene is None or screen not in {one.value for one in Screen}:
            raise RequestRefusedError(404, "There is no such screen.")
        wanted = (Screen(screen), scene, parameter, "" if notice is None else notice.value)
        if wanted not in self._signs:
            png = await self._parts.painter.paint(*wanted)
            if png is None:
                return Response(status_code=204)
            if len(self._signs) >= 256:
                self._signs.clear()
            self._signs[wanted] = png
        headers = {"Cache-Control": "private, max-age=86400, immutable"}
        return Response(self._signs[wanted], media_type="image/png", headers=headers)

    # --- the queue -------------------------------------------------------------------------------------------------------

    async def _take(self, request: Request, session: Session) -> Response:
        asked = await read(request, TakeNeed)
        need = self._desk.take(asked.need, session.officer, had=asked.had)
        task = asyncio.create_task(self._tell_lane(need, session.officer), name="lane is told")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return answer(accepted=True, words="")

    async def _tell_lane(self, need: Need, who: str) -> None:
        """The lane's own officers see who deals with it; a lane that cannot be told has its own list."""
        for alarm in need.alarms:
            await self._parts.core.order(need.lane, "take_alarm", who=who, text=alarm)

    async def _order(self, request: Request, session: Session) -> Response:
        """Orders lanes, one or many; answers for each what became of it."""
        asked = await read(request, GiveOrder)
        if asked.name not in NEEDS or not set(asked.lanes) <= set(self._desk.lanes):
            raise NeedRefusedError("There is no such lane." if asked.name in NEEDS else "There is no such order.")
        self._gate.check(session, NEEDS[asked.name])
        if len(asked.lanes) > 1:
            self._gate.check(session, May.MANY)
        if asked.name in WITH_REASON and not asked.text.strip():
            raise NeedRefusedError("Give a reason.")
        if asked.name == "notice" and asked.text not in {*DriverNotice, NO_NOTICE}:
            raise NeedRefusedError("There is no such message.")
        of_visit = bool(asked.visit) if asked.name in MAY_BE_OF_VISIT else asked.name in OF_VISIT
        if of_visit != bool(asked.visit) or (asked.visit and len(asked.lanes) > 1):
            raise NeedRefusedError("This is about one vehicle: choose its lane.")
        for lane in asked.lanes:
            self._desk.look(session.officer, f"order {asked.name}", lane, asked.text)
        text = asked.text.strip() if asked.name in WITH_REASON or asked.name == "notice" else ""
        orders = (
            self._parts.core.order(
                lane, asked.name, who=session.officer, text=text, visit=asked.visit, seconds=60 * asked.minutes
            )
            for lane in dict.fromkeys(asked.lanes)
        )
        became = await asyncio.gather(*orders)
        done = all(one.became is Became.DONE for one in became)
        return answer(accepted=done, words=in_tongue(_said(became), tongue_of(request)))

    async def _hand(self, request: Request, session: Session) -> Response:
        asked = await read(request, HandNeed)
        if asked.to and not self._officers.known(asked.to):
            raise NeedRefusedError("There is no such officer.")
        self._desk.hand(asked.need, session.officer, asked.to)
        return answer(accepted=True, words="")

    async def _enter(self, request: Request, session: Session) -> Response:
        """Brings the officer's browser to the lane's own page, signed in by a ticket."""
        lane = request.path_params["lane"]
        if self._parts.pages is None or lane not in self._desk.lanes:
            raise LanePageError(f"{lane}: this wall opens no page of it")
        where, ticket = await self._parts.pages.ticket(lane, session.officer, self._gate.role(session))
        self._desk.look(session.officer, "lane page", lane)
        response = self._page("enter.html", request, lane=lane, where=where, ticket=ticket)
        parts = urlsplit(where)
        response.headers[FORM_ACTION] = f"{parts.scheme}://{parts.netloc}"
        return response

    async def _deeds(self, request: Request, session: Session) -> Response:
        """What became of needs, newest first; that somebody looked is written down too."""
        lane = request.query_params.get("lane", "")
        self._desk.look(session.officer, "deeds", lane)
        names = ("at_ms", "need", "what", "who", "detail")
        rows = [dict(zip(names, row, strict=True)) for row in self._desk.history.deeds(lane=lane)]
        return Response(msgspec.json.encode(rows), media_type="application/json")


def _said(became: list[OrderOutcome]) -> Both:
    """What became of an order to each lane, what was not done first."""
    lines = [
        Both(
            f"{one.lane}: {BECAME[one.became]}{f' ({one.detail})' if one.detail else ''}",
            f"{one.lane}：{BECAME[one.became].chinese}{f'（{one.detail}）' if one.detail else ''}",
        )
        for one in sorted(became, key=lambda one: one.became is Became.DONE)
    ]
    text = joined(Both("; ", "；"), [*lines])
    return text if isinstance(text, Both) else Both(text, text)


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


async def _on_need_refused(request: Request, error: Exception) -> Response:
    return answer(accepted=False, words=in_tongue(refused(str(error)), tongue_of(request)), status=409)


async def _on_page_away(request: Request, error: Exception) -> Response:
    del request
    return HTMLResponse(f"<!doctype html><title>Lane</title><p>{escape(str(error))}</p>", status_code=502)


async def _on_store_failed(request: Request, error: Exception) -> Response:
    said = f"Not done: the wall cannot write it down ({error}). Call the technician."
    del request
    return answer(accepted=False, words=said, status=503)
