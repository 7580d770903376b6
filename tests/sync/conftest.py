"""A lane's copy of a small list, for the tests of the code log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.codelog import CodeLog
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from tests.rigs.lists import three_steps


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LaneStore]:
    """An open store."""
    with LaneStore(tmp_path / "lane.db") as store:
        yield store


@pytest.fixture
def core() -> SimulatedLog:
    """The core's log (`tests.rigs.lists`)."""
    return three_steps()


@pytest.fixture
def log(store: LaneStore, core: SimulatedLog) -> CodeLog:
    """The lane's copy of it."""
    log = CodeLog(store, far=-1)
    for part in core.snapshot():
        log.load(part)
    return log
