"""The pictures: what the camera sees now, what the driver sees now, and the evidence of a visit."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.access import address
from console.context import RouteContext
from console.errors import RequestRefusedError
from console.ports import EvidenceViewed
from lane_agent.model import Screen

_DIGEST = re.compile(r"[0-9a-f]{64}")
_IMAGES = frozenset({"image/jpeg", "image/png"})


class PictureRoutes:
    """The routes under `/picture`."""

    def __init__(self, context: RouteContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """The routes of this file."""
        return [
            Route("/picture/lane", self._frame),
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
