"""The safe face before anything else: what a screen remembered of itself, put up with as little as can be loaded.

Loading what a screen needs to hear and draw takes some hundred milliseconds of a small processor. Here is only the standard
library and the window, so a screen that died is dark for a moment instead.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from display.errors import NoDisplayError
from display.faces import FaceStore
from display.wayland.client import Compositor
from display.wayland.window import Window

if TYPE_CHECKING:
    from display.settings import Size

log = logging.getLogger("display")

_PATIENCE_S = 1.0
_TURN_S = 0.02


@dataclass(frozen=True, slots=True)
class FirstFace:
    """The face that stands, for the surface that goes on with it."""

    compositor: Compositor
    window: Window


def put_up(state: Path, screen: str, path: Path, *, mono_s: Callable[[], float]) -> FirstFace | None:
    """Shows the kept face where the screen was last; None if anything for it is missing, which the surface then finds.

    Args:
        state: where settings and faces are remembered.
        screen: the screen's name.
        path: the compositor's socket.
        mono_s: monotonic clock, seconds.
    """
    try:
        output, size, simulated = _remembered(state / f"{screen}.json")
        pixels = FaceStore(state, screen).load(size, simulated=simulated)
        return (
            None
            if pixels is None
            else _shown(Compositor(path, patience_s=3, mono_s=mono_s), output, pixels, size, mono_s)
        )
    except (OSError, NoDisplayError, ValueError, KeyError, TypeError) as error:
        log.info("%s: no face from before (%s)", screen, error)
        return None


def _remembered(file: Path) -> tuple[str, Size, bool]:
    found = json.loads(file.read_bytes())
    wide, tall = found["size"]
    return found["output"], (int(wide), int(tall)), found.get("simulated", False) is True


def _shown(
    compositor: Compositor, name: str, pixels: bytes, size: Size, mono_s: Callable[[], float]
) -> FirstFace | None:
    output = next((each for each in compositor.outputs if each.name == name), None)
    if output is None or output.size[0] < size[0] or output.size[1] < size[1]:
        compositor.close()
        return None
    window, frame = Window(compositor, output, mono_s=mono_s), 0
    end = mono_s() + _PATIENCE_S
    while mono_s() < end and (frame == 0 or window.shown < frame):
        compositor.wait(_TURN_S)
        if frame == 0 and window.ready:
            frame = window.put(pixels, size)
    return FirstFace(compositor, window)
