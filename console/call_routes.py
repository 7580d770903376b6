"""The voice of a help call: the page offers its sound, hears the driver's, and says that it does.

Rules of this file:

1. A page that has locked itself may answer, and end what it answered: a driver waits, and a voice releases nobody. Who used
   it last, and from which address, is recorded; nothing else can be done without the password.
2. The box believes a page that it hears only for a moment: the page says so twice a second while sound comes.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.access import address
from console.context import RouteContext, answer, read, tongue_of
from console.errors import RequestRefusedError
from console.grounds import in_words
from console.sessions import Session
from console.tongues import Both, chinese_of, in_tongue
from console.voice_port import VoicePort
from lane_agent.events import HelpEnded

FROM_LOCKED = "ended at a locked page"


class CallOffer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page's session description."""

    sdp: Annotated[str, msgspec.Meta(min_length=1, max_length=8_000)]


class DriverHeard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sound of the driver has come since the last time."""

    attempt: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    db: Annotated[float, msgspec.Meta(ge=-120, le=0)]


class CallRoutes:
    """The routes `/call/answer`, `/call/heard` and `/call/end`; none where the page has no voice."""

    def __init__(self, context: RouteContext) -> None:
        self._context = context
        self._talks: dict[str, int] = {}  # the session that answered, and which call

    def routes(self) -> list[Route]:
        """The routes of this file."""
        if self._context.voice is None or not self._context.voice.page:
            return []
        return [
            Route("/call/answer", self._answer, methods=["POST"]),
            Route("/call/heard", self._heard, methods=["POST"]),
            Route("/call/end", self._end, methods=["POST"]),
        ]

    @property
    def _voice(self) -> VoicePort:
        assert self._context.voice is not None
        return self._context.voice

    def _session(self, request: Request) -> tuple[Session, str]:
        """Whose page asks, locked or not, and how he is named in the records; raises as `Access.helper`."""
        access = self._context.access
        session = access.helper(request)
        locked = access.sessions.locked(session)
        return session, f"(locked page, last {session.officer})" if locked else session.officer

    async def _answer(self, request: Request) -> Response:
        session, officer = self._session(request)
        offer = await read(request, CallOffer)
        agreed = await self._voice.answer(officer, address(request), offer.sdp)
        if agreed.refused:
            told = in_words(agreed.why, self._context.feed.view(), 0)
            raise RequestRefusedError(409, Both(f"Not done. {told}", f"未有執行。{chinese_of(told)}"))
        self._talks = {session.csrf: agreed.attempt}
        words = (
            Both("Answered. Connecting.", "已接聽，正在接通。")
            if agreed.sdp
            else Both("Answered, but no voice: go to the driver.", "已接聽，但未能通話：請前往司機處。")
        )
        body = {
            "accepted": True,
            "words": in_tongue(words, tongue_of(request)),
            "attempt": agreed.attempt,
            "sdp": agreed.sdp,
        }
        return Response(msgspec.json.encode(body), media_type="application/json")

    async def _heard(self, request: Request) -> Response:
        session, _ = self._session(request)
        heard = await read(request, DriverHeard)
        if self._talks.get(session.csrf) == heard.attempt:
            await self._voice.hears(heard.attempt, heard.db)
        return answer(accepted=True, words="")

    async def _end(self, request: Request) -> Response:
        session, officer = self._session(request)
        if session.csrf not in self._talks:
            raise RequestRefusedError(423, "The page has locked itself: give your password again.")
        why = await self._context.feed.act(HelpEnded(officer, FROM_LOCKED))
        if why:
            told = in_words(why, self._context.feed.view(), 0)
            raise RequestRefusedError(409, Both(f"Not done. {told}", f"未有執行。{chinese_of(told)}"))
        self._talks = {}
        done = Both("Done, and in the journal.", "已執行，並記入日誌。")
        return answer(accepted=True, words=in_tongue(done, tongue_of(request)))
