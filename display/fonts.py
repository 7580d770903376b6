"""Noto Sans CJK: one file, a face for each place. The Japanese default face draws several of our characters wrongly.

On a board of few LEDs smoothed strokes run together, so the Traditional text of such a board is GNU Unifont's at the one size
whose every stroke is whole pixels.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pygame
import pygame.freetype

from display.errors import FontMissingError
from display.scenes import Language

DIRECTORY = Path("/usr/share/fonts/opentype/noto")
"""Where Debian's package fonts-noto-cjk puts its files."""

PIXEL_FONT = Path("/usr/share/fonts/opentype/unifont/unifont.otf")
"""Where Debian's package fonts-unifont puts its file."""

PIXEL_SIZE = 16
"""The em at which a stroke of `PIXEL_FONT` is one pixel."""

_PIXEL_UP_TO = 19  # from here on Noto's bold strokes are as clear, and larger

# Index of the face inside the .ttc: 0 Japanese, 1 Korean, 2 Simplified, 3 Taiwan, 4 Hong Kong.
_FACE = {Language.TRADITIONAL: 4, Language.ENGLISH: 4, Language.SIMPLIFIED: 2}
_NAME = {4: "Noto Sans CJK HK", 2: "Noto Sans CJK SC"}

_FINE_BELOW = {Language.TRADITIONAL: 20, Language.ENGLISH: 13, Language.SIMPLIFIED: 20}
"""Bold strokes of a dense character run together under this many pixels: the regular weight is taken."""


class Fonts:
    """The faces of the screens. Sizes are pixels of the em square.

    Args:
        directory: where Noto's files are.
        coarse: for a board of few LEDs: small Traditional text is Unifont's.

    Raises:
        FontMissingError: the files are not there, or hold other faces than expected.
    """

    def __init__(self, directory: Path = DIRECTORY, *, coarse: bool = False) -> None:
        pygame.freetype.init()
        self._pixel = _load_pixel_font() if coarse else None
        self._bold = {index: _load(directory / "NotoSansCJK-Bold.ttc", index) for index in _NAME}
        self._regular = {index: _load(directory / "NotoSansCJK-Regular.ttc", index) for index in _NAME}
        self._measured: dict[tuple[str, Language, int], pygame.Rect] = {}

    def usable(self, language: Language, size: int) -> int:
        """The greatest size up to `size` at which this language can be drawn clearly."""
        snaps = self._pixel is not None and language is Language.TRADITIONAL
        return PIXEL_SIZE if snaps and PIXEL_SIZE <= size <= _PIXEL_UP_TO else size

    def ink(self, text: str, language: Language, size: int) -> pygame.Rect:
        """The rectangle the ink of `text` covers when its baseline starts at (0, 0); y grows downwards."""
        key = (text, language, size)
        if key not in self._measured:
            rect = self._face(language, size).get_rect(text, size=size)
            # freetype gives the height of the ink above the baseline as y.
            self._measured[key] = pygame.Rect(rect.x, -rect.y, rect.width, rect.height)
        return self._measured[key].copy()

    def draw(
        self,
        surface: pygame.Surface,
        text: str,
        language: Language,
        *,
        size: int,
        origin: tuple[int, int],
        colour: tuple[int, int, int],
    ) -> None:
        """Draws `text` with its baseline starting at `origin`."""
        self._face(language, size).render_to(surface, origin, text, fgcolor=colour, size=size)

    def lacking(self, text: str, language: Language) -> str:
        """The characters of `text` that the face has no glyph for."""
        metrics: list[Any] = self._face(language, 100).get_metrics(text, size=100)
        return "".join(letter for letter, metric in zip(text, metrics, strict=True) if metric is None)

    def _face(self, language: Language, size: int) -> pygame.freetype.Font:
        if self._pixel is not None and language is Language.TRADITIONAL and size == PIXEL_SIZE:
            return self._pixel
        return (self._regular if size < _FINE_BELOW[language] else self._bold)[_FACE[language]]


def _load_pixel_font() -> pygame.freetype.Font:
    if not PIXEL_FONT.is_file():
        remedy = "install Debian's package fonts-unifont (apt-get install fonts-unifont)"
        raise FontMissingError(f"The font of boards with few LEDs is not at {PIXEL_FONT}: {remedy}")
    font = pygame.freetype.Font(str(PIXEL_FONT))
    font.antialiased = False
    font.origin = True
    return font


def _load(path: Path, index: int) -> pygame.freetype.Font:
    remedy = "install Debian's package fonts-noto-cjk (apt-get install fonts-noto-cjk)"
    if not path.is_file():
        raise FontMissingError(f"The font of the screens is not at {path}: {remedy}")
    font = pygame.freetype.Font(str(path), font_index=index)
    if font.name != _NAME[index]:
        raise FontMissingError(f"{path} holds {font.name!r} where {_NAME[index]!r} was expected: {remedy}")
    font.origin = True
    font.kerning = True
    return font


@lru_cache(maxsize=2)
def shared(*, coarse: bool = False) -> Fonts:
    """The fonts of this process, loaded once; those of a coarse board apart."""
    return Fonts(coarse=coarse)
