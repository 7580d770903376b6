"""`rocars-lane kills`: the lane's process ended with signal 9 at random moments, and what was promised still holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long


def test_after_two_kills_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    """Exit 0; the report counts the journal, the core and the replay alike."""
    report = tmp_path / "report.json"
    program = Path(sys.executable).with_name("rocars-lane")
    run = subprocess.run(
        [program, "kills", "--number", "2", "--seed", "3", "--report", report],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(report.read_text())
    assert (found["kills"], found["broken"], found["wrong_releases"]) == (2, [], 0)
    assert found["events_journaled"] == found["events_at_core"] == found["rows_replayed"] > 10
