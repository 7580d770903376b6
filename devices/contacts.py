"""Contacts: what closes at the lane, as events. A table maps each contact to a line of some board.

    board (raw levels) -> polarity -> debounce -> ContactChanged(contact, active, edge_ms)
                                   -> chattering, missing, silent -> FaultRaised(Fault.CONTACTS) / FaultCleared

Rules of this file
- `Contacts` is the port the lane sees; `Board` is the port a driver fills. Both are small on purpose.
- At start, and whenever the board comes back, the present level of every contact is reported, inactive ones too.
- A board that is lost is a fault at once and is tried again for ever; its outputs are restored when it is back.
- A wired line that the board never tells of, and an order that it does not confirm, are faults; the other lines go on.
- No driver is ever replaced by a simulated one here; which board is used is configuration (`edge`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from functools import partial
from types import MappingProxyType
from typing import Protocol

from devices.contact_faults import ContactFaults
from devices.debounce import BoardLook, Chatter, Debounce, Edge
from devices.errors import ContactsError, WiringWrong
from devices.read_back import ReadBacks
from devices.settings import InputSettings, Output, OutputSettings, shared_lines
from lane_agent.events import ContactChanged, FaultCleared, FaultRaised, TroubleEnded, TroubleReported
from lane_agent.model import Contact
from runtime.backoff import Backoff

_BACKOFF_S = (0.2, 5.0)  # between attempts to reach a lost board: first, longest
_LOOK_S = 1.0
"""How often it is looked at whether every wired line was told and every order was confirmed; and how long a board has for the first."""

ContactEvent = ContactChanged | FaultRaised | FaultCleared | TroubleReported | TroubleEnded
"""What contacts tell the lane."""

Tell = Callable[[int, bool, int | BoardLook], None]
"""(line, high, when): a raw level. Called in the event loop's thread.

`when` is monotonic ms of a board that tells every change: the level lasts until the next. Of a polled board it is the `BoardLook`.
"""


class Contacts(Protocol):
    """The lane's contacts, whatever carries them."""

    async def start(self, on_event: Callable[[ContactEvent], None]) -> None:
        """Begins to report; returns at once. A board that does not answer is an event, never an exception."""

    async def stop(self) -> None:
        """Stops reporting and releases the board."""


class Board(Protocol):
    """Something with numbered lines: raw electrical levels, no names, no debounce."""

    async def run(self, tell: Tell) -> None:
        """Opens the board, tells the present level of every line, then every raw edge, until cancelled.

        Raises:
            ContactsError: the board is missing, silent or garbled; the caller tries again.
        """

    def write(self, line: int, high: bool) -> None:
        """Sets an output line.

        Raises:
            ContactsError: the board is not there.
        """

    def unanswered(self) -> Collection[int]:
        """Output lines whose last order the board has not confirmed in time; none of a board that cannot tell."""


class Outputs(Protocol):
    """What can be switched."""

    def switch(self, output: Output, on: bool) -> None:
        """Switches an output; one that is not wired, or a board that is away, is no error: what was wanted is kept."""


class WiredContacts:
    """`Contacts` and `Outputs` over any `Board`.

    Args:
        board: the driver.
        inputs: the line of each contact; a contact that is not wired never changes.
        outputs: the line of each output.
        apart: lines of inputs and outputs are counted apart.
        clock: monotonic milliseconds, the same clock as the board's.
        chatter: when a line is called broken.
        backoff: the pauses between attempts.
        faults: what is wrong, where others share it (Immigration's terminal).

    Raises:
        WiringWrong: two on one line.
    """

    def __init__(
        self,
        *,
        board: Board,
        inputs: Mapping[Contact, InputSettings],
        outputs: Mapping[Output, OutputSettings] = MappingProxyType({}),
        clock: Callable[[], int],
        apart: bool = False,
        chatter: Chatter | None = None,
        backoff: Backoff | None = None,
        faults: ContactFaults | None = None,
    ) -> None:
        for key, line, other in shared_lines(inputs, outputs, apart=apart):
            raise WiringWrong(f"{key} and {other} are both on line {line}: give each its own line")
        self._board, self._clock, self._chatter = board, clock, chatter
        self._inputs = {each.line: (contact, each) for contact, each in inputs.items()}
        self._outputs = dict(outputs)
        self._read_backs = ReadBacks(outputs, clock)
        self._wanted = dict.fromkeys(self._outputs, False)
        self._filters: dict[int, Debounce] = {}
        self._up = False
        self._known: set[int] = set()
        self._opening = 0
        self._backoff = backoff or Backoff(*_BACKOFF_S)
        self._faults = faults or ContactFaults()
        self._tell: Callable[[ContactEvent], None] = lambda _: None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def lit(self) -> dict[Output, bool]:
        """What was last wanted of each output."""
        return dict(self._wanted)

    @property
    def glitches(self) -> dict[Contact, int]:
        """Bursts dropped since the board was last opened, for the technician."""
        return {self._inputs[line][0]: each.glitches for line, each in self._filters.items()}

    async def start(self, on_event: Callable[[ContactEvent], None]) -> None:
        """Begins to report; levels or a fault follow as events."""
        self._tell = on_event
        self._faults.told_to(on_event)
        self._task = asyncio.create_task(self._supervise(), name="contacts")
        self._task.add_done_callback(self._died)

    async def stop(self) -> None:
        """Stops and releases the board; an error that killed the task is raised here."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait({task})
        self._opening += 1
        self._disarm()
        if not task.cancelled():
            task.result()

    def switch(self, output: Output, on: bool) -> None:
        """Switches an output now, or as soon as the board is back."""
        self._wanted[output] = on
        self._read_backs.ordered(output, on=on)
        if self._up:
            self._write(output, on)

    async def _supervise(self) -> None:
        while True:
            self._filters = {
                line: Debounce(stable_ms=each.stable_ms, chatter=self._chatter)
                for line, (_, each) in self._inputs.items()
            }
            watch = asyncio.create_task(self._watch_lines(), name="contact lines")
            try:
                await self._board.run(partial(self._level, self._opening))
            except ContactsError as problem:
                self._lost(str(problem))
            else:
                self._lost("the contact board's driver stopped by itself: restart the lane and report this")
            finally:
                watch.cancel()
            await asyncio.sleep(self._backoff.next_s())

    def _level(self, opening: int, line: int, high: bool, when: int | BoardLook) -> None:
        if opening != self._opening:  # on its way when the board was lost
            return
        if not self._up:
            self._found()
        self._known.add(line)
        self._read_backs.level(line, high=high)
        if line not in self._inputs:
            return
        contact, wired = self._inputs[line]
        active, filtered = high != wired.active_low, self._filters[line]
        if isinstance(when, BoardLook):
            for edge in filtered.look(active, when):
                self._report(contact, edge)
        else:
            self._report(contact, filtered.feed(active, when))
        self._after_samples()

    async def _watch_lines(self) -> None:
        """Until cancelled; a board that answers and lacks what is wired to it would else be deaf for ever."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if not self._up:
                continue
            for line, (contact, _) in self._inputs.items():
                if line not in self._known:
                    remedy = f"correct contacts.inputs.{contact.value}.line, or the board"
                    self._faults.blame(contact.value, f"the board has no line {line} for {contact.value}: {remedy}")
            for trouble in self._read_backs.look():
                self._tell(trouble)
            silent = self._board.unanswered()
            for output, wired in self._outputs.items():
                cause = f"order to {output.value}"
                if wired.line in silent:
                    remedy = f"correct contacts.outputs.{output.value}.line, or the board"
                    self._faults.blame(
                        cause, f"the board does not confirm line {wired.line} for {output.value}: {remedy}"
                    )
                else:
                    self._faults.forgive(cause)

    def _settle(self) -> None:
        self._timer = None
        now = self._clock()
        for line, each in self._filters.items():
            self._report(self._inputs[line][0], each.settle(now))
        self._after_samples()

    def _report(self, contact: Contact, edge: Edge | None) -> None:
        if edge is not None:
            self._tell(ContactChanged(contact=contact, active=edge.active, edge_ms=edge.at_ms))

    def _after_samples(self) -> None:
        for line, each in self._filters.items():
            contact = self._inputs[line][0].value
            if each.chattering:
                self._faults.blame(contact, f"contact {contact} chatters: check its cable, its screen and line {line}")
            elif each.active is not None:
                self._faults.forgive(contact)
        if all(each.active is not None for each in self._filters.values()):
            self._faults.forgive("board")
        self._arm()

    def _arm(self) -> None:
        self._disarm()
        due = min((at for at in (each.due_ms() for each in self._filters.values()) if at is not None), default=None)
        if due is not None:
            wait_s = max(1, due - self._clock()) / 1_000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._settle)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _found(self) -> None:
        self._up = True
        self._backoff.reset()
        for output, on in self._wanted.items():
            self._write(output, on)

    def _lost(self, why: str) -> None:
        self._up = False
        self._known.clear()
        self._opening += 1
        self._disarm()
        self._faults.blame("board", why)

    def _write(self, output: Output, on: bool) -> None:
        wired = self._outputs.get(output)
        if wired is None:
            return
        try:
            self._board.write(wired.line, on != wired.active_low)
        except ContactsError as problem:  # the wish is kept, and written when the board is back
            self._faults.blame(output.value, str(problem))
        else:
            self._faults.forgive(output.value)

    def _died(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._lost(f"the contacts stopped working ({task.exception()!r}): restart the lane and report this")
