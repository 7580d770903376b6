"""`rocars-lane check`: what is wrong with this box, and what to do. For a technician with a torch in one hand.

    0  nothing but warnings      1  a fault was found      2  the settings cannot be used, or are refused

Rules of this file
- Everything is looked at, even when the first thing is broken; one finding each, with its remedy.
- Nothing is changed, except the probe file that is written and removed in the store's folder.
- The settings come first: without them there is nothing to look at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from devices.gpio import look_at_chip
from devices.settings import CameraSettings
from edge.checks import box, identifier, link, records
from edge.checks.as_service import NotAsServiceError, look_as_service, service_text
from edge.checks.findings import Finding, Severity, Surroundings, fault, ok, warning
from edge.settings.load import LaneSettingsError, Settings, load
from runtime.clocks import kernel_clock

Check = Callable[[Settings, Surroundings], Iterator[Finding]]


def _simulation(settings: Settings, _: Surroundings) -> Iterator[Finding]:
    if settings.simulation:
        yield warning("simulation", "THIS LANE IS SIMULATED", "a real lane has its own file, without simulation = true")


CHECKS: tuple[tuple[str, Check], ...] = (
    ("simulation", _simulation),
    ("packages", box.packages),
    ("store", box.store),
    ("records", records.records),
    ("clock", box.clock),
    ("models", box.models),
    ("camera", box.camera),
    ("contacts", box.contacts),
    ("immigration", box.immigration),
    ("identifier", identifier.identifier),
    ("screens", box.screens),
    ("wording", box.wording),
    ("keys", link.keys),
    ("point", link.point),
    ("certificates", link.certificates),
    ("brokers", link.brokers),
    ("officers", link.officers),
)
"""What is looked at, in the order in which a technician would repair it."""


def this_box(camera: Callable[[CameraSettings], str] | None = None) -> Surroundings:
    """The real surroundings.

    Args:
        camera: see `Surroundings.camera`.
    """
    return Surroundings(
        camera=camera,
        clock=kernel_clock,
        installed=box.dpkg_installed,
        chip=look_at_chip,
        environment=os.environ,
    )


def run_checks(
    settings: Settings, around: Surroundings, *, begins: Callable[[str], None] = lambda _: None
) -> list[Finding]:
    """Looks at everything; takes some seconds when brokers or the camera do not answer.

    Args:
        settings: of this lane.
        around: the box.
        begins: told the name of each check before it runs, for a person who waits.
    """
    findings: list[Finding] = []
    for name, check in CHECKS:
        begins(name)
        findings += check(settings, around)
    return findings


def settings_findings(error: LaneSettingsError) -> list[Finding]:
    """A refused file as findings."""
    return [fault(problem.key, problem.wrong, problem.remedy) for problem in error.problems]


def check_command(
    config: Path,
    around: Surroundings,
    *,
    as_json: bool = False,
    refuse_simulation: bool = False,
    settings_only: bool = False,
    seen_as: Finding | None = None,
    out: TextIO | None = None,
) -> int:
    """The whole command; returns its exit status.

    Args:
        config: the lane's file.
        around: the box.
        as_json: print a list of objects instead of a table.
        refuse_simulation: a simulated lane is an error (the unit of a real lane says so).
        settings_only: look at the settings and the files they name only; the unit starts a lane with no link, too.
        seen_as: a finding that says how the box is looked at.
        out: where to print; standard output if None.
    """
    out = out or sys.stdout
    try:
        settings = load(config)
    except LaneSettingsError as error:
        _print(config, settings_findings(error), as_json=as_json, out=out)
        return 2
    if refuse_simulation and settings.simulation:
        refused = fault("simulation", "is refused here: this unit is for a real lane", "use a file without simulation")
        _print(config, [refused], as_json=as_json, out=out)
        return 2
    findings = [ok("settings", f"lane {settings.lane.id}"), *([seen_as] if seen_as else [])]
    if not settings_only:
        waiting = Console(stderr=True)
        with waiting.status("looking") as status:
            findings += run_checks(settings, around, begins=lambda name: status.update(f"looking at {name}"))
    _print(config, findings, as_json=as_json, out=out)
    return int(any(each.level is Severity.FAULT for each in findings))


def check_as_service(config: Path, *, as_json: bool = False, out: TextIO | None = None) -> int | None:
    """The whole command as the service would see the box; None where that cannot be (`edge.checks.as_service`).

    Raises:
        NotAsServiceError: it can, and did not come about.
    """
    waiting = Console(stderr=True)
    with waiting.status("looking, as the service does"):
        seen = look_as_service(["--here", "--json", "--config", str(config.absolute())])
    if seen is None:
        return None
    try:
        rows = msgspec.json.decode(seen.output.encode(), type=list[_Row])
    except msgspec.DecodeError as error:
        raise NotAsServiceError(f"the check ended with {seen.status} and said {seen.output.strip()!r}") from error
    findings = [Finding(row.area, row.level, row.what, row.remedy) for row in rows]
    _print(config, [ok("seen", seen.says), *findings], as_json=as_json, out=out or sys.stdout)
    return seen.status


def seen_by(name: str) -> Finding:
    """Somebody looks who is not the service."""
    if service_text() is None:
        return ok("seen", f"by user {name}; the service is not installed on this machine")
    remedy = "look as it does: run rocars-lane check as root"
    return warning("seen", f"by user {name}, whose rights are not the service's", remedy)


class _Row(msgspec.Struct):
    area: str
    level: Severity
    what: str
    remedy: str


def _print(config: Path, findings: Iterable[Finding], *, as_json: bool, out: TextIO) -> None:
    if as_json:
        rows = [{"area": f.area, "level": f.level.value, "what": f.what, "remedy": f.remedy} for f in findings]
        out.write(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode() + "\n")
        return
    console = Console(file=out)
    if not console.is_terminal:  # a journal or a log: one line each, never cut
        out.writelines(f"{each.level.value}: {config}: {each.area}: {each.what}{_then(each)}\n" for each in findings)
        return
    table = Table("", "what", "seen", "do this", title=str(config), title_justify="left")
    marks = {Severity.OK: "[green]ok[/]", Severity.WARNING: "[yellow]warning[/]", Severity.FAULT: "[bold red]FAULT[/]"}
    for each in findings:
        table.add_row(marks[each.level], *(escape(text) for text in (each.area, each.what, each.remedy)))
    console.print(table)


def _then(finding: Finding) -> str:
    return f"; {finding.remedy}" if finding.remedy else ""
