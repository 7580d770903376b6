"""The second look: half a plate is made whole, and what it does not explain is never sure."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from devices.anpr.alphabet import ALPHABET, CLASS, COLUMNS
from devices.anpr.detections import Detection
from devices.anpr.look import A_FIND, AROUND, FEATURES, GRID, NO_LABEL, WHOLE, FindKind, SecondLook, grown, sampled
from devices.anpr.pairing import PLAIN
from devices.anpr.plate_read import Region
from devices.anpr.plate_reader import PlateReader, View
from devices.anpr.spacing import DOUBT
from simulation.drawn.plates import PlateKind, draw

Chances = dict[FindKind, float]


def said(**kinds: float) -> Chances:
    """Chances by the names of kinds; what is left goes to lettering."""
    told = {FindKind[name.upper()]: chance for name, chance in kinds.items()}
    return told | {FindKind.NO_PLATE: 1 - sum(told.values())}


class Scripted:
    """An engine whose second look says what the test wants, and whose recogniser reads `rows`."""

    rows = ("LT", "3482")

    def __init__(self, *looks: list[Chances]) -> None:
        self.looks = list(looks)

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Engine`."""
        if name == "look":
            told = self.looks.pop(0)
            return np.array([[each.get(kind, 0.0) for kind in FindKind] for each in told], np.float32)
        chances = np.zeros((3, COLUMNS, len(ALPHABET) + 1), np.float32)
        chances[:, :, 0] = 1
        for row, text in enumerate(self.rows, 1):
            for place, char in enumerate(text):
                chances[row, 3 + 5 * place] = np.eye(len(ALPHABET) + 1)[CLASS[char]]
        return np.repeat(chances.reshape(1, 3 * COLUMNS, -1), len(array), 0)


class Found(PlateReader):
    """A reader with a detector that is told what it finds."""

    places: tuple[NDArray[np.float32], ...] = ()
    score = 0.9

    def view(self, image: NDArray[np.uint8]) -> View:  # noqa: ARG002 - the places are known
        """The places told; nothing was seen of them."""
        return View(
            [Detection(self.score, place) for place in self.places], np.zeros((FEATURES, 60, 60), np.float32), 1.0
        )


PLATE = np.array([[100, 100], [220, 100], [220, 200], [100, 200]], np.float32)
UPPER = np.array([[100, 100], [220, 100], [220, 150], [100, 150]], np.float32)
LOWER = UPPER + np.array([0, 50], np.float32)


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    """A plate of two rows on grey."""
    image = np.full((400, 400, 3), 90, np.uint8)
    image[100:200, 100:220] = cv2.resize(draw("LT3482", PlateKind.HK_FRONT, 2), (120, 100))
    return image


@pytest.mark.parametrize(("half", "kind"), [(UPPER, "upper_row"), (LOWER, "lower_row")])
def test_one_row_of_a_plate_is_made_the_whole_plate(
    picture: NDArray[np.uint8], half: NDArray[np.float32], kind: str
) -> None:
    """The second look names the row; the box grows over the other one, and is looked at again."""
    reader = Found(Scripted([said(**{kind: 0.9})], [said(two_rows=0.97)]))
    reader.places = (half,)
    (read,) = reader.read(picture)
    assert np.allclose(read.corners, PLATE, atol=1)
    assert (read.text, read.region, read.rows) == ("LT3482", Region.HONG_KONG, 2)
    assert read.confidence > 0.9


def test_two_finds_of_one_plate_become_one(picture: NDArray[np.uint8]) -> None:
    """Both rows found apart: the surer whole plate stays, alone."""
    reader = Found(Scripted([said(upper_row=0.9), said(lower_row=0.8)], [said(two_rows=0.9), said(two_rows=0.97)]))
    reader.places = (UPPER, LOWER)
    (read,) = reader.read(picture)
    assert read.explained == pytest.approx(0.97)


@pytest.mark.parametrize(
    "look",
    [
        said(one_row=0.9),
        said(amiss=0.8),
        said(),
        said(two_rows=A_FIND - 0.01),  # it may be lettering
        said(two_rows=WHOLE - 0.01, amiss=1.01 - WHOLE),  # it is a plate, and perhaps a part of one
        said(two_rows=A_FIND * WHOLE + 0.04, upper_row=0.1),
    ],
)
def test_what_the_second_look_does_not_explain_is_not_sure(picture: NDArray[np.uint8], look: Chances) -> None:
    """Two rows read where one is seen, where no whole plate is, or where it is lettering."""
    reader = Found(Scripted([look]))
    reader.places = (PLATE,)
    (read,) = reader.read(picture)
    assert read.text == "LT3482"
    assert read.confidence <= DOUBT


def test_a_plate_that_is_whole_if_it_is_one_is_sure(picture: NDArray[np.uint8]) -> None:
    """Seen from aside it has something of lettering, and nothing of half a plate."""
    reader = Found(Scripted([said(two_rows=A_FIND + 0.01)]))
    reader.places = (PLATE,)
    (read,) = reader.read(picture)
    assert read.confidence > 0.9


@pytest.mark.parametrize(("chance", "sure"), [(NO_LABEL - 0.005, False), (NO_LABEL + 0.005, True)])
def test_a_mark_that_may_be_a_un_number_needs_a_surer_look(
    picture: NDArray[np.uint8], chance: float, sure: bool
) -> None:
    """UN and four digits are an ordinary mark, and stand on loads of dangerous goods."""
    engine = Scripted([said(two_rows=chance)])
    engine.rows = ("UN", "1203")
    reader = Found(engine)
    reader.places = (PLATE,)
    (read,) = reader.read(picture)
    assert read.text == "UN1203"
    assert (read.confidence > DOUBT) is sure


def test_a_mark_that_may_be_a_un_number_needs_a_find_that_is_plain(picture: NDArray[np.uint8]) -> None:
    """A label is hung like a plate, and the detector is not plain about it."""
    engine = Scripted([said(two_rows=0.995)])
    engine.rows = ("UN", "1203")
    reader = Found(engine)
    reader.places, reader.score = (PLATE,), PLAIN - 0.01
    (read,) = reader.read(picture)
    assert read.confidence <= DOUBT


@pytest.mark.parametrize(
    ("rows", "sure"), [(("M3", "EX1T5B"), False), (("EX1T5", "M3"), False), (("M3", "EX1T"), True), (("8", "6"), False)]
)
def test_no_plate_of_two_rows_has_more_than_four_characters_in_one(
    picture: NDArray[np.uint8], rows: tuple[str, str], sure: bool
) -> None:
    """Cap. 374E: what has is a road sign or a board, however surely it is read; and one over one is upright writing."""
    engine = Scripted([said(two_rows=0.99)])
    engine.rows = rows
    reader = Found(engine)
    reader.places = (PLATE,)
    (read,) = reader.read(picture)
    assert (read.text, read.lengths) == ("".join(rows), tuple(map(len, rows)))
    assert (read.confidence > DOUBT) is sure


def test_half_a_plate_that_does_not_grow_whole_stays_doubtful(picture: NDArray[np.uint8]) -> None:
    """The other row is under dirt: the second look at the grown box sees no whole plate."""
    reader = Found(Scripted([said(lower_row=0.9)], [said(amiss=0.9)]))
    reader.places = (LOWER,)
    (read,) = reader.read(picture)
    assert np.allclose(read.corners, LOWER)
    assert read.confidence <= DOUBT


def test_growing_moves_and_stretches_along_the_plate() -> None:
    """Twice as high upwards: the lower edge stays."""
    whole = grown(LOWER, 1.0, 2.0, up=0.5)
    assert np.allclose(whole, PLATE)
    assert SecondLook((0.1, 0.2, 0.7, 0, 0, 0)).kind is FindKind.TWO_ROWS


def test_what_is_sampled_is_what_lies_at_the_find() -> None:
    """A channel that holds its column and one that holds its row come back as places, the find in the middle."""
    rows, columns = np.mgrid[0:40, 0:60].astype(np.float32)
    features = np.zeros((FEATURES, 40, 60), np.float32)
    features[0], features[1] = columns, rows
    find = np.array([[20, 10], [30, 10], [30, 15], [20, 15]], np.float32)
    seen = sampled(features, find)
    assert seen.shape == (FEATURES, *GRID[::-1])
    assert np.allclose(seen[0].mean(0), np.linspace(-0.5, 0.5, 25)[1::2] * 10 * AROUND[0] + 25, atol=0.05)
    assert np.allclose(seen[1].mean(1), np.linspace(-0.5, 0.5, 19)[1::2] * 5 * AROUND[1] + 12.5, atol=0.05)
