"""The lane as the page's own process sees it: `console.ports.LaneFeed` at the far end of the agent's socket.

Rules of this file:

1. What was heard last is shown with its age. An agent that is gone, or silent, looks like one that is stuck: the page says so,
   and its buttons are off.
2. An act is sent once and never again. Where the line broke before the answer, it is not known whether it was done, and that is
   what the officer is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from console.errors import RequestRefusedError
from console.line import (
    LONGEST_NEWS,
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
    News,
    Picture,
    Question,
    Said,
    ShelveAlarmWish,
    SignWish,
    StopListeningWish,
    TakeAlarmWish,
    TalkWish,
    ViewNow,
    Wish,
    news_of,
    packed,
)
from console.ports import CameraPicture, EvidencePicture, LaneView, OfficerAction, SecondAnswer
from console.present import STUCK_MS
from console.tongues import Both
from console.voice_port import CallAgreed, ListenBegun, ListenWanted
from domain.listening import ListenEnd
from lane_agent.codec import to_plain
from lane_agent.model import Screen
from runtime.packets import read_packet

log = logging.getLogger(__name__)

SILENT_MS = 2_500
"""An agent that has sent nothing for so long is silent; in health it speaks each second."""
_PATIENCE_S = 5.0
"""How long an answer may take. An act waits for the disk."""
_CONNECTING_S = 8.0
"""The same for a call: the voice process finds its way to the page meanwhile."""
_HEARD_S = 0.5
_AGAIN_S = 0.25


class LaneByLine:
    """The agent, over its socket; connects by itself, and again.

    Args:
        place: the socket at which the agent listens for its page.
        unheard: the lane as far as the settings know it, shown until the agent has been heard.
        ticks: monotonic milliseconds.
    """

    def __init__(self, place: Path, *, unheard: LaneView, ticks: Callable[[], int]) -> None:
        self._place = place
        self._view = unheard
        self._ticks = ticks
        self._heard_ms: int | None = None
        self._sequence = 0
        self._moved = asyncio.Condition()
        self._writer: asyncio.StreamWriter | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._voice: dict[str, Any] | None = None

    async def run(self) -> None:
        """Keeps the line until cancelled."""
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_unix_connection(self._place)
                await self._hear(reader, writer)
            await asyncio.sleep(_AGAIN_S)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        try:
            while (body := await read_packet(reader, most=LONGEST_NEWS)) is not None:
                await self._told(news_of(body))
        except (ValueError, msgspec.DecodeError) as error:
            log.warning("the agent speaks another version than the page; restart whichever is older (%s)", error)
        finally:
            self._writer = None
            writer.transport.abort()
            for future in self._asked.values():
                future.cancel()
            self._asked.clear()
            await self._move()

    async def _told(self, news: News) -> None:
        match news:
            case ViewNow(view, voice):
                self._view, self._voice, self._heard_ms = view, voice, self._ticks()
                await self._move()
            case Said() | Picture() | Connected() | ListensNow():
                future = self._asked.pop(news.number, None)
                if future is not None and not future.done():
                    future.set_result(news)

    async def _move(self) -> None:
        self._sequence += 1
        async with self._moved:
            self._moved.notify_all()

    def view(self) -> LaneView:
        """The lane as it was heard last, its ages carried on."""
        since_ms = self._ticks() - (self._heard_ms or 0)
        view, link = self._view, self._view.link
        silent = self._writer is None or self._heard_ms is None or since_ms > SILENT_MS
        return replace(
            view,
            sequence=self._sequence,
            at_ms=view.at_ms + (since_ms if self._heard_ms is not None else 0),
            inbox_wait_ms=STUCK_MS + 1 + since_ms if silent else view.inbox_wait_ms,
            link=link if link.proof_age_ms is None else replace(link, proof_age_ms=link.proof_age_ms + since_ms),
        )

    async def changed(self, after: int) -> LaneView:
        """Waits until the view's sequence exceeds `after`."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._sequence > after)
        return self.view()

    async def frame(self) -> CameraPicture | None:
        """The newest camera picture; None while there is none, or no agent."""
        answer = await self._picture(FrameWish())
        return CameraPicture(answer.body, answer.age_ms) if answer.body else None

    async def small_frame(self, width: int) -> CameraPicture | None:
        """The newest camera picture, `width` pixels wide at most."""
        answer = await self._picture(FrameWish(width))
        return CameraPicture(answer.body, answer.age_ms) if answer.body else None

    async def screen_png(self, screen: Screen) -> bytes | None:
        """What that screen was told to show, as PNG."""
        return (await self._picture(SignWish(screen))).body or None

    async def evidence(self, digest: str) -> EvidencePicture | None:
        """A stored evidence picture."""
        answer = await self._picture(EvidenceWish(digest))
        return EvidencePicture(answer.body, answer.media_type) if answer.body else None

    async def act(self, action: OfficerAction) -> str:
        """Puts an officer's event to the lane (see `console.ports.LaneFeed`).

        Raises:
            RequestRefusedError: the agent did not answer (503); the words say whether it may have been done.
        """
        return await self._words(ActWish(to_plain(action)))

    async def ask_second(self, action: OfficerAction) -> str:
        """Asks for a second officer's approval (see `console.ports.LaneFeed`); raises as `act`."""
        return await self._words(AskSecondWish(to_plain(action)))

    async def answer_second(self, answer: SecondAnswer) -> str:
        """A second officer approves or refuses; raises as `act`."""
        return await self._words(AnswerSecondWish(answer))

    async def acknowledge(self, alarm: str, officer: str) -> bool:
        """Notes that an officer has seen an alarm or message; raises as `act`."""
        return not await self._words(TakeAlarmWish(alarm, officer))

    async def close_alarm(self, alarm: str, officer: str, reason: str) -> str:
        """An officer closes an alarm; why not, "" if it is closed; raises as `act`."""
        return await self._words(EndAlarmWish(alarm, officer, reason))

    async def shelve_alarm(self, alarm: str, officer: str, reason: str, minutes: int) -> str:
        """An officer shelves an alarm; why not, "" if it is shelved; raises as `act`."""
        return await self._words(ShelveAlarmWish(alarm, officer, reason, minutes))

    def voice_told(self) -> dict[str, Any] | None:
        """The voice of the help call, as it was heard last."""
        return self._voice

    async def talk(self, officer: str, station: str, sdp: str) -> CallAgreed:
        """Answers the call and connects an officer's page; raises as `act`."""
        if self._writer is None:
            raise RequestRefusedError(503, _NOT_DONE)
        answer = await self._ask(TalkWish(officer, station, sdp), _CONNECTING_S)
        if not isinstance(answer, Connected):
            raise RequestRefusedError(503, _UNKNOWN)
        return answer.agreed

    async def tell_heard(self, attempt: int, officer_db: float) -> None:
        """The driver's sound reaches the page. Not waited for long, and said again soon."""
        await self._ask(HearsWish(attempt, officer_db), _HEARD_S)

    async def listen(self, wanted: ListenWanted) -> ListenBegun:
        """Lets an officer's page listen; raises as `act`."""
        if self._writer is None:
            raise RequestRefusedError(503, _NOT_DONE)
        answer = await self._ask(ListenWish(wanted), _CONNECTING_S)
        if not isinstance(answer, ListensNow):
            raise RequestRefusedError(503, _UNKNOWN)
        return answer.begun

    async def tell_listens(self, number: int) -> bool:
        """The page says that it listens still; False where the agent says that it does not. An agent that says nothing is only slow."""
        answer = await self._ask(ListensWish(number), _HEARD_S)
        return self._writer is not None and not (isinstance(answer, Said) and answer.words)

    async def stop_listening(self, number: int, why: ListenEnd) -> None:
        """The page listens no more. Where nobody hears it, the agent ends it by itself soon."""
        await self._ask(StopListeningWish(number, why), _HEARD_S)

    async def _words(self, wish: Wish) -> str:
        if self._writer is None:
            raise RequestRefusedError(503, _NOT_DONE)
        answer = await self._ask(wish)
        if not isinstance(answer, Said):
            raise RequestRefusedError(503, _UNKNOWN)
        return answer.words

    async def _picture(self, wish: Wish) -> Picture:
        answer = await self._ask(wish)
        return answer if isinstance(answer, Picture) else Picture(0)

    async def _ask(self, wish: Wish, patience_s: float = _PATIENCE_S) -> Answer | None:
        """The answer; None where the line is down, breaks, or stays silent."""
        if self._writer is None:
            return None
        number = next(self._numbers)
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        self._writer.write(packed(Question(number, wish)))
        done, _ = await asyncio.wait({future}, timeout=patience_s)
        self._asked.pop(number, None)
        return future.result() if done and not future.cancelled() else None


class VoiceByLine:
    """The lane's voice over the agent's socket (`console.voice_port.VoicePort`).

    Args:
        line: to the agent.
        page: whether officers can talk through the page.
        listening: whether one may listen who was not called.
    """

    def __init__(self, line: LaneByLine, *, page: bool, listening: bool = False) -> None:
        self.page = page
        self.listening = listening
        self._line = line

    def told(self) -> dict[str, Any] | None:
        """The call as the page draws it."""
        return self._line.voice_told()

    async def answer(self, officer: str, station: str, sdp: str) -> CallAgreed:
        """Answers the call that rings and connects this page; raises as `VoicePort.answer`."""
        return await self._line.talk(officer, station, sdp)

    async def hears(self, attempt: int, officer_db: float) -> None:
        """The page says that the driver's sound reaches it."""
        await self._line.tell_heard(attempt, officer_db)

    async def listen(self, wanted: ListenWanted) -> ListenBegun:
        """Lets an officer's page listen; raises as `VoicePort.listen`."""
        return await self._line.listen(wanted)

    async def listens(self, number: int) -> bool:
        """The page says that it listens still."""
        return await self._line.tell_listens(number)

    async def stop_listening(self, number: int, why: ListenEnd) -> None:
        """It listens no more."""
        await self._line.stop_listening(number, why)


_NOT_DONE = Both(
    "Not done: the lane's program does not answer. Clear vehicles by hand.",
    "未有執行：車道程式沒有回應。請以人手放行車輛。",
)
_UNKNOWN = Both(
    "The lane's program did not answer: it may have been done or not. Look at the lane before you repeat it.",
    "車道程式沒有回應：未能確定是否已執行。重覆之前，請先查看車道。",
)
