"""`make field`: exit status 0 all held, 1 something did not, 3 this machine cannot run it (`skipped` says why)."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from tools.field.debian import ROOT, CannotHere, check_permissions, clean_root, install_tools
from tools.field.machine import MachineError
from tools.field.packages import build_packages, found_packages
from tools.field.report import FieldReport
from tools.field.site import Site
from tools.field.story import Story
from tools.field.yard import CameraMode

SKIPPED = 3
_FOLDER = ROOT / "build" / "field"
PACKAGES = _FOLDER / "packages"
"""Where they are built, for this run and for whoever tries again."""


def main() -> int:
    """Runs it; the last line is the report as JSON."""
    parser = argparse.ArgumentParser(prog="make field", description=__doc__)
    parser.add_argument("--boots", type=int, default=2, help="how many times the box is booted (2 or more)")
    parser.add_argument("--no-hang", action="store_true", help="do not hang the loops")
    parser.add_argument("--camera", type=CameraMode.of, default=CameraMode(), help="such as 1920x1080@25, which it is")
    parser.add_argument("--packages", type=Path, help="a folder with the packages, instead of building them")
    parser.add_argument("--keep", action="store_true", help="keep the machines' files")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    began = time.monotonic()
    try:
        report = _run(options)
    except CannotHere as reason:
        report = FieldReport(skipped=str(reason))
        say(f"make field: skipped, and proves nothing: {reason}")
    except MachineError as wrong:
        report = FieldReport(problems=[str(wrong)])
    report.seconds = round(time.monotonic() - began, 1)
    for problem in report.problems:
        say(f"make field: {problem}")
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    return status(report)


def status(report: FieldReport) -> int:
    """The exit status of a report: a run that cleared nobody, or none at all, never passes."""
    if report.skipped:
        return SKIPPED
    whole = report.cleared >= 2 and report.examined >= 1
    return 0 if whole and not report.problems else 1


def say(line: str) -> None:
    """A line for whoever watches."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _run(options: argparse.Namespace) -> FieldReport:
    install_tools()
    check_permissions()
    _FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=_FOLDER))
    try:
        say("clean Debian 12")
        clean_root(folder / "base")
        packages = found_packages(options.packages) if options.packages else build_packages(PACKAGES, say)
        site = Site(folder, folder / "base", f"field{os.getpid()}", packages, options.camera)
        story = Story(site, say, hang=not options.no_hang, boots=options.boots)
        return asyncio.run(story.tell())
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
