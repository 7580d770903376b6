"""One short run of the kit, whose files the tests of the checker then spoil, each in a copy of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.places import ROOT
from tools.torture.checker import check
from tools.torture.history import RunHistory, read_history
from tools.torture.verdict import Bounds, RunVerdict


@dataclass(frozen=True)
class Ran:
    """A finished run: exit status, what it said, its report, its files."""

    status: int
    said: str
    report: dict[str, Any]
    folder: Path


def torture(folder: Path, *words: str) -> Ran:
    """Runs the kit as a command."""
    report = folder / "report.json"
    command = [sys.executable, "-m", "tools.torture", "--keep", folder / "run", "--report", report, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    found = json.loads(report.read_text()) if report.exists() else {}
    return Ran(done.returncode, done.stderr, found, folder / "run")


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Two lanes for some seconds, every kind of fault in the deck, a small crowd."""
    return torture(tmp_path_factory.mktemp("torture"), "--seconds", "24", "--lanes", "2", "--seed", "7", "--crowd", "6")


@pytest.fixture(scope="session")
def torture_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ran]:
    """The kit as a command, in a folder of this name and with these words, for a run that several tests share."""
    return lambda name, *words: torture(tmp_path_factory.mktemp(name), *words)


@pytest.fixture
def tortured(tmp_path: Path) -> Callable[..., Ran]:
    """The kit as a command, with these words."""
    return lambda *words: torture(tmp_path, *words)


@pytest.fixture
def spoilt(ran: Ran, tmp_path: Path) -> Callable[[Callable[[Path], object]], RunVerdict]:
    """Spoils a copy of the run's files and returns what the checker finds."""

    def spoil(how: Callable[[Path], object]) -> RunVerdict:
        shutil.copytree(ran.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("*.sock"))
        how(tmp_path / "copy")
        return check(read_history(tmp_path / "copy"), Bounds())

    return spoil


@pytest.fixture
def history(ran: Ran) -> RunHistory:
    """The run's own history."""
    return read_history(ran.folder)
