"""What the routes share: the lane, who may use it, the log of views, and JSON both ways."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from console.access import Access
from console.chinese import told
from console.desks import Desks
from console.errors import RequestRefusedError
from console.live import LiveHub
from console.officers import OfficerBook
from console.ports import LaneFeed, SimulationPort, ViewLog
from console.settings import ConsoleSettings
from console.tongues import Tongue, in_tongue
from console.voice_port import VoicePort

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RouteContext:
    """Everything a page is made of."""

    feed: LaneFeed
    settings: ConsoleSettings
    officers: OfficerBook
    access: Access
    viewed: ViewLog
    simulation: SimulationPort | None
    voice: VoicePort | None = None
    live: LiveHub | None = None
    started: str = field(default_factory=lambda: secrets.token_hex(8))
    """Which start of the page this is: a browser that was there before learns that the box was restarted."""
    desks: Desks = field(default_factory=Desks)


async def read(request: Request, kind: type[T]) -> T:
    """The request's JSON body as `kind`.

    Raises:
        RequestRefusedError: it is not (422).
    """
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestRefusedError(422, "Not done: the page sent something unknown. Load it again.") from error


def tongue_of(request: Request) -> Tongue:
    """The language in which the page that asks is shown."""
    return Tongue.of(request.headers.get("x-lang", ""))


def answer(*, accepted: bool, words: str, status: int = 200) -> Response:
    """The outcome of a request, for the page to show; `words` are in the language of the page already."""
    body = msgspec.json.encode({"accepted": accepted, "words": words})
    return Response(body, status_code=status, media_type="application/json")


async def on_refused(request: Request, error: Exception) -> Response:
    """Every refusal, as the page expects it."""
    if not isinstance(error, RequestRefusedError):
        raise error
    response = answer(accepted=False, words=in_tongue(told(error.words), tongue_of(request)), status=error.status)
    response.headers["X-Started"] = request.app.state.started
    if error.retry_after_s:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response
