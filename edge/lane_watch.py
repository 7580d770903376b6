"""What is watched beside the decision: contacts that are stuck or dead, the way vehicles go, and what the lane's state lights.

Everything it finds is a trouble for people (`TroubleReported`); nothing here can hold or release a vehicle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from devices.contacts import Outputs
from edge.device_table import DeviceTable
from edge.lane_outputs import LaneOutputs
from edge.passage_watch import PassageWatch
from edge.signal_watch import SignalWatch
from lane_agent.effects import Effect
from lane_agent.events import Event
from lane_agent.state import Lane

_LOOK_S = 1.0


class LaneWatch:
    """One lane's watchers.

    Args:
        tell: takes what they find.
        outputs: what the lane's state lights.
        clock: monotonic milliseconds.
        plate_since: since when the camera reads a plate at the line while no visit is open (`ReaderProcess.plate_since_ms`).
        table: what every device last said, for `rocars-lane devices`.
    """

    def __init__(
        self,
        *,
        tell: Callable[[Event], None],
        outputs: Outputs,
        clock: Callable[[], int],
        plate_since: Callable[[], int | None],
        table: DeviceTable,
    ) -> None:
        self._tell, self._clock, self._plate_since = tell, clock, plate_since
        self._signals, self._passage, self._lit = SignalWatch(), PassageWatch(), LaneOutputs(outputs)
        self._table = table
        self._lane = Lane()

    def stepped(self, event: Event, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is durable."""
        before, self._lane = self._lane, lane
        now = self._clock()
        self._lit.stepped(lane)
        self._table.stepped(event, now)
        for trouble in (
            *self._signals.stepped(event, effects, lane, now),
            *self._passage.stepped(event, effects, before, lane),
        ):
            self._tell(trouble)

    async def run(self) -> None:
        """Until cancelled; then whatever tells a driver to go is switched off."""
        try:
            while True:
                await asyncio.sleep(_LOOK_S)
                since = self._plate_since()
                for trouble in self._signals.look(self._lane, self._clock(), plate_since_ms=since):
                    self._tell(trouble)
        finally:
            self._lit.off()
