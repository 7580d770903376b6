"""How long a picture takes: quantiles of the last ones."""

from __future__ import annotations

import pytest

from devices.latency import PictureTimes


@pytest.mark.parametrize(
    ("taken", "found"),
    [
        ([], None),
        ([40], (40, 40)),
        ([10, 20, 30], (20, 30)),
        ([5] * 99 + [900], (5, 5)),
        ([5] * 49 + [900] * 2, (5, 900)),
    ],
)
def test_half_and_ninety_nine_of_a_hundred(taken: list[int], found: tuple[int, int] | None) -> None:
    """One picture in a hundred may take longer than the second figure; none made up before the first picture."""
    pace = PictureTimes()
    for ms in taken:
        pace.add(ms)
    assert pace.quantiles() == found


def test_only_the_last_pictures_count() -> None:
    """A slow start is forgotten."""
    pace = PictureTimes(kept=3)
    for ms in (5_000, 10, 20, 30):
        pace.add(ms)
    assert pace.quantiles() == (20, 30)
