"""Drawn pictures for the simulated lane: a lorry's front with its plates, and the faces of both screens. No photograph."""

from __future__ import annotations

import functools
import io
import os
from typing import Final

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame
import pygame.freetype
import pygame.sysfont

from lane_agent.model import Screen
from lane_agent.wording import WORDING, Scene, Tone, Wording

_Colour = tuple[int, int, int]
_SIZE: Final = (960, 540)
_HONG_KONG: Final = 4
"""Index of the Hong Kong face in Noto Sans CJK's collection; index 0 has Japanese shapes."""

_TONES: Final[dict[Tone, _Colour]] = {
    Tone.NEUTRAL: (205, 215, 225),
    Tone.STOP: (255, 90, 70),
    Tone.GO: (80, 220, 130),
    Tone.EXAMINE: (255, 190, 60),
    Tone.ASK: (120, 190, 255),
    Tone.OFFICER: (240, 200, 90),
    Tone.HELP: (200, 160, 255),
}


@functools.lru_cache
def _font(*, chinese: bool) -> pygame.freetype.Font:
    """A font of the system; without one for Chinese, the English alone can be read."""
    pygame.freetype.init()
    name = pygame.sysfont.match_font("notosanscjkhk") if chinese else None  # type: ignore[no-untyped-call]
    return pygame.freetype.Font(name, font_index=_HONG_KONG) if name else pygame.freetype.Font(None)


def _write(
    surface: pygame.Surface, text: str, middle: tuple[int, int], size: float, colour: _Colour, *, chinese: bool = False
) -> pygame.Rect:
    drawn, box = _font(chinese=chinese).render(text, colour, size=size)
    place = box.copy()
    place.center = middle
    surface.blit(drawn, place)
    return place


def _bytes(surface: pygame.Surface, name: str) -> bytes:
    body = io.BytesIO()
    pygame.image.save(surface, body, name)
    return body.getvalue()


def _polygon(surface: pygame.Surface, colour: _Colour, *points: tuple[int, int]) -> None:
    pygame.draw.polygon(surface, colour, points)


@functools.lru_cache(maxsize=64)
def frame(vrn: str = "", mainland: str = "", *, boxed: bool = True) -> bytes:
    """The lane as the camera sees it, as JPEG of 960 × 540; with a lorry if `vrn` is not empty."""
    surface = pygame.Surface(_SIZE)
    surface.fill((38, 46, 54))
    _polygon(surface, (58, 63, 67), (250, 170), (710, 170), (960, 540), (0, 540))
    for left, right in (((262, 170), (40, 540)), ((698, 170), (920, 540))):
        pygame.draw.line(surface, (190, 180, 120), left, right, 5)
    if vrn:
        _lorry(surface)
        plate = _plate(surface, vrn, (480, 430), (245, 245, 240), (12, 12, 12))
        if mainland:
            _plate(surface, mainland, (480, 486), (14, 14, 14), (245, 245, 245), chinese=True)
        if boxed:
            pygame.draw.rect(surface, (90, 230, 140), plate.inflate(14, 14), 3)
    else:
        pygame.draw.line(surface, (225, 225, 225), (110, 440), (850, 440), 8)
    _write(surface, "DRAWN PICTURE", (870, 22), 16, (150, 160, 170))
    return _bytes(surface, "frame.jpg")


def _lorry(surface: pygame.Surface) -> None:
    pygame.draw.rect(surface, (92, 104, 116), (300, 30, 360, 330))
    pygame.draw.rect(surface, (46, 92, 134), (288, 120, 384, 330), border_radius=18)
    _polygon(surface, (24, 34, 44), (318, 146), (642, 146), (654, 268), (306, 268))
    pygame.draw.rect(surface, (30, 38, 46), (340, 300, 280, 56), border_radius=8)
    pygame.draw.rect(surface, (66, 74, 82), (280, 380, 400, 128), border_radius=12)
    for x in (322, 638):
        pygame.draw.circle(surface, (255, 244, 200), (x, 344), 24)
    for x in (266, 676):
        pygame.draw.rect(surface, (28, 32, 36), (x, 160, 20, 74), border_radius=5)


def _plate(
    surface: pygame.Surface, text: str, middle: tuple[int, int], ground: _Colour, ink: _Colour, *, chinese: bool = False
) -> pygame.Rect:
    box = pygame.Rect(0, 0, 210 if chinese else 230, 44 if chinese else 54)
    box.center = middle
    pygame.draw.rect(surface, ground, box, border_radius=5)
    pygame.draw.rect(surface, ink, box, 2, border_radius=5)
    _write(surface, text, middle, 30 if chinese else 44, ink, chinese=chinese)
    return box


@functools.lru_cache(maxsize=64)
def screen(which: Screen, scene: Scene | None, parameter: str = "") -> bytes:
    """A screen's face as PNG: the board 384 × 384, the panel 510 × 384; black when it is dead."""
    surface = pygame.Surface((384, 384) if which is Screen.XDB else (510, 384))
    surface.fill((4, 8, 12) if which is Screen.XDB else (16, 34, 50))
    if scene is not None:
        _words(surface, WORDING[scene], parameter or "--:--")
    return _bytes(surface, "screen.png")


def _words(surface: pygame.Surface, wording: Wording, parameter: str) -> None:
    width, middle = surface.get_width(), surface.get_width() // 2
    ink = _TONES[wording.tone]
    pygame.draw.rect(surface, ink, surface.get_rect().inflate(-12, -12), 4, border_radius=10)
    lines: list[tuple[str, int, bool]] = [(part, 40, True) for part in wording.traditional.split(" ")]
    lines += [(part, 24, False) for part in _folded(wording.english, 22 if width < 400 else 32)]
    lines += [(wording.simplified, 20, True)]
    y = 192 - sum(size + 14 for _, size, _ in lines) // 2 + 24
    for text, size, chinese in lines:
        said = text.replace("{hhmm}", parameter)
        fits = min(size, int(width * 1.7 / max(len(said), 1))) if not chinese else min(size, (width - 30) // len(said))
        _write(surface, said, (middle, y), fits, ink, chinese=chinese)
        y += size + 14


def _folded(text: str, most: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
