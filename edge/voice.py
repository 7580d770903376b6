"""The lane's voice, put together: the line to the voice process, and what the page needs of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from console.voice_port import CallAgreed, ListenBegun, ListenWanted
from devices.voice.desk import CallRules
from devices.voice.line import VoiceLine
from devices.voice.listening import Listener
from devices.voice.settings import VoiceSettings
from domain.listening import ListenEnd, ListenRefusal
from domain.visit_record import CallNote
from lane_agent.effects import Record
from lane_agent.events import CallReported, Event, HelpAnswered
from lane_agent.model import HelpCall
from lane_agent.state import Lane
from runtime.sections import milliseconds


def call_rules(settings: VoiceSettings) -> CallRules:
    """How the lane calls."""
    sip = settings.sip
    return CallRules(
        numbers=sip.numbers if sip else (),
        answer_ms=milliseconds(sip.answer_s) if sip else 0,
        unanswered_ms=milliseconds(settings.unanswered_s),
        lost_ms=milliseconds(settings.lost_s),
        coming_key=sip.coming_key if sip else "",
    )


def voice_line(
    settings: VoiceSettings, on_event: Callable[[Event], None], clock: Callable[[], int], moved: Callable[[], None]
) -> VoiceLine | None:
    """The line to the voice process; None where the lane has no voice."""
    if not settings.on:
        return None
    listening_ms = milliseconds(settings.listening_s) if settings.listening else 0
    rules = call_rules(settings)
    return VoiceLine(settings.socket, rules, on_event=on_event, clock=clock, moved=moved, listening_ms=listening_ms)


def left_open(calls: Iterable[Record]) -> CallReported | None:
    """The end of a listening that an agent before this one left open; `calls` are records of calls, the newest first."""
    for record in calls:
        facts = dict(record.facts)
        if facts.get("call") == CallNote.LISTENED:
            return None
        if facts.get("call") == CallNote.LISTENING:
            detail = "; ".join(filter(None, (facts.get("detail", ""), ListenEnd.AGENT.value)))
            return CallReported(CallNote.LISTENED.value, facts.get("who", ""), detail)
    return None


class PageVoice:
    """The voice for the page (`console.voice_port.VoicePort`), at the agent's end of the line to it.

    Args:
        line: to the voice process.
        act: puts an event to the lane; why it was refused, "" if it was not.
        lane: the lane as it is now.
        page: whether officers can talk through the page.
    """

    def __init__(
        self, line: VoiceLine, *, act: Callable[[HelpAnswered], Awaitable[str]], lane: Callable[[], Lane], page: bool
    ) -> None:
        self.page = page
        self._line = line
        self._act = act
        self._lane = lane
        self._who = ("", "")  # whose page has the call, and where
        self.listening = line.listening.allowed

    def told(self) -> dict[str, Any]:
        """The call as the page draws it."""
        sight = self._line.sight
        return {
            "attempt": self._line.attempt,
            "stage": sight.stage.value,
            "who": sight.who,
            "talking": sight.talking,
            "driver_db": sight.driver_db,
            "officer_db": sight.officer_db,
            "problems": "; ".join(f"{part}: {why}" for part, why in sorted(self._line.problems.items())),
            "ear": self._ear() if self.listening else None,
        }

    def _ear(self) -> dict[str, Any]:
        """Who listens, and why somebody cannot begin to."""
        ear = self._line.listening
        return {
            "number": ear.sight.number,
            "who": ear.sight.who,
            "refusal": ear.refusal(supervises=False) or "",
            "supervisors": ear.refusal(supervises=True) or "",
        }

    async def answer(self, officer: str, station: str, sdp: str) -> CallAgreed:
        """Answers the call that rings and connects this page. A page that was loaded anew gets its own call again."""
        again = self._lane().help in (HelpCall.ANSWERED, HelpCall.TALKING) and self._who == (officer, station)
        if not again and (why := await self._act(HelpAnswered(officer))):
            return CallAgreed(why=why, refused=True)
        self._who = (officer, station)
        try:
            attempt, agreed = await self._line.answer(officer, station, sdp)
        except TimeoutError:
            return CallAgreed(why="the voice process does not answer")
        return CallAgreed(attempt, agreed.sdp, agreed.problem)

    async def hears(self, attempt: int, officer_db: float) -> None:
        """The page says that the driver's sound reaches it."""
        self._line.page_hears(attempt, officer_db)

    async def listen(self, wanted: ListenWanted) -> ListenBegun:
        """Lets an officer's page listen, once the driver's panel says so."""
        wish = Listener(wanted.officer, wanted.station, wanted.sdp, wanted.supervises)
        number, heard = await self._line.listening.listen(wish)
        return ListenBegun(refusal=heard) if isinstance(heard, ListenRefusal) else ListenBegun(number, heard)

    async def listens(self, number: int) -> bool:
        """The page says that it listens still; whether it does."""
        return self._line.listening.listens(number)

    async def stop_listening(self, number: int, why: ListenEnd) -> None:
        """The officer has heard enough, or his page may not any more."""
        self._line.listening.stop(number, why)
