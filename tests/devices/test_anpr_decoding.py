"""From network output to text: layout, beam under grammar, confidences, colours, choice of the mark."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from devices.anpr.alphabet import ALPHABET, CLASS, COLUMNS
from devices.anpr.background import background_of
from devices.anpr.contrast import levelled
from devices.anpr.ctc import align, beam_search, decode, probability
from devices.anpr.detections import beside, peaks, placed
from devices.anpr.grammar import fitting, grammar_of
from devices.anpr.onnxruntime_engine import OnnxRuntimeEngine
from devices.anpr.plate_read import Background, PlateRead, Region
from devices.anpr.plate_reader import rectified
from devices.anpr.selection import mainland_of, mark_of
from domain.marks import HONG_KONG, family
from simulation.drawn.plates import PlateKind, draw

Output = NDArray[np.float32]


def output(*rows: str, sure: float = 0.98, doubts: dict[int, tuple[str, float]] | None = None) -> Output:
    """Network output that spells one or two rows; `doubts` gives character number n another reading with a chance."""
    chances = np.zeros((3, COLUMNS, len(ALPHABET) + 1), np.float32)
    chances[:, :, 0] = 1
    number = 0
    for row, text in enumerate(rows):
        for place, char in enumerate(text):
            column = chances[row + (len(rows) == 2), 2 + place * 4]
            column[:] = (1 - sure) / len(ALPHABET)
            column[CLASS[char]] = sure
            if doubts and number in doubts:
                other, chance = doubts[number]
                column[CLASS[char]], column[CLASS[other] if other else 0] = 1 - chance, chance
            number += 1
    return chances.reshape(3 * COLUMNS, -1)


def read(text: str, region: Region, *, confidence: float = 0.98, size: float = 100, x: float = 0) -> PlateRead:
    """A plate read, as large as wanted."""
    corners = np.array([[x, 0], [x + size, 0], [x + size, size / 4], [x, size / 4]], np.float32)
    return PlateRead(text, region, 1, corners, confidence, tuple((c, confidence) for c in text))


@pytest.mark.parametrize("text", ["LT3482", "88", "HK1", "1234T", "T42", "MYPR1NCE"])
def test_a_clear_hong_kong_mark_is_read_as_it_stands(text: str) -> None:
    """Ordinary, without prefix, trailer, trade and personalised marks alike."""
    reading = decode(output(text), grammar_of(Background.WHITE))
    assert reading.text == text
    assert reading.form is not None
    assert reading.form.region is Region.HONG_KONG
    assert reading.rows == 1
    assert min(chance for _, chance in reading.characters) > 0.9


def test_two_rows_are_read_as_one_mark() -> None:
    """Letters over digits, with a repeated character across the rows kept."""
    reading = decode(output("TT", "7788"), grammar_of(Background.YELLOW))
    assert (reading.text, reading.rows) == ("TT7788", 2)


def test_grammar_decides_between_likely_readings_of_an_ordinary_mark() -> None:
    """A third character that is a little rather B than 8 is an 8 among digits; its confidence shows the doubt."""
    reading = decode(output("LT8482", doubts={2: ("B", 0.55)}), grammar_of(Background.WHITE))
    assert reading.text == "LT8482"
    assert dict(enumerate(chance for _, chance in reading.characters))[2] < 0.5


def test_a_black_plate_without_its_chinese_characters_is_no_hong_kong_mark() -> None:
    """粤ZY153港 with 粤 and 港 dropped would be the mark ZY153: colour chooses the grammar."""
    reading = decode(output("ZY153"), grammar_of(Background.BLACK))
    assert reading.form is None
    assert reading.text == "ZY153"
    assert decode(output("粤ZY153港"), grammar_of(Background.BLACK)).form is not None


def test_a_half_seen_character_makes_its_neighbours_doubtful() -> None:
    """A 1 that is as likely there as not must not be dropped with confidence."""
    reading = decode(output("LT1482", doubts={2: ("", 0.7)}), grammar_of(Background.WHITE))
    assert min(chance for _, chance in reading.characters) < 0.75


@given(st.text(ALPHABET, max_size=9), st.sampled_from(Background))
@example("00000", Background.WHITE)
def test_no_text_on_a_dark_ground_is_ever_a_hong_kong_mark(text: str, ground: Background) -> None:
    """And what is one on a light ground is one for the lane, too."""
    form = fitting(text, grammar_of(ground))
    if form is not None and form.region is Region.HONG_KONG:
        assert ground.light
        assert family(text) in HONG_KONG


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(Background))
def test_any_output_decodes_to_characters_with_chances(seed: int, ground: Background) -> None:
    """Noise gives nonsense, never an error or a confidence outside 0 to 1."""
    noise = np.random.default_rng(seed).dirichlet(np.full(len(ALPHABET) + 1, 0.1), 3 * COLUMNS).astype(np.float32)
    reading = decode(noise, grammar_of(ground))
    assert "".join(char for char, _ in reading.characters) == reading.text
    assert all(0 <= chance <= 1 for _, chance in reading.characters)


@pytest.mark.parametrize(
    ("kind", "text", "ground"),
    [
        (PlateKind.HK_FRONT, "LT3482", Background.WHITE),
        (PlateKind.HK_REAR, "LT3482", Background.YELLOW),
        (PlateKind.CROSS_BORDER, "粤ZR12A港", Background.BLACK),
        (PlateKind.CN_BLUE, "粤B12345", Background.BLUE),
        (PlateKind.CN_YELLOW, "粤B12345", Background.YELLOW),
        (PlateKind.CN_GREEN, "粤B12345D", Background.GREEN),
    ],
)
@pytest.mark.parametrize("light", [1.0, 0.5])
def test_the_ground_of_a_plate_is_told_by_day_and_in_the_shade(
    kind: PlateKind, text: str, ground: Background, light: float
) -> None:
    """Colour and polarity of every kind of plate."""
    picture = (draw(text, kind) * light).astype(np.uint8)
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    crop = rectified(picture, corners)
    level = levelled(np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8))
    output = OnnxRuntimeEngine(networks=("recogniser",)).run("recogniser", level[None, None])[0]
    assert background_of(crop, output) is ground
    assert background_of(crop, np.zeros_like(output)) is ground, "where nothing is read, the larger part is the ground"


def test_the_nearest_hong_kong_plate_is_the_mark() -> None:
    """Not the larger Mainland plate, not the small plate far behind."""
    near, far = read("LT3482", Region.HONG_KONG), read("AB12", Region.HONG_KONG, size=40, x=300)
    below = read("粤ZR12A港", Region.CROSS_BORDER, size=130)
    assert mark_of((below, far, near)) == ("LT3482", None)
    assert mainland_of((below, far, near)) == "粤ZR12A港"


@pytest.mark.parametrize(
    ("reads", "reason"),
    [
        ((), "no plate found"),
        ((read("粤ZR12A港", Region.CROSS_BORDER),), "no Hong Kong plate among CN-crossborder"),
        (
            (read("LT3482", Region.HONG_KONG, confidence=0.5),),
            "not sure enough: LT3482 with 'L' at 0.50, needed is 0.95",
        ),
        (
            (read("LT3482", Region.HONG_KONG), read("AB12", Region.HONG_KONG, size=90, x=200)),
            "more than one vehicle: LT3482 and AB12",
        ),
    ],
)
def test_without_a_mark_to_act_on_there_is_a_reason(reads: tuple[PlateRead, ...], reason: str) -> None:
    """In words for a person."""
    assert mark_of(reads) == (None, reason)


def test_the_detectors_map_gives_corners_and_drops_doubles() -> None:
    """Two cells that see the same plate are one plate; a far cell is another."""
    heat = np.zeros((40, 40), np.float32)
    box = np.array([-4, -1, 4, -1, 4, 1, -4, 1], np.float32) / 8
    for row, column, score in ((10, 10, 0.9), (10, 12, 0.8), (30, 30, 0.5), (20, 20, 0.1)):
        heat[row, column] = score
    at = peaks(heat, threshold=0.3)
    assert at.tolist() == [[10, 10], [10, 12], [30, 30]]
    found = placed(heat, at, np.stack([box] * 3))
    assert [plate.score for plate in found] == pytest.approx([0.9, 0.5])
    assert found[0].corners.tolist() == [[52, 76], [116, 76], [116, 92], [52, 92]]


def test_what_is_beside_a_peak_at_the_pictures_edge_is_nothing() -> None:
    """The corners are told from a cell and its eight neighbours; beyond the edge the detector itself sees nothing."""
    features = np.arange(1, 41, dtype=np.float32).reshape(2, 4, 5)
    first, inner = beside(features, np.array([[0, 0], [2, 3]]))
    assert first[0].tolist() == [[0, 0, 0], [0, 1, 2], [0, 6, 7]]
    assert np.array_equal(inner, features[:, 1:4, 2:5])


def test_a_narrow_plate_with_more_ink_than_ground_is_still_white() -> None:
    """Two letters over two digits, cut so that some bumper is in the picture: what lies between them decides."""
    plate = draw("DD39", PlateKind.HK_FRONT, rows=2)
    height, width = plate.shape[:2]
    around = np.full((height, width * 3, 3), 25, np.uint8)
    around[:, width : 2 * width] = plate
    edges = (0.78 * width, 2.22 * width)
    corners = np.array([[edges[0], 0], [edges[1], 0], [edges[1], height], [edges[0], height]], np.float32)
    crop = rectified(around, corners)
    level = levelled(np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8))
    output = OnnxRuntimeEngine(networks=("recogniser",)).run("recogniser", level[None, None])[0]
    assert background_of(crop, np.zeros_like(output)) is Background.BLACK, "by the larger part alone"
    assert background_of(crop, output) is Background.WHITE


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(("LT3482", "HAPPY", "粤ZR12A港", "11", "AB1")))
def test_the_short_way_says_what_the_search_says(seed: int, text: str) -> None:
    """However doubtful the columns: the same text, and its probability is that of all its spellings."""
    rng = np.random.default_rng(seed)
    columns = rng.dirichlet(np.full(len(ALPHABET) + 1, 0.02), COLUMNS)
    for place, char in enumerate(text):
        columns[3 + 4 * place] *= 1 - rng.uniform(0.3, 1)
        columns[3 + 4 * place, CLASS[char]] += 1 - columns[3 + 4 * place].sum()
    grammar = grammar_of(Background.WHITE)
    row = np.zeros((3, COLUMNS, len(ALPHABET) + 1))
    row[1:, :, 0], row[0] = 1, columns
    reading = decode(row.reshape(3 * COLUMNS, -1).astype(np.float32), grammar)
    chances = beam_search(columns, grammar)
    fits = {one: chance * form.prior for one, chance in chances.items() if (form := fitting(one, grammar))}
    if fits and max(fits.values()) > 1e-3:
        best = max(fits, key=lambda one: fits[one])
        assert fits.get(reading.text, 0) >= 0.99 * fits[best]
        assert probability(columns, best) >= 0.99 * chances[best]
    assert len(align(columns, reading.text)) == len(reading.text)
