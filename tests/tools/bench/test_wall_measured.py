"""`rocars-bench wall`: that it measures what it says, with four lanes; how fast anything is, no test asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")

from tools.bench.wall import WallPlan, latencies, marks_in, run
from tools.bench.wall_page import PageClock, PageNotes

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Four lanes that are busier than lanes are, for two seconds."""
    file = tmp_path_factory.mktemp("wall") / "wall.json"
    run(WallPlan(lanes=4, processes=1, seconds=2.0, each_s=1.5, step_s=0.1), json_file=file)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_plates_are_followed_from_the_lane_to_the_page(figures: dict[str, Any]) -> None:
    """Each that was told is seen; its parts take less than the whole."""
    assert (figures["lanes"], figures["missed"]) == (4, 0)
    assert figures["events"] > 0
    assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["most_ms"]
    assert figures["p50_ms"] > figures["server_p50_ms"] > 0
    assert figures["p99_ms"] > figures["page_p50_ms"] > 0


def test_the_pictures_of_all_lanes_arrive(figures: dict[str, Any]) -> None:
    """One a second from each, though a busy machine may be slower."""
    assert figures["pictures_per_s"] >= 1


def test_what_each_part_took_is_told(figures: dict[str, Any]) -> None:
    """Of the wall's own process, the browser and the lanes; the last two are not the server's."""
    assert figures["browser_cores"] > 0
    assert figures["server_cores"] > 0
    assert figures["lanes_cores"] > 0
    assert figures["server_rss_mb"] > 20
    assert figures["machine_cores"] >= 1


def notes(**seen: float) -> PageNotes:
    """A page on which these plates of lane A were seen, each 10 ms after it came."""
    marked = {("A", vrn): at for vrn, at in seen.items()}
    came = {key: at - 10 for key, at in marked.items()}
    return PageNotes(came, marked, pictures=0, longest_ms=0, busy_ms=0, clock=PageClock(0, 0))


def test_a_plate_that_never_came_to_the_page_is_missed_and_not_quick() -> None:
    """Of three told in time two were seen; what was told before or after the watch counts neither way."""
    told = {("A", "AA1"): 100.0, ("A", "AA2"): 200.0, ("A", "AA3"): 300.0, ("A", "OLD"): 1.0, ("A", "NEW"): 999.0}
    found = latencies({("A", "AA1"): 95.0}, told, notes(AA1=130, AA3=390, OLD=2_000), from_ms=50, to_ms=900)
    assert (found["events"], found["missed"]) == (2, 1)
    assert (found["p50_ms"], found["p99_ms"], found["most_ms"]) == (60.0, 90.0, 90.0)
    assert (found["event_p50_ms"], found["server_p99_ms"], found["page_p50_ms"]) == (35.0, 80.0, 10.0)


def test_a_line_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    """And so is a log that is not there yet."""
    log = tmp_path / "told.log"
    log.write_text("event A AA1 5000000\ntold A AA1 6000000\ntold A AA2")
    assert marks_in([log, tmp_path / "none.log"], "told") == {("A", "AA1"): 6.0}
