"""What a screen must show now, decided from what it has heard. No clock, no socket, no pixels.

Rules of this file (lessons 26 and 27: signs keep showing the last message after the controller dies):

1. Before the first order, after silence past the limit, after the connection is gone, and after a line that is not of
   the protocol, the face is the safe one: "Please wait". It says nothing else and repeats nothing.
2. Only an order of the agent ends the safe face; a beat alone does not.
3. An order that comes again is painted and answered again.
"""

from __future__ import annotations

from dataclasses import dataclass

from display.protocol import ScreenBeat, ShowOrder, ToScreen
from domain.notices import LISTENING
from lane_agent.wording import CARRIES_LISTENING, Scene


@dataclass(frozen=True, slots=True)
class Showing:
    """What a screen shows. `safe`: chosen by the screen itself, serial 0. `notice`: a `DriverNotice`, `LISTENING`, or ""."""

    scene: Scene
    serial: int
    parameter: str
    simulated: bool
    safe: bool
    notice: str = ""

    @property
    def listening(self) -> bool:
        """It says that an officer listens."""
        return self.notice == LISTENING and self.scene in CARRIES_LISTENING


class Failsafe:
    """Decides what one screen shows, and falls back to the safe face; times are seconds of one monotonic clock.

    Attributes:
        showing: what must be on the screen.
        due: it is not painted yet.
    """

    def __init__(self, *, silence_s: float, simulated: bool) -> None:
        self._silence_s = silence_s
        self._simulated = simulated
        self._heard_s = 0.0
        self.showing = self._safe()
        self.due = True

    def joined(self, now_s: float) -> None:
        """The agent answered the connection; the safe face stays until it says what to show (rule 2)."""
        self._heard_s = now_s

    def heard(self, message: ToScreen, now_s: float) -> None:
        """A line of the agent."""
        self._heard_s = now_s
        match message:
            case ShowOrder(scene=scene, serial=serial, parameter=parameter, simulated=simulated):
                self._simulated = simulated
                notice = LISTENING if message.listening else message.notice or ""
                self.showing = Showing(scene, serial, parameter, simulated, safe=False, notice=notice)
                self.due = True  # rule 3
            case ScreenBeat():
                pass

    def lost(self) -> None:
        """The connection is gone, or what came over it cannot be trusted (rule 1)."""
        if not self.showing.safe:
            self.showing = self._safe()
            self.due = True

    def gone(self) -> None:
        """What was painted is no longer to be seen, or may not be: the safe face is painted anew."""
        self.showing = self._safe()
        self.due = True

    def again(self) -> None:
        """What is shown is to be painted once more, in another light."""
        self.due = True

    def passed(self, now_s: float) -> None:
        """Time has passed (rule 1: silence)."""
        if now_s - self._heard_s >= self._silence_s:
            self.lost()

    def painted(self) -> None:
        """`showing` is on the screen."""
        self.due = False

    def wait_s(self, now_s: float) -> float:
        """Seconds until silence would be too long; 0 if that is past, and the safe face is due or shown already."""
        return max(0.0, self._heard_s + self._silence_s - now_s)

    def _safe(self) -> Showing:
        return Showing(Scene.WAIT, 0, "", self._simulated, safe=True)
