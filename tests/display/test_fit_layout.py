"""Every sign fits its screen: measured, not looked at."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import pygame
import pytest

from display.drawing import blank, paint
from display.errors import BadSizeError, FontMissingError
from display.fit import TextRow
from display.fonts import Fonts, shared
from display.layout import Layout, lay_out
from display.pictograms import picture
from display.scenes import PICTOGRAMS, Language, sign
from display.settings import Size, check_size, largest_fit
from lane_agent.model import Screen
from lane_agent.wording import WORDING, Scene, Tone

BOARDS: list[tuple[Screen, Size]] = [
    *((Screen.XDB, (side, side)) for side in (96, 97, 128, 191, 192, 256, 512, 1024)),
    *((Screen.AIOP, size) for size in ((320, 240), (640, 480), (800, 600), (1024, 768))),
]
EVERY = [
    pytest.param(screen, size, simulated, id=f"{screen.value}-{size[0]}{'-simulated' if simulated else ''}")
    for screen, size in BOARDS
    for simulated in (False, True)
]


@cache
def _layouts(screen: Screen, size: Size, simulated: bool) -> list[Layout]:
    return [lay_out(screen, scene, "12-01 04:30" if scene is Scene.EARLY else "", simulated, size) for scene in Scene]


def _texts(layout: Layout) -> list[TextRow]:
    keys = [row for key in layout.keys for row in key.rows]
    return [*layout.rows, *layout.header, *layout.ribbon_rows, *keys]


@pytest.mark.parametrize(("screen", "size", "simulated"), EVERY)
def test_nothing_leaves_its_place_and_nothing_overlaps(screen: Screen, size: Size, simulated: bool) -> None:
    """Every text and pictogram lies wholly on the screen, words in their area, and no two of them touch."""
    whole = pygame.Rect((0, 0), size)
    for layout in _layouts(screen, size, simulated):
        parts = [pygame.Rect(row.ink) for row in _texts(layout)]
        parts += [pygame.Rect(layout.pictogram)] if layout.pictogram else []
        assert all(whole.contains(part) for part in parts), layout.sign.scene
        assert all(pygame.Rect(layout.words).contains(row.ink) for row in layout.rows), layout.sign.scene
        assert not any(a.colliderect(b) for a, b in itertools.combinations(parts, 2)), layout.sign.scene


@pytest.mark.parametrize(("screen", "size", "simulated"), EVERY)
def test_two_rows_a_language_and_traditional_is_the_largest(screen: Screen, size: Size, simulated: bool) -> None:
    """At most two rows a language (domain §5), in order, Traditional larger than the others, nothing left out."""
    for layout in _layouts(screen, size, simulated):
        by_language = {language: [r for r in layout.rows if r.language is language] for language in Language}
        assert all(len(rows) <= 2 for rows in by_language.values())
        for line in layout.sign.lines:
            rows = by_language[line.language]
            assert "".join(row.text for row in rows).replace(" ", "") == line.text.replace(" ", "")
            assert line.language is Language.TRADITIONAL or rows[0].size < by_language[Language.TRADITIONAL][0].size
        tops = [row.ink[1] for row in layout.rows]
        assert tops == sorted(tops)


@pytest.mark.parametrize(
    ("screen", "size"), [(Screen.XDB, (96, 96)), (Screen.XDB, (256, 256)), (Screen.AIOP, (800, 600))]
)
def test_no_glyph_is_drawn_outside_what_was_measured(screen: Screen, size: Size) -> None:
    """The ink that is really drawn is the ink that was measured, so nothing is clipped."""
    for placed, row in ((layout, row) for layout in _layouts(screen, size, False) for row in _texts(layout)):
        sheet = pygame.Surface((size[0] + 80, size[1] + 80), pygame.SRCALPHA, 32)
        at = (row.origin[0] + 40, row.origin[1] + 40)
        shared(coarse=placed.sign.coarse).draw(
            sheet, row.text, row.language, size=row.size, origin=at, colour=(255, 255, 255)
        )
        assert pygame.Rect(row.ink).move(40, 40).contains(sheet.get_bounding_rect()), row.text


@pytest.mark.parametrize("parameter", ["", "00:00", "23:59", "12-31 23:59", "13-01 00:00", "a-b c", "x" * 32])
@pytest.mark.parametrize(("screen", "size"), [(Screen.XDB, (96, 96)), (Screen.AIOP, (800, 600))])
def test_an_odd_time_still_fits(screen: Screen, size: Size, parameter: str) -> None:
    """Whatever time the core sends, up to the longest the protocol lets through, stays on the sign."""
    layout = lay_out(screen, Scene.EARLY, parameter, False, size)
    assert all(pygame.Rect(layout.words).contains(row.ink) for row in layout.rows)


def test_the_fonts_have_every_character() -> None:
    """No word of any sign contains a character that would be shown as a box."""
    for screen, scene, coarse in itertools.product(Screen, Scene, (False, True)):
        told = sign(screen, scene, "0123456789:", coarse=coarse)
        texts = [(line.text, line.language) for line in told.lines]
        texts += [(word, Language.TRADITIONAL) for word in told.header]
        assert [shared().lacking(text, language) for text, language in texts] == [""] * len(texts)
    assert shared().lacking("\U0001f69a停", Language.TRADITIONAL) == "\U0001f69a"


def test_hong_kong_shapes_differ_from_the_simplified_ones() -> None:
    """The two faces are really two: the same character is drawn differently for Hong Kong and the Mainland."""

    def drawn(language: Language) -> bytes:
        sheet = blank((120, 120))
        shared().draw(sheet, "過", language, size=100, origin=(10, 100), colour=(255, 255, 255))
        return pygame.image.tobytes(sheet, "RGB")

    assert drawn(Language.TRADITIONAL) != drawn(Language.SIMPLIFIED)


def _grey(scene: Scene, side: int) -> list[int]:
    """The pictogram as people without colour see it on a dark board: luminance by pixel."""
    surface = blank((side, side))
    surface.blit(picture(PICTOGRAMS[scene], WORDING[scene].tone, side), (0, 0))
    rgb = pygame.image.tobytes(surface, "RGB")
    return [(299 * r + 587 * g + 114 * b) // 1000 for r, g, b in zip(rgb[0::3], rgb[1::3], rgb[2::3], strict=True)]


@pytest.mark.parametrize("side", [24, 96])
def test_pictograms_differ_without_colour(side: int) -> None:
    """Colour is never the only sign: in shades of grey no two pictograms look alike, at the smallest size either."""
    shades = {scene: _grey(scene, side) for scene in Scene if scene is not Scene.IMMIGRATION_TURN}
    for one, other in itertools.combinations(shades, 2):
        differing = sum(abs(a - b) > 80 for a, b in zip(shades[one], shades[other], strict=True))
        assert differing > 0.08 * side * side, (one, other)


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations(Tone, 2)])
def test_each_tone_has_its_own_outer_shape(one: Tone, other: Tone) -> None:
    """The outline alone tells the tones apart, whatever is drawn inside."""

    def outline(tone: Tone) -> pygame.Mask:
        scene = next(scene for scene in Scene if WORDING[scene].tone is tone)
        return pygame.mask.from_surface(picture(PICTOGRAMS[scene], tone, 100))

    first, second = outline(one), outline(other)
    common = first.overlap_area(second, (0, 0))
    assert first.count() + second.count() - 2 * common > 150  # of 10,000: the disc and the octagon are the nearest pair


def test_immigrations_board_is_dark() -> None:
    """At Immigration's turn hardly a pixel of the XDB is lit."""
    surface = blank((256, 256))
    paint(surface, Screen.XDB, Scene.IMMIGRATION_TURN)
    lit = pygame.mask.from_threshold(surface, (255, 255, 255), (170, 170, 170)).count()
    assert lit < 0.02 * 256 * 256


@pytest.mark.parametrize(
    ("screen", "size"),
    [
        (Screen.XDB, (95, 95)),
        (Screen.XDB, (1025, 1025)),
        (Screen.XDB, (256, 128)),
        (Screen.AIOP, (800, 601)),
        (Screen.AIOP, (160, 120)),
    ],
)
def test_a_screen_that_does_not_exist_is_refused(screen: Screen, size: Size) -> None:
    """The XDB is square and 96 to 1024 pixels, the AIOP 4:3; the message says so."""
    with pytest.raises(BadSizeError, match=r"from \d+x\d+ to \d+x\d+ pixels"):
        check_size(screen, size)


@pytest.mark.parametrize(
    ("screen", "display", "sign_size"),
    [
        (Screen.XDB, (1920, 1080), (1024, 1024)),
        (Screen.XDB, (640, 480), (480, 480)),
        (Screen.AIOP, (1920, 1080), (1440, 1080)),
        (Screen.AIOP, (1024, 600), (800, 600)),
        (Screen.AIOP, (3840, 2160), (1600, 1200)),
    ],
)
def test_a_full_screen_holds_the_largest_sign_that_fits(screen: Screen, display: Size, sign_size: Size) -> None:
    """Whatever monitor is connected, the sign keeps its proportions."""
    assert largest_fit(screen, display) == sign_size
    with pytest.raises(BadSizeError):
        largest_fit(screen, (90, 90))


def test_a_missing_font_names_the_debian_package(tmp_path: Path) -> None:
    """A technician reads which package to install."""
    with pytest.raises(FontMissingError, match="apt-get install fonts-noto-cjk"):
        Fonts(tmp_path)
