"""For all tests: which files begin first."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent

LONG = ("simulation", "tools/torture", "tools/bench", "tools/conformance", "tools", "display", "edge", "core")
"""Rooms whose files wait longest. Begun first, none is left to one worker when the others have nothing to do any more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; the order within a file stays."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    room = item.path.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else ""
    return next((number for number, each in enumerate(LONG) if room.startswith(f"{each}/")), len(LONG))
