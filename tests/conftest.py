"""For all tests: which files begin first, how long an example may take, and what becomes of the databases of cores."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")  # how long an example takes is the machine's; claims of speed are the bench's

ROOT = Path(__file__).parent

LONG = ("simulation", "tools/torture", "tools/bench", "tools/conformance", "tools", "display", "edge", "core")
"""Rooms whose files wait longest. Begun first, none is left to one worker when the others have nothing to do any more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; the order within a file stays."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    room = item.path.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else ""
    return next((number for number, each in enumerate(LONG) if room.startswith(f"{each}/")), len(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Databases in a test's folder are emptied for the next one. A test that has none imports nothing for it."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    yield
    ledgers = sys.modules.get("simulation.ledgers")
    if ledgers is not None and folder is not None:
        ledgers.forget_below(folder)


def pytest_sessionfinish() -> None:
    """The server of this process ends; a worker of pytest-xdist does not come to `atexit`."""
    ledgers = sys.modules.get("simulation.ledgers")
    if ledgers is not None:
        ledgers.end_shared()
