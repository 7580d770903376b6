"""How the shipped `step` is fed: one event at a time, with its moment, and what it asks for is done as the shell does it.

Two of a kind: `CountedLanes` for the search, whose lanes have their counters renamed and are remembered; `TimedLane` for the
walks, where time passes, limits run out when they do, and screens take a while to paint.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from lane_agent import events as e
from lane_agent.effects import CancelTimer, Effect, Show, StartTimer
from lane_agent.model import Moment
from lane_agent.rules import RULES, Rules
from lane_agent.state import Lane
from lane_agent.step import step
from tools.proof.canonical import VISIT, canonical_effects
from tools.proof.history import NOW
from tools.proof.numbers import LaneNumbers

BEFORE = -2
"""Stands for the number of every visit that is over, where visits are not counted."""


class LaneMachine(Protocol):
    """A lane that takes events. `lane` is whatever the machine knows its lanes by."""

    counted: bool

    def lane_of(self, lane: int) -> Lane:
        """The lane as `step` knows it."""

    def take(self, lane: int, event: e.Event) -> tuple[int, tuple[Effect, ...], bool]:
        """One step: the lane after it, what it asks for, and whether another visit is open now, or none."""

    def now_ms(self) -> int:
        """The box's monotonic clock."""


class CountedLanes:
    """`step` over lanes with renamed counters, remembered: for the search. Everything happens at one moment."""

    counted = True

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules = rules
        self._lanes = LaneNumbers()
        self._steps: dict[tuple[int, e.Event], tuple[int, tuple[Effect, ...], bool]] = {}

    def first(self) -> int:
        """The number of a new lane."""
        return self._lanes.of(Lane())

    def lane_of(self, lane: int) -> Lane:
        """The lane of this number."""
        return self._lanes.values[lane]

    def take(self, lane: int, event: e.Event) -> tuple[int, tuple[Effect, ...], bool]:
        """One step, made once."""
        done = self._steps.get((lane, event))
        if done is None:
            before = self._lanes.values[lane]
            after, effects = step(before, event, NOW, self.rules)
            done = (self._lanes.of(after), canonical_effects(effects), turned(before, after))
            self._steps[lane, event] = done
        return done

    def now_ms(self) -> int:
        """Always the same."""
        return NOW.mono_ms

    @property
    def steps(self) -> int:
        """How many different steps were made."""
        return len(self._steps)


@dataclass(slots=True)
class TimedLane:
    """One lane in time, for a walk.

    Attributes:
        timers: when each running limit runs out, and its serial.
        order: the last `Show` that is not painted yet, and when it was told.
        earlier: the lane after each of its steps, oldest first; a backup is one of them.
    """

    rules: Rules = RULES
    mono_ms: int = 1_000_000
    lane: Lane = field(default_factory=Lane)
    timers: dict[str, tuple[int, int]] = field(default_factory=dict)
    orders: list[tuple[int, Show]] = field(default_factory=list)
    earlier: list[Lane] = field(default_factory=list)
    steps: int = 0
    counted: bool = False

    def lane_of(self, lane: int) -> Lane:  # noqa: ARG002 -- there is only one
        """The lane now."""
        return self.lane

    def take(self, lane: int, event: e.Event) -> tuple[int, tuple[Effect, ...], bool]:
        """One step at this moment."""
        before = self.lane
        self.lane, effects = step(before, event, Moment(self.mono_ms, self.mono_ms + 1_800_000_000_000), self.rules)
        self.steps += 1
        self.earlier.append(self.lane)
        for effect in effects:
            self._do(effect)
        return lane, effects, turned(before, self.lane)

    def _do(self, effect: Effect) -> None:
        if isinstance(effect, StartTimer):
            self.timers[effect.timer] = (self.mono_ms + effect.ms, effect.serial)
        elif isinstance(effect, CancelTimer):
            self.timers.pop(effect.timer, None)
        elif isinstance(effect, Show):
            self.orders.append((self.mono_ms, effect))

    def now_ms(self) -> int:
        """The box's clock."""
        return self.mono_ms


def turned(before: Lane, after: Lane) -> bool:
    """Whether the visit that was open before is not any more."""
    if before.visit is None:
        return False
    return after.visit is None or after.visit.number != before.visit.number


def visit_of(machine: LaneMachine, lane: int) -> int:
    """The number of the open visit, 0 for none."""
    visit = machine.lane_of(lane).visit
    return visit.number if visit else 0


assert VISIT > 0
