"""Outputs that do not follow their order, by the inputs that are wired to them: lamps, bells, a signal head, a barrier. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from devices.settings import Output, OutputSettings
from domain.alarms import LaneAlarmKind
from lane_agent.events import TroubleEnded, TroubleReported

GRACE_MS = 1_500
"""A lamp's relay follows in milliseconds; a barrier's end switch is to be wired so that it leaves its end in that time."""


class ReadBacks:
    """What was ordered against what came back.

    Args:
        outputs: those without a `read_back` are not looked at.
        clock: monotonic milliseconds.
    """

    def __init__(self, outputs: Mapping[Output, OutputSettings], clock: Callable[[], int]) -> None:
        self._clock = clock
        self._wired = {
            each.read_back.line: (output, each.read_back)
            for output, each in outputs.items()
            if each.read_back is not None
        }
        self._wanted = dict.fromkeys((output for output, _ in self._wired.values()), False)
        self._seen: dict[Output, bool] = {}
        self._differs_ms: dict[Output, int] = {}
        self._told: set[Output] = set()

    def ordered(self, output: Output, *, on: bool) -> None:
        """The lane switches an output."""
        if output in self._wanted:
            self._wanted[output] = on
            self._compare(output)

    def level(self, line: int, *, high: bool) -> None:
        """A line of the board has this level."""
        if line in self._wired:
            output, wired = self._wired[line]
            self._seen[output] = high != wired.active_low
            self._compare(output)

    def look(self) -> Iterator[TroubleReported | TroubleEnded]:
        """What is to be told now: an output that has differed for too long, or follows again."""
        now = self._clock()
        for output in self._wanted:
            differs = self._differs_ms.get(output)
            if differs is None and output in self._told:
                self._told.discard(output)
                yield TroubleEnded(LaneAlarmKind.OUTPUT_DEAD, output.value)
            elif differs is not None and output not in self._told and now - differs >= GRACE_MS:
                self._told.add(output)
                order, found = ("on", "off") if self._wanted[output] else ("off", "on")
                text = f"{output.value} was switched {order} and its read-back says {found}: look at it, its fuse, its cable"
                yield TroubleReported(LaneAlarmKind.OUTPUT_DEAD, text, output.value)

    def _compare(self, output: Output) -> None:
        if self._seen.get(output, self._wanted[output]) == self._wanted[output]:
            self._differs_ms.pop(output, None)
        else:
            self._differs_ms.setdefault(output, self._clock())
