"""`rocars-bench alarms`: faults and kills, and that the run would notice what it looks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.alarm_desk import LaneAlarms
from tools.bench import alarms
from tools.bench.cli import app

pytestmark = pytest.mark.long


def ran(tmp_path: Path, *, faults: int = 120, restarts: int = 6, seed: int = 3) -> dict[str, object]:
    """What a run came to."""
    file = tmp_path / "alarms.json"
    arguments = [
        "alarms",
        "--faults",
        str(faults),
        "--restarts",
        str(restarts),
        "--seed",
        str(seed),
        "--json",
        str(file),
    ]
    result = CliRunner().invoke(app, arguments)
    found: dict[str, object] = json.loads(file.read_text())
    assert result.exit_code == int(bool(found["differ"] or found["lost"]))
    return found


def test_standing_alarms_are_the_live_faults_through_kills_and_none_is_lost(tmp_path: Path) -> None:
    """At the lane and at the core, at every kill and at the end."""
    found = ran(tmp_path)
    assert (found["differ"], found["lost"]) == ([], 0)
    assert (found["raised"], found["restarts"]) == (120, 6)
    assert int(str(found["most"])) > 5, "something stood"


def test_a_lane_that_forgets_at_a_kill_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it did."""
    monkeypatch.setattr(LaneAlarms, "restore", lambda *_: None)
    found = ran(tmp_path)
    assert {where for _, where, _, _ in found["differ"]} >= {"lane"}  # type: ignore[attr-defined]


def test_an_end_that_is_not_told_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standing for ever, as it did."""
    monkeypatch.setattr("lane_agent.step.over", lambda *_: ())
    found = ran(tmp_path, restarts=1)
    assert {where for _, where, _, _ in found["differ"]} == {"lane", "core"}  # type: ignore[attr-defined]


def test_every_fault_and_every_trouble_is_in_the_run() -> None:
    """Of all kinds."""
    assert {key.kind for key in alarms.TROUBLES} >= {
        "StoreRoomLow",
        "CodesInDoubt",
        "CertificateEnds",
        "IdentifierLost",
    }
    assert len(alarms.OF_DEVICES) == 7
