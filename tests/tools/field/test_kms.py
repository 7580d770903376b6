"""What is judged on the two outputs of the virtual machine; the machine itself is `make field-kms`."""

from __future__ import annotations

import tomllib
from typing import Any

import cv2
import numpy as np
import pytest

from display.pictures import render
from lane_agent.model import Screen
from lane_agent.wording import Scene
from tools.field.glass import DARK, SIZES, UNKNOWN, Pixels
from tools.field.kms import KmsBench, kms_paper


class TwoOutputs:
    """A machine with these pictures on its outputs."""

    def __init__(self, *pictures: Pixels | None) -> None:
        self._pictures = pictures

    def picture(self, head: int) -> Pixels | None:
        """As `VirtualMachine.picture`."""
        return self._pictures[head]


def monitor(sign: Pixels) -> Pixels:
    """A sign in the middle of a monitor of 800 x 600."""
    picture = np.zeros((600, 800, 3), np.uint8)
    top, left = (600 - sign.shape[0]) // 2, (800 - sign.shape[1]) // 2
    picture[top : top + sign.shape[0], left : left + sign.shape[1]] = sign
    return picture


def drawn(screen: Screen, scene: Scene) -> Pixels:
    """A scene as that screen draws it."""
    png = np.frombuffer(render(screen, scene, size=SIZES[screen]), np.uint8)
    return np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR), np.uint8)


@pytest.mark.parametrize(
    ("board", "panel", "seen", "lit"),
    [
        (drawn(Screen.XDB, Scene.WAIT), drawn(Screen.AIOP, Scene.WAIT), ("WAIT", "WAIT"), True),
        (drawn(Screen.AIOP, Scene.WAIT)[:512, :512], drawn(Screen.AIOP, Scene.WAIT), (UNKNOWN, "WAIT"), False),
        (drawn(Screen.XDB, Scene.WAIT), np.zeros((600, 800, 3), np.uint8), ("WAIT", DARK), False),
    ],
    ids=["both lit", "another sign on the board", "the panel dark"],
)
def test_an_output_is_lit_by_its_own_sign_and_nothing_else(
    board: Pixels, panel: Pixels, seen: tuple[str, str], lit: bool
) -> None:
    """By the pixels that the card sends."""
    machine: Any = TwoOutputs(monitor(board), panel)
    bench = KmsBench(machine)
    faces = bench.faces()
    assert (faces["xdb"], faces["aiop"]) == seen
    assert bench.lit(faces) is lit


def test_an_output_without_a_picture_is_dark_and_another_mode_is_named() -> None:
    """Before the compositor sets it, the kernel's console has the mode of its own choice."""
    machine: Any = TwoOutputs(None, np.full((768, 1024, 3), 9, np.uint8))
    assert KmsBench(machine).faces() == {"xdb": DARK, "aiop": "1024 x 768"}


def test_the_paper_names_the_connectors_of_that_card() -> None:
    """And is the answer file that the package ships but for them and the site."""
    screens = tomllib.loads(kms_paper())["screens"]
    assert [screens[each]["output"] for each in ("xdb", "aiop")] == ["Virtual-1", "Virtual-2"]
