"""What the screens say, as data."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import product

import pygame
import pytest
from syrupy.assertion import SnapshotAssertion

from display.layout import lay_out
from display.line_breaks import pieces
from display.pictures import render
from display.scenes import PICTOGRAMS, Language, Pictogram, Sign, sign
from domain.notices import LISTENING, DriverNotice
from lane_agent.model import Screen
from lane_agent.wording import CARRIES_LISTENING, CARRIES_NOTICE, NOTICES, WORDING, Scene
from tests.rigs.places import ROOT

EACH = [(screen, scene) for screen in Screen for scene in Scene]


def _told(told: Sign) -> str:
    """One sign as a person would write it down."""
    words = [f"{line.language.value}: {' | '.join('·'.join(clause) for clause in line.clauses)}" for line in told.lines]
    hints = [f"[{hint.traditional} {hint.english}{' lit' if hint.lit else ''}]" for hint in told.hints]
    drawing = told.pictogram.value if told.pictogram else "none"
    head = f"{told.tone.value} / {drawing} / {' '.join(told.header)}{' / ' + told.ribbon if told.ribbon else ''}"
    return "\n".join([head, *words, *hints])


def test_every_scene_of_both_screens(snapshot: SnapshotAssertion) -> None:
    """The words, tone, pictogram and strips of every sign are these and change only on purpose."""
    signs = {f"{screen.value} {scene.value}": _told(sign(screen, scene, "14:30")) for screen, scene in EACH}
    signs |= {f"coarse {scene.value}": _told(sign(Screen.XDB, scene, "14:30", coarse=True)) for scene in Scene}
    signs["simulated"] = _told(sign(Screen.XDB, Scene.DONE, simulated=True))
    assert signs == snapshot


@pytest.mark.parametrize(("screen", "scene"), EACH)
def test_the_words_are_those_of_the_table_in_the_order_of_the_law(screen: Screen, scene: Scene) -> None:
    """Traditional first and largest, then English, then Simplified, word for word (domain §5)."""
    told = sign(screen, scene, "14:30")
    if told.pictogram is None:
        return
    wording = WORDING[scene]
    expected = [
        text.replace("{earliest}", "14:30") for text in (wording.traditional, wording.english, wording.simplified)
    ]
    assert [line.text for line in told.lines] == expected
    assert [line.language for line in told.lines] == list(Language)
    assert all(line.scale < told.lines[0].scale for line in told.lines[1:])


def test_while_it_is_immigrations_turn_the_board_only_says_so() -> None:
    """The XDB is shared: at Immigration's turn Customs says nothing on it (seed 004)."""
    told = sign(Screen.XDB, Scene.IMMIGRATION_TURN)
    assert (told.pictogram, told.lines, told.header) == (None, (), ("出入境檢查", "Immigration"))


def test_no_two_messages_share_a_pictogram() -> None:
    """A driver who cannot read the words still tells the messages apart."""
    used = Counter(PICTOGRAMS.values())
    assert {p for p, times in used.items() if times > 1} == {Pictogram.PASSPORT}  # Immigration's two scenes
    assert set(used) == set(Pictogram) - {Pictogram.EAR}  # of no message: somebody listens


def test_a_simulated_lane_says_so_on_every_sign() -> None:
    """The ribbon is on each sign of a simulated lane and on none of a real one."""
    assert all(sign(screen, scene, simulated=True).ribbon for screen, scene in EACH)
    assert not any(sign(screen, scene).ribbon for screen, scene in EACH)


def test_the_panel_names_its_buttons_and_lights_the_one_spoken_of() -> None:
    """The AIOP's hints name both buttons; the button that the message speaks of is lit."""
    lit = {scene: [h.english for h in sign(Screen.AIOP, scene).hints if h.lit] for scene in Scene}
    assert {scene: names for scene, names in lit.items() if names} == {
        Scene.UNLADEN: ["Unladen Vehicle"],
        Scene.RECEIVED: ["Unladen Vehicle"],
        Scene.HELP: ["Help"],
        Scene.TALK: ["Help"],
    }
    assert all(len(sign(Screen.AIOP, scene).hints) == 2 for scene in Scene)


def test_every_scene_has_short_words_for_a_coarse_board() -> None:
    """No scene is forgotten on a 96 pixel board, and its short words stay short."""
    assert set(WORDING) == set(Scene)
    clauses = [clause for wording in WORDING.values() for clause in wording.short[0].split()]
    assert all(len(clause) <= 6 for clause in clauses if clause != "{earliest}")
    assert all(0 < len(wording.short[1]) <= 20 for wording in WORDING.values())


def test_every_word_on_a_sign_is_in_the_one_table() -> None:
    """A word that is written elsewhere is found by nobody who corrects the wording: no other module spells one out."""
    modules = sorted((ROOT / "display").glob("*.py"))
    spelt = {module.name for module in modules if re.search(r'"[^"\n]*[一-鿿][^"\n]*"', module.read_text())}
    # words that may not be broken; the 停 drawn in the octagon; the characters that are measured; the example of a site's own
    assert spelt == {"line_breaks.py", "symbols.py", "legibility.py", "wording_file.py"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("請等候海關人員", ("請等候", "海關人員")),
        ("請駛往海關驗貨場接受檢查", ("請駛往", "海關驗貨場", "接受", "檢查")),
        ("过关时间14:30", ("过关", "时间", "14:30")),
        ("甲乙", ("甲", "乙")),
        ("", ()),
    ],
)
def test_lines_break_between_words_only(text: str, parts: tuple[str, ...]) -> None:
    """A listed word and a time stay whole; what is not listed may break anywhere."""
    assert pieces(text) == parts


def test_a_time_that_looks_like_a_placeholder_is_only_text() -> None:
    """A parameter is never a format string."""
    told = sign(Screen.XDB, Scene.EARLY, "{earliest}{0}%s")
    assert told.lines[0].text.endswith("{earliest}{0}%s")


@pytest.mark.parametrize(("screen", "scene"), EACH)
def test_a_notice_stands_below_a_message_that_waits_and_below_no_other(screen: Screen, scene: Scene) -> None:
    """Never beside 3 or 4, a request to the driver, a call, or on the board; and it changes nothing of the message's words."""
    waits = screen is Screen.AIOP and scene in CARRIES_NOTICE
    for notice in DriverNotice:
        told = sign(screen, scene, notice=notice)
        assert bool(told.notice) is waits
        assert replace(told, notice=()) == sign(screen, scene)
        if not waits:
            assert render(screen, scene, notice=notice) == render(screen, scene)
    forbidden = {Scene.DONE, Scene.EXAMINE, Scene.UNLADEN, Scene.MANIFEST, Scene.RECEIVED, Scene.TALK, Scene.CLOSED}
    assert not CARRIES_NOTICE & forbidden


def test_every_notice_has_its_words_and_is_smaller_than_any_message() -> None:
    """In three languages, whole inside its strip, on the smallest panel too; the message above keeps the larger words."""
    assert set(NOTICES) == set(DriverNotice)
    for notice, scene, size in product(DriverNotice, CARRIES_NOTICE, [(640, 480), (800, 600), (1024, 768)]):
        placed = lay_out(Screen.AIOP, scene, "12-01 04:30", False, size, notice=notice)
        assert placed.notice is not None
        strip = pygame.Rect(placed.notice)
        assert {row.language for row in placed.notice_rows} == set(Language)
        assert all(strip.contains(row.ink) for row in placed.notice_rows), (notice, scene, size)
        assert not any(strip.colliderect(key.area) for key in placed.keys)
        assert all(not strip.colliderect(row.ink) for row in placed.rows)
        assert max(row.size for row in placed.notice_rows) < placed.rows[0].size
        assert min(row.size for row in placed.notice_rows) >= size[1] * 0.04, (notice, scene, size)


def test_no_notice_says_go_or_what_is_decided() -> None:
    """None of them may be taken for an instruction to drive, or for clearance."""
    for words in NOTICES.values():
        text = f"{words.english} {words.traditional} {words.simplified}".casefold()
        assert not any(word in text for word in ("proceed", "cleared", "go to", "drive", "駛", "驶", "放行", "完成"))


@pytest.mark.parametrize(("screen", "scene"), EACH)
def test_that_somebody_listens_stands_below_what_carries_it_with_a_mark_of_its_own(
    screen: Screen, scene: Scene
) -> None:
    """Never beside 3 or 4 or on the board; in three languages, whole in its strip, with an ear, and no smaller than a notice."""
    told = sign(screen, scene, notice=LISTENING)
    carries = screen is Screen.AIOP and scene in CARRIES_LISTENING
    assert told.listening is bool(told.notice) is carries
    if not carries:
        assert render(screen, scene, notice=LISTENING) == render(screen, scene)
        return
    assert scene not in {Scene.DONE, Scene.EXAMINE}
    assert replace(told, notice=(), listening=False) == sign(screen, scene)
    for size in ((640, 480), (800, 600), (1024, 768)):
        placed = lay_out(screen, scene, "12-01 04:30", False, size, notice=LISTENING)
        assert placed.notice is not None
        assert placed.ear is not None
        strip, ear = pygame.Rect(placed.notice), pygame.Rect(placed.ear)
        assert strip.contains(ear)
        assert {row.language for row in placed.notice_rows} == set(Language)
        assert all(strip.contains(row.ink) and not ear.colliderect(row.ink) for row in placed.notice_rows)
        assert all(not strip.colliderect(row.ink) for row in placed.rows)
        assert not any(strip.colliderect(key.area) for key in placed.keys)
        assert min(row.size for row in placed.notice_rows) >= size[1] * 0.04
