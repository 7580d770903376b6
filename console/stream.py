"""The push of views: server-sent events, one complete view at every change and at least each second.

Complete each time, so that a page can never be half old; the newest only, so that a slow page skips views and queues
none. A page that hears nothing for 3 s turns its buttons off (`static/stream.js`).

There is always room for one more: where there is none, the oldest stream gives its place, of the same session if that
has all it may have, else of those who have not logged in, else of whoever has most. A stream that was not let in would be
an officer who is kept out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.acts import acted, deciding
from console.context import RouteContext
from console.listen_routes import ear_told
from console.ports import LaneView
from console.present import Plain, present
from console.tongues import Tongue, in_tongue

BEAT_S = 1.0
"""The longest silence of a healthy stream."""
_INTERVAL_S = 0.05
"""The shortest time between two views, so that a burst of events costs twenty views a second at most."""
_MOST = 48
"""Streams at once."""

_OF_SESSION = 6
"""Of them of one session: as many as a browser has connections."""

_OF_NOBODY = 8
"""Of them of all who watch without a login."""


@dataclass(slots=True, eq=False)
class _Watch:
    """One stream: whose (the session's token, "" without a login), and whether it is to end."""

    whose: str
    over: bool = False


class ViewStream:
    """The route `/events`. `close` ends every stream, so that the server can stop."""

    def __init__(self, context: RouteContext) -> None:
        self._context = context
        self._watching: dict[_Watch, None] = {}  # in order of arrival
        self._closed = asyncio.Event()

    def routes(self) -> list[Route]:
        """The routes of this file."""
        return [Route("/events", self._events)]

    def close(self) -> None:
        """Ends every stream within a beat."""
        self._closed.set()

    async def _events(self, request: Request) -> Response:
        self._context.access.watcher(request)
        return StreamingResponse(self._views(request), media_type="text/event-stream")

    async def _views(self, request: Request) -> AsyncIterator[bytes]:
        watch = self._admit(request)
        tongue = Tongue.of(request.query_params.get("lang", ""))
        try:
            yield b"retry: 1000\n\n"
            view = self._context.feed.view()
            while self._goes_on(watch, request):
                yield _event("view", in_tongue(self._told(view, request), tongue))
                await asyncio.sleep(_INTERVAL_S)
                view = await self._next(view.sequence)
            yield _event("over", {})
        finally:
            self._watching.pop(watch, None)

    def _told(self, view: LaneView, request: Request) -> Plain:
        return {**present(view), "you": self._you(request), "world": self._world(), "voice": self._voice(request)}

    def _voice(self, request: Request) -> Plain | None:
        voice = self._context.voice
        told = None if voice is None else voice.told()
        if told is None or not told.get("ear"):
            return told
        return {**told, "ear": ear_told(self._context, request, told["ear"])}

    def _goes_on(self, watch: _Watch, request: Request) -> bool:
        return not watch.over and not self._closed.is_set() and self._context.access.may_watch(request)

    def _admit(self, request: Request) -> _Watch:
        """Lets one more in; whoever has too many loses the oldest."""
        session = self._context.access.session(request)
        watch = _Watch("" if session is None else session.csrf)
        count = Counter(one.whose for one in self._watching)
        if count[watch.whose] >= (_OF_SESSION if watch.whose else _OF_NOBODY):
            self._end_oldest(watch.whose)
        elif len(self._watching) >= _MOST:
            self._end_oldest("" if count[""] else max(count, key=lambda whose: count[whose]))
        self._watching[watch] = None
        return watch

    def _end_oldest(self, whose: str) -> None:
        oldest = next(one for one in self._watching if one.whose == whose)
        oldest.over = True
        del self._watching[oldest]

    async def _next(self, after: int) -> LaneView:
        try:
            async with asyncio.timeout(BEAT_S):
                return await self._context.feed.changed(after)
        except TimeoutError:
            return self._context.feed.view()

    def _you(self, request: Request) -> Plain:
        session = self._context.access.session(request)
        known: Plain = {"started": self._context.started, "deciding": [], "last": None}
        if session is None:
            return {**known, "officer": "", "locked": False}
        context = self._context
        others = context.desks.others(session.csrf, context.access.sessions.ticks())
        last = context.desks.last
        return {
            **known,
            "officer": session.officer,
            "locked": context.access.sessions.locked(session),
            "deciding": [
                {"visit": one.visit, "says": deciding(one, context.officers.shown(one.officer))} for one in others
            ],
            "last": None
            if last is None
            else {"visit": last.visit, "says": acted(last, context.officers.shown(last.officer))},
        }

    def _world(self) -> Plain | None:
        if self._context.simulation is None:
            return None
        world = self._context.simulation.view()
        return {"link_up": world.link_up, "queue": world.queue}


def _event(name: str, data: Plain) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"
