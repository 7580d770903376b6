"""Telemetry: the box's condition, apart from the events; shed first when the link is poor, and counted when shed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

from sync.link.limits import Limits
from wire.messages import Telemetry

Facts = Mapping[str, int | float | str]


class Samples:
    """A short queue: the newest samples wait for a good link, the oldest make room.

    Attributes:
        taken, shed: since the start.
    """

    def __init__(self, lane: str, limits: Limits) -> None:
        self._lane = lane
        self._most = limits.samples
        self._waiting: deque[tuple[int, int, dict[str, int | float | str]]] = deque()
        self.taken = 0
        self.shed = 0

    def add(self, facts: Facts, now: int) -> None:
        """A sample was taken; a figure that is none (a sensor's NaN) is left out, for the core would refuse it all."""
        self.taken += 1
        sound = {name: fact for name, fact in facts.items() if not isinstance(fact, float) or math.isfinite(fact)}
        self._waiting.append((self.taken, now, sound))
        while len(self._waiting) > self._most:
            self._waiting.popleft()
            self.shed += 1

    def due(self, session: int, now: int) -> list[Telemetry]:
        """Everything that waits; ask only while the link is fresh and no event waits."""
        waiting, self._waiting = self._waiting, deque()
        return [
            Telemetry(lane=self._lane, session=session, serial=serial, age_ms=now - at, shed=self.shed, facts=facts)
            for serial, at, facts in waiting
        ]
