"""The whole check: exit statuses, what is printed for people and for programs, and what the unit asks of it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from edge.checks.command import CHECKS, check_command, run_checks, this_box
from edge.checks.findings import Surroundings
from edge.settings.load import load
from runtime.clocks import ClockState


def around(folder: Any) -> Surroundings:
    """A box with a camera, a clock and all packages; a test about brokers is not one about models."""
    return Surroundings(
        camera=lambda _: "frames",
        clock=lambda: ClockState(synchronised=True, error_ms=1),
        installed=lambda _: True,
        root=folder.folder,
    )


def run(folder: Any, **options: bool) -> tuple[int, str]:
    """Runs the command; returns its status and what it printed."""
    out = io.StringIO()
    return check_command(folder.file, around(folder), out=out, **options), out.getvalue()


def test_faults_give_status_1_and_a_line_each_with_its_remedy(lane_folder: Any) -> None:
    """No broker runs here: that is the one fault."""
    status, text = run(lane_folder)
    faults = [line for line in text.splitlines() if line.startswith("fault: ")]
    assert status == 1
    assert len(faults) == 1
    assert "broker 127.0.0.1:18830" in faults[0]
    assert faults[0].endswith("check network, firewall, and that the broker runs")


def test_a_simulated_lane_is_always_said(lane_folder: Any) -> None:
    """Whoever reads the output must not take it for a lane."""
    assert "THIS LANE IS SIMULATED" in run(lane_folder)[1]


def test_json_is_a_list_of_findings(lane_folder: Any) -> None:
    """For programs: the same findings, nothing else on the output."""
    _, text = run(lane_folder, as_json=True)
    rows = json.loads(text)
    assert {"ok", "warning", "fault"} == {row["level"] for row in rows}
    assert all(set(row) == {"area", "level", "what", "remedy"} for row in rows)


def test_wrong_settings_give_status_2_and_every_problem(lane_folder: Any) -> None:
    """Without settings there is nothing else to look at."""
    lane_folder.change("fps = 10", "fps = -1")
    lane_folder.change("port = 18830", "port = 0")
    status, text = run(lane_folder, as_json=True)
    assert status == 2
    assert [row["area"] for row in json.loads(text)] == ["camera.fps", "link.brokers[0].port"]


def test_the_units_question_looks_at_settings_only(lane_folder: Any) -> None:
    """A lane starts without link, camera or broker: only its file can keep it from starting."""
    status, text = run(lane_folder, settings_only=True)
    assert (status, text) == (0, f"ok: {lane_folder.file}: settings: lane demo-in-01\n")


def test_the_unit_refuses_a_simulated_lane(lane_folder: Any) -> None:
    """Simulation never runs as a real lane's service."""
    status, text = run(lane_folder, settings_only=True, refuse_simulation=True)
    assert status == 2
    assert "simulation: is refused here" in text


def test_a_person_gets_a_table_in_which_nothing_is_swallowed(lane_folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Section names in brackets are text, not markup."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def dark(_: Any) -> str:
        raise OSError("no frame")

    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    surroundings = Surroundings(
        camera=dark,
        clock=around(lane_folder).clock,
        installed=around(lane_folder).installed,
        root=lane_folder.folder,
    )
    check_command(lane_folder.file, surroundings, out=out)
    assert "[camera]" in out.getvalue()
    assert "FAULT" in out.getvalue()


def test_whoever_waits_is_told_what_is_being_looked_at(lane_folder: Any) -> None:
    """Every check announces itself before it begins."""
    begun: list[str] = []
    run_checks(load(lane_folder.file), around(lane_folder), begins=begun.append)
    assert begun == [name for name, _ in CHECKS]


def test_the_real_box_can_be_looked_at(lane_folder: Any) -> None:
    """With the machine's own dpkg, clock and devices the checks finish and find something to say of each area."""
    findings = run_checks(load(lane_folder.file), this_box())
    assert {"store", "clock", "contacts", "screens", "lane key", "officers"} <= {each.area for each in findings}
