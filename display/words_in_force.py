"""Words put in force after signs were laid out, and whether the site's own can be read on the site's own board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from display.layout import lay_out
from display.legibility import LEAST_CM, legibility
from display.pictures import render
from display.settings import ScreensSettings
from lane_agent.model import Screen
from lane_agent.wording import WORDING, Scene, Wording
from runtime.sections import Problem


def put_in_force(words: Mapping[Scene, Wording]) -> None:
    """This process speaks with these words from now on; what was laid out with others is forgotten."""
    WORDING.update(words)
    lay_out.cache_clear()
    render.cache_clear()


def too_small(screens: ScreensSettings, words: Mapping[Scene, Wording]) -> Iterator[Problem]:
    """Texts of this site that are too long to be read at its own sizes; in force meanwhile, and put back.

    Raises:
        FontMissingError: the glyphs are not installed.
    """
    before = {scene: WORDING[scene] for scene in words}
    put_in_force(words)
    try:
        for scene in words:
            small = [one for one in legibility(Screen.XDB, scene, screens.xdb.size) if one.cm < LEAST_CM]
            for one in small:
                remedy = f"say it shorter: {LEAST_CM} cm is the least that can be read at 10 m"
                yield Problem(f"{scene.value} ({one.language.value})", f"is {one.cm:.1f} cm high on the board", remedy)
    finally:
        put_in_force(before)
