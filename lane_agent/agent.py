"""The shell around the pure lane: inbox, `step`, journal, effects. No effect runs before its event is in the journal.

When the store fails, the lane gets the fault at once and goes on in memory, where `step` shows 3 to nobody (design §2.8).
Entries are then kept in order and written as soon as the store takes them again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from lane_agent.effects import (
    Alarm,
    AlarmEnded,
    CancelTimer,
    Claim,
    Consume,
    Effect,
    GiveBack,
    LookAgain,
    LookUp,
    Record,
    Ring,
    Show,
    StartReading,
    StartTimer,
    StopReading,
    TellDriver,
)
from lane_agent.events import CodesFound, Event, FaultCleared, FaultRaised, ShowLapsed, TimerFired
from lane_agent.guards import release_still_true
from lane_agent.model import Fault, Moment
from lane_agent.ports import ActuatorsPort, Clock, CodeBook, JournalPort
from lane_agent.replay import entry
from lane_agent.state import Lane, visit_key
from lane_agent.step import step
from lane_agent.wording import Scene

RETRY_S = 1.0
RELEASE_AGE_MS = 500
"""An order to show 3 that is older than this when it can be carried out is not carried out (design §2.15)."""
_LISTEN = 3
"""Turns of the loop between the commit of a release and its painting: a message already received becomes a callback in
the first, an event in the second, and one more is for whoever hands it on."""


@dataclass(slots=True)
class _Pending:
    event: Event
    at: Moment
    answer: asyncio.Future[tuple[Effect, ...]] | None = None


@dataclass(slots=True, eq=False)
class _Release:
    """An order to show 3: committed, not yet carried out. `last` is what is to be heard before, once it is known."""

    order: Show
    at: Moment
    listened: bool = False
    last: _Pending | None = None


@dataclass(frozen=True, slots=True)
class _Unwritten:
    body: bytes
    uses: tuple[tuple[str, str], ...]


class Agent:
    """Runs one lane.

    Args:
        lane: the lane as it was after the newest journal entry.
        clock, journal, codes, actuators: the ports.
        software: version written into every entry.
    """

    def __init__(
        self,
        lane: Lane,
        *,
        clock: Clock,
        journal: JournalPort,
        codes: CodeBook,
        actuators: ActuatorsPort,
        software: str,
    ) -> None:
        self.lane = lane
        self.progress = 0
        self._clock = clock
        self._journal = journal
        self._codes = codes
        self._actuators = actuators
        self._software = software
        self._inbox: deque[_Pending] = deque()
        self._woken = asyncio.Event()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._unwritten: deque[_Unwritten] = deque()
        self._release: _Release | None = None
        self._do: dict[type, Callable[..., None]] = {
            Show: self._show,
            Ring: actuators.ring,
            TellDriver: actuators.tell_driver,
            Alarm: actuators.raise_alarm,
            AlarmEnded: lambda _ended: None,  # what is made of it is the watchers' (`ActuatorsPort.stepped`)
            Record: actuators.keep,
            StartReading: lambda order: actuators.read_plate(order.visit),
            StopReading: lambda order: actuators.stop_reading(order.visit),
            LookAgain: actuators.look_again,
            StartTimer: self._start_timer,
            CancelTimer: self._cancel_timer,
            LookUp: self._look_up,
            Claim: codes.claim,
            GiveBack: codes.give_back,
            Consume: lambda _order: None,  # written with the entry itself
        }

    def tell(self, event: Event) -> None:
        """Puts an event into the inbox, stamped now. Call from the agent's own loop."""
        self._inbox.append(_Pending(event, self._clock.now()))
        self._woken.set()

    async def ask(self, event: Event) -> tuple[Effect, ...]:
        """As `tell`, and waits until the step is durable; returns its effects (an `Ignored` record says why not)."""
        answer: asyncio.Future[tuple[Effect, ...]] = asyncio.get_running_loop().create_future()
        self._inbox.append(_Pending(event, self._clock.now(), answer))
        self._woken.set()
        return await answer

    def inbox_wait_ms(self) -> int:
        """How long the oldest event has been waiting; a large figure means the agent is stuck."""
        return self._clock.now().mono_ms - self._inbox[0].at.mono_ms if self._inbox else 0

    async def run(self) -> None:
        """Takes events from the inbox until cancelled; then stops the timers."""
        try:
            while True:
                await self._wait()
                self._write_what_waits()
                self._work_inbox()
                await asyncio.sleep(0)
                await self._carry_out_release()
        finally:
            for handle in self._timers.values():
                handle.cancel()

    async def _wait(self) -> None:
        if self._inbox:
            return
        self._woken.clear()
        try:
            async with asyncio.timeout(RETRY_S):
                await self._woken.wait()
        except TimeoutError:
            self.progress += 1

    def _work_inbox(self) -> None:
        """Takes one event; `run` then lets other tasks work before the next."""
        if not self._inbox:
            return
        pending = self._inbox.popleft()
        if pending.event == FaultCleared(Fault.STORE) and self._unwritten:
            return  # the store's health check found it well, but it has not taken every entry yet
        effects = self._step(pending.event, pending.at)
        if self._unwritten and Fault.STORE not in self.lane.faults:  # `AgentStarted` begins without faults
            self._inbox.appendleft(_Pending(FaultRaised(Fault.STORE, "entries still wait to be written"), pending.at))
        if pending.answer is not None and not pending.answer.done():
            pending.answer.set_result(effects)
        self.progress += 1

    def _step(self, event: Event, at: Moment) -> tuple[Effect, ...]:
        after, effects = step(self.lane, event, at)
        if not self._commit(event, at, effects, after):
            return self._step(event, at)
        self._take_effect(after, effects, at)
        self._actuators.stepped(event, at, effects, after)
        return effects

    def _take_effect(self, after: Lane, effects: tuple[Effect, ...], at: Moment) -> None:
        self.lane = after
        for effect in effects:
            if isinstance(effect, Show) and Scene.DONE in (effect.xdb, effect.aiop):
                self._release = _Release(effect, at)
            else:
                self._do[type(effect)](effect)

    def _show(self, order: Show) -> None:
        self._release = None  # whatever it was, something else is to be shown now
        self._actuators.show(order)

    async def _carry_out_release(self) -> None:
        """Shows 3 when everything that had arrived before has been heard, or not at all (design §2.15).

        The commit may have taken seconds on a disk that stalls. What was told meanwhile is in the inbox, and is worked
        first: if it takes the grounds away, another `Show` has taken this one's place. What is told later does not hold
        the release up: it is another event, with a `Show` of its own.
        """
        release = self._release
        if release is None:
            return
        if not release.listened:
            for _ in range(_LISTEN):
                await asyncio.sleep(0)
            release.listened = True
            release.last = self._inbox[-1] if self._inbox else None
        if any(told is release.last for told in self._inbox):
            return
        self._release = None
        late = self._clock.now().mono_ms - release.at.mono_ms > RELEASE_AGE_MS
        if late or not release_still_true(self.lane):
            self.tell(ShowLapsed(release.order.serial))
        else:
            self._actuators.show(release.order)

    def _commit(self, event: Event, at: Moment, effects: tuple[Effect, ...], after: Lane) -> bool:
        """Makes a step durable. False: the store has just failed; the lane has that fault now, and the step must be taken again."""
        uses = tuple(
            (ubr, visit_key(after, effect.visit))
            for effect in effects
            if isinstance(effect, Consume)
            for ubr in effect.ubrs
        )
        body = entry(event, at, effects, self.lane, after, self._software)
        if self._unwritten:
            self._unwritten.append(_Unwritten(body, uses))
            return True
        try:
            self._journal.append(body, uses=uses)
        except OSError as error:
            self._store_failed(at, str(error))
            return False
        return True

    def _store_failed(self, at: Moment, why: str) -> None:
        fault = FaultRaised(Fault.STORE, why)
        after, effects = step(self.lane, fault, at)
        self._unwritten.append(_Unwritten(entry(fault, at, effects, self.lane, after, self._software), ()))
        self._take_effect(after, effects, at)
        self._actuators.stepped(fault, at, effects, after)

    def _write_what_waits(self) -> None:
        """Writes the entries that the failed store did not take, in order; clears the fault once all are durable."""
        if not self._unwritten:
            return
        while self._unwritten:
            waiting = self._unwritten[0]
            try:
                self._journal.append(waiting.body, uses=waiting.uses)
            except OSError:
                return
            self._unwritten.popleft()
        self._inbox.appendleft(_Pending(FaultCleared(Fault.STORE), self._clock.now()))

    def _start_timer(self, order: StartTimer) -> None:
        self._cancel_timer(CancelTimer(order.timer))
        fired = TimerFired(order.timer, order.serial)
        loop = asyncio.get_running_loop()
        self._timers[order.timer] = loop.call_later(order.ms / 1000, self.tell, fired)

    def _cancel_timer(self, order: CancelTimer) -> None:
        handle = self._timers.pop(order.timer, None)
        if handle is not None:
            handle.cancel()

    def _look_up(self, order: LookUp) -> None:
        """The answer goes to the head of the inbox, so that no event comes between the lookup and the decision."""
        try:
            codes = self._codes.look_up(order.vrn)
        except OSError as error:
            self._inbox.appendleft(_Pending(FaultRaised(Fault.CODES, str(error)), self._clock.now()))
            return
        self._inbox.appendleft(_Pending(CodesFound(order.visit, order.lookup, codes), self._clock.now()))
