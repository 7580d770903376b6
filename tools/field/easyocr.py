"""`python -m tools.field.easyocr`: the reader's other engine, from its package, on a bare Debian 12 beside the lane's.

It builds `rocars-lane-easyocr` (or takes it from a folder), installs it as a technician would, and reads drawn trucks with it and with
the default engine, each as a unit that has the lane's own sandbox: user, filters of system calls, no network, no home. The two must
say the same of every picture. Then the package is removed: the lane's own engine reads on, and the other is refused with the
words that say what to install. Exit status as `make field`'s (docs/field.md); the last line is the report as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import msgspec

from simulation.drawn.plans import any_mark, any_truck
from simulation.drawn.trucks import CameraView
from tools.field.__main__ import PACKAGES, SKIPPED
from tools.field.debian import ROOT, CannotHere, check_permissions, clean_root, install_tools, lend_mirror
from tools.field.figures import added_mb
from tools.field.machine import FieldMachine, MachineError
from tools.field.packages import build_packages, found_packages
from tools.field.wires import Wires

NAME = "rocars-lane-easyocr"
ENGINES = ("onnxruntime", "easyocr")
_FOLDER = ROOT / "build" / "field"
_PLACE = "/var/lib/rocars-lane/pictures"
_MOST_APART = 0.001
"""Of a confidence: two libraries round differently."""
_OWN = ("Type", "Exec", "Watchdog", "Timeout", "Restart", "Wants", "After", "WantedBy", "Description", "Documentation")
"""Lines of the lane's unit that say how it is started and kept; all others say what it may do."""
_METER = """\
import json, resource, subprocess, sys, time
began = time.monotonic()
with open(sys.argv[1], "wb") as out:
    status = subprocess.run(sys.argv[2:], stdout=out, check=False).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"status": status, "s": time.monotonic() - began, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1000}))
"""


class EngineRun(msgspec.Struct, frozen=True, kw_only=True):
    """What one engine took: processor seconds and wall seconds of the whole command, ms of processor a picture, MB at its largest."""

    cpu_s: float
    s: float
    picture_ms: float
    peak_mb: float


class ExtraReport(msgspec.Struct, kw_only=True):
    """The last line.

    Attributes:
        package_mb: of the .deb; `installed_mb`: what it added to the box.
        pictures: that both engines read; `marks`: those of which they gave a mark; `same`: of which they said the same.
        apart: the largest difference of a plate's confidence.
        engines: what each took.
    """

    package_mb: float = 0.0
    installed_mb: float = 0.0
    pictures: int = 0
    marks: int = 0
    same: int = 0
    apart: float = 0.0
    engines: dict[str, EngineRun] = {}
    seconds: float = 0.0
    problems: list[str] = []
    skipped: str = ""


def sandboxed(unit: str, command: str) -> str:
    """A unit that runs one command with what the lane's unit may do and nothing else.

    Args:
        unit: the text of the lane's.
        command: to run once.
    """
    kept = [line for line in unit.splitlines() if not line.startswith(_OWN)]
    place = kept.index("[Service]") + 1
    return "\n".join([*kept[:place], "Type=oneshot", f"ExecStart={command}", *kept[place:]]) + "\n"


def compare(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], report: ExtraReport) -> None:
    """Holds what two engines said of the same pictures against each other."""
    report.pictures = len(ours)
    if [one["file"] for one in ours] != [one["file"] for one in theirs]:
        report.problems.append("the engines did not read the same pictures")
        return
    for one, other in zip(ours, theirs, strict=True):
        report.marks += one["vrn"] is not None
        if _said(one) != _said(other):
            report.problems.append(f"{one['file']}: {_said(one)} by one engine, {_said(other)} by the other")
            continue
        report.same += 1
        pairs = zip(one["plates"], other["plates"], strict=True)
        report.apart = max(report.apart, *(abs(a["confidence"] - b["confidence"]) for a, b in pairs), 0.0)
    if report.apart > _MOST_APART:
        report.problems.append(f"confidences differ by {report.apart:g}")


def _said(record: dict[str, Any]) -> tuple[Any, ...]:
    plates = [(plate["text"], plate["region"], plate["rows"]) for plate in record["plates"]]
    return record["vrn"], record["reason"], plates


def draw_pictures(folder: Path, number: int) -> None:
    """Drawn trucks as files, some far and some near, by day and at night."""
    folder.mkdir(parents=True)
    rng = random.Random(1)  # noqa: S311 - the same trucks each time
    for at in range(number):
        view = CameraView((1280, 720), light=1.0 if at % 4 else 0.35, seed=at)
        picture = view.picture(any_truck(rng, any_mark(rng)), 0.4 + 0.6 * (at % 5) / 4)
        cv2.imwrite(str(folder / f"{at:03}.png"), picture.image)


def main() -> int:
    """Runs it; the last line is the report as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tools.field.easyocr", description=__doc__)
    parser.add_argument("--packages", type=Path, help="a folder with the packages, instead of building them")
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--keep", action="store_true", help="keep the machine's files")
    report, began = ExtraReport(), time.monotonic()
    try:
        _run(parser.parse_args(), report)
    except CannotHere as reason:
        report.skipped = str(reason)
    except (MachineError, subprocess.CalledProcessError, OSError) as problem:
        report.problems.append(str(problem))
    report.seconds = round(time.monotonic() - began, 1)
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    return SKIPPED if report.skipped else int(bool(report.problems) or not report.marks)


def _run(options: argparse.Namespace, report: ExtraReport) -> None:
    install_tools()
    check_permissions()
    _FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="easyocr-", dir=_FOLDER))
    wires = Wires(f"easyocr{os.getpid()}")
    box: FieldMachine | None = None
    try:
        _say("clean Debian 12")
        clean_root(folder / "base")
        packages = found_packages(options.packages) if options.packages else build_packages(PACKAGES, _say)
        extra = _extra_package(options.packages or PACKAGES)
        wires.lay()
        box = FieldMachine("lane", folder / "box", folder / "base", wires.lane)
        box.build()
        box.boot()
        box.wait_running()
        _try(box, [packages["rocars-lane"], packages["rocars-screens"]], extra, options.pictures, report)
    finally:
        if box is not None:
            box.take_down()
        wires.take_up()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _extra_package(folder: Path) -> Path:
    """The newest in a folder, or one built into it."""
    if not list(folder.glob(f"{NAME}_*_amd64.deb")):
        _say(f"packages: {NAME}")
        command = [sys.executable, "-m", "tools.package", "--extra", "easyocr", "--arch", "amd64", "--out", str(folder)]
        built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if built.returncode:
            raise MachineError(f"{NAME} cannot be built: {(built.stdout + built.stderr).strip()[-600:]}")
    return max(folder.glob(f"{NAME}_*_amd64.deb"), key=lambda file: file.stat().st_mtime)


def _try(box: FieldMachine, lane: list[Path], extra: Path, pictures: int, report: ExtraReport) -> None:
    """From the packages to what the two engines say; then without the second one."""
    _say("install")
    lend_mirror(box.root)
    box.outside("update-ca-certificates")
    box.typed("apt-get update", mirror=True)
    _install(box, lane)
    before = added_mb(box.added)
    _install(box, [extra])
    report.package_mb = round(extra.stat().st_size / 1e6, 1)
    report.installed_mb = round(added_mb(box.added) - before, 1)
    (box.root / "opt/meter.py").write_text(_METER, encoding="ascii")
    draw_pictures(box.root / _PLACE[1:], pictures)
    box.outside("chown", "-R", "rocars-lane:", _PLACE)
    said = {}
    for engine in ENGINES:
        _say(f"read with {engine}")
        said[engine], report.engines[engine] = _read(box, engine, pictures)
    compare(said[ENGINES[0]], said[ENGINES[1]], report)
    _say("without it")
    box.typed(f"apt-get remove --yes {NAME}")
    refused = box.typed(f"rocars-lane read --engine easyocr {_PLACE}", check=False)
    if f"apt install ./{NAME}" not in refused:
        report.problems.append(f"without its package: {refused.strip()[-300:]}")
    if _read(box, ENGINES[0], pictures)[0] != said[ENGINES[0]]:
        report.problems.append(f"{ENGINES[0]} reads otherwise than before {NAME} was removed")


def _install(box: FieldMachine, files: list[Path]) -> None:
    for file in files:
        shutil.copy(file, box.root / "root" / file.name)
    words = " ".join(f"/root/{file.name}" for file in files)
    box.typed(f"apt-get install --yes --no-install-recommends {words}", mirror=True, seconds=900.0)


def _read(box: FieldMachine, engine: str, pictures: int) -> tuple[list[dict[str, Any]], EngineRun]:
    """All pictures in one unit, and one alone in another: the difference is what a picture takes.

    Raises:
        MachineError: it does not read.
    """
    whole, lines = _in_unit(box, engine, _PLACE)
    one, _ = _in_unit(box, engine, f"{_PLACE}/000.png")
    each_ms = 1_000 * (whole["cpu_s"] - one["cpu_s"]) / max(1, pictures - 1)
    run = EngineRun(
        cpu_s=round(whole["cpu_s"], 1),
        s=round(whole["s"], 1),
        picture_ms=round(each_ms, 1),
        peak_mb=round(whole["peak_mb"]),
    )
    return [json.loads(line) for line in lines], run


def _in_unit(box: FieldMachine, engine: str, what: str) -> tuple[dict[str, float], list[str]]:
    unit = (box.root / "lib/systemd/system/rocars-lane.service").read_text(encoding="utf-8")
    out, told = "/var/lib/rocars-lane/said.jsonl", "/var/lib/rocars-lane/took.json"
    python = "/opt/rocars-lane/current/bin/python"
    command = f"{python} -I /opt/meter.py {out} /usr/bin/rocars-lane read --json --engine {engine} {what}"
    text = sandboxed(unit, command).replace("[Service]", f"[Service]\nStandardOutput=truncate:{told}", 1)
    (box.root / "etc/systemd/system/rocars-reading.service").write_text(text, encoding="utf-8")
    box.outside("systemctl", "daemon-reload")
    box.typed("systemctl start rocars-reading", seconds=900.0)
    took = (box.root / told[1:]).read_text(encoding="utf-8")
    facts: dict[str, float] = json.loads(took) if took else {"status": -1.0}
    if facts["status"]:
        log = box.outside("journalctl", "-u", "rocars-reading", "-n", "30", "-o", "cat", check=False)
        raise MachineError(f"rocars-lane read --engine {engine} ended with {facts['status']:g}: {log[-1_500:]}")
    return facts, (box.root / out[1:]).read_text(encoding="utf-8").splitlines()


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
