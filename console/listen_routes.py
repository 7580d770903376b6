"""Listening at the kiosk through the page, where the site allows it: sound one way, and no microphone is asked for.

Rules of this file:

1. Only an officer or a supervisor at a page that is not locked begins, and only the session that began goes on or ends. A page that locks
   itself, logs out or is closed has ended: it says every second that it listens, which does not count as somebody's being there.
2. Whether it can be now, only the lane judges: the driver's panel must say so first (`devices.voice.listening`).
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.access import MAY_NOT_LISTEN, address
from console.context import RouteContext, answer, read, tongue_of
from console.errors import RequestRefusedError
from console.tongues import Both, chinese_of, in_tongue
from console.voice_port import ListenWanted, VoicePort
from domain.listening import ListenEnd, ListenRefusal

WHY_NOT: dict[ListenRefusal, Both] = {
    ListenRefusal.OFF: Both("Nobody may listen here without being called.", "此通道不容許在未有求助時聆聽。"),
    ListenRefusal.HIDDEN: Both(
        "The driver's panel cannot say now that somebody listens, so nobody may.",
        "司機面板目前未能顯示有人聆聽，故不可聆聽。",
    ),
    ListenRefusal.PANEL: Both(
        "The driver's panel does not confirm that it says so, so nobody listens.",
        "司機面板未確認顯示有人聆聽，故未有聆聽。",
    ),
    ListenRefusal.TAKEN: Both("Another officer listens.", "另一名關員正在聆聽。"),
    ListenRefusal.ANSWERED: Both(
        "The call is answered: only a supervisor may listen in.", "求助已接聽：只有主管可以聆聽。"
    ),
    ListenRefusal.VOICE: Both("The intercom does not work.", "對講機失效。"),
    ListenRefusal.RECORD: Both("The lane cannot record it, so nobody listens.", "通道未能記錄，故未有聆聽。"),
}


class ListenOffer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page's session description."""

    sdp: Annotated[str, msgspec.Meta(min_length=1, max_length=8_000)]


class ListenNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which listening."""

    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class ListenRoutes:
    """The routes `/call/listen`, `/call/listening` and `/call/stop-listening`; none where the site does not allow it."""

    def __init__(self, context: RouteContext) -> None:
        self._context = context
        self._whose: dict[str, int] = {}  # the session that listens, and which listening

    def routes(self) -> list[Route]:
        """The routes of this file."""
        if self._context.voice is None or not self._context.voice.listening:
            return []
        return [
            Route("/call/listen", self._listen, methods=["POST"]),
            Route("/call/listening", self._listening, methods=["POST"]),
            Route("/call/stop-listening", self._stop, methods=["POST"]),
        ]

    @property
    def _voice(self) -> VoicePort:
        assert self._context.voice is not None
        return self._context.voice

    async def _listen(self, request: Request) -> Response:
        session, supervises = self._context.access.listener(request)
        offer = await read(request, ListenOffer)
        begun = await self._voice.listen(ListenWanted(session.officer, address(request), offer.sdp, supervises))
        if begun.refusal is not None:
            why = WHY_NOT[begun.refusal]
            raise RequestRefusedError(409, Both(f"Not done. {why}", f"未有執行。{chinese_of(why)}"))
        self._whose = {session.csrf: begun.number}
        words = Both("You listen. The driver's panel says so.", "你正在聆聽，司機面板已顯示。")
        body = {
            "accepted": True,
            "words": in_tongue(words, tongue_of(request)),
            "number": begun.number,
            "sdp": begun.sdp,
        }
        return Response(msgspec.json.encode(body), media_type="application/json")

    async def _listening(self, request: Request) -> Response:
        wanted = await read(request, ListenNumber)
        try:
            session = self._context.access.ready(request)
        except RequestRefusedError as error:
            await self._end(request, wanted.number, ListenEnd.LOCKED if error.status == 423 else ListenEnd.PAGE)
            raise
        mine = self._whose.get(session.csrf) == wanted.number
        return answer(accepted=mine and await self._voice.listens(wanted.number), words="")

    async def _stop(self, request: Request) -> Response:
        wanted = await read(request, ListenNumber)
        await self._end(request, wanted.number, ListenEnd.OFFICER)
        return answer(accepted=True, words=in_tongue(Both("You no longer listen.", "已停止聆聽。"), tongue_of(request)))

    async def _end(self, request: Request, number: int, why: ListenEnd) -> None:
        """Ends it where this session's page has it, locked or not; raises as `Access.own`."""
        session = self._context.access.own(request)
        if self._whose.get(session.csrf) == number:
            self._whose = {}
            await self._voice.stop_listening(number, why)


def ear_told(context: RouteContext, request: Request, ear: dict[str, Any]) -> dict[str, Any]:
    """Who listens and whether this request's officer could, in words; `ear` as `VoicePort.told` has it."""
    who = context.officers.shown(ear["who"]) if ear["who"] else ""
    return {
        "number": ear["number"],
        "says": Both(f"{who} is listening at the kiosk", f"{who} 正在聆聽司機聲音") if who else "",
        "why_not": _why_not(context, request, ear),
    }


def _why_not(context: RouteContext, request: Request, ear: dict[str, Any]) -> str:
    supervises = context.access.listens(request)
    if supervises is None:
        return MAY_NOT_LISTEN
    refusal = ear["supervisors" if supervises else "refusal"]
    return WHY_NOT[ListenRefusal(refusal)] if refusal else ""
