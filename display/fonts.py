"""Noto Sans CJK: one file, a face for each place. The Japanese default face draws several of our characters wrongly."""

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

# Index of the face inside the .ttc: 0 Japanese, 1 Korean, 2 Simplified, 3 Taiwan, 4 Hong Kong.
_FACE = {Language.TRADITIONAL: 4, Language.ENGLISH: 4, Language.SIMPLIFIED: 2}
_NAME = {4: "Noto Sans CJK HK", 2: "Noto Sans CJK SC"}

_FINE_BELOW = {Language.TRADITIONAL: 20, Language.ENGLISH: 13, Language.SIMPLIFIED: 20}
"""Bold strokes of a dense character run together under this many pixels: the regular weight is taken."""


class Fonts:
    """The faces of the screens. Sizes are pixels of the em square.

    Raises:
        FontMissingError: the files are not there, or hold other faces than expected.
    """

    def __init__(self, directory: Path = DIRECTORY) -> None:
        pygame.freetype.init()
        self._bold = {index: _load(directory / "NotoSansCJK-Bold.ttc", index) for index in _NAME}
        self._regular = {index: _load(directory / "NotoSansCJK-Regular.ttc", index) for index in _NAME}
        self._measured: dict[tuple[str, Language, int], pygame.Rect] = {}

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
        return (self._regular if size < _FINE_BELOW[language] else self._bold)[_FACE[language]]


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


@lru_cache(maxsize=1)
def shared() -> Fonts:
    """The fonts of this process, loaded once."""
    return Fonts()
