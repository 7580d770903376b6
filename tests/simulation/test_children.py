"""Child processes as the demonstration, the kits and the tests keep them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.children import ChildProcess
from simulation.private_core import CommandError, PrivateCore

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


def started(tmp_path: Path, program: str) -> ChildProcess:
    """A child that has said its first word."""
    child = ChildProcess(tmp_path / "child.log")
    child.start(sys.executable, "-c", program)
    while "up" not in child.last_words() and child.status is None:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.02)
    return child


def test_a_child_that_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    """When patience is over; its log and its status tell."""
    child = started(tmp_path, STUBBORN)
    assert child.pid is not None
    assert child.end(patience=0.1) == -signal.SIGKILL
    assert (child.pid, child.status, child.last_words()) == (None, -signal.SIGKILL, "up")


def test_a_child_that_never_ran_ends_at_once(tmp_path: Path) -> None:
    """And has no status."""
    child = ChildProcess(tmp_path / "child.log")
    assert child.end() is None
    assert child.last_words() == "it said nothing"


def test_a_command_of_the_core_that_fails_tells_what_it_said(tmp_path: Path) -> None:
    """As when it is given no broker."""
    with pytest.raises(CommandError, match="init ended with 2: rocars-core: ") as refused:
        PrivateCore(tmp_path)
    assert "broker: is missing" in str(refused.value)
