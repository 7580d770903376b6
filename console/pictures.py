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
from console.errors import LiveUnavailableError, RequestRefusedError
from console.live import MEDIA_TYPE, NO_LIVE
from console.ports import EvidenceViewed
from lane_agent.model import Screen

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LOOKED_AT = 8  # pictures of a visit that may be the plate's, newest first
_CUT = 4  # a plate cut out is at most one part in so many of its picture
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
            Route("/picture/lane/live", self._live),
            Route("/picture/screen/{screen}", self._screen),
            Route("/picture/evidence/{digest}", self._evidence),
            Route("/picture/plate/{visit}", self._plate),
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

    async def _live(self, request: Request) -> Response:
        """Every picture of the camera, as it made them (`console.live` has the form), from the last key frame on.

        It ends with the session. 409 where there is none, or too many watch: single pictures remain.
        """
        access = self._context.access
        access.watcher(request)
        if self._context.live is None:
            raise LiveUnavailableError(NO_LIVE)
        pictures = await self._context.live.stream(lambda: access.may_watch(request))
        return StreamingResponse(pictures, media_type=MEDIA_TYPE)

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

    async def _plate(self, request: Request) -> Response:
        """The plate of the vehicle in the lane as the reader cut it out; its newest whole picture where it has cut none.

        The header `X-Cut` is 1 for a plate, 0 for a whole picture. To officers only, and logged as opened.
        """
        session = self._context.access.session(request)
        if session is None:
            raise RequestRefusedError(401, "Log in to see pictures of vehicles.")
        visit = self._context.feed.view().visit
        if visit is None or str(visit.id) != request.path_params["visit"]:
            raise RequestRefusedError(404, "That vehicle is no longer in the lane.")
        kept = [(name, await self._context.feed.evidence(name)) for name in visit.evidence[: -_LOOKED_AT - 1 : -1]]
        sizes = [(name, picture, size_of(picture.body)) for name, picture in kept if picture and picture.body]
        if not sizes:
            raise RequestRefusedError(404, "There is no picture of it.")
        whole = max(width * height for _, _, (width, height) in sizes)
        cuts = [one for one in sizes if 0 < one[2][0] * one[2][1] <= whole / _CUT]
        name, picture, _ = (cuts or sizes)[0]
        self._context.viewed(EvidenceViewed(session.officer, name, "opened", address(request)))
        return Response(picture.body, media_type=picture.media_type, headers={"X-Cut": str(int(bool(cuts)))})


def size_of(jpeg: bytes) -> tuple[int, int]:
    """Width and height from a JPEG's frame header; (0, 0) where there is none."""
    at = 2
    while at + 9 <= len(jpeg) and jpeg[at] == 0xFF:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(jpeg[at + 7 : at + 9], "big"), int.from_bytes(jpeg[at + 5 : at + 7], "big")
        at += 2 + length
    return 0, 0
