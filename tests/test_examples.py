"""The settings files that are shipped as examples: each is right, and together they are one system."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings import load as load_core
from edge.settings.load import parse
from tests.rigs.places import ROOT

LANES = sorted((ROOT / "config").glob("*.toml"))
CORE = load_core(ROOT / "config/core.toml.example", planned=True)


def test_there_are_examples() -> None:
    """A real lane's and a simulated one's."""
    assert {file.name for file in LANES} == {"lane.toml", "simulated-lane.toml"}


@pytest.mark.parametrize("file", LANES, ids=lambda file: file.stem)
def test_the_core_of_the_example_knows_the_lanes_point(file: Path) -> None:
    """Copied as they are, they work together: no bundle can name a point that the core has not."""
    assert parse(file).lane.point in CORE.points
