"""The call machine: whom the lane calls, who answered, and whether each end hears the other. Pure.

It is told what happens (`receive_*`, with the monotonic time in ms) and drained of deeds: lines for the voice process, and
events for the lane. Rules of this file:

1. One call a box. A new attempt, of whichever way, ends the one before; words about an older attempt change nothing.
2. The lane alone says whether somebody asks for help (`Ring`). The desk never rings, answers or ends by itself: it asks the
   lane by an event, and follows what the lane then orders.
3. A number that does not answer, is busy or cannot be reached is followed by the next, round and round, until the lane says
   that the call is answered or over. Each outcome is told, and a call that nobody has answered in time is an alarm.
4. *Talking* is what both ends say: sound left here and came here, and the page says that it hears. Without it for
   `silent_ms` the lane is told so, and after `lost_ms` the call is lost and rings again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

from devices.voice import protocol as p
from domain.alarms import LaneAlarmKind
from domain.visit_record import CallNote
from lane_agent.events import (
    AudioChanged,
    CallLost,
    CallReported,
    Event,
    HelpAnswered,
    HelpEnded,
    OfficerSent,
    TroubleEnded,
    TroubleReported,
)

SILENT_MS = 1_000
"""Without sound for so long the driver is told no longer that he is heard."""

HEARD_MS = 1_500
"""A page says every half second what it hears; its last word counts for so long."""

PAUSE_MS = 1_000
"""Between two attempts, so that an exchange that refuses at once is not flooded."""

_OUTCOMES = {
    p.Ended.BUSY: CallNote.BUSY,
    p.Ended.REFUSED: CallNote.REFUSED,
    p.Ended.UNREACHABLE: CallNote.UNREACHABLE,
    p.Ended.BROKE: CallNote.UNREACHABLE,
    p.Ended.HUNG_UP: CallNote.MISSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRules:
    """How a lane calls.

    Attributes:
        numbers: whom, in this order; empty where it has no telephone.
        answer_ms: how long one number rings.
        unanswered_ms: after so long a call that rings is an alarm.
        lost_ms: an answered call without sound for so long is lost.
        coming_key: by it, whoever answered says that an officer comes.
    """

    numbers: tuple[str, ...] = ()
    answer_ms: int = 20_000
    unanswered_ms: int = 60_000
    lost_ms: int = 5_000
    coming_key: str = "5"


class CallStage(Enum):
    """Where the desk is."""

    IDLE = "idle"
    RINGING = "ringing"  # the lane rings
    TAKEN = "taken"  # answered without a voice: somebody walks over
    CONNECTED = "connected"  # answered with one, whether or not it flows at this moment


@dataclass(frozen=True, slots=True)
class CallSight:
    """The call as the page shows it.

    Attributes:
        who: who is being called or has answered.
        talking: each end hears the other.
        driver_db, officer_db: how loud each side is, dB below full scale.
    """

    stage: CallStage = CallStage.IDLE
    who: str = ""
    talking: bool = False
    driver_db: float = -120.0
    officer_db: float = -120.0


Deed = p.ToVoice | Event


class CallDesk:
    """One lane's calls.

    Args:
        rules: as configured.
    """

    def __init__(self, rules: CallRules) -> None:
        self._rules = rules
        self._deeds: deque[Deed] = deque()
        self._stage = CallStage.IDLE
        self._attempt = 0
        self._open = 0  # the attempt that has not been told to be over; 0 for none
        self._next = 0  # index of the number to call
        self._due_ms: int | None = None  # when the next number is called, or the present one given up
        self._rung_ms = 0
        self._alarmed = False
        self._phone = False  # the open attempt is a telephone's, which hears what it is sent for all we know
        self._rang = False
        self._who = ""
        self._flowing_ms = 0  # when sound flowed last, or the call was connected
        self._page_ms: int | None = None  # when the page said last that it hears
        self._talking = False
        self._levels = (-120.0, -120.0)

    def drain(self) -> list[Deed]:
        """What is to be done, in order; each deed once."""
        deeds, self._deeds = list(self._deeds), deque()
        return deeds

    @property
    def sight(self) -> CallSight:
        """The call as the page shows it."""
        return CallSight(self._stage, self._who, self._talking, *self._levels)

    @property
    def attempt(self) -> int:
        """The number of the call that is open, 0 for none."""
        return self._open

    def receive_ring(self, call: str, now_ms: int) -> None:
        """The lane's order to the intercom: "ring", "answer" or "end" (`lane_agent.effects.Ring`)."""
        match call:
            case "ring":
                self._hang_up()
                self._stage, self._next, self._rung_ms = CallStage.RINGING, 0, now_ms
                self._call_next(now_ms)
            case "answer":
                self._quiet_alarm()
                if self._stage is not CallStage.CONNECTED:
                    self._hang_up()
                    self._stage = CallStage.TAKEN
            case "end":
                self._quiet_alarm()
                self._hang_up()
                self._stage, self._due_ms, self._who = CallStage.IDLE, None, ""
            case _:
                raise ValueError(f"no such call: {call!r}")

    def receive_page(self, officer: str, station: str, sdp: str, now_ms: int) -> int:
        """An officer's page wants to talk; returns the number of its call.

        The lane must have taken his answer before. `station` is where he is, as it is recorded.
        """
        self._hang_up()
        self._begin(phone=False)
        self._connect(officer, now_ms)
        self._deeds.append(p.Offer(self._open, sdp))
        self._note(CallNote.ANSWERED, officer, station)
        return self._open

    def receive_page_hears(self, attempt: int, officer_db: float, now_ms: int) -> None:
        """The page of this call says that it hears the driver, and how loud its officer is."""
        if attempt and attempt == self._open and not self._phone:
            self._page_ms = now_ms
            self._levels = (self._levels[0], officer_db)

    def receive_officer_sent(self) -> None:
        """The lane has been told that an officer comes: the voice is over, the call waits for him."""
        self._silence()
        self._hang_up()
        self._stage = CallStage.TAKEN if self._stage is CallStage.CONNECTED else self._stage

    def receive_report(self, report: p.ToAgent, now_ms: int) -> None:
        """What the voice process says of a call; of an older one it changes nothing."""
        match report:
            case p.Health() | p.Agreed() | p.ListenAgreed() | p.ListenClosed() | p.VoiceBeat():
                return
            case _ if not self._open or report.attempt != self._open:
                return
            case p.Rang():
                if not self._rang:
                    self._rang = True
                    self._note(CallNote.RANG, self._who)
            case p.Answered():
                self._answered(now_ms)
            case p.Closed():
                self._closed(report, now_ms)
            case p.KeyPressed():
                if report.key == self._rules.coming_key and self._stage is CallStage.CONNECTED:
                    self._deeds.append(OfficerSent(self._who))
            case p.Sound():
                self._sound(report, now_ms)

    def receive_voice_gone(self, now_ms: int) -> None:
        """The voice process is gone, and its calls with it."""
        if self._open:
            self._closed(p.Closed(self._open, p.Ended.BROKE, "the voice process ended"), now_ms)

    def receive_time(self, now_ms: int) -> None:
        """Time has passed. Call it a few times a second."""
        if self._stage is CallStage.RINGING:
            if not self._alarmed and now_ms - self._rung_ms >= self._rules.unanswered_ms:
                self._alarmed = True
                seconds = self._rules.unanswered_ms // 1_000
                self._deeds.append(
                    TroubleReported(LaneAlarmKind.HELP_UNANSWERED, f"nobody answered within {seconds} s")
                )
            if self._due_ms is not None and now_ms >= self._due_ms:
                self._give_up(now_ms)
        elif self._stage is CallStage.CONNECTED:
            self._watch_sound(now_ms)

    def _call_next(self, now_ms: int) -> None:
        if not self._rules.numbers:
            self._due_ms = None
            return
        number = self._rules.numbers[self._next % len(self._rules.numbers)]
        self._begin(phone=True)
        self._who = number
        if self._next:
            self._note(CallNote.ESCALATED, number)
        self._next += 1
        self._due_ms = now_ms + self._rules.answer_ms
        self._deeds.append(p.Dial(self._open, number))

    def _begin(self, *, phone: bool) -> None:
        self._attempt += 1
        self._open, self._phone, self._rang = self._attempt, phone, False
        self._page_ms, self._levels = None, (-120.0, -120.0)

    def _give_up(self, now_ms: int) -> None:
        """The number has rung for its time, or it is the next one's turn."""
        if self._open:
            self._note(CallNote.MISSED if self._rang else CallNote.UNREACHABLE, self._who)
            self._hang_up()
        self._call_next(now_ms)

    def _connect(self, who: str, now_ms: int) -> None:
        self._stage, self._who, self._due_ms = CallStage.CONNECTED, who, None
        self._flowing_ms, self._talking = now_ms, False

    def _answered(self, now_ms: int) -> None:
        """The telephone was taken: the lane is asked, and may already have been answered elsewhere."""
        if self._stage is not CallStage.RINGING:
            return
        self._connect(self._who, now_ms)
        self._deeds.append(HelpAnswered(self._who))
        self._note(CallNote.ANSWERED, self._who, "telephone")

    def _closed(self, report: p.Closed, now_ms: int) -> None:
        self._open = 0
        if self._stage is CallStage.RINGING:
            self._note(_OUTCOMES[report.why], self._who, report.detail)
            self._due_ms = now_ms + PAUSE_MS
        elif self._stage is CallStage.CONNECTED:
            self._silence()
            if report.why is p.Ended.HUNG_UP and self._phone:
                self._note(CallNote.ENDED, self._who, "hung up")
                self._deeds.append(HelpEnded(self._who, "hung up"))
            else:
                self._deeds.append(CallLost(report.detail or report.why.value))
            self._stage = CallStage.TAKEN

    def _sound(self, report: p.Sound, now_ms: int) -> None:
        officer_db = report.officer_db if self._phone or report.heard else self._levels[1]
        self._levels = (report.driver_db, officer_db)
        page_hears = self._page_ms is not None and now_ms - self._page_ms <= HEARD_MS
        if self._stage is CallStage.CONNECTED and report.sent and report.heard and (self._phone or page_hears):
            self._flowing_ms = now_ms
            if not self._talking:
                self._talking = True
                self._deeds.append(AudioChanged(flowing=True))
                self._note(CallNote.TALKING, self._who)

    def _watch_sound(self, now_ms: int) -> None:
        quiet_ms = now_ms - self._flowing_ms
        if quiet_ms >= SILENT_MS:
            self._silence()
        if quiet_ms >= self._rules.lost_ms:
            self._hang_up()
            self._stage = CallStage.TAKEN  # until the lane, told of the loss, rings again
            self._deeds.append(CallLost(f"no sound for {self._rules.lost_ms / 1_000:g} s"))

    def _silence(self) -> None:
        if self._talking:
            self._talking = False
            self._deeds.append(AudioChanged(flowing=False))

    def _hang_up(self) -> None:
        self._talking = False
        if self._open:
            self._deeds.append(p.HangUp(self._open))
        self._open, self._levels = 0, (-120.0, -120.0)

    def _quiet_alarm(self) -> None:
        if self._alarmed:
            self._alarmed = False
            self._deeds.append(TroubleEnded(LaneAlarmKind.HELP_UNANSWERED))

    def _note(self, call: CallNote, who: str, detail: str = "") -> None:
        self._deeds.append(CallReported(call.value, who, detail))
