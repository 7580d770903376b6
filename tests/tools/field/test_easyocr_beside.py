"""What is judged of two engines on one box; the box itself is `python -m tools.field.easyocr`."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from tools.field.easyocr import ExtraReport, compare, sandboxed

UNIT = (Path(__file__).parents[3] / "systemd/rocars-lane.service").read_text(encoding="utf-8")
PLATE = {"text": "LT3482", "region": "hong kong", "rows": 1, "confidence": 0.998}
SAID: list[dict[str, Any]] = [
    {"file": "000.png", "vrn": "LT3482", "reason": "", "plates": [PLATE]},
    {"file": "001.png", "vrn": None, "reason": "no plate", "plates": []},
]


def judged(theirs: list[dict[str, Any]]) -> ExtraReport:
    """The report of the pictures above, by two engines."""
    report = ExtraReport()
    compare(SAID, theirs, report)
    return report


def test_engines_that_say_the_same_are_no_problem() -> None:
    """A confidence may differ in the fourth digit."""
    theirs = copy.deepcopy(SAID)
    theirs[0]["plates"][0]["confidence"] = 0.9981
    report = judged(theirs)
    assert (report.pictures, report.marks, report.same, report.problems) == (2, 1, 2, [])
    assert 0 < report.apart < 0.001


def test_another_mark_another_confidence_and_another_picture_are_told() -> None:
    """Each is what a lane would act on."""
    for change in (
        lambda it: it[0].update(vrn="LT3483"),
        lambda it: it[0]["plates"][0].update(text="LT3483"),
        lambda it: it[0]["plates"][0].update(confidence=0.99),
        lambda it: it[1].update(file="002.png"),
        lambda it: it.pop(),
    ):
        theirs = copy.deepcopy(SAID)
        change(theirs)
        assert judged(theirs).problems


def test_the_pictures_are_read_with_what_the_lanes_unit_may_do() -> None:
    """Every line of the sandbox, and nothing that would start a lane."""
    text = sandboxed(UNIT, "/usr/bin/true")
    for line in UNIT.splitlines():
        if line.startswith(
            ("User=", "System", "Protect", "Restrict", "Device", "IPAddress", "NoNew", "Capab", "Private")
        ):
            assert line in text
    assert [line for line in text.splitlines() if line.startswith("Exec")] == ["ExecStart=/usr/bin/true"]
    assert "Type=oneshot" in text
    assert "Restart=" not in text
