"""What the lane's state lights and moves beside its screens: the lamp of the Unladen button, a signal head, a barrier.

Rules of this file
- A green or an open barrier says what screen 3 says, no sooner and no longer: the row that shows it holds, and both screens
  have confirmed it. Everything else is red and closed.
- They are off unless they are wired, and fall off with the agent; with the box, by the board's own fail-safe.
"""

from __future__ import annotations

from devices.contacts import Outputs
from devices.settings import MOVES_VEHICLES, Output
from lane_agent.model import Outcome, Screen
from lane_agent.state import Lane
from lane_agent.wording import Scene


def says_go(lane: Lane) -> bool:
    """Whether both screens stand at 3 for the vehicle in the lane."""
    face, visit = lane.face, lane.visit
    shown = face.xdb is Scene.DONE and face.painted == frozenset(Screen)
    return shown and visit is not None and visit.outcome is Outcome.RELEASED


class LaneOutputs:
    """Follows the lane, step by step.

    Args:
        outputs: where they are wired.
    """

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._lit: dict[Output, bool] = {}

    def stepped(self, lane: Lane) -> None:
        """One step is durable."""
        self._set(Output.UNLADEN_LAMP, on=lane.visit is not None and lane.visit.unladen)
        for output in MOVES_VEHICLES:
            self._set(output, on=says_go(lane))

    def off(self) -> None:
        """The agent ends."""
        for output in (Output.UNLADEN_LAMP, *MOVES_VEHICLES):
            self._set(output, on=False)

    def _set(self, output: Output, *, on: bool) -> None:
        if self._lit.get(output, False) is not on:
            self._lit[output] = on
            self._outputs.switch(output, on)
