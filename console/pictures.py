"""The pictures: what the camera sees now, what the driver sees now, and the evidence of a visit."""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.access import address
from console.context import RouteContext
from console.errors import RequestRefusedError
from console.ports import EvidenceViewed
from lane_agent.model import Screen

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SMALL, _SMALL_S = 320, 1.0
_SMALL_STREAMS = 4
"""Streams of small pictures at once: a wall, its second, and those that are about to end."""

_IMAGES = frozenset({"image/jpeg", "image/png"})


class PictureRoutes:
    """The routes under `/picture`."""

    def __init__(self, context: RouteContext) -> None:
        self._context = context
        self._streams = 0

    def routes(self) -> list[Route]:
        """The routes of this file."""
        return [
            Route("/picture/lane", self._frame),
            Route("/picture/lane/stream", self._stream),
            Route("/picture/screen/{screen}", self._screen),
            Route("/picture/evidence/{digest}", self._evidence),
        ]

    async def _frame(self, request: Request) -> Response:
        """The newest camera picture; its age is in the header `X-Age-Ms`. 204 while there is none."""
        self._context.access.watcher(request)
        frame = await self._context.feed.frame()
        if frame is None:
            return Response(status_code=204)
        return Response(frame.jpeg, media_type="image/jpeg", headers={"X-Age-Ms": str(frame.age_ms)})

    async def _stream(self, request: Request) -> Response:
        """A small picture a second, for a tile of the wall: 4 bytes its age in ms, 4 bytes its length, the JPEG; all big-endian.

        It ends with the session, and where the newest stream of this kind is one too many.
        """
        self._context.access.watcher(request)
        self._streams = (self._streams + 1) % (1 << 30)
        return StreamingResponse(self._small(request, self._streams), media_type="application/octet-stream")

    async def _small(self, request: Request, number: int) -> AsyncIterator[bytes]:
        while self._context.access.may_watch(request) and self._streams - number < _SMALL_STREAMS:
            frame = await self._context.feed.small_frame(_SMALL)
            if frame is not None:
                yield struct.pack(">II", min(max(frame.age_ms, 0), 0xFFFFFFFF), len(frame.jpeg)) + frame.jpeg
            await asyncio.sleep(_SMALL_S)

    async def _screen(self, request: Request) -> Response:
        """What one of the driver's screens shows now. 204 if it cannot be told."""
        self._context.access.watcher(request)
        name = request.path_params["screen"]
        if name not in {screen.value for screen in Screen}:
            raise RequestRefusedError(404, "There is no such screen.")
        png = await self._context.feed.screen_png(Screen(name))
        return Response(status_code=204) if png is None else Response(png, media_type="image/png")

    async def _evidence(self, request: Request) -> Response:
        """A picture of a vehicle: to officers only, and each view is logged (domain §8)."""
        session = self._context.access.session(request)
        if session is None:
            raise RequestRefusedError(401, "Log in to see pictures of vehicles.")
        digest = request.path_params["digest"]
        if not _DIGEST.fullmatch(digest):
            raise RequestRefusedError(404, "There is no such picture.")
        purpose = "opened" if request.query_params.get("as") == "opened" else "thumbnail"
        self._context.viewed(EvidenceViewed(session.officer, digest, purpose, address(request)))
        picture = await self._context.feed.evidence(digest)
        if picture is None or picture.media_type not in _IMAGES:
            raise RequestRefusedError(404, "This picture is no longer kept.")
        return Response(picture.body, media_type=picture.media_type)
