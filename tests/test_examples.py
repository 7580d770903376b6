"""The settings files that are shipped as examples: each is right, and together they are one system."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.settings import load as load_core
from edge.settings.load import parse
from edge.setup.answers import checked
from tests.rigs.places import ROOT

LANES = sorted((ROOT / "config").glob("*.toml"))
CORE = load_core(ROOT / "config/core.toml.example", planned=True)


def test_there_are_examples() -> None:
    """A real lane's and a simulated one's."""
    assert {file.name for file in LANES} == {"lane.toml", "simulated-lane.toml"}


def test_the_examples_of_answers_and_of_a_lane_are_the_same_lane(tmp_path: Path) -> None:
    """What the one gives, the other has; and a box set up by the example is one that the example's core knows."""
    given = tomllib.loads((ROOT / "config/answers.toml.example").read_text())
    answers = checked({name: part for name, part in given.items() if name != "setup"}, tmp_path / "answers.toml")
    lane = parse(ROOT / "config/lane.toml")
    for part in ("lane", "contacts", "link", "screens", "policy"):
        mine, its = getattr(answers.settings, part), getattr(lane, part)
        assert mine == its or part == "policy"
    assert answers.settings.camera.url == lane.camera.url
    assert lane.lane.point in CORE.points


@pytest.mark.parametrize("file", LANES, ids=lambda file: file.stem)
def test_the_core_of_the_example_knows_the_lanes_point(file: Path) -> None:
    """Copied as they are, they work together: no bundle can name a point that the core has not."""
    assert parse(file).lane.point in CORE.points
