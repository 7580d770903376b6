"""The screen's own process: hears the agent, paints, answers with what it painted.

Rules of this file:

1. One loop, one thread. Nothing in it waits longer than `_TURN_S`, so a signal or a closed window is noticed soon.
2. If the loop stalls, in Python or inside the graphics library, the kernel ends the process (`AlarmWatchdog`): a hung
   painter must not leave "Clearance Completed" standing.
3. Of several orders that wait together only the last is painted: what the agent has already replaced is not shown.
4. A painting is logged before it is confirmed: what the agent believes is on the log.
5. A painting that people do not see is not confirmed. While the surface has a trouble the agent is told which, and
   nothing but the safe face is painted.
"""

from __future__ import annotations

import logging
import select
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from display.agent_connection import AgentLine
from display.errors import MalformedLineError
from display.failsafe import Failsafe, Showing
from display.light import DAY, Light
from display.paint_log import PaintLog
from display.protocol import Painted, Pong, ScreenBeat, ScreenHello, ScreenTrouble, decode_for_screen, encode
from lane_agent.model import Screen
from runtime.backoff import Backoff

log = logging.getLogger("display")

_TURN_S = 0.1
_LONGEST_TROUBLE = 400  # characters, as the protocol has it
_BACKOFF_S = (0.1, 1.0)  # between attempts to reach the agent: first, longest


class Surface(Protocol):
    """Where a screen is painted: `display.wayland.surface.OutputSurface` at a lane, `display.board.PaintedSurface` else."""

    trouble: str
    """Why nothing but the safe face may be shown; "" if all is well."""

    light: Light
    """What the next painting is painted with."""

    def attend(self) -> bool:
        """Looks after it; False if what was painted is no longer to be seen."""

    def files(self) -> list[int]:
        """File descriptors that ask for `attend` when they can be read."""

    def paint(self, showing: Showing) -> bool:
        """Returns when people see it; False if they do not."""

    def digest(self) -> str:
        """sha256 (hex) of the pixels that people see."""

    def closed_by_hand(self) -> bool:
        """Whether someone closed the window."""


class Watchdog(Protocol):
    """Ends the process unless patted."""

    def pat(self) -> None:
        """The loop turns."""


class AlarmWatchdog:
    """The kernel's timer with SIGALRM's default action: it needs no help from a hung interpreter."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s

    def pat(self) -> None:
        """The loop turns: the timer starts again."""
        signal.setitimer(signal.ITIMER_REAL, self._limit_s)

    def rest(self) -> None:
        """No longer wanted."""
        signal.setitimer(signal.ITIMER_REAL, 0)


class ScreenProcess:
    """One screen's loop.

    Args:
        screen: which one.
        socket_path: where the agent listens.
        surface: where to paint.
        failsafe: decides what to show.
        mono_s: monotonic clock, seconds.
        chance: a random number in [0, 1), for the spread of reconnection attempts.
        watchdog: ends the process if the loop stalls.
        paint_log: where paintings are noted, or None.
        light: the light of this moment; a change repaints what stands.
    """

    def __init__(
        self,
        *,
        screen: Screen,
        socket_path: Path,
        surface: Surface,
        failsafe: Failsafe,
        mono_s: Callable[[], float],
        chance: Callable[[], float],
        watchdog: Watchdog,
        paint_log: PaintLog | None = None,
        light: Callable[[], Light] = lambda: DAY,
    ) -> None:
        self._screen = screen
        self._path = socket_path
        self._surface = surface
        self._failsafe = failsafe
        self._mono_s = mono_s
        self._watchdog = watchdog
        self._log = paint_log
        self._light = light
        self._line: AgentLine | None = None
        self._backoff = Backoff(*_BACKOFF_S, chance=chance)
        self._retry_s = mono_s()
        self._stopping = False
        self._trouble = ""

    def stop(self) -> None:
        """Ends `run` within a turn; may be called by a signal handler."""
        self._stopping = True

    def run(self, over: Callable[[], bool] = lambda: False) -> None:
        """Serves the screen until `stop`, until its window is closed or `over`; the safe face is the last it paints."""
        while not self._stopping:
            self._watchdog.pat()
            self._turn()
            if self._surface.closed_by_hand() or over():
                self.stop()
        self._failsafe.lost()
        self.paint_due()
        self._hang_up()

    def _turn(self) -> None:
        if self._line is None and self._mono_s() >= self._retry_s:
            self._dial()
        beats = self._hear() if self._wait() else 0
        self._failsafe.passed(self._mono_s())
        self.look_after()
        self.paint_due()
        for _ in range(beats):
            self._say(Pong())

    def _dial(self) -> None:
        try:
            self._line = AgentLine(self._path)
        except OSError as error:
            self._retry_s = self._mono_s() + self._backoff.next_s()
            log.debug("no agent at %s yet: %s", self._path, error)
            return
        self._backoff.reset()
        self._failsafe.joined(self._mono_s())
        self._say(ScreenHello(self._screen))
        if self._trouble:
            self._tell_trouble()

    def look_after(self) -> None:
        """Looks after the surface (rule 5)."""
        stands = self._surface.attend()
        troubled = self._surface.trouble != self._trouble
        if troubled:
            self._trouble = self._surface.trouble
            self._tell_trouble()
        if troubled or not stands:
            self._failsafe.gone()
        if (light := self._light()) != self._surface.light:
            self._surface.light = light
            self._failsafe.again()

    def _tell_trouble(self) -> None:
        self._say(ScreenTrouble(self._screen, self._trouble[:_LONGEST_TROUBLE]))

    def _wait(self) -> bool:
        """Waits for the agent or the surface, at most a turn; whether the agent said something."""
        now, files = self._mono_s(), self._surface.files()
        if self._line is None:
            select.select(files, [], [], min(_TURN_S, max(0.0, self._retry_s - now)))
            return False
        silence = self._failsafe.wait_s(now) or _TURN_S  # past it, the safe face is shown already
        ready, _, _ = select.select([self._line.fileno(), *files], [], [], min(_TURN_S, silence))
        return self._line.fileno() in ready

    def _hear(self) -> int:
        """Takes in what the agent said; how many beats to answer."""
        beats = 0
        for line in self._receive():
            try:
                message = decode_for_screen(line)
            except MalformedLineError as error:
                log.warning("%s: %s; the safe face is shown until the next order", self._screen.value, error)
                self._failsafe.lost()
                continue
            self._failsafe.heard(message, self._mono_s())
            if self._trouble:
                self._failsafe.lost()
            beats += isinstance(message, ScreenBeat)
        return beats

    def _receive(self) -> list[bytes]:
        if self._line is None:
            return []
        try:
            return self._line.receive()
        except (ConnectionError, MalformedLineError) as error:
            self._drop(error)
            return []

    def paint_due(self) -> None:
        """Paints what must be shown, if it is not; logs it, then confirms it to the agent (rule 4)."""
        if not self._failsafe.due:
            return
        showing = self._failsafe.showing
        if not self._surface.paint(showing):
            self._failsafe.gone()
            return
        self._failsafe.painted()
        if self._log is not None:
            self._log.write(self._screen, showing, self._surface.digest)
        if not self._trouble:
            self._say(Painted(self._screen, showing.scene, showing.serial, showing.safe, showing.listening))

    def _say(self, message: ScreenHello | Painted | ScreenTrouble | Pong) -> None:
        if self._line is None:
            return
        try:
            self._line.send(encode(message))
        except ConnectionError as error:
            self._drop(error)

    def _drop(self, error: Exception) -> None:
        log.warning("%s: the agent is lost (%s); the safe face is shown", self._screen.value, error)
        self._hang_up()
        self._failsafe.lost()

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
            self._retry_s = self._mono_s() + self._backoff.next_s()
