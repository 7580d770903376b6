"""Labels, places, strings, exact matches and confusions: what `rocars-bench plates` counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.bench.plates.labels import Label, LabelKind, LabelledPicture, LabelsError, kept_crops, pictures
from tools.bench.plates.matching import best_looking, comparable, in_reading_order, latin, nearest, texts
from tools.bench.plates.scores import FOUND, LATIN, Acting, ContenderScore, Proportion, differences
from tools.bench.plates.wire import ContenderHello, ContenderReply, Corners, Cost, ReadAnswer

OURS = ContenderHello("ours", 1.0, pieces=False, release="0.80")
PIECES = ContenderHello("lines of text", 1.0, pieces=True)
HEAD = "file,plate,region,layout,x,y,w,h,quad\n"


def box(x: float, y: float, w: float = 100, h: float = 30) -> Corners:
    """Four corners of an upright box."""
    return ((x, y), (x + w, y), (x + w, y + h), (x, y + h))


def said(text: str, corners: Corners, confidence: float = 0.9) -> ReadAnswer:
    """An answer."""
    return ReadAnswer(text, corners, confidence)


def folder(path: Path, rows: str, *files: str) -> Path:
    """A folder of labelled pictures that nobody opens."""
    (path / "labels.csv").write_text(HEAD + rows, encoding="utf-8")
    for file in files:
        (path / file).touch()
    return path


def test_the_labels_of_a_folder_are_read_picture_by_picture(tmp_path: Path) -> None:
    """Unreadable plates are left out, their picture is not; a plate whose box was not drawn has no place."""
    rows = (
        "a.jpg,AB1234,HK,double_row,1,2,100,50,1 2 101 2 101 52 1 52\n"
        "a.jpg,粤ZAB12港,CN-crossborder,single_row,5,6,0,0,5 6 5 6 5 6\n"
        "b.jpg,,unreadable,single_row,1,2,30,10,1 2 31 2 31 12 1 12\n"
        "a.jpg,CD5,HK,,1,2,100,25,1 2 101 2 101 27 1 27\n"
    )
    first, second = pictures(folder(tmp_path, rows, "a.jpg", "b.jpg"))
    assert [(each.plate, each.kind) for each in first.labels] == [
        ("AB1234", LabelKind.TWO_ROWS),
        ("粤ZAB12港", LabelKind.CROSS_BORDER),
        ("CD5", LabelKind.ONE_ROW),
    ]
    assert first.labels[0].corners == ((1, 2), (101, 2), (101, 52), (1, 52))
    assert first.labels[1].corners is None
    assert (second.file.name, second.labels) == ("b.jpg", ())


def test_of_crops_the_odd_rows_are_kept_for_measuring(tmp_path: Path) -> None:
    """The even ones may be trained with."""
    (tmp_path / "labels.csv").write_text(
        "file,plate,x,y,w,h,region\n" + "".join(f"{n}.jpg,粤B0000{n},0,0,94,24,CN\n" for n in range(4)),
        encoding="utf-8",
    )
    for n in range(4):
        (tmp_path / f"{n}.jpg").touch()
    kept = kept_crops(tmp_path)
    assert [one.labels[0].plate for one in kept] == ["粤B00001", "粤B00003"]
    assert kept[0].labels[0].corners == box(0, 0, 94, 24)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("gone.jpg,AB1,HK,single_row,1,2,100,25,1 2 101 2 101 27 1 27\n", "it is not there"),
        ("a.jpg,AB1,SG,single_row,1,2,100,25,1 2 101 2 101 27 1 27\n", "a.jpg: KeyError('SG')"),
        ("a.jpg,AB1,HK,single_row,1,2,wide,25,1 2 101 2 101 27 1 27\n", "a.jpg: ValueError"),
        ("", "at least one row"),
    ],
)
def test_a_folder_of_another_form_says_what_is_wrong(tmp_path: Path, rows: str, says: str) -> None:
    """Rather than measuring half of it."""
    with pytest.raises(LabelsError) as raised:
        pictures(folder(tmp_path, rows, "a.jpg"))
    assert says in str(raised.value)


def test_a_folder_without_labels_says_so(tmp_path: Path) -> None:
    """And crops are no different."""
    for reading in (pictures, kept_crops):
        with pytest.raises(LabelsError, match=r"labels\.csv: No such file"):
            reading(tmp_path)


def test_texts_are_compared_without_what_the_lane_disregards() -> None:
    """Case, points, I and 1, O and 0 and Q; and the traditional form of 粤."""
    assert comparable("粵z·io Q7港") == comparable("粤Z1007港")
    assert latin("粤Z·AB12港") == "ZAB12"


def test_an_answer_elsewhere_does_not_count() -> None:
    """Its middle outside the plate, the plate's middle outside it, and little shared."""
    label = Label("AB1234", LabelKind.ONE_ROW, box(0, 0))
    there, elsewhere = said("AB1234", box(5, 3)), said("CD1", box(300, 0))
    assert texts(label, [elsewhere, there], pieces=False) == ["AB1234"]
    assert nearest(label, [elsewhere]) is None
    assert nearest(label, [said("far", box(30, 0)), there]) == there


def test_a_plate_whose_place_is_not_known_may_stand_anywhere() -> None:
    """Only its text is known."""
    label = Label("AB1234", LabelKind.ONE_ROW, None)
    assert texts(label, [said("AB1234", box(700, 0)), said("CD1", box(0, 0))], pieces=False) == ["AB1234", "CD1"]


def test_pieces_are_put_in_reading_order_though_the_plate_is_slanted() -> None:
    """Rows from above, each from the left; a piece somewhat lower is still of the row."""
    upper, left, right = said("AB", box(20, 0, 60)), said("12", box(0, 42, 40)), said("34", box(50, 38, 40))
    assert in_reading_order([right, left, upper]) == [upper, left, right]


def test_pieces_of_a_plate_are_tried_together_and_apart() -> None:
    """A reader of lines says AB and 1234 of a two-row plate; a reader of plates has to say AB1234."""
    label = Label("AB1234", LabelKind.TWO_ROWS, box(0, 0, 100, 80))
    lines = [said("1234", box(0, 42)), said("AB", box(20, 5, 60))]
    assert texts(label, lines, pieces=True) == ["AB", "AB1234", "1234"]
    assert "AB1234" not in texts(label, lines, pieces=False)


def test_of_pieces_the_surest_string_of_the_ordinary_form_is_the_mark() -> None:
    """Not a telephone number, not a badge that is less sure, nothing that is hardly legible."""
    answers = [said("23456789", box(0, 300), 1.0), said("ML350", box(0, 200), 0.8), said("AB1234", box(0, 0), 0.95)]
    assert best_looking(answers) == "AB1234"
    assert best_looking(answers[:1]) is None
    assert best_looking([said("AB1234", box(0, 0), 0.4)]) is None


def test_letters_above_or_beside_digits_are_one_mark() -> None:
    """As on a two-row plate, or where a word ends at the gap; far apart they are not."""
    letters = said("AB", box(20, 0, 60))
    assert best_looking([said("1234", box(0, 34)), letters]) == "AB1234"
    assert best_looking([said("1234", box(90, 2)), letters]) == "AB1234"
    assert best_looking([said("1234", box(0, 200)), letters]) is None


def shown() -> LabelledPicture:
    """A lorry with both plates."""
    hong_kong = Label("AB1234", LabelKind.TWO_ROWS, box(0, 0, 100, 80))
    return LabelledPicture(Path("a.jpg"), (hong_kong, Label("粤ZIF12港", LabelKind.CROSS_BORDER, box(0, 90))))


def test_what_is_read_right_and_what_is_not_is_counted() -> None:
    """Of the cross-border plate the Latin part may be right alone; the confusion says which character was not."""
    score = ContenderScore(OURS)
    answers = [said("AB1284", box(0, 0, 100, 80), 0.7), said("粤Z1F12澳", box(0, 90))]
    score.add(shown(), ContenderReply(answers, {"0.50": "AB1284", "0.80": None}))
    assert score.exact == {
        "HK two rows": Proportion(0, 1),
        "粤Z…港, full": Proportion(0, 1),
        LATIN: Proportion(1, 1),
        FOUND: Proportion(2, 2),
    }
    assert score.confused == {("3", "8"): 1, ("港", "澳"): 1}
    assert score.missed == ["a.jpg: AB1234 read AB1284 at 0.70", "a.jpg: 粤Z1F12港 read 粤Z1F12澳 at 0.90"]
    assert score.acting == {"0.50": Acting(wrong=1), "0.80": Acting(silent=1)}


@pytest.mark.parametrize(
    ("plate", "kind", "officers"),
    [
        ("LUCK", LabelKind.ONE_ROW, 1),  # one row of letters: half a plate, for all that is seen
        ("8888", LabelKind.ONE_ROW, 1),
        ("22G1", LabelKind.ONE_ROW, 1),  # a container's size
        ("LOVE U", LabelKind.ONE_ROW, 0),
        ("LUCK", LabelKind.TWO_ROWS, 0),
        ("AB1234", LabelKind.ONE_ROW, 0),
    ],
)
def test_of_silent_pictures_those_are_told_whose_mark_is_always_the_officers(
    plate: str, kind: LabelKind, officers: int
) -> None:
    """No reading, however good, gives such a mark."""
    score = ContenderScore(OURS)
    one = LabelledPicture(Path("a.jpg"), (Label(plate, kind, box(0, 0)),))
    score.add(one, ContenderReply([], {"0.80": None}))
    score.add(one, ContenderReply([], {"0.80": comparable(plate)}))
    assert score.acting["0.80"] == Acting(right=1, silent=1, officers=officers)


def test_a_wrong_mark_at_the_threshold_in_use_is_named() -> None:
    """With what stands there; marks of other thresholds are only counted."""
    score = ContenderScore(OURS)
    score.add(shown(), ContenderReply([], {"0.50": "XX1", "0.80": "AB1284"}))
    assert score.missed[-1] == "a.jpg: would act on AB1284, is AB1234"
    assert sum("would act" in line for line in score.missed) == 1
    score.add(LabelledPicture(Path("sign.jpg"), ()), ContenderReply([], {"0.50": "XX1", "0.80": "M3"}))
    assert score.missed[-1] == "sign.jpg: would act on M3, and shows no legible Hong Kong plate"


def test_a_reader_of_pieces_is_judged_by_its_best_looking_string() -> None:
    """It has no threshold of its own; and confusions of pieces would mean nothing."""
    score = ContenderScore(PIECES)
    score.add(shown(), ContenderReply([said("AB", box(20, 5, 60)), said("1234", box(0, 42))]))
    score.add(LabelledPicture(Path("empty.jpg"), ()), ContenderReply([said("CD77", box(0, 0))]))
    assert score.exact["HK two rows"] == Proportion(1, 1)
    assert score.acting == {"": Acting(right=1, unlabelled=Proportion(1, 1))}
    assert not score.confused
    sign = "empty.jpg: would act on CD77, and shows no legible Hong Kong plate"
    assert score.missed == ["a.jpg: 粤Z1F12港 read as nothing", sign]


def test_costs_are_medians_and_the_highest_memory() -> None:
    """A part that a picture did not need is no zero."""
    score = ContenderScore(OURS)
    for ms, parts in ((10, {"detector": 4.0}), (30, {"detector": 6.0, "recogniser": 9.0}), (20, {})):
        score.add(
            LabelledPicture(Path("a.jpg"), ()),
            ContenderReply([], {"0.80": None}, Cost(ms, ms / 2, parts, 40 + ms, 50 + ms)),
        )
    assert (score.median("ms"), score.median("cpu_ms"), score.median("held_mb"), score.peak_mb) == (20, 10, 60, 80)
    assert score.median_parts == {"detector": 5.0, "recogniser": 9.0}


@pytest.mark.parametrize(
    ("truth", "read", "changes"),
    [
        ("AB1234", "AB1234", []),
        ("AB1234", "AB1284", [("3", "8")]),
        ("AB1134", "AB134", [("1", "")]),
        ("AB134", "AB1134", [("", "1")]),
        ("ED3777", "FD377", [("E", "F"), ("7", "")]),
        ("粤ZAB12港", "", [(char, "") for char in "粤ZAB12港"]),
    ],
)
def test_the_fewest_changes_tell_what_was_confused(truth: str, read: str, changes: list[tuple[str, str]]) -> None:
    """A character dropped does not make all that follow it wrong."""
    assert differences(truth, read) == changes
