"""The agent's end of listening: it stands between the listening desk, the panel, the journal and the voice process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from devices.voice import protocol as p
from devices.voice.desk import CallSight
from devices.voice.listening import ListenDesk, Listener, ListenSight, MarkPanel
from domain.listening import ListenEnd, ListenRefusal
from domain.visit_record import CallNote
from lane_agent.effects import Show
from lane_agent.events import CallReported, Event
from lane_agent.wording import CARRIES_LISTENING

_AGREE_S = 7.0
"""The panel, the journal and the voice process, each with its own limit."""


class ListenLine:
    """Listening at one kiosk.

    Args:
        most_ms: how long one may last; 0 where nobody may listen.
        send: to the voice process.
        on_event: called in the event loop with the lane's events; must not block.
        clock: monotonic, ms.
        moved: called when what the page shows has changed.

    Attributes:
        allowed: whether the site allows it.
        mark: has the panel say that somebody listens, or no longer (`display.feed`); set by whoever puts the lane together. Without it
            nobody can listen.
    """

    def __init__(
        self,
        most_ms: int,
        *,
        send: Callable[[p.ToVoice], None],
        on_event: Callable[[Event], None],
        clock: Callable[[], int],
        moved: Callable[[], None],
    ) -> None:
        self.allowed = most_ms > 0
        self.mark: Callable[[bool], None] = lambda _: None
        self._desk = ListenDesk(most_ms)
        self._send = send
        self._on_event = on_event
        self._clock = clock
        self._moved = moved
        self._wishing: dict[int, asyncio.Future[str | ListenRefusal]] = {}
        self._shown: tuple[ListenSight, ListenRefusal | None] | None = None

    @property
    def sight(self) -> ListenSight:
        """As the page shows it."""
        return self._desk.sight

    def refusal(self, *, supervises: bool) -> ListenRefusal | None:
        """Why somebody cannot begin to listen now; None if he can."""
        return self._desk.refusal(supervises=supervises)

    async def listen(self, wish: Listener) -> tuple[int, str | ListenRefusal]:
        """Lets an officer's page listen: the number of it and the box's session description, or why not."""
        number = self._desk.receive_wish(wish, self._clock())
        if not number:
            return 0, self._desk.refused or ListenRefusal.OFF
        answer: asyncio.Future[str | ListenRefusal] = asyncio.get_running_loop().create_future()
        self._wishing[number] = answer
        try:
            self.work()
            async with asyncio.timeout(_AGREE_S):
                return number, await answer
        except TimeoutError:
            self.stop(number, ListenEnd.VOICE)
            return number, ListenRefusal.VOICE
        finally:
            del self._wishing[number]

    def listens(self, number: int) -> bool:
        """The page says that it listens still; whether it does."""
        return self._desk.receive_listens(number, self._clock())

    def stop(self, number: int, why: ListenEnd) -> None:
        """The officer has heard enough, or his page may not any more."""
        self._desk.receive_stop(number, why, self._clock())
        self.work()

    def shown(self, so: bool) -> None:
        """The panel says that somebody listens, or it does not."""
        self._desk.receive_shown(so=so, now_ms=self._clock())
        self.work()

    def stepped(self, event: Event) -> None:
        """The journal has this event."""
        if isinstance(event, CallReported) and event.call == CallNote.LISTENING:
            self._desk.receive_recorded(self._clock())
            self.work()

    def shows(self, order: Show) -> None:
        """What the panel is told from now on."""
        self._desk.receive_scene(carries=order.aiop in CARRIES_LISTENING, now_ms=self._clock())
        self.work()

    def calls(self, call: CallSight) -> None:
        """How the help call stands."""
        self._desk.receive_call(call.stage, call.who, self._clock())
        self.work()

    def voice_runs(self, runs: bool) -> None:
        """The voice process has come, or gone."""
        self._desk.receive_voice(runs=runs, now_ms=self._clock())
        self.work()

    def hear(self, report: p.ListenAgreed | p.ListenClosed) -> None:
        """What the voice process says of it."""
        match report:
            case p.ListenAgreed(number, sdp):
                answer = self._wishing.get(number)
                if answer is not None and not answer.done():
                    answer.set_result(sdp)
            case p.ListenClosed(number, detail):
                self._desk.receive_closed(number, detail, self._clock())
        self.work()

    def passed(self) -> None:
        """Time has passed."""
        self._desk.receive_time(self._clock())
        self.work()

    def work(self) -> None:
        """Does what the desk wants done, until it wants nothing."""
        while deeds := self._desk.drain():
            for deed in deeds:
                match deed:
                    case MarkPanel(on):
                        self.mark(on)
                    case CallReported():
                        self._on_event(deed)
                    case _:
                        self._send(deed)
        for number, answer in self._wishing.items():
            if number != self._desk.number and not answer.done():
                answer.set_result(self._desk.refused or ListenRefusal.VOICE)
        shown = self._desk.sight, self._desk.refusal(supervises=True)
        if shown != self._shown:
            self._shown = shown
            self._moved()
