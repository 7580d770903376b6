"""Outputs that do not follow their orders."""

from __future__ import annotations

from devices.read_back import GRACE_MS, ReadBacks
from devices.settings import ActiveLevel, InputSettings, Output, OutputSettings
from domain.alarms import LaneAlarmKind
from lane_agent.events import TroubleEnded, TroubleReported

LAMP = OutputSettings(line=3, active=ActiveLevel.HIGH, read_back=InputSettings(line=9, active=ActiveLevel.LOW))


class Clock:
    """Moved by hand."""

    now_ms = 0

    def __call__(self) -> int:
        """Monotonic milliseconds."""
        return self.now_ms


def test_a_lamp_that_does_not_light_is_told_once_and_is_over_when_it_does() -> None:
    """Not within the time that its relay needs, and named."""
    clock = Clock()
    backs = ReadBacks({Output.LAMP: LAMP, Output.BELL: OutputSettings(line=4, active=ActiveLevel.HIGH)}, clock)
    backs.level(9, high=True)
    backs.ordered(Output.LAMP, on=True)
    backs.ordered(Output.BELL, on=True)
    clock.now_ms = GRACE_MS - 1
    assert list(backs.look()) == []
    clock.now_ms = GRACE_MS
    (found,) = backs.look()
    assert isinstance(found, TroubleReported)
    assert (found.kind, found.cause) == (LaneAlarmKind.OUTPUT_DEAD, "lamp")
    assert "switched on and its read-back says off" in found.detail
    assert list(backs.look()) == []
    backs.level(9, high=False)
    assert list(backs.look()) == [TroubleEnded(LaneAlarmKind.OUTPUT_DEAD, "lamp")]


def test_a_lamp_that_follows_is_no_trouble() -> None:
    """Its read-back comes within the time."""
    clock = Clock()
    backs = ReadBacks({Output.LAMP: LAMP}, clock)
    for on in (True, False, True):
        backs.ordered(Output.LAMP, on=on)
        clock.now_ms += 200
        backs.level(9, high=not on)
        clock.now_ms += 5_000
        assert list(backs.look()) == []
