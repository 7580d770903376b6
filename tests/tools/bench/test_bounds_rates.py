"""Bounds of rates: what so many of so many can say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.bench.bounds import Counted, lower, upper


def test_none_in_thirty_thousand_is_rarer_than_one_in_ten_thousand() -> None:
    """The rule of three, exactly."""
    assert upper(0, 30_000) == pytest.approx(1 - 0.05 ** (1 / 30_000))
    assert upper(0, 30_000) < 1e-4
    assert upper(1, 30_000) > 1e-4


def test_known_bounds() -> None:
    """As in tables: 1 of 10 at 95 % one-sided is at most 0.394, and 9 of 10 at least 0.606."""
    assert upper(1, 10) == pytest.approx(0.39416, abs=1e-5)
    assert lower(9, 10) == pytest.approx(0.60584, abs=1e-5)
    assert (upper(10, 10), lower(0, 10)) == (1.0, 0.0)


def test_no_trials_say_nothing() -> None:
    """Anything may be true."""
    assert Counted(0, 0).plain() == {"seen": 0, "of": 0, "rate": 0.0, "at_least": 0.0, "at_most": 1.0}


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(1, 400))
def test_the_rate_lies_between_its_bounds(seen: int, tried: int) -> None:
    """And more trials of the same rate narrow them."""
    seen = min(seen, tried)
    assert lower(seen, tried) <= seen / tried <= upper(seen, tried)
    assert upper(2 * seen, 2 * tried) <= upper(seen, tried)
