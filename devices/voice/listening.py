"""Listening at the kiosk without talking: who may now, what the driver is told first, what is recorded, when it ends. Pure.

Told what happens (`receive_*`, with the monotonic time in ms) and drained of deeds, as `devices.voice.desk` is. Rules of this file:

1. The driver first: the microphone is opened only once the panel says that it says so, and the journal has the row. It is closed as soon as
   the panel cannot say so any more: under a message that does not carry the line, on a panel that is gone or shows its safe face.
2. The panel goes on saying so until the voice process has closed the microphone, or is gone.
3. One at a time, and for `most_ms` at most. A page that has not said for `PAGE_MS` that it listens has ended.
4. Help rings as if nobody listened. Once the call is answered only a supervisor listens on, and not into a call of his own.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from enum import Enum

from devices.voice import protocol as p
from devices.voice.desk import CallStage
from domain.listening import ListenEnd, ListenRefusal
from domain.visit_record import CallNote
from lane_agent.events import CallReported

SHOWING_MS = 2_000
"""The panel confirms in milliseconds, and the journal too; without them for so long nobody listens."""

PAGE_MS = 5_000
"""A page says every second that it listens; as long as a call without sound (`CallRules.lost_ms`)."""

_AS_REFUSAL = {ListenEnd.HIDDEN: ListenRefusal.HIDDEN, ListenEnd.ANSWERED: ListenRefusal.ANSWERED}
_ANSWERED = frozenset({CallStage.TAKEN, CallStage.CONNECTED})
_NAMELESS = re.compile(r"[0-9A-Za-z-]+\.local")


@dataclass(frozen=True, slots=True)
class MarkPanel:
    """The panel is to say that somebody listens, or no longer."""

    on: bool


class ListenStage(Enum):
    """Where it stands."""

    NONE = "none"
    SHOWING = "showing"  # the panel is to say so
    RECORDING = "recording"  # it does; the journal is to have it
    OPEN = "open"
    CLOSING = "closing"  # the voice process is to close the microphone


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens.

    Attributes:
        officer: by name.
        station: where his page is, as it is recorded.
        sdp: his page's session description.
        supervises: he may listen into calls that others have answered.
    """

    officer: str
    station: str
    sdp: str
    supervises: bool = False


@dataclass(frozen=True, slots=True)
class ListenSight:
    """As the page shows it.

    Attributes:
        number: of the listening that is open, 0 for none.
        who: who listens.
        since_ms: monotonic.
    """

    number: int = 0
    who: str = ""
    since_ms: int = 0


ListenDeed = p.Listen | p.StopListening | CallReported | MarkPanel


class ListenDesk:
    """One kiosk's.

    Args:
        most_ms: how long one may last; 0 where nobody may listen.
    """

    def __init__(self, most_ms: int) -> None:
        self._most_ms = most_ms
        self._deeds: deque[ListenDeed] = deque()
        self._ear = ListenStage.NONE
        self._number = 0
        self._who: Listener | None = None
        self._since_ms = self._page_ms = 0
        self._carried = self._voice = False
        self._call = CallStage.IDLE
        self._refused: ListenRefusal | None = None
        self._unwritten = 0  # rows of beginnings that the journal is to have yet

    def drain(self) -> list[ListenDeed]:
        """What is to be done, in order; each deed once."""
        deeds, self._deeds = list(self._deeds), deque()
        return deeds

    @property
    def sight(self) -> ListenSight:
        """As the page shows it: from the moment on at which the journal has it."""
        if self._ear is not ListenStage.OPEN or self._who is None:
            return ListenSight()
        return ListenSight(self._number, self._who.officer, self._since_ms)

    @property
    def number(self) -> int:
        """Of the wish that stands or is open, 0 for none."""
        return self._number if self._ear in {ListenStage.SHOWING, ListenStage.RECORDING, ListenStage.OPEN} else 0

    @property
    def refused(self) -> ListenRefusal | None:
        """Why the last wish came to nothing, or to an early end."""
        return self._refused

    def refusal(self, *, supervises: bool) -> ListenRefusal | None:
        """Why somebody cannot begin to listen now; None if he can."""
        if not self._most_ms:
            return ListenRefusal.OFF
        if not self._voice:
            return ListenRefusal.VOICE
        if self._ear is not ListenStage.NONE:
            return ListenRefusal.TAKEN
        if self._call in _ANSWERED and not supervises:
            return ListenRefusal.ANSWERED
        return None if self._carried else ListenRefusal.HIDDEN

    def receive_wish(self, wish: Listener, now_ms: int) -> int:
        """An officer's page wants to listen; the number of his listening, 0 if it is refused (`refused`)."""
        self._refused = self.refusal(supervises=wish.supervises)
        if self._refused is not None:
            return 0
        self._number += 1
        self._ear, self._who, self._since_ms = ListenStage.SHOWING, wish, now_ms
        self._deeds.append(MarkPanel(on=True))
        return self._number

    def receive_shown(self, *, so: bool, now_ms: int) -> None:
        """The panel says that somebody listens, or it does not (`display.feed`)."""
        if so and self._ear is ListenStage.SHOWING and self._who is not None:
            self._ear = ListenStage.RECORDING
            self._unwritten += 1
            self._note(CallNote.LISTENING, self._who.station)
        elif not so and self._ear is ListenStage.SHOWING:
            self._give_up(ListenRefusal.PANEL)
        elif not so:
            self._over(ListenEnd.HIDDEN, now_ms)

    def receive_recorded(self, now_ms: int) -> None:
        """The journal has the row of a listening that begins (rule 1); rows come in order."""
        self._unwritten -= 1
        if self._ear is ListenStage.RECORDING and self._who is not None and not self._unwritten:
            self._ear, self._since_ms, self._page_ms = ListenStage.OPEN, now_ms, now_ms
            self._deeds.append(p.Listen(self._number, addressed(self._who.sdp, self._who.station)))

    def receive_scene(self, *, carries: bool, now_ms: int) -> None:
        """The panel is told another message, below which the line may stand or not."""
        self._carried = carries
        if not carries:
            self._over(ListenEnd.HIDDEN, now_ms)

    def receive_call(self, stage: CallStage, who: str, now_ms: int) -> None:
        """How the help call stands, and who has it (rule 4)."""
        self._call = stage
        if stage in _ANSWERED and self._who is not None and (not self._who.supervises or self._who.officer == who):
            self._over(ListenEnd.ANSWERED, now_ms)

    def receive_listens(self, number: int, now_ms: int) -> bool:
        """The page says that it listens still; whether it does."""
        if number != self.number or not number:
            return False
        self._page_ms = now_ms
        return True

    def receive_stop(self, number: int, why: ListenEnd, now_ms: int) -> None:
        """The officer has heard enough, or his page may not any more."""
        if number and number == self.number:
            self._over(why, now_ms)

    def receive_voice(self, *, runs: bool, now_ms: int) -> None:
        """The voice process has come, or gone and with it whatever was open."""
        self._voice = runs
        if not runs:
            self._over(ListenEnd.VOICE, now_ms)
            self._closed()

    def receive_closed(self, number: int, detail: str, now_ms: int) -> None:
        """The voice process has closed the microphone, whoever wanted that."""
        if number == self._number:
            self._over(ListenEnd.VOICE, now_ms, detail)
            self._closed()

    def receive_time(self, now_ms: int) -> None:
        """Time has passed. Call it a few times a second."""
        if self._ear is ListenStage.SHOWING and now_ms - self._since_ms >= SHOWING_MS:
            self._give_up(ListenRefusal.PANEL)
        elif self._ear is ListenStage.RECORDING and now_ms - self._since_ms >= SHOWING_MS:
            self._over(ListenEnd.RECORD, now_ms)
            self._refused = ListenRefusal.RECORD
        elif self._ear is ListenStage.OPEN and now_ms - self._since_ms >= self._most_ms:
            self._over(ListenEnd.LIMIT, now_ms)
        elif self._ear is ListenStage.OPEN and now_ms - self._page_ms >= PAGE_MS:
            self._over(ListenEnd.PAGE, now_ms)

    def _give_up(self, why: ListenRefusal) -> None:
        """Nothing was opened, and nothing is on record."""
        self._refused = why
        self._closed()

    def _over(self, why: ListenEnd, now_ms: int, detail: str = "") -> None:
        """Whatever stands ends, on record where its beginning is."""
        if self._ear is ListenStage.SHOWING:
            self._give_up(_AS_REFUSAL.get(why, ListenRefusal.VOICE))
        if self._ear not in {ListenStage.RECORDING, ListenStage.OPEN} or self._who is None:
            return
        opened, self._ear = self._ear is ListenStage.OPEN, ListenStage.CLOSING
        self._refused = _AS_REFUSAL.get(why, ListenRefusal.VOICE)
        lasted = f"{round((now_ms - self._since_ms) / 1_000) if opened else 0} s"
        if opened:
            self._deeds.append(p.StopListening(self._number))
        self._note(CallNote.LISTENED, "; ".join(filter(None, (self._who.station, lasted, detail or why.value))))
        if not opened:
            self._closed()

    def _closed(self) -> None:
        """The microphone is closed: now the panel need not say so any more (rule 2)."""
        if self._ear is not ListenStage.NONE:
            self._ear, self._who = ListenStage.NONE, None
            self._deeds.append(MarkPanel(on=False))

    def _note(self, call: CallNote, detail: str) -> None:
        assert self._who is not None
        self._deeds.append(CallReported(call.value, self._who.officer, detail))


def addressed(sdp: str, station: str) -> str:
    """The page's session description with its computer's address in it.

    A browser that was not asked for a microphone hides its addresses behind random names, which only its own network segment can resolve.
    The page's request came from one of them.
    """
    return _NAMELESS.sub(station, sdp) if station else sdp
