"""The words of every sign are large and clear enough, and the two that matter most are the largest (NUREG-0700, domain §5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from display.legibility import (
    BOARDS,
    LEAST_CM,
    LEAST_CONTRAST,
    PREFERRED_CM,
    buttons_mm,
    labels_contrast,
    legibility,
    table,
)
from display.light import DAY, Light
from display.scenes import Language
from display.settings import Size
from lane_agent.model import Screen
from lane_agent.wording import Scene

SENDING_ON = (Scene.DONE, Scene.EXAMINE)
PANELS = [(320, 240), (800, 600), (1600, 1200)]
SIZES = [
    *((Screen.XDB, (side, side)) for side in BOARDS[:-1]),
    *((Screen.AIOP, size) for size in PANELS[:-1]),
    # many pixels, all of which are looked at: half a minute, and nothing that the smaller ones do not show
    pytest.param(Screen.XDB, (BOARDS[-1], BOARDS[-1]), marks=pytest.mark.long),
    pytest.param(Screen.AIOP, PANELS[-1], marks=pytest.mark.long),
]


@pytest.mark.parametrize("simulated", [False, True])
@pytest.mark.parametrize("side", BOARDS)
def test_no_word_on_the_board_is_smaller_than_15_minutes_of_arc_at_10_m(side: int, simulated: bool) -> None:
    """Each language of each scene, at the longest text it can have; Traditional, which comes first, reaches 20 minutes."""
    for scene in Scene:
        for one in legibility(Screen.XDB, scene, (side, side), simulated=simulated):
            least = PREFERRED_CM if one.language is Language.TRADITIONAL else LEAST_CM
            assert one.cm >= least, (scene, one)


@pytest.mark.parametrize(("screen", "size"), SIZES)
def test_no_message_is_larger_than_the_two_that_send_a_driver_on_his_way(screen: Screen, size: Size) -> None:
    """Size follows importance: Clearance Completed and the way to the compound have the largest words."""
    height = {
        scene: one.cm
        for scene in Scene
        for one in legibility(screen, scene, size)
        if one.language is Language.TRADITIONAL
    }
    others = max(cm for scene, cm in height.items() if scene not in SENDING_ON)
    assert min(height[scene] for scene in SENDING_ON) >= others


@pytest.mark.parametrize("light", [DAY, Light(dark=True)], ids=["day", "night"])
@pytest.mark.parametrize(("screen", "size"), SIZES)
def test_every_word_has_seven_times_the_luminance_of_its_ground(screen: Screen, size: Size, light: Light) -> None:
    """Or a seventh; measured on the pixels, smoothed edges and thin strokes included."""
    for scene in Scene:
        assert all(one.contrast >= LEAST_CONTRAST for one in legibility(screen, scene, size, light=light)), scene
        if size != (320, 240):  # a preview, not a panel: its header is 10 pixels high
            assert labels_contrast(screen, scene, size, light=light) >= LEAST_CONTRAST, scene


@pytest.mark.parametrize("size", PANELS)
def test_the_buttons_names_are_at_least_10_mm(size: Size) -> None:
    """A driver leans out of a high cab to press them."""
    assert buttons_mm(size) >= 10


def test_the_table_of_heights_is_the_one_in_the_document() -> None:
    """docs/screens.md holds what is measured now."""
    assert table() in (Path(__file__).parents[2] / "docs/screens.md").read_text()
