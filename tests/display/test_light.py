"""Night by the hour or by a sensor: full light wherever there is a doubt, and nothing that wavers."""

from __future__ import annotations

from pathlib import Path

import pytest

from display.drawing import blank, paint
from display.light import DAY, SETTLE_S, Light, LightSettings, LightWatch
from lane_agent.model import Screen
from lane_agent.wording import Scene

HOUR_MS = 3_600_000
MIDNIGHT_MS = 1_800_000_000_000 // (24 * HOUR_MS) * 24 * HOUR_MS - 8 * HOUR_MS  # in Hong Kong
NIGHT = Light(0.5, dark=True)


class Clocks:
    """Both clocks, moved by hand."""

    def __init__(self, hour: float = 12) -> None:
        self.utc = MIDNIGHT_MS + round(hour * HOUR_MS)
        self.mono = 100.0

    def watch(self, settings: LightSettings, *, board: bool = False) -> LightWatch:
        """One screen's."""
        return LightWatch(settings, board=board, utc_ms=lambda: self.utc, mono_s=lambda: self.mono)

    def pass_s(self, seconds: float) -> None:
        """Both go on."""
        self.utc += round(seconds * 1000)
        self.mono += seconds


def test_nothing_set_is_full_light_at_every_hour() -> None:
    """The safe default."""
    for hour in range(24):
        assert Clocks(hour).watch(LightSettings()).now() == DAY


@pytest.mark.parametrize(
    ("hour", "light"), [(18.9, DAY), (19, NIGHT), (23.9, NIGHT), (0, NIGHT), (5.9, NIGHT), (6, DAY)]
)
def test_a_night_over_midnight_by_hong_kong_time(hour: float, light: Light) -> None:
    """From 19:00 to 06:00; the panel is dark then, and the board only dimmer."""
    settings = LightSettings(night_from="19:00", night_to="06:00")
    assert Clocks(hour).watch(settings).now() == light
    assert not Clocks(hour).watch(settings, board=True).now().dark


def test_the_screen_changes_while_it_stands(tmp_path: Path) -> None:
    """The hour comes, and within two seconds it is night."""
    clocks = Clocks(18.999)
    watch = clocks.watch(LightSettings(night_from="19:00", night_to="06:00"))
    assert watch.now() == DAY
    clocks.pass_s(10)
    assert watch.now() == NIGHT


def test_a_headlamp_does_not_make_the_screens_waver(tmp_path: Path) -> None:
    """A sensor is believed when it has said so for a while, and what lies between its thresholds changes nothing."""
    sensor, clocks = tmp_path / "lux", Clocks()
    sensor.write_text("5\n")
    watch = clocks.watch(LightSettings(sensor=str(sensor)))
    assert watch.now() == NIGHT
    for lux, seconds, light in (("900", 5, NIGHT), ("5", 5, NIGHT), ("40", 60, NIGHT), ("900", 5, NIGHT)):
        sensor.write_text(lux)
        clocks.pass_s(seconds)
        assert watch.now() == light, lux
    clocks.pass_s(SETTLE_S)
    assert watch.now() == DAY


@pytest.mark.parametrize("content", [None, "", "light", "nan", "-3", "inf"])
def test_a_broken_sensor_leaves_it_to_the_hours_and_else_to_full_light(tmp_path: Path, content: str | None) -> None:
    """A sign that dazzles is read; one that is too dim is not."""
    sensor = tmp_path / "lux"
    if content is not None:
        sensor.write_text(content)
    assert Clocks(23).watch(LightSettings(sensor=str(sensor))).now() == DAY
    hours = LightSettings(sensor=str(sensor), night_from="19:00", night_to="06:00")
    assert Clocks(23).watch(hours).now() == NIGHT


def test_wrong_settings_say_what_to_do() -> None:
    """Half a night, a night of no length, thresholds that meet."""
    for settings, said in (
        (LightSettings(night_from="19:00"), "give both"),
        (LightSettings(night_from="19:00", night_to="19:00"), "another time"),
        (LightSettings(dark_below=60, bright_above=60), "leave room"),
    ):
        assert [said in str(problem) for problem in settings.contradictions()] == [True]


def test_dimming_takes_the_same_share_of_every_pixel_and_night_turns_the_panel() -> None:
    """Half the light is half of every colour; the panel's ground is dark and its words light."""
    full, half, night = blank((320, 240)), blank((320, 240)), blank((320, 240))
    paint(full, Screen.AIOP, Scene.STOP)
    paint(half, Screen.AIOP, Scene.STOP, light=Light(0.5))
    paint(night, Screen.AIOP, Scene.STOP, light=Light(dark=True))
    for place in ((4, 230), (160, 120), (300, 60)):
        wanted = [round(part * 128 / 255) for part in full.get_at(place)[:3]]
        assert all(abs(one - other) <= 1 for one, other in zip(half.get_at(place)[:3], wanted, strict=True))
    assert sum(full.get_at((310, 100))[:3]) > 600
    assert sum(night.get_at((310, 100))[:3]) < 100
