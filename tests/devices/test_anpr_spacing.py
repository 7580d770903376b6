"""A hidden digit leaves a gap, and a gap makes its neighbours doubtful."""

from __future__ import annotations

import numpy as np
import pytest

from devices.anpr.alphabet import CLASS, COLUMNS
from devices.anpr.spacing import DOUBT, spaced


def output(*rows: dict[int, str]) -> np.ndarray:
    """What a recogniser says that reads these characters at these columns; one row, or the upper and the lower."""
    said = np.zeros((3, COLUMNS, max(CLASS.values()) + 1), np.float32)
    said[:, :, 0] = 1
    for row, chars in enumerate(rows, 0 if len(rows) == 1 else 1):
        for at, char in chars.items():
            said[row, at : at + 2, 0] = 0
            said[row, at : at + 2, CLASS[char]] = 1
    return said.reshape(3 * COLUMNS, -1)


def doubted(text: str, said: np.ndarray) -> str:
    """The characters that lost confidence."""
    found = spaced(tuple((char, 0.99) for char in text), said)
    assert "".join(char for char, _ in found) == text
    assert {chance for _, chance in found} <= {0.99, DOUBT}
    return "".join(char for char, chance in found if chance == DOUBT)


def test_a_gap_as_wide_as_a_digit_makes_its_neighbours_doubtful() -> None:
    """GM7032 with its 0 under a drop."""
    assert doubted("GM732", output({2: "G", 8: "M", 16: "7", 28: "3", 34: "2"})) == "73"
    assert doubted("GM7032", output({2: "G", 8: "M", 16: "7", 22: "0", 28: "3", 34: "2"})) == ""


def test_in_two_rows_each_is_looked_at_by_itself() -> None:
    """LR above, 233 below, where 2533 was."""
    upper = {10: "L", 24: "R"}
    assert doubted("LR233", output(upper, {2: "2", 20: "3", 29: "3"})) == "23"
    assert doubted("LR2533", output(upper, {2: "2", 11: "5", 20: "3", 29: "3"})) == ""


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("AB1234", (2, 8, 17, 21, 27, 33)),  # a bare 1 stands near its neighbours
        ("AB4111", (2, 8, 17, 22, 25, 28)),
        ("ED12", (2, 10, 22, 30)),  # nothing to compare with
        ("WW8887", (2, 12, 22, 27, 32, 37)),  # letters may be wide, and a space follows them
    ],
)
def test_what_is_no_gap(text: str, places: tuple[int, ...]) -> None:
    """Marks as they are set."""
    assert doubted(text, output(dict(zip(places, text, strict=True)))) == ""


def test_a_text_that_is_not_what_the_columns_say_is_left_alone() -> None:
    """The grammar chose another reading: where its characters stand is not known."""
    assert doubted("GM73", output({2: "G", 8: "M", 16: "7", 28: "3", 34: "2"})) == ""
