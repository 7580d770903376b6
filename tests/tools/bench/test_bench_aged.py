"""A list after a year: the bench itself, on a list of two short days."""

from __future__ import annotations

import pytest

from tools.bench import aged


@pytest.mark.long
def test_a_short_year_is_measured_and_yesterdays_rows_leave() -> None:
    """Every figure that is promised is there, and the list has shrunk meanwhile."""
    found = aged.run(bundles=3_000, a_day=400)
    assert (found["bundles"], found["rows"]) == (3_000, 800)
    assert found["rows_afterwards"] < 800
    assert {"start_s", "snapshot_mb", "blocked_ms", "lane_load_block_ms", "lane_forget_ms", "lane_start_s"} <= set(
        found
    )
    assert all(value > 0 for value in found.values())
