"""The simulated shift: how waits are counted, and a short one played at a real wall."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.bench.shift import SHARES, ShiftPlan, limit_s, measure, passed, queue_story

HELP, RAN = "Help", "RunThrough"


def test_waits_are_of_the_shift_and_end_with_a_click_or_by_themselves() -> None:
    """One taken at once, one too late, one over by itself, one given back that waits anew."""
    rows = [
        (0, "a", HELP, "appeared", ""),
        (1_000, "a", HELP, "taken", ""),
        (1_000, "b", RAN, "appeared", ""),
        (4_000, "b", RAN, "taken", ""),
        (5_000, "c", HELP, "appeared", ""),
        (6_000, "c", HELP, "over", ""),
        (7_000, "a", HELP, "returned", ""),
        (9_000, "a", HELP, "over", ""),
    ]
    found = queue_story(rows, 16.0, 10_000)
    assert (limit_s(RAN), limit_s(HELP)) == (30, 60)
    assert [wait for wait, _, _ in found.waits] == [16.0, 48.0, 16.0, 32.0]
    assert found.late == ["RunThrough: 48 s of 30 s"]
    assert (found.taken, found.by_itself, found.returned, found.left) == (2, 2, 1, 0)


def test_what_two_took_and_what_nobody_took_is_counted() -> None:
    """Taking over, with the other's name seen, is no double; what still waits within its limit is not lost."""
    rows = [
        (0, "a", HELP, "appeared", ""),
        (500, "a", HELP, "taken", ""),
        (600, "a", HELP, "taken", "from chan"),
        (700, "a", HELP, "taken", ""),
        (2_000, "b", HELP, "appeared", ""),
        (9_000, "c", HELP, "appeared", ""),
        (11_000, "c", HELP, "taken", ""),
    ]
    found = queue_story(rows, 10.0, 10_000)
    assert (found.twice, found.left, found.overdue) == (1, 2, 1)


@pytest.mark.long
def test_a_short_shift_is_played_at_a_real_wall_and_its_day_is_printed(tmp_path: Path) -> None:
    """Eight lanes, some minutes of the shift, every fourth truck an exception: taken, dealt with, handed over, told, printed."""
    pdf = tmp_path / "day.pdf"
    shares = SHARES | {"help": 12.0, "": 8.0, "unread": 8.0, "runs": 4.0}
    plan = ShiftPlan(lanes=8, processes=1, hours=0.15, speed=6.0, trucks=14_000, shares=shares)
    place = tmp_path / "s"
    place.mkdir()
    figures = measure(plan, place, pdf=pdf, tell=lambda _: None)
    assert figures["exceptions"] >= 3
    assert figures["taken"] >= 2
    assert figures["taken_twice"] == figures["lost"] == 0
    assert passed(figures | {"late": []}), figures  # how late is the machine's, where others work on it too
    assert pdf.read_bytes().startswith(b"%PDF")
