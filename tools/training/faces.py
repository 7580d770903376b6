"""Where the training's characters come from: our own strokes in many cuts, and font files of free licences.

No font file is committed. `FONTS` names the Debian packages; their licences (OFL, Apache-2.0, MIT, Bitstream Vera)
allow pictures of text to be used freely.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from simulation.drawn.glyphs import CHINESE, LATIN, GlyphCut, Mask, chinese, from_font, latin

FETCHED = "fontsource"
"""Every font found in a folder of this name is used (`tools.training.fonts`)."""
FONTS = (
    "fonts-dejavu-core fonts-noto-cjk fonts-roboto-unhinted fonts-open-sans fonts-lato fonts-cantarell fonts-opendin "
    "fonts-roadgeek fonts-dosis fonts-play fonts-cabin fonts-routed-gothic fonts-croscore fonts-inter fonts-mplus fonts-noto-core "
    "fonts-jetbrains-mono fonts-hack fonts-comfortaa fonts-yanone-kaffeesatz fonts-tuffy fonts-sil-andika fonts-quicksand"
)
"""Debian packages whose fonts are used if they are unpacked under one of the folders given."""

_WANTED = (  # noqa: SIM905  forty quoted names would hide them
    "Roboto-Bold Roboto-Medium Roboto-Black Roboto-Regular RobotoCondensed-Bold RobotoCondensed-Medium "
    "RobotoCondensed-Regular OpenSans-Bold OpenSans-CondBold OpenSans-Semibold OpenSans-ExtraBold Lato-Bold Lato-Heavy "
    "Lato-Medium Cantarell-Bold Cantarell-Regular OSP-DIN RG2014B RG2014C RG2014D RG2014E RG2014EM RG2014F Dosis-Bold "
    "Dosis-SemiBold Play-Bold Play-Regular Cabin-Bold Cabin-Medium routed-gothic-narrow routed-gothic Arimo-Bold "
    "Arimo-Regular Inter-Bold Inter-Medium Inter-Regular DejaVuSans-Bold DejaVuSans DejaVuSansCondensed-Bold "
    "NotoSansCJK-Bold NotoSansCJK-Regular Mplus1-Bold Mplus1-Medium Mplus2-Black MplusCodeLatin50-Bold NotoSans-Bold "
    "JetBrainsMono-Bold Hack-Bold Comfortaa-Bold "
    "YanoneKaffeesatz-Bold YanoneKaffeesatz-Medium Tuffy_Bold Andika-Bold Quicksand-Bold"
).split()
_NOTO = Path("/usr/share/fonts/opentype/noto")
_CHINESE = ("NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "NotoSansCJK-Medium.ttc", "NotoSerifCJK-Bold.ttc")
HEIGHT = 64  # of an atlas glyph


@dataclass(frozen=True, slots=True)
class Atlas:
    """Masks of all characters of one cut, `HEIGHT` pixels high."""

    name: str
    glyphs: dict[str, Mask]

    def ink(self, char: str, height: int) -> Mask:
        """One character at `height`."""
        tile = self.glyphs[char]
        size = (max(2, tile.shape[1] * height // HEIGHT), height)
        return np.asarray(cv2.resize(tile, size, interpolation=cv2.INTER_AREA), np.uint8)


def stroke_atlas(rng: random.Random) -> Atlas:
    """Our own strokes in one random cut."""
    width = rng.uniform(0.42, 0.92)
    stroke = rng.uniform(0.08, min(0.2, width * 0.3))
    flagged, flat, straight, spurred, upright = (rng.random() < share for share in (0.2, 0.65, 0.5, 0.6, 0.4))
    face = GlyphCut(width, stroke, flagged, flat, straight, spurred, upright)
    return Atlas("strokes", {char: latin(char, face, HEIGHT) for char in LATIN})


def font_atlas(path: Path) -> Atlas | None:
    """One font file; None where a character is missing."""
    found = {}
    for char in LATIN:
        ink = from_font(char, path)
        if ink.size == 0 or ink.max() < 100:
            return None
        width = max(3, ink.shape[1] * HEIGHT // ink.shape[0])
        found[char] = np.asarray(cv2.resize(ink, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    return Atlas(path.stem, found)


def chinese_atlases() -> list[dict[str, Mask]]:
    """Chinese characters in several weights, Hong Kong and Simplified shapes."""
    files = [_NOTO / name for name in _CHINESE if (_NOTO / name).is_file()]
    return [{char: chinese(char, HEIGHT, font, index) for char in CHINESE} for font in files for index in (2, 4)]


@dataclass(frozen=True, slots=True)
class TypeCase:
    """All cuts to draw from."""

    strokes: tuple[Atlas, ...]
    fonts: tuple[Atlas, ...]
    chinese: tuple[dict[str, Mask], ...]
    fetched: tuple[Atlas, ...] = ()

    @property
    def _sources(self) -> list[tuple[Atlas, ...]]:
        return [atlases for atlases in (self.strokes, self.fonts, self.fetched) if atlases]

    @property
    def _shares(self) -> list[float]:
        shares = ((self.strokes, 0.4), (self.fonts, 0.3), (self.fetched, 0.3))
        return [share for atlases, share in shares if atlases]

    def pick(self, rng: random.Random) -> Atlas:
        """A random cut, with Chinese characters of a random weight."""
        latin_part = rng.choice(rng.choices(self._sources, self._shares)[0])
        glyphs = {**latin_part.glyphs, **rng.choice(self.chinese)}
        if rng.random() < 0.4:
            ours = rng.choice(self.strokes).glyphs  # mostly a flat 3 and a spurred G, which no font file has
            glyphs.update({char: ours[char] for char in rng.choice(("3G", "3GR"))})
        return Atlas(latin_part.name, glyphs)


@lru_cache(maxsize=1)
def case(folders: tuple[Path, ...], seed: int = 1) -> TypeCase:
    """Loads every wanted font found under `folders` and cuts 64 stroke faces."""
    rng = random.Random(seed)
    files = {path.stem: path for folder in folders for path in sorted(folder.rglob("*.[ot]t[fc]"))}
    fonts = [font_atlas(files[name]) for name in _WANTED if name in files]
    fetched = [font_atlas(path) for path in files.values() if path.parent.name == FETCHED]
    strokes = tuple(stroke_atlas(rng) for _ in range(64))
    return TypeCase(strokes, _there(fonts), tuple(chinese_atlases()), _there(fetched))


def _there(found: list[Atlas | None]) -> tuple[Atlas, ...]:
    return tuple(atlas for atlas in found if atlas is not None)
