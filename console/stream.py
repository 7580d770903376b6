"""The push of views: server-sent events, one complete view at every change and at least each second.

Complete each time, so that a page can never be half old; the newest only, so that a slow page skips views and queues
none. A page that hears nothing for 3 s turns its buttons off (`static/stream.js`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.context import RouteContext
from console.errors import RequestRefusedError
from console.ports import LaneView
from console.present import Plain, present

BEAT_S = 1.0
"""The longest silence of a healthy stream."""
_INTERVAL_S = 0.05
"""The shortest time between two views, so that a burst of events costs twenty views a second at most."""
_STREAM_LIMIT = 32
"""Pages that may watch one lane at once."""


class ViewStream:
    """The route `/events`. `close` ends every stream, so that the server can stop."""

    def __init__(self, context: RouteContext) -> None:
        self._context = context
        self._watching = 0
        self._closed = asyncio.Event()

    def routes(self) -> list[Route]:
        """The routes of this file."""
        return [Route("/events", self._events)]

    def close(self) -> None:
        """Ends every stream within a beat."""
        self._closed.set()

    async def _events(self, request: Request) -> Response:
        self._context.access.watcher(request)
        if self._watching >= _STREAM_LIMIT:
            raise RequestRefusedError(503, "Too many pages watch this lane: close some.")
        return StreamingResponse(self._views(request), media_type="text/event-stream")

    async def _views(self, request: Request) -> AsyncIterator[bytes]:
        self._watching += 1
        try:
            yield b"retry: 1000\n\n"
            view = self._context.feed.view()
            while self._context.access.may_watch(request) and not self._closed.is_set():
                yield _event("view", {**present(view), "you": self._you(request), "world": self._world()})
                await asyncio.sleep(_INTERVAL_S)
                view = await self._next(view.sequence)
            yield _event("over", {})
        finally:
            self._watching -= 1

    async def _next(self, after: int) -> LaneView:
        try:
            async with asyncio.timeout(BEAT_S):
                return await self._context.feed.changed(after)
        except TimeoutError:
            return self._context.feed.view()

    def _you(self, request: Request) -> Plain:
        session = self._context.access.session(request)
        if session is None:
            return {"officer": "", "locked": False}
        return {"officer": session.officer, "locked": self._context.access.sessions.locked(session)}

    def _world(self) -> Plain | None:
        if self._context.simulation is None:
            return None
        world = self._context.simulation.view()
        return {"link_up": world.link_up, "queue": world.queue}


def _event(name: str, data: Plain) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"
