"""The page as one ASGI application, put together from its ports.

app, stream = create_app(feed=…, settings=…, officers=…, ticks=…, viewed=…)
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from console import times, words
from console.access import Access
from console.actions import Actions
from console.acts import ACTS
from console.call_routes import CallRoutes
from console.context import RouteContext, on_refused
from console.errors import RequestRefusedError
from console.explained import EXPLAINED
from console.headers import SafeHeaders
from console.listen_routes import ListenRoutes
from console.live import LiveHub, LiveSource
from console.login import LoginRoutes, templates
from console.officers import OfficerBook
from console.pictures import PictureRoutes
from console.ports import LaneFeed, SimulationPort, Ticks, ViewLog
from console.settings import ConsoleSettings
from console.stream import ViewStream
from console.tongues import Tongue, part
from console.voice_port import VoicePort
from console.wall_visits import WallVisits
from lane_agent.model import Screen

_HERE: Final = Path(__file__).parent
_BODY_LIMIT: Final = 8 * 1024
"""Bytes; no request of this page is longer."""


def create_app(
    *,
    feed: LaneFeed,
    settings: ConsoleSettings,
    officers: OfficerBook,
    ticks: Ticks,
    viewed: ViewLog,
    simulation: SimulationPort | None = None,
    voice: VoicePort | None = None,
    live: LiveSource | None = None,
) -> tuple[Starlette, ViewStream]:
    """The application, and its stream of views (to be closed before the server stops).

    `simulation` is given in demonstrations only; without it the page has no panel and the server no route for one. Likewise
    `voice`: without it the page answers calls by a click, and no voice is promised. `live` opens the camera's own stream; without it
    the page shows single pictures.
    """
    access = Access(settings=settings, officers=officers, ticks=ticks, lane=feed.view().lane)
    hub = None if live is None else LiveHub(live, ticks=ticks)
    context = RouteContext(feed, settings, officers, access, viewed, simulation, voice, hub)
    stream = ViewStream(context)
    walls = None
    if settings.walls is not None:
        walls = WallVisits(lambda: feed.view().lane, settings.walls, access=access, ticks=ticks)
        access.wall_fingerprint = walls.fingerprint
    app = Starlette(
        routes=[
            *(walls.routes() if walls is not None else ()),
            *Pages(context).routes(),
            *stream.routes(),
            *PictureRoutes(context).routes(),
            *Actions(context).routes(),
            *CallRoutes(context).routes(),
            *ListenRoutes(context).routes(),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        middleware=[
            Middleware(SafeHeaders, secure=settings.secure, microphone=voice is not None and voice.page),
            Middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts, www_redirect=False),
        ],
        exception_handlers={RequestRefusedError: on_refused},
        max_body_size=_BODY_LIMIT,
    )
    app.state.started = context.started
    return app, stream


class Pages:
    """The lane page, and the login to it."""

    def __init__(self, context: RouteContext) -> None:
        self._context = context
        self._login = LoginRoutes(context.access, self._page)
        self._jinja = templates(_HERE / "templates")

    def routes(self) -> list[Route]:
        """The routes of this file."""
        return [
            Route("/", self._lane),
            Route("/login", self._login.form),
            Route("/login", self._login.log_in, methods=["POST"]),
            Route("/logout", self._login.log_out, methods=["POST"]),
            Route("/lock", self._login.lock, methods=["POST"]),
            Route("/unlock", self._login.unlock, methods=["POST"]),
            Route("/language", self._login.language, methods=["POST"]),
            Route("/here", self._login.here, methods=["POST"]),
        ]

    async def _lane(self, request: Request) -> Response:
        if not self._context.access.may_watch(request):
            return RedirectResponse("/login", status_code=303)
        session = self._context.access.session(request)
        simulation = self._context.simulation
        return self._page(
            "lane.html",
            request,
            officer="" if session is None else session.officer,
            officer_shown="" if session is None else self._context.officers.shown(session.officer),
            csrf="" if session is None else session.csrf,
            acts=ACTS,
            explained=EXPLAINED,
            loops=[(contact.value, told) for contact, told in words.LOOPS.items()],
            screens=[(screen.value, words.SCREENS[screen]) for screen in Screen],
            world=None if simulation is None else simulation.view(),
            voice=self._context.voice is not None and self._context.voice.page,
            listening=self._context.voice is not None and self._context.voice.listening,
            started=self._context.started,
        )

    def _page(self, template: str, request: Request, *, status: int = 200, **values: object) -> Response:
        view = self._context.feed.view()
        tongue = self._context.access.tongue(request)
        other = next(one for one in Tongue if one is not tongue)
        body = self._jinja.get_template(template).render(
            lane=view.lane,
            point=view.point,
            direction=words.DIRECTIONS[view.direction],
            simulated=view.simulated,
            software=view.software,
            now=times.clock(view.at_ms),
            tongue=tongue.value,
            other_tongue=other.value,
            two=lambda english, chinese: chinese if tongue is Tongue.CHINESE else english,
            part=lambda text: part(text, tongue),
            **values,
        )
        return HTMLResponse(body, status_code=status)
