"""Lettering of containers and lorries, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lettering import lettering, like_orange_board, may_be_lettering

LETTER = st.sampled_from("ABCDEFGHJKLMNPRSTUVWXYZ")
ordinary = st.builds("{}{}{}".format, LETTER, LETTER, st.integers(1, 9999))
rare = st.one_of(
    st.integers(1, 9999).map(str), st.integers(1, 99_999).map("T{}".format), st.integers(1, 99_999).map("{}T".format)
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("TCLU 942826 5", "a container's owner code and number"),
        ("OOLU1234", "a container's owner code and number"),
        ("MSKU", "a container's owner code and number"),
        ("942826", "a serial or telephone number"),
        ("9428265", "a serial or telephone number"),
        ("24567890", "a serial or telephone number"),
        ("22G1", "a container's size and type"),
        ("45R1", "a container's size and type"),
        ("L5G1", "a container's size and type"),
        ("42UT", "a container's size and type"),
        ("22T6", "a container's size and type"),
        ("SF278037", "a serial or telephone number"),
        ("M505162", "a serial or telephone number"),
        ("2.9M 9'6\"", "a label of height"),
        ("CLASS 8", "a warning"),
        ("UN0480", "a warning"),
        ("LANE 3", "a road sign or a board"),
        ("96H1GH", "a label of height"),
        ("9'6\" HIGH", "a label of height"),
        ("96H16H", "a label of height"),
        ("CAUT10N", "a label of height"),
        ("CAUTION", "a label of height"),
        ("30480KG", "a statement of weight"),
        ("67200LBS", "a statement of weight"),
        ("29M", "a statement of weight"),
        ("MAXGROSS", "a statement of weight"),
        ("DANGER", "a warning"),
        ("TOXIC", "a warning"),
        ("VEHICLE", "lettering of a lorry"),
        ("ISUZU", "lettering of a lorry"),
        ("HINO 700", "lettering of a lorry"),
        ("CITYBUS", "lettering of a bus"),
        ("CTTYBUS", "lettering of a bus"),
        ("ATENU1234", "a bus's fleet number"),
        ("3ASV88", "a bus's fleet number"),
        ("E6X595", "a bus's fleet number"),
        ("ORL06601", "a serial or telephone number"),
        ("D1110", "a serial or telephone number"),
        ("YGZ1358", "a serial or telephone number"),
        ("EXIT 5B", "a road sign or a board"),
        ("CL0SED", "a road sign or a board"),
    ],
)
def test_what_stands_on_containers_is_lettering(text: str, kind: str) -> None:
    """ISO 6346, weights, warnings; as written, and as a reader may give it."""
    assert lettering(text) == kind


@given(st.one_of(ordinary, rare))
def test_no_ordinary_mark_is_lettering(mark: str) -> None:
    """Nor a trailer's, a trade plate, or a number without letters."""
    assert lettering(mark) == ""


@pytest.mark.parametrize(
    "mark", ["MYPR1NCE", "ACM1LAN", "PLAT0", "1L0VEU", "LT3482", "VV12", "UN1203", "T12345", "12345T", "AD88", "AV1"]
)
def test_personalised_marks_that_were_sold_are_not_lettering(mark: str) -> None:
    """Of domain §3a."""
    assert lettering(mark) == ""


@pytest.mark.parametrize(
    ("mark", "may"),
    [
        *(("UN1203", True), ("UN 3480", True), ("UN12", False), ("LT3482", False)),
        *(("FH460", True), ("XF480", True), ("FH46", False), ("FH461", False), ("FH4600", False), ("FK460", False)),
        *(("T84228", True), ("84228T", True), ("T8422", False)),
    ],
)
def test_some_ordinary_marks_may_be_either(mark: str, may: bool) -> None:
    """The number of a dangerous substance, and what makers write on the fronts of lorries."""
    assert may_be_lettering(mark) is may
    assert lettering(mark) == ""


@pytest.mark.parametrize(
    ("mark", "rows", "board"),
    [
        *(("2Z4713", 2, True), ("ZZ7778", 2, True), ("331203", 2, True)),
        *(("2Z4713", 1, False), ("LT3482", 2, False), ("2A4713", 2, False), ("ZZ777", 2, False)),
    ],
)
def test_digits_over_four_digits_are_like_an_orange_board(mark: str, rows: int, board: bool) -> None:
    """Also where they were read as letters: slanted, 77 over 7778 was; in one row no such board has them."""
    assert like_orange_board(mark, rows) is board
