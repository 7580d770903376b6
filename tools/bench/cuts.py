"""Characters that the training has never seen: our strokes in cuts of another seed, and other fonts.

The fonts are those of the Debian packages in `FONTS`; `tools.training.faces` uses none of them. Without them only strokes are
drawn. They are unpacked anywhere and named by `--fonts`; no font is in the repository.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from simulation.drawn.glyphs import CHINESE, GlyphCut, Mask, chinese, glyph
from simulation.drawn.truck_front import any_face
from tools.training.faces import Atlas, font_atlas

FONTS = "fonts-urw-base35 fonts-national-park fonts-b612 fonts-oxygen"
HELD_OUT = (
    "NimbusSans-Bold",
    "NimbusSansNarrow-Bold",
    "URWGothic-Demi",
    "NationalPark-Heavy",
    "NationalPark-Regular",
    "B612-Bold",
    "Oxygen-Sans-Bold",
)
"""File names, without their endings, of the fonts that are drawn."""
_BY_FONT = 0.35  # so many plates are drawn with one of them


@lru_cache(maxsize=1)
def fonts(folders: tuple[Path, ...]) -> tuple[Atlas, ...]:
    """Those of `HELD_OUT` that are found under `folders`."""
    files = {path.stem: path for folder in folders for path in sorted(folder.rglob("*.[ot]tf"))}
    found = (font_atlas(files[name]) for name in HELD_OUT if name in files)
    return tuple(atlas for atlas in found if atlas is not None)


def any_ink(rng: random.Random, others: tuple[Atlas, ...]) -> tuple[str, Callable[[str, int], Mask]]:
    """A cut for one plate: its name, and what draws its characters."""
    if others and rng.random() < _BY_FONT:
        atlas = rng.choice(others)
        return atlas.name, partial(_of_font, atlas=atlas)
    return "strokes", partial(_of_strokes, face=any_face(rng))


def _of_font(char: str, height: int, atlas: Atlas) -> Mask:
    return chinese(char, height) if char in CHINESE else atlas.ink(char, height)


def _of_strokes(char: str, height: int, face: GlyphCut) -> Mask:
    return glyph(char, height, face)
