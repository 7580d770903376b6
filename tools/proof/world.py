"""A world around `step` for scenarios: vehicle, driver, officer, screens, code book and clock, all simulated.

Rules of this file: it is driven from the hardware's side, by words ("arrive", "read", "wait:60"); it keeps the shell's
promises (an answer of the code book before anything else, effects in order) and decides nothing itself.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from domain.marks import normalise
from lane_agent import events as e
from lane_agent.effects import (
    Alarm,
    CancelTimer,
    Claim,
    Consume,
    Effect,
    GiveBack,
    LookAgain,
    LookUp,
    Record,
    Show,
    StartTimer,
)
from lane_agent.model import Contact, Fault, Link, Moment, Policy, Read, ReadSource, Screen
from lane_agent.rules import RULES, Rules
from lane_agent.state import Lane
from lane_agent.step import step
from tools.proof.code_book import CORE_MS, VRN, ScenarioCodeBook

OFFICER = "officer1"
SECOND = "officer2@wall"
WHY = "seen by me"
TAKEN = "UBR live is claimed by lane/journal/7 of another lane"


@dataclass(slots=True)
class ScenarioWorld:
    """One lane and all that surrounds it.

    Attributes:
        screens: those that confirm what they are told.
        core: what it answers to claims: "grants", "refuses", or "silent".
        claims: those asked for so far.
        shows: what the screens were told, oldest first, "XDB/AIOP" or one word if both say the same.
        told: every effect, oldest first.
        rows: names of the rows entered.
    """

    policy: Policy = field(default_factory=Policy)
    rules: Rules = RULES
    lane: Lane = field(default_factory=Lane)
    book: ScenarioCodeBook = field(default_factory=ScenarioCodeBook)
    screens: frozenset[Screen] = frozenset(Screen)
    core: str = "grants"
    claims: list[Claim] = field(default_factory=list)
    now_ms: int = 1_000_000
    shows: list[str] = field(default_factory=list)
    told: list[Effect] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    steps: list[tuple[e.Event, Moment, tuple[Effect, ...]]] = field(default_factory=list)
    _timers: dict[str, tuple[int, int]] = field(default_factory=dict)
    _inbox: deque[e.Event] = field(default_factory=deque)

    # --- the shell's part -----------------------------------------------------------------------------------

    def tell(self, *events: e.Event) -> tuple[Effect, ...]:
        """Steps the lane with each event and with all answers to it; returns the effects of all of it."""
        before = len(self.told)
        for event in events:
            self.now_ms += 10
            self._inbox.append(event)
            while self._inbox:
                self._step(self._inbox.popleft())
        return tuple(self.told[before:])

    def _step(self, event: e.Event) -> None:
        at = Moment(self.now_ms, CORE_MS + self.now_ms)
        self.lane, effects = step(self.lane, event, at, self.rules)
        self.steps.append((event, at, effects))
        self.told += effects
        if not self.rows or self.rows[-1] != self.lane.row:
            self.rows.append(self.lane.row)
        for effect in effects:
            self._obey(effect)

    def _obey(self, effect: Effect) -> None:
        match effect:
            case LookUp():
                self._answer(effect)
            case StartTimer():
                self._timers[effect.timer] = (self.now_ms + effect.ms, effect.serial)
            case CancelTimer():
                self._timers.pop(effect.timer, None)
            case Claim():
                self.claims.append(effect)
                self._answer_claim(effect)
            case Show():
                self.shows.append("/".join(dict.fromkeys((effect.xdb.value, effect.aiop.value))))
                self._inbox.extend(self.confirmations(self.screens))
            case _:
                pass

    def _answer(self, question: LookUp) -> None:
        try:
            codes = self.book.look_up(question.vrn)
        except OSError as error:
            self._inbox.appendleft(e.FaultRaised(Fault.CODES, str(error)))
            return
        self._inbox.appendleft(e.CodesFound(question.visit, question.lookup, codes))

    def _answer_claim(self, order: Claim) -> None:
        if self.core != "silent":
            self._inbox.append(self.claim_answer(order, refusal="" if self.core == "grants" else TAKEN))

    def claim_answer(self, order: Claim, *, refusal: str = "", epoch: str = "epoch") -> e.ClaimAnswered:
        """What the core answers to a claim."""
        return e.ClaimAnswered(order.visit, order.claim, order.ubrs, epoch, 1, refusal)

    def confirmations(self, screens: frozenset[Screen]) -> tuple[e.ScenePainted, ...]:
        """What those screens answer to the last `Show`."""
        face = self.lane.face
        scenes = {Screen.XDB: face.xdb, Screen.AIOP: face.aiop}
        return tuple(e.ScenePainted(screen, scenes[screen], face.serial) for screen in Screen if screen in screens)

    def pass_time(self, ms: int) -> None:
        """Lets time pass; timers that run out fire in their order."""
        end = self.now_ms + ms
        while due := [(at, name, serial) for name, (at, serial) in self._timers.items() if at <= end]:
            at, name, serial = min(due)
            del self._timers[name]
            self.now_ms = max(self.now_ms, at - 10)
            self.tell(e.TimerFired(name, serial))
        self.now_ms = max(self.now_ms, end)

    # --- what a test asks -----------------------------------------------------------------------------------

    @property
    def face(self) -> str:
        """What the screens show now, as in `shows`."""
        return self.shows[-1]

    @property
    def visit(self) -> int:
        """The number of the newest visit."""
        return self.lane.visits

    def alarms(self) -> list[str]:
        """Kinds of alarms raised so far."""
        return [effect.kind for effect in self.told if isinstance(effect, Alarm)]

    def records(self, kind: str) -> list[dict[str, str]]:
        """Facts of the records of a kind made so far."""
        return [dict(effect.facts) for effect in self.told if isinstance(effect, Record) and effect.kind == kind]

    def returned(self) -> tuple[str, ...]:
        """UBRs given back so far."""
        return tuple(ubr for effect in self.told if isinstance(effect, GiveBack) for ubr in effect.ubrs)

    def consumed(self) -> tuple[str, ...]:
        """UBRs used so far."""
        return tuple(ubr for effect in self.told if isinstance(effect, Consume) for ubr in effect.ubrs)

    # --- what vehicle, reader and link do; the words of scenarios are made of these ---------------------------

    def contact(self, contact: Contact, *, active: bool, late_ms: int = 0) -> tuple[Effect, ...]:
        """A contact changes; `late_ms` is how long ago its physical edge was."""
        return self.tell(e.ContactChanged(contact, active, self.now_ms + 10 - late_ms))

    def pulse(self, contact: Contact, late_ms: int = 0) -> None:
        """A contact closes and opens."""
        self.contact(contact, active=True, late_ms=late_ms)
        self.contact(contact, active=False, late_ms=late_ms)

    def settle(self, vrn: str = VRN, mainland: str | None = None, visit: int | None = None) -> None:
        """The reader settles a read of a visit (the open one if none is named)."""
        read = Read(normalise(vrn), mainland, 0.98, ReadSource.READER, ("e" * 64,))
        self.tell(e.PlateSettled(self.visit if visit is None else visit, read))

    def see_again(self, vrn: str, *, older: bool = False) -> None:
        """The reader sees this plate again, and answers the last look, or the one before it."""
        looks = [effect for effect in self.told if isinstance(effect, LookAgain)]
        self.tell(e.PlateSeenAgain(self.visit, looks[-1 - older].look, vrn))

    def set_link(self, link: Link) -> None:
        """The link machine's verdict changes, for the code book as for the lane."""
        self.book.link = link
        self.tell(e.LinkChanged(link))
