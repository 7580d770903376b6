"""How bright the screens are and when the panel is dark: by the hour in Hong Kong, or by a light sensor. No pixels.

Rules of this file:
- Nothing set means full light, always. A sensor that cannot be read leaves it to the hours, and without hours to full light: a
  sign that dazzles is read, one that is too dim is not.
- A sensor is believed after `SETTLE_S`: a headlamp that sweeps past changes nothing. Between its two thresholds nothing changes.
- Legibility is measured at full light. Dimming takes the same share from word and ground, and the ground of the board is black.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from domain.hong_kong import day_and_minute
from runtime.sections import Problem, Section

log = logging.getLogger("display")

SETTLE_S = 20.0
LOOK_S = 2.0  # between two looks at clock and sensor

ClockTime = Annotated[
    str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z", description='a time of the day in Hong Kong, such as "19:00"')
]
Level = Annotated[float, Meta(ge=0.2, le=1, description="a share of full light, 0.2 to 1")]
Lux = Annotated[float, Meta(ge=0, le=200_000, description="what the sensor's file holds, a number from 0")]


@dataclass(frozen=True, slots=True)
class Light:
    """What a sign is painted with: the share of full light, and whether the panel's face is dark."""

    level: float = 1.0
    dark: bool = False


DAY = Light()


class LightSettings(Section, frozen=True, kw_only=True):
    """The section `[screens.light]`.

    Attributes:
        night_from, night_to: the hours of night in Hong Kong; both or none.
        sensor: a file that holds the light as a number, such as /sys/bus/iio/devices/iio:device0/in_illuminance_raw.
        dark_below, bright_above: it is night below the one, day above the other.
        board, panel: share of full light at night.
    """

    night_from: ClockTime | None = None
    night_to: ClockTime | None = None
    sensor: Annotated[str, Meta(pattern=r"^/", description="an absolute path")] | None = None
    dark_below: Lux = 20.0
    bright_above: Lux = 60.0
    board: Level = 0.4
    panel: Level = 0.5

    def contradictions(self) -> Iterator[Problem]:
        """A night begins and ends, and the sensor's two thresholds leave room."""
        if (self.night_from is None) != (self.night_to is None):
            missing = "night_to" if self.night_to is None else "night_from"
            yield Problem(missing, "is missing, and the other is there", "give both, or neither")
        elif self.night_from is not None and self.night_from == self.night_to:
            yield Problem("night_to", "is when night begins", "give another time, or leave both out")
        if self.bright_above <= self.dark_below:
            yield Problem(
                "bright_above", "is not above dark_below", "leave room between them, or the screens will waver"
            )


class LightWatch:
    """What light the screens have now.

    Args:
        settings: of the lane.
        board: whose level, the board's or the panel's.
        utc_ms, mono_s: the clocks.
    """

    def __init__(
        self, settings: LightSettings, *, board: bool, utc_ms: Callable[[], int], mono_s: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._night = Light(settings.board, dark=False) if board else Light(settings.panel, dark=True)
        self._utc_ms = utc_ms
        self._mono_s = mono_s
        self._look_s = mono_s()
        self._is_night: bool | None = None
        self._other_since: float | None = None
        self._blind = False

    def now(self) -> Light:
        """The light of this moment; clock and sensor are looked at every `LOOK_S`."""
        now = self._mono_s()
        if now >= self._look_s:
            self._look_s = now + LOOK_S
            self._look(now)
        return self._night if self._is_night else DAY

    def _look(self, now: float) -> None:
        sensed = self._sensed()
        found = self._by_the_clock() if sensed is None else sensed
        if self._is_night is None or sensed is None or found is self._is_night:
            self._is_night, self._other_since = found, None
        elif self._other_since is None:
            self._other_since = now
        elif now - self._other_since >= SETTLE_S:
            self._is_night, self._other_since = found, None

    def _sensed(self) -> bool | None:
        """Whether the sensor says night; None if there is none, or none that can be read."""
        if self._settings.sensor is None:
            return None
        try:
            lux = _light_of(Path(self._settings.sensor).read_bytes()[:32])
        except (OSError, ValueError) as error:
            if not self._blind:
                log.warning("the light sensor cannot be read (%s): the hours count, or full light", error)
            self._blind = True
            return None
        self._blind = False
        if self._settings.dark_below <= lux <= self._settings.bright_above:
            return bool(self._is_night)
        return lux < self._settings.dark_below

    def _by_the_clock(self) -> bool:
        if self._settings.night_from is None or self._settings.night_to is None:
            return False
        minute = day_and_minute(self._utc_ms())[1]
        begins, ends = _minutes(self._settings.night_from), _minutes(self._settings.night_to)
        return begins <= minute < ends if begins < ends else minute >= begins or minute < ends


def _light_of(content: bytes) -> float:
    lux = float(content)
    if not 0 <= lux < float("inf"):
        raise ValueError(f"{lux} is no light")
    return lux


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
