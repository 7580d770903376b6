"""What lanes have named as the head of their journals is held against what they name later."""

from __future__ import annotations

import pytest

from core.link.named_heads import MOST_JOURNALS, NamedHead, NamedHeads

FIRST, SECOND, OTHER = (NamedHead(last, bytes([digest]) * 32) for last, digest in ((5, 1), (9, 2), (9, 3)))


@pytest.mark.parametrize(
    ("named", "before"), [(FIRST, True), (SECOND, False), (OTHER, True), (NamedHead(10, bytes(32)), False)]
)
def test_an_earlier_row_or_another_one_is_behind(named: NamedHead, before: bool) -> None:
    """A later one is believed: rows may have come since."""
    heads = NamedHeads()
    heads.on_nonce("szb-in-01", "j", FIRST)
    heads.on_nonce("szb-in-01", "j", SECOND)
    assert named.is_before(heads.on_nonce("szb-in-01", "j", named)) is before


def test_a_lane_that_makes_up_journals_costs_no_memory() -> None:
    """The latest few are remembered; other lanes lose nothing by it."""
    heads = NamedHeads()
    heads.on_nonce("szb-in-02", "j", SECOND)
    heads.on_nonce("szb-in-01", "first", SECOND)
    for number in range(MOST_JOURNALS):
        heads.on_nonce("szb-in-01", f"j{number}", FIRST)
    assert heads.on_nonce("szb-in-01", "first", FIRST) == FIRST
    assert heads.on_nonce("szb-in-02", "j", FIRST) == SECOND
