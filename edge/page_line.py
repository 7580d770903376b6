"""The agent's end of the line to its page, which is a process of its own: whatever strangers do to the page, the lane goes on.

Rules of this file:

1. The page is not trusted with the agent's time or memory: questions are short and few at once, and a page that does not read
   is cut off. It connects again by itself.
2. An act's view goes out before its answer, so that the page never answers an officer with an older lane.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast, get_args

import msgspec

from console.line import (
    BEAT_S,
    LONGEST_QUESTION,
    ActWish,
    Answer,
    AnswerSecondWish,
    AskSecondWish,
    Connected,
    EndAlarmWish,
    EvidenceWish,
    FrameWish,
    HearsWish,
    ListensNow,
    ListensWish,
    ListenWish,
    OfficerWish,
    Picture,
    Question,
    Said,
    ShelveAlarmWish,
    SignWish,
    StopListeningWish,
    TakeAlarmWish,
    TalkWish,
    ViewNow,
    VoiceWish,
    packed,
    question_of,
)
from console.ports import LaneFeed, OfficerAction
from console.voice_port import CallAgreed, ListenBegun, ListenWanted, VoicePort
from domain.listening import ListenRefusal
from lane_agent.codec import CodecError, event_from
from runtime.packets import read_packet
from runtime.unix_socket import listening

log = logging.getLogger(__name__)

_MOST_CONNECTIONS = 2
"""The page, and one that takes its place."""
_MOST_QUESTIONS = 64
"""Unanswered at once."""
_UNREAD = 8 * 1024 * 1024
"""Bytes that a page may leave unread."""


class PageLine:
    """Serves the lane to its page over a Unix socket.

    Args:
        feed: the lane.
        place: the socket's path; a stale one is removed, and only this user may connect.
        voice: the voice of its help call; None where the lane has none.
    """

    def __init__(self, feed: LaneFeed, place: Path, voice: VoicePort | None = None) -> None:
        self._feed = feed
        self._place = place
        self._voice = voice
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether a page listens now."""
        return bool(self._serving)

    async def start(self) -> None:
        """Listens for the page.

        Raises:
            OSError: another agent listens there, or the path is no place for a socket.
        """
        self._server = await asyncio.start_unix_server(
            self._accept, sock=listening(self._place, whose="the page's socket")
        )

    async def stop(self) -> None:
        """Cuts the page off and removes the socket."""
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self._place.unlink(missing_ok=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._serving) >= _MOST_CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.create_task(_Page(self._feed, self._voice, reader, writer).serve(), name="page connection")
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)


class _Page:
    """One connection: views out, questions in."""

    def __init__(
        self, feed: LaneFeed, voice: VoicePort | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._feed = feed
        self._voice = voice
        self._reader = reader
        self._writer = writer
        self._sent = -1
        self._answering: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Until either side ends."""
        telling = asyncio.create_task(self._tell(), name="page views")
        listening_ = asyncio.create_task(self._listen(), name="page questions")
        tasks = {telling, listening_}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, *self._answering):
                task.cancel()
            self._writer.transport.abort()
            await asyncio.gather(*tasks, *self._answering, return_exceptions=True)

    async def _tell(self) -> None:
        self._send_view()
        while not self._stuck():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await self._feed.changed(self._sent)
            self._send_view()
        log.warning("the page does not read what the lane tells it, and is cut off")

    def _send_view(self) -> None:
        view = self._feed.view()
        self._sent = view.sequence
        self._writer.write(packed(ViewNow(view, None if self._voice is None else self._voice.told())))

    def _stuck(self) -> bool:
        return self._writer.transport.get_write_buffer_size() > _UNREAD

    async def _listen(self) -> None:
        try:
            while (body := await read_packet(self._reader, most=LONGEST_QUESTION)) is not None:
                question = question_of(body)
                if len(self._answering) >= _MOST_QUESTIONS:
                    log.warning("the page asks more than %d questions at once, and is cut off", _MOST_QUESTIONS)
                    return
                task = asyncio.create_task(self._answer(question), name="page answer")
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
        except (ValueError, msgspec.DecodeError) as error:
            log.warning("the page speaks another version than the agent; restart whichever is older (%s)", error)

    async def _answer(self, question: Question) -> None:
        number, wish = question.number, question.wish
        answer: Answer
        match wish:
            case FrameWish() | SignWish() | EvidenceWish():
                answer = await self._picture(number, wish)
            case TalkWish() | HearsWish() | ListenWish() | ListensWish() | StopListeningWish():
                answer = await self._spoken(number, wish)
            case _:
                answer = Said(number, await self._words(wish))
        if not isinstance(answer, Picture):
            self._send_view()
        self._writer.write(packed(answer))

    async def _words(self, wish: OfficerWish) -> str:
        """What an officer does; "" where all is well."""
        feed = self._feed
        match wish:
            case ActWish(event):
                return await self._act(event, feed.act)
            case AskSecondWish(event):
                return await self._act(event, feed.ask_second)
            case AnswerSecondWish(answer):
                return await feed.answer_second(answer)
            case TakeAlarmWish(alarm, officer):
                return "" if await feed.acknowledge(alarm, officer) else "it is no longer kept here"
            case EndAlarmWish(alarm, officer, reason):
                return await feed.close_alarm(alarm, officer, reason)
            case ShelveAlarmWish(alarm, officer, reason, minutes):
                return await feed.shelve_alarm(alarm, officer, reason, minutes)

    async def _picture(self, number: int, wish: FrameWish | SignWish | EvidenceWish) -> Picture:
        match wish:
            case FrameWish(width):
                frame = await (self._feed.small_frame(width) if width else self._feed.frame())
                return Picture(number) if frame is None else Picture(number, frame.jpeg, "image/jpeg", frame.age_ms)
            case SignWish(screen):
                return Picture(number, await self._feed.screen_png(screen) or b"", "image/png")
            case EvidenceWish(digest):
                found = await self._feed.evidence(digest)
                return Picture(number) if found is None else Picture(number, found.body, found.media_type)

    async def _spoken(self, number: int, wish: VoiceWish) -> Answer:
        """What belongs to the voice."""
        voice, words = self._voice, ""
        match wish:
            case TalkWish(officer, station, sdp):
                return Connected(number, await self._talk(officer, station, sdp))
            case ListenWish(wanted):
                return ListensNow(number, await self._listen_in(wanted))
            case ListensWish(listening):
                words = "" if voice is not None and await voice.listens(listening) else "it is over"
            case HearsWish(attempt, officer_db) if voice is not None:
                await voice.hears(attempt, officer_db)
            case StopListeningWish(listening, why) if voice is not None:
                await voice.stop_listening(listening, why)
            case HearsWish() | StopListeningWish():
                pass  # the lane has no voice
        return Said(number, words)

    async def _talk(self, officer: str, station: str, sdp: str) -> CallAgreed:
        if self._voice is None or not self._voice.page:
            return CallAgreed(why="calls over the page are off at this lane", refused=True)
        return await self._voice.answer(officer, station, sdp)

    async def _listen_in(self, wanted: ListenWanted) -> ListenBegun:
        if self._voice is None or not self._voice.listening:
            return ListenBegun(refusal=ListenRefusal.OFF)
        return await self._voice.listen(wanted)

    async def _act(self, plain: dict[str, Any], put: Callable[[OfficerAction], Awaitable[str]]) -> str:
        """Why the lane refused an officer's event; only an officer's events come by this line."""
        try:
            event = event_from(plain)
        except CodecError as error:
            return f"it is no event of this version ({error})"
        if not isinstance(event, get_args(OfficerAction)):
            return "it is no act of an officer"
        return await put(cast("OfficerAction", event))
