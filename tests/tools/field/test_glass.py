"""What the eye outside sees: pixels to signs, and signs to times."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from display.pictures import render
from lane_agent.model import Screen
from lane_agent.wording import Scene
from tools.field.driving import false_ms
from tools.field.glass import (
    DARK,
    PLACES,
    SIZES,
    UNKNOWN,
    WHOLE,
    Framebuffer,
    Pixels,
    Shown,
    SignBook,
    faceless_ms,
    first_ms,
    shown_within,
    spells,
)


def sign(screen: Screen, scene: Scene) -> Pixels:
    """A sign's pixels at the monitor's size."""
    png = np.frombuffer(render(screen, scene, size=SIZES[screen]), np.uint8)
    return np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR), dtype=np.uint8)


@pytest.fixture(scope="module")
def book() -> SignBook:
    """The eye's own pictures of the signs."""
    return SignBook()


@pytest.mark.parametrize("screen", list(Screen))
def test_every_sign_is_told_from_every_other(book: SignBook, screen: Screen) -> None:
    """An eye that takes 4 for 3 would pass a lane that clears nobody."""
    for scene in Scene:
        if scene is not Scene.EARLY:  # carries a time of day
            assert book.name(screen, sign(screen, scene)) == scene.value


def test_an_even_picture_is_dark_and_a_strange_one_is_unknown(book: SignBook) -> None:
    """A compositor's bare background is no sign, and neither is half a painting."""
    assert book.name(Screen.XDB, np.zeros((512, 512, 3), np.uint8)) == DARK
    assert book.name(Screen.XDB, np.full((512, 512, 3), 90, np.uint8)) == DARK
    half = sign(Screen.AIOP, Scene.DONE)
    half[300:] = 0
    assert book.name(Screen.AIOP, half) == UNKNOWN


def test_the_sign_of_one_monitor_is_none_on_the_other(book: SignBook) -> None:
    """Swapped cables do not pass."""
    panel = cv2.resize(sign(Screen.AIOP, Scene.DONE), SIZES[Screen.XDB])
    assert book.name(Screen.XDB, np.asarray(panel, dtype=np.uint8)) == UNKNOWN


def test_the_pixels_of_each_monitor_are_found_in_the_server_s_file(tmp_path: Path) -> None:
    """The file is in X's window dump format, most significant byte first in its header."""
    file, (wide, high) = tmp_path / "Xvfb_screen0", WHOLE
    assert Framebuffer(file).read(Screen.XDB) is None
    whole = np.zeros((high, wide, 4), np.uint8)
    left, top = PLACES[Screen.AIOP]
    whole[top, left] = (1, 2, 3, 0)
    header = [0] * 25
    file.write_bytes(bytes(100 + 24 + whole.nbytes + 8))
    assert Framebuffer(file).read(Screen.XDB) is None, "the server has made its file, and writes the header last"
    header[0], header[4], header[5], header[11], header[12], header[19] = 160, wide, high, 32, wide * 4, 2
    file.write_bytes(struct.pack(">25I", *header).ljust(160, b"\0") + bytes(24) + whole.tobytes() + bytes(8))
    found = Framebuffer(file).read(Screen.AIOP)
    assert found is not None
    assert found.shape == (SIZES[Screen.AIOP][1], SIZES[Screen.AIOP][0], 3)
    assert found[0, 0].tolist() == [1, 2, 3]


SEEN = (
    Shown(1_000, "xdb", DARK),
    Shown(1_000, "aiop", DARK),
    Shown(2_000, "xdb", "WELCOME"),
    Shown(3_000, "xdb", UNKNOWN),
    Shown(3_400, "xdb", DARK),
    Shown(3_900, "xdb", "DONE"),
    Shown(5_000, "xdb", "WELCOME"),
)


def test_a_monitor_without_a_sign_is_counted_at_a_stretch_dark_or_strange() -> None:
    """Half a second of garbage and half a second of black are one second without a face."""
    assert faceless_ms(SEEN, Screen.XDB, 2_000, 6_000) == 900
    assert faceless_ms(SEEN, Screen.XDB, 3_200, 3_600) == 400
    assert faceless_ms(SEEN, Screen.AIOP, 2_000, 6_000) == 4_000


def test_times_of_a_sign_are_of_its_own_monitor() -> None:
    """What the board shows says nothing of the panel."""
    assert list(spells(SEEN, Screen.AIOP, 9_000)) == [(DARK, 1_000, 9_000)]
    assert shown_within(SEEN, Screen.XDB, "DONE", 4_000, 9_000) == 1_000
    assert shown_within(SEEN, Screen.AIOP, "DONE", 0, 9_000) == 0
    assert first_ms(SEEN, Screen.XDB, None, 2_500) == 3_900
    assert first_ms(SEEN, Screen.XDB, "WELCOME", 2_500) == 5_000
    assert first_ms(SEEN, Screen.AIOP, None, 0) is None


def test_screen_3_outside_its_span_is_false_to_the_millisecond() -> None:
    """A false 3 is the harmful error: every moment counts, before its grounds and after them."""
    assert false_ms(SEEN, [(3_800, 5_100)], 9_000) == 0
    assert false_ms(SEEN, [(4_100, 5_100)], 9_000) == 200
    assert false_ms(SEEN, [(3_800, 4_500)], 9_000) == 500
    assert false_ms(SEEN, [], 9_000) == 1_100
    assert false_ms(SEEN, [(3_800, None)], 9_000) == 0
