"""Immigration's terminal: what says *started*, *cleared* and *referred*, and may name the vehicle, as events.

    terminal (signals, signs of life) -> ImmigrationSignalled(signal, edge_ms, vrn, vouched)
                                      -> missing, silent, broken -> FaultRaised(Fault.CONTACTS) / FaultCleared

`ImmigrationTerminal` is the port that a driver fills. Ours is `terminal_serial.SerialTerminal`; the department's own takes one class
with one method, and a line in `edge.wiring`.

Rules of this file
- The signals hold or release a vehicle, so the loss of the terminal is a fault of the contacts, and is tried again for ever.
- A mark is passed on as it is named: one that no vehicle here could have names another vehicle, which stops and releases nobody.
- Whether its origin is proved is the wiring's matter (`vouched`): a port of its own, never a network (design §2.13).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from devices.contact_faults import ContactFaults
from devices.errors import ContactsError
from domain.marks import normalise
from lane_agent.events import ImmigrationSignalled
from lane_agent.model import Contact
from runtime.backoff import Backoff

_BACKOFF_S = (0.2, 5.0)  # between attempts to reach a lost terminal: first, longest
_WHO = "immigration"

SIGNALS = frozenset({Contact.IMMIGRATION_STARTED, Contact.IMMIGRATION_CLEARED, Contact.IMMIGRATION_REFERRED})
"""What a terminal says; where there is one, these are not wired as contacts."""


@dataclass(frozen=True, slots=True)
class TerminalSignal:
    """One signal. `mark` is the vehicle's as the terminal writes it, "" for none; `edge_ms` when it was so, monotonic ms."""

    signal: Contact
    edge_ms: int
    mark: str = ""


class ImmigrationTerminal(Protocol):
    """Something that gives Immigration's signals."""

    async def run(self, said: Callable[[TerminalSignal], None], alive: Callable[[], None]) -> None:
        """Opens the terminal, tells each signal once and every sign of life, in the event loop's thread, until cancelled.

        A sign of life is owed at least once within the terminal's longest silence. A signal is never stamped later than it
        was, so that an answer for the vehicle before is not taken for this one's.

        Raises:
            ContactsError, OSError: it is missing, silent or garbled; the text says what to do, and the caller tries again.
        """


class WatchedTerminal:
    """The lane's terminal, whatever drives it: its signals as events, its loss as a fault.

    Args:
        terminal: the driver.
        faults: shared with the contacts, since both raise the same fault.
        vouched: the origin of the marks it names is proved.
        backoff: the pauses between attempts.
    """

    def __init__(
        self,
        *,
        terminal: ImmigrationTerminal,
        faults: ContactFaults,
        vouched: bool,
        backoff: Backoff | None = None,
    ) -> None:
        self._terminal, self._faults, self._vouched = terminal, faults, vouched
        self._backoff = backoff or Backoff(*_BACKOFF_S)
        self._tell: Callable[[ImmigrationSignalled], None] = lambda _: None
        self._task: asyncio.Task[None] | None = None
        self.trouble = "not heard yet"
        """Why it is lost, "" while it answers."""

    async def start(self, on_event: Callable[[ImmigrationSignalled], None]) -> None:
        """Begins to report; returns at once. The fault goes to `faults`."""
        self._tell = on_event
        self._task = asyncio.create_task(self._supervise(), name="Immigration's terminal")
        self._task.add_done_callback(self._died)

    async def stop(self) -> None:
        """Stops and releases the terminal; an error that killed the task is raised here."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    async def _supervise(self) -> None:
        while True:
            try:
                await self._terminal.run(self._said, self._alive)
            except (ContactsError, OSError) as problem:
                self._lost(str(problem))
            else:
                self._lost("its driver stopped by itself: restart the lane and report this")
            await asyncio.sleep(self._backoff.next_s())

    def _said(self, said: TerminalSignal) -> None:
        self._alive()
        self._tell(ImmigrationSignalled(said.signal, said.edge_ms, normalise(said.mark), self._vouched))

    def _alive(self) -> None:
        self._backoff.reset()
        self.trouble = ""
        self._faults.forgive(_WHO)

    def _lost(self, why: str) -> None:
        self.trouble = why
        self._faults.blame(_WHO, f"Immigration's terminal: {why}")

    def _died(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._lost(f"its driver failed ({task.exception()!r}): restart the lane and report this")
