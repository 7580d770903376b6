"""`rocars-bench`: that it measures what it says, with few samples; how fast anything is, no test asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tools.bench.cli import app
from tools.bench.figures import FigureLine, timing
from tools.bench.shell import measure_shell

pytestmark = pytest.mark.long


def test_the_help_lists_what_there_is() -> None:
    """And each command says what it measures."""
    said = CliRunner().invoke(app, ["--help"]).output
    assert "lane" in said
    assert "store" in said
    assert "--json" in CliRunner().invoke(app, ["lane", "--help"]).output


def test_median_and_99th_percentile_are_those_of_the_samples() -> None:
    """In microseconds, whatever the order."""
    found = timing("x", [n * 1_000 for n in range(100, 0, -1)])
    assert (found.samples, found.p50_us, found.p99_us) == (100, 51, 100)


def test_a_line_says_how_many_times_its_floor_it_took() -> None:
    """Median over median, 99th percentile over 99th percentile."""
    line = FigureLine(timing("one", [6_000, 9_000]), timing("floor", [2_000, 2_000]))
    assert line.plain()["ratio_p50"] == line.plain()["ratio_p99"] == 4.5


def test_every_entry_of_the_shell_has_its_share_in_the_floor(tmp_path: Path) -> None:
    """An arrival is one entry; a release takes as many commits as it journals, and is compared with as many."""
    lines = measure_shell(tmp_path, trucks=2)
    assert [line.measured.samples for line in lines] == [2, 2, 2, 2]
    assert [line.floor.name for line in lines[:2]] == ["one bare SQLite commit", "one write and fdatasync"]
    assert all(" x " in line.floor.name for line in lines[2:])


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The command with few samples."""
    folder = tmp_path_factory.mktemp("b")
    few = ["--trucks", "2", "--visits", "2", "--codes", "300"]
    result = CliRunner().invoke(
        app, ["lane", "--folder", str(folder), "--json", str(folder / "out.json"), *few], env={"COLUMNS": "200"}
    )
    assert result.exit_code == 0, result.output
    assert "floor: one bare SQLite commit" in result.output
    found: dict[str, Any] = json.loads((folder / "out.json").read_text())
    assert [path.name for path in folder.iterdir()] == ["out.json"]
    return found


def test_each_figure_stands_beside_its_floor(figures: dict[str, Any]) -> None:
    """Event to effect, picture to read, lookup: medians, 99th percentiles, ratios."""
    for part in ("event_to_effect", "picture_to_read", "code_lookup"):
        assert figures[part]
        for each in figures[part]:
            assert {"name", "samples", "p50_us", "p99_us", "floor", "ratio_p50", "ratio_p99"} == each.keys()
            assert each["p99_us"] >= each["p50_us"] > 0
            assert each["floor"]["p50_us"] > 0


def test_the_lookup_says_how_many_codes_and_how_much_memory(figures: dict[str, Any]) -> None:
    """Of a process of its own."""
    assert figures["codes"]["count"] == 300
    assert "memory_mb" in figures["codes"]
    assert figures["machine"]["cores"] >= 1
