"""The drawings inside the shapes: one function a pictogram, in units of a 100 x 100 square.

Rules of this file: few thick parts, none thinner than 5 units, so that a drawing survives on a board of 96 pixels.
"""

from __future__ import annotations

from collections.abc import Callable

from display.pen import Pen
from display.scenes import Pictogram


def _truck(pen: Pen) -> None:
    pen.box(17, 34, 57, 62, pen.mark, round_by=2)
    pen.polygon([(60, 42), (73, 42), (83, 53), (83, 62), (60, 62)], pen.mark)
    pen.polygon([(66, 46), (72, 46), (78, 53), (66, 53)], pen.background)
    for x in (30, 70):
        pen.disc((x, 64), 9, pen.background)
        pen.disc((x, 64), 6.5, pen.mark)


def _receipt(pen: Pen) -> None:
    """A slip torn off at the bottom."""
    pen.polygon([(31, 16), (69, 16), (69, 82), (59.5, 74), (50, 82), (40.5, 74), (31, 82)], pen.mark)
    for y, right in ((26, 61), (38, 61), (50, 52)):
        pen.box(39, y, right, y + 5.5, pen.background)


def _stop_character(pen: Pen) -> None:
    pen.word("停", 66, (50, 50), pen.mark)


def _passport(pen: Pen) -> None:
    pen.box(28, 17, 72, 83, pen.mark, round_by=5)
    pen.ring((50, 43), 16, 4, pen.background)
    pen.oval(42, 27, 58, 59, width=3.5, colour=pen.background)
    pen.box(35, 41, 65, 45, pen.background)
    pen.box(37, 67, 63, 72.5, pen.background)


def _eye(pen: Pen) -> None:
    lid = [(x, 50 - 21 * (1 - ((x - 50) / 35) ** 2)) for x in range(15, 86, 2)]
    pen.polygon([*lid, (85, 50), *[(x, 100 - y) for x, y in reversed(lid)]], pen.mark)
    pen.disc((50, 50), 16, pen.background)
    pen.disc((50, 50), 7.5, pen.mark)


def _press(pen: Pen) -> None:
    """A finger on a button."""
    pen.arc((40, 28), 17, 150, 390, width=6, colour=pen.mark)
    pen.stroke([(40, 28), (40, 62)], 11, pen.mark)
    pen.stroke([(51.5, 52), (51.5, 62)], 10, pen.mark)
    pen.stroke([(62, 54), (62, 64)], 9.5, pen.mark)
    pen.stroke([(71.5, 57), (71.5, 68)], 8.5, pen.mark)
    pen.stroke([(27, 63), (38, 74), (47, 84)], 9, pen.mark)
    pen.stroke([(43, 84), (66, 84)], 9, pen.mark)
    pen.stroke([(66, 84), (71.5, 69)], 8.5, pen.mark)
    pen.polygon([(34.5, 56), (75.7, 58), (75.7, 68), (68, 86), (44, 86), (34.5, 72)], pen.mark)


def _paper(pen: Pen) -> None:
    """A sheet going down into a box."""
    pen.polygon([(35, 12), (57, 12), (66, 21), (66, 60), (35, 60)], pen.mark)
    pen.polygon([(57, 12), (57, 21), (66, 21)], pen.background)
    for y in (28, 38, 48):
        pen.box(41, y, 60, y + 4.5, pen.background)
    pen.box(16, 56, 84, 88, pen.background)
    pen.box(16, 59, 84, 88, pen.mark, round_by=3)
    pen.box(28, 64, 72, 70, pen.background, round_by=2)


def _arrow(pen: Pen) -> None:
    pen.polygon([(50, 12), (82, 46), (82, 58), (60, 44), (60, 86), (40, 86), (40, 44), (18, 58), (18, 46)], pen.mark)


def _magnifier(pen: Pen) -> None:
    """A lens over a crate."""
    pen.stroke([(60, 58), (71, 69)], 10, pen.mark)
    pen.disc((47, 45), 25.5, pen.mark)
    pen.disc((47, 45), 19.5, pen.background)
    pen.polygon([(47, 30.5), (60, 37.5), (60, 52.5), (47, 59.5), (34, 52.5), (34, 37.5)], pen.mark)
    pen.stroke([(35, 38), (47, 44.5), (59, 38)], 2.8, pen.background)
    pen.stroke([(47, 44.5), (47, 58.5)], 2.8, pen.background)


def _handset(pen: Pen) -> None:
    """A telephone handset, calling."""
    pen.arc((66, 18), 42, 95, 172, width=9, colour=pen.mark)
    pen.stroke([(25, 24), (24, 33)], 15, pen.mark)
    pen.stroke([(61, 60), (70, 60)], 15, pen.mark)
    pen.arc((58, 30), 11, -80, 70, width=5, colour=pen.mark)
    pen.arc((58, 30), 22, -80, 60, width=5, colour=pen.mark)


def _microphone(pen: Pen) -> None:
    pen.stroke([(50, 22), (50, 40)], 19, pen.mark)
    pen.arc((50, 39), 19, 0, 180, width=5.5, colour=pen.mark)
    pen.stroke([(50, 58), (50, 68)], 5.5, pen.mark)
    pen.stroke([(38, 70), (62, 70)], 5.5, pen.mark)


def _hourglass(pen: Pen) -> None:
    pen.box(28, 19, 72, 26, pen.mark, round_by=2)
    pen.box(28, 74, 72, 81, pen.mark, round_by=2)
    pen.polygon(
        [(33, 28), (67, 28), (67, 35), (54, 50), (67, 65), (67, 72), (33, 72), (33, 65), (46, 50), (33, 35)], pen.mark
    )
    pen.polygon([(39, 31), (61, 31), (61, 34), (39, 34)], pen.background)
    pen.polygon([(50, 54), (60, 66), (60, 68), (40, 68), (40, 66)], pen.background)


def _plate(pen: Pen) -> None:
    """A number plate nobody could read."""
    pen.box(13, 31, 87, 69, pen.mark, round_by=5)
    pen.box(18, 36, 82, 64, pen.background, round_by=3)
    pen.word("? ? ?", 29, (50, 50), pen.mark)


def _no_link(pen: Pen) -> None:
    """A record sheet with nothing found."""
    pen.polygon([(26, 14), (56, 14), (70, 28), (70, 76), (26, 76)], pen.mark)
    pen.polygon([(55, 18), (55, 29), (66, 29)], pen.background)
    for y in (36, 48, 60):
        pen.box(34, y, 62, y + 5, pen.background)
    pen.disc((66, 66), 19, pen.background)
    pen.disc((66, 66), 16, pen.mark)
    pen.stroke([(60, 60), (72, 72)], 5.5, pen.background)
    pen.stroke([(72, 60), (60, 72)], 5.5, pen.background)


def _clock(pen: Pen) -> None:
    pen.ring((50, 47), 31, 7, pen.mark)
    pen.stroke([(50, 27), (50, 47), (63, 55)], 6.5, pen.mark)


def _pin(pen: Pen) -> None:
    """A place marked on a map, crossed out."""
    pen.disc((50, 37), 22, pen.mark)
    pen.polygon([(30, 46), (70, 46), (50, 80)], pen.mark)
    pen.disc((50, 37), 9, pen.background)
    pen.stroke([(23, 69), (77, 15)], 11, pen.background)
    pen.stroke([(23, 69), (77, 15)], 5.5, pen.mark)


def _officer(pen: Pen) -> None:
    """A uniformed officer: peaked cap, head, shoulders."""
    pen.polygon([(26, 24), (50, 13), (74, 24), (69, 35), (31, 35)], pen.mark)
    pen.polygon([(31, 37), (69, 37), (64, 43), (36, 43)], pen.mark)
    pen.disc((50, 46), 14.5, pen.mark)
    pen.polygon([(31, 33), (69, 33), (69, 36), (31, 36)], pen.background)
    pen.polygon(
        [(22, 82), (26, 69), (40, 63), (50, 73), (60, 63), (74, 69), (78, 82), (66, 88), (50, 94), (34, 88)], pen.mark
    )
    pen.disc((50, 24), 4, pen.background)


def _hand_over(pen: Pen) -> None:
    """A sheet laid in an open hand."""
    pen.polygon([(36, 9), (57, 9), (66, 18), (66, 48), (36, 48)], pen.mark)
    pen.polygon([(56, 13), (56, 20), (63, 20)], pen.background)
    for y in (25, 35):
        pen.box(42, y, 60, y + 4.5, pen.background)
    pen.box(13, 53, 23, 77, pen.mark, round_by=1)
    thumb = [(26, 57), (38, 53.5), (51, 59), (61, 59), (65, 62), (64, 66), (52, 67)]
    fingers = [(66, 67.5), (78, 58), (83, 57.5), (85, 62), (62, 77), (55, 78.5), (26, 75)]
    pen.polygon([*thumb, *fingers], pen.mark)


def _cross(pen: Pen) -> None:
    pen.stroke([(31, 31), (69, 69)], 13, pen.mark)
    pen.stroke([(69, 31), (31, 69)], 13, pen.mark)


def _ear(pen: Pen) -> None:
    """An ear, and sound that comes to it."""
    pen.arc((45, 41), 21, 150, 380, width=8, colour=pen.mark)
    pen.stroke([(65, 48), (60, 58), (54, 65), (52, 74)], 8, pen.mark)
    pen.arc((43, 74), 9, 0, 130, width=7.5, colour=pen.mark)
    pen.arc((46, 43), 10, 180, 350, width=6, colour=pen.mark)
    pen.stroke([(55, 46), (47, 56)], 6, pen.mark)
    pen.arc((57, 45), 28, -32, 32, width=5.5, colour=pen.mark)


SYMBOLS: dict[Pictogram, Callable[[Pen], None]] = {
    Pictogram.TRUCK: _truck,
    Pictogram.STOP_CHARACTER: _stop_character,
    Pictogram.PASSPORT: _passport,
    Pictogram.EYE: _eye,
    Pictogram.RECEIPT: _receipt,
    Pictogram.PRESS: _press,
    Pictogram.PAPER: _paper,
    Pictogram.ARROW: _arrow,
    Pictogram.MAGNIFIER: _magnifier,
    Pictogram.HANDSET: _handset,
    Pictogram.MICROPHONE: _microphone,
    Pictogram.HOURGLASS: _hourglass,
    Pictogram.PLATE: _plate,
    Pictogram.NO_LINK: _no_link,
    Pictogram.CLOCK: _clock,
    Pictogram.PIN: _pin,
    Pictogram.OFFICER: _officer,
    Pictogram.HAND_OVER: _hand_over,
    Pictogram.CROSS: _cross,
    Pictogram.EAR: _ear,
}
