"""What a screen says: pure data, no pixels.

Rules of this file: the words are those of `lane_agent.wording`, Traditional Chinese first and largest, then English,
then Simplified (domain §5). A tone has a shape as well as a colour, and every pictogram differs from every other, so
that a driver who sees no colour still tells screen 3 (Clearance Completed) from screen 4 (to the compound). Nothing moves: a sign is one steady picture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from display.line_breaks import pieces
from domain.notices import LISTENING, DriverNotice
from lane_agent.model import Screen
from lane_agent.wording import (
    CARRIES_LISTENING,
    CARRIES_NOTICE,
    CUSTOMS,
    HELP_BUTTON,
    LISTENED_TO,
    NOTICES,
    SIMULATION,
    UNLADEN_BUTTON,
    WORDING,
    Scene,
    Tone,
    earliest_in_words,
)


class Language(Enum):
    """The value is the BCP 47 tag."""

    TRADITIONAL = "zh-HK"
    ENGLISH = "en"
    SIMPLIFIED = "zh-Hans"


class Pictogram(Enum):
    """The drawing inside the tone's shape."""

    TRUCK = "truck"
    STOP_CHARACTER = "stop_character"
    PASSPORT = "passport"
    EYE = "eye"
    RECEIPT = "receipt"
    PRESS = "press"
    PAPER = "paper"
    ARROW = "arrow"
    MAGNIFIER = "magnifier"
    HANDSET = "handset"
    MICROPHONE = "microphone"
    HOURGLASS = "hourglass"
    PLATE = "plate"
    NO_LINK = "no_link"
    CLOCK = "clock"
    PIN = "pin"
    OFFICER = "officer"
    HAND_OVER = "hand_over"
    CROSS = "cross"
    EAR = "ear"


PICTOGRAMS: dict[Scene, Pictogram] = {
    Scene.WELCOME: Pictogram.TRUCK,
    Scene.STOP: Pictogram.STOP_CHARACTER,
    Scene.IMMIGRATION: Pictogram.PASSPORT,
    Scene.IMMIGRATION_TURN: Pictogram.PASSPORT,
    Scene.WATCH: Pictogram.EYE,
    Scene.RECEIVED: Pictogram.RECEIPT,
    Scene.UNLADEN: Pictogram.PRESS,
    Scene.MANIFEST: Pictogram.PAPER,
    Scene.DONE: Pictogram.ARROW,
    Scene.EXAMINE: Pictogram.MAGNIFIER,
    Scene.HELP: Pictogram.HANDSET,
    Scene.TALK: Pictogram.MICROPHONE,
    Scene.WAIT: Pictogram.HOURGLASS,
    Scene.NOPLATE: Pictogram.PLATE,
    Scene.NOBUNDLE: Pictogram.NO_LINK,
    Scene.EARLY: Pictogram.CLOCK,
    Scene.WRONGPOINT: Pictogram.PIN,
    Scene.OFFICER: Pictogram.OFFICER,
    Scene.MANUAL: Pictogram.HAND_OVER,
    Scene.CLOSED: Pictogram.CROSS,
}

_ENGLISH_PIECE = re.compile(r'"[^"]*"|\S+')  # a button's name in quotes is not broken

COARSE_BELOW = 192
"""A board whose shorter side has fewer pixels cannot carry the full sentences legibly: it shows the pictogram and the short
words, which are ours, to be confirmed by the department like the rest of domain §5."""


@dataclass(frozen=True, slots=True)
class SignLine:
    """One language of a message.

    Attributes:
        clauses: the parts between blanks or full stops; each clause is its unbreakable pieces.
        scale: greatest size relative to the Traditional text.
    """

    language: Language
    clauses: tuple[tuple[str, ...], ...]
    scale: float

    @property
    def text(self) -> str:
        """The whole line as a person reads it."""
        glue = " " if self.language is Language.ENGLISH else ""
        return " ".join(glue.join(clause) for clause in self.clauses)


@dataclass(frozen=True, slots=True)
class Hint:
    """The label above a physical button of the AIOP; `lit` while the message speaks of that button."""

    traditional: str
    english: str
    simplified: str
    lit: bool

    @property
    def chinese(self) -> str:
        """Both Chinese names, or the one where they are the same."""
        return " ".join(dict.fromkeys((self.traditional, self.simplified)))


@dataclass(frozen=True, slots=True)
class Sign:
    """What one screen paints for one scene.

    Attributes:
        pictogram: None where the board is Immigration's.
        header: who speaks, (Traditional, English).
        hints: labels of the panel's buttons, left to right; none on the XDB.
        ribbon: text across the sign, "" on a real lane.
        coarse: the short words were taken.
        notice: the line below the message in each language; none on the XDB.
        listening: that line says that an officer listens.
    """

    screen: Screen
    scene: Scene
    tone: Tone
    pictogram: Pictogram | None
    header: tuple[str, str]
    lines: tuple[SignLine, ...]
    hints: tuple[Hint, ...]
    ribbon: str
    coarse: bool
    notice: tuple[SignLine, ...] = ()
    listening: bool = False


def sign(
    screen: Screen,
    scene: Scene,
    parameter: str = "",
    *,
    simulated: bool = False,
    coarse: bool = False,
    notice: str = "",
) -> Sign:
    """The sign of `scene` on `screen`.

    Args:
        screen: which screen.
        scene: which message.
        parameter: fills `{earliest}`: `hh:mm` in Hong Kong, or `MM-DD hh:mm`.
        simulated: the lane is a simulated one: the ribbon is shown.
        coarse: take the short words (boards under `COARSE_BELOW` pixels).
        notice: a `domain.notices.DriverNotice`, `LISTENING`, or "" for none; left out where this message may not carry it.
    """
    carries = CARRIES_LISTENING if notice == LISTENING else CARRIES_NOTICE
    stands = bool(notice) and screen is Screen.AIOP and scene in carries
    others_turn = screen is Screen.XDB and scene is Scene.IMMIGRATION_TURN
    wording = WORDING[scene]
    return Sign(
        screen=screen,
        scene=scene,
        tone=wording.tone,
        pictogram=None if others_turn else PICTOGRAMS[scene],
        header=_header(screen, scene),
        lines=() if others_turn else _lines(scene, parameter, coarse=coarse),
        hints=_hints(scene) if screen is Screen.AIOP else (),
        ribbon=SIMULATION if simulated else "",
        coarse=coarse,
        notice=_notice(notice) if stands else (),
        listening=stands and notice == LISTENING,
    )


def _notice(notice: str) -> tuple[SignLine, ...]:
    """Its words, each language on a row, no larger than the message's."""
    words = LISTENED_TO if notice == LISTENING else NOTICES[DriverNotice(notice)]
    return (
        SignLine(Language.TRADITIONAL, _chinese(words.traditional, ""), 1.0),
        SignLine(Language.ENGLISH, _english(words.english, ""), 0.8),
        SignLine(Language.SIMPLIFIED, _chinese(words.simplified, ""), 0.8),
    )


def _header(screen: Screen, scene: Scene) -> tuple[str, str]:
    """The XDB is shared with Immigration (seed 004): the sign says who speaks."""
    if screen is Screen.XDB and scene is Scene.IMMIGRATION_TURN:
        return WORDING[scene].traditional, WORDING[scene].english
    return CUSTOMS


def _hints(scene: Scene) -> tuple[Hint, ...]:
    """The two buttons of the AIOP."""
    return (
        Hint(*UNLADEN_BUTTON, lit=scene in {Scene.UNLADEN, Scene.RECEIVED}),
        Hint(*HELP_BUTTON, lit=scene in {Scene.HELP, Scene.TALK}),
    )


def _lines(scene: Scene, parameter: str, *, coarse: bool) -> tuple[SignLine, ...]:
    wording = WORDING[scene]
    if coarse:
        traditional, english = wording.short
        return (
            SignLine(Language.TRADITIONAL, _chinese(traditional, parameter), 1.0),
            SignLine(Language.ENGLISH, _english(english, parameter), 0.68),
        )
    return (
        SignLine(Language.TRADITIONAL, _chinese(wording.traditional, parameter), 1.0),
        SignLine(Language.ENGLISH, _english(wording.english, parameter), 0.68),
        SignLine(Language.SIMPLIFIED, _chinese(wording.simplified, parameter), 0.62),
    )


def _chinese(text: str, parameter: str) -> tuple[tuple[str, ...], ...]:
    chinese, _ = earliest_in_words(parameter)
    return tuple(pieces(clause) for clause in _filled(text, chinese).split())


def _english(text: str, parameter: str) -> tuple[tuple[str, ...], ...]:
    _, english = earliest_in_words(parameter)
    sentences = _filled(text, english).replace(". ", ".\n").split("\n")
    return tuple(tuple(_ENGLISH_PIECE.findall(sentence)) for sentence in sentences)


def _filled(text: str, earliest: str) -> str:
    return text.replace("{earliest}", earliest)
