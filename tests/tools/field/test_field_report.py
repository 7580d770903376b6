"""A field test that proves nothing must say so: its exit status, its papers, and what it takes from the machines' words."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.shadow_report import read_decisions
from lane_agent.model import Contact
from tests.rigs.places import ROOT
from tools.field.__main__ import SKIPPED, status
from tools.field.box import faults_of, fingerprint_of
from tools.field.debian import PACKAGES, wanted_packages
from tools.field.driving import Decision
from tools.field.figures import exposure_of, pss_mb, what_it_is
from tools.field.hanging import HangReport, Victim
from tools.field.machine import MachineError
from tools.field.papers import (
    PAGE_NAME,
    SHADOW,
    PaperError,
    answers_paper,
    compositor_paper,
    core_paper,
    filled,
    outputs_paper,
    section,
    shadow_paper,
)
from tools.field.report import FieldReport, Percentiles
from tools.field.shadowing import ShadowFindings, table_of
from tools.field.story import LANE_UNITS, VICTIMS
from tools.field.yard import CameraMode

HUNG = HangReport(by="systemd", ended_ms=900, said_ms=950, back_ms=1_500, dark_ms=400, done_ms=0, showed=())


def test_a_run_that_was_skipped_never_passes() -> None:
    """A machine without mounts or namespaces gives a reason and another status than success."""
    assert status(FieldReport(skipped="no overlay mounts", cleared=9, examined=9)) == SKIPPED != 0


def test_a_run_that_cleared_or_examined_nobody_fails_without_a_word() -> None:
    """No list of problems is no proof that a vehicle was cleared."""
    assert status(FieldReport(cleared=2, examined=1)) == 0
    assert status(FieldReport(cleared=1, examined=1)) == 1
    assert status(FieldReport(cleared=2, examined=0)) == 1
    assert status(FieldReport(cleared=2, examined=1, problems=["dark"])) == 1


def test_a_hung_loop_that_nobody_ends_or_notices_is_a_problem() -> None:
    """As is a monitor that is dark too long, or a screen 3 that stays."""
    kept, told = Victim("agent", "rocars-lane.service"), Victim("core", "rocars-core.service", keeper="")
    assert list(HUNG.problems(kept)) == []
    assert "nobody ended it" in next(HangReport(**{**fields(HUNG), "by": ""}).problems(kept))
    assert "did not say so" in next(HangReport(**{**fields(HUNG), "said_ms": 0}).problems(told))
    assert "without a sign" in next(HangReport(**{**fields(HUNG), "dark_ms": 1_001}).problems(kept))
    assert "screen 3" in next(HangReport(**{**fields(HUNG), "done_ms": 3_501}).problems(kept))


def fields(report: HangReport) -> dict[str, object]:
    """A report's fields."""
    return {name: getattr(report, name) for name in report.__struct_fields__}


def test_every_loop_of_every_unit_is_hung() -> None:
    """A unit that is added without a victim of its own would never be seen hanging."""
    assert set(LANE_UNITS) <= {victim.unit for victim in VICTIMS}


def test_an_example_that_lost_its_words_is_an_error_and_not_a_guess() -> None:
    """The papers are the shipped examples; what they no longer have cannot be filled in."""
    assert filled("a = 1\nb = 2\n", {"a = 1": "a = 3"}) == "a = 3\nb = 2\n"
    with pytest.raises(PaperError, match="0 times"):
        filled("a = 1\n", {"c = 1": ""})
    with pytest.raises(PaperError, match="2 times"):
        filled("a = 1\na = 1\n", {"a = 1": ""})
    assert section("x = 1\n[one]\na = 1\n[two]\nb = 2\n", "one") == "[one]\na = 1\n"


def test_the_papers_are_the_shipped_examples_with_this_sites_addresses() -> None:
    """One broker, a remote board, and two outputs by name, everything else as shipped."""
    answers = tomllib.loads(answers_paper(ROOT))
    assert set(answers["contacts"]["inputs"]) <= {contact.value for contact in Contact}
    assert answers["contacts"]["board"] == "remote"
    assert [broker["host"] for broker in answers["link"]["brokers"]] == ["10.20.0.5"]
    core = tomllib.loads(core_paper(ROOT))
    assert [broker["host"] for broker in core["broker"]] == ["10.20.0.5"]
    assert answers["lane"]["point"] in core["points"]
    for screen in ("xdb", "aiop"):
        assert f"name={answers['screens'][screen]['output']}\n" in outputs_paper()
    unit = (ROOT / "systemd" / "rocars-lane-compositor.service").read_text()
    drop_in = compositor_paper(unit, ":9")
    assert drop_in.count("\nExecStart=\n") == 1, "the shipped command is taken out first"
    assert "x11-backend.so" in drop_in
    assert "drm" not in drop_in


def test_the_box_in_the_shadow_has_papers_of_its_own() -> None:
    """Another id, another board on the same wires, nothing to switch, and a page for itself."""
    live, shadow = tomllib.loads(answers_paper(ROOT)), tomllib.loads(shadow_paper(ROOT))
    assert shadow["lane"] == {**live["lane"], "id": SHADOW, "mode": "shadow"}
    assert shadow["contacts"]["inputs"] == live["contacts"]["inputs"]
    assert shadow["contacts"]["port"] != live["contacts"]["port"]
    assert live["console"]["names"] == [PAGE_NAME]
    assert not {"console"} & set(shadow)
    assert "outputs" not in shadow["contacts"]


def test_a_shadow_that_missed_differed_or_drove_is_a_problem() -> None:
    """As is a report that does not name what it would have released wrongly."""
    well = {"vehicles": 4, "counts": {"agreed": 3, "to_officer": 1}, "noticed": "X", "outputs": 0, "crossings": 0}
    assert list(ShadowFindings(**well).problems(3, 1)) == []
    worse = {
        "agreed on 2": {"counts": {"agreed": 2, "to_officer": 1}},
        "saw 5 vehicles": {"vehicles": 5},
        "does not name": {"noticed": ""},
        "drove 1 outputs": {"outputs": 1},
        "2 visits of it": {"crossings": 2},
    }
    for says, change in worse.items():
        assert says in next(ShadowFindings(**{**well, **change}).problems(3, 1))


def test_the_officers_table_is_one_that_the_shadow_s_command_reads(tmp_path: Path) -> None:
    """The test and the command must not agree on a form that officers never write."""
    rows = [Decision(datetime(2026, 12, 1, 6, 5, tzinfo=UTC), "HB6685", "released")]
    file = tmp_path / "decisions.csv"
    file.write_text(table_of(rows))
    (read,) = read_decisions(file)
    assert (read.vrn, read.decision) == ("HB6685", "released")
    assert read.at_ms == 1_796_105_100_000


def test_percentiles_are_times_that_were_seen() -> None:
    """The nearest rank: of twenty boots the 99th is the longest."""
    assert Percentiles.of([7]) == Percentiles(number=1, p50=7, p99=7)
    assert Percentiles.of(list(range(1, 21))) == Percentiles(number=20, p50=10, p99=20)
    assert Percentiles.of(list(range(1, 201))) == Percentiles(number=200, p50=100, p99=198)


def test_a_camera_is_said_by_its_size_and_rate() -> None:
    """As in the report."""
    assert str(CameraMode.of("960x540@10")) == "960x540@10"
    assert str(CameraMode()) == "1920x1080@25"
    with pytest.raises(ValueError, match="invalid literal"):
        CameraMode.of("large")


def test_a_check_that_ends_otherwise_than_it_says_is_caught() -> None:
    """A fault with status 0, or a status without a fault, is a check that lies."""
    assert faults_of("ok: all\nstatus 0") == []
    assert faults_of("fault: camera: dark\nok: rest\nstatus 1") == ["fault: camera: dark"]
    assert faults_of("fault: f: screen xdb: X1 is no connector of this box; none\nstatus 1") == []
    for lie in ("fault: camera\nstatus 0", "ok: all\nstatus 1", "ok: all\nstatus 2"):
        with pytest.raises(MachineError):
            faults_of(lie)


def test_words_of_the_machines_are_read_or_refused() -> None:
    """Never a figure that nobody said."""
    assert (
        fingerprint_of("[3/7] identity\n      Its fingerprint is\n          4e8a-7d43-21c4\n      Take")
        == "4e8a-7d43-21c4"
    )
    assert fingerprint_of("enrolled.\nThe box will show: 3f2a-9c01\n") == "3f2a-9c01"
    assert exposure_of("→ Overall exposure level for a.service: 1.9 OK :-)", "a.service") == 1.9
    assert pss_mb("Rss: 9 kB\nPss:       90400 kB\nPss_Dirty: 3 kB\n") == 90.4
    assert what_it_is("/opt/x/bin/python -I -c import sys; from edge.cli import main run --config") == "agent"
    assert what_it_is("/opt/x/bin/python -m display.unit --screen xdb --settings f") == "screen xdb"
    with pytest.raises(MachineError):
        exposure_of("Unit nothing.service not found.", "nothing.service")
    with pytest.raises(MachineError):
        fingerprint_of("refused")


def test_the_list_of_packages_is_names_and_remarks() -> None:
    """As config/debian-packages.txt."""
    assert wanted_packages("# head\n\nxvfb   # two monitors\nweston\n") == ["xvfb", "weston"]
    assert {"debootstrap", "systemd-container"} <= set(wanted_packages(PACKAGES.read_text()))
