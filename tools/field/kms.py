"""`make field-kms`: both screens of the installed package on a graphics card with two outputs, in a virtual machine.

What the field test's containers cannot show: Debian's own kernel, its mode setting (KMS), the shipped unit of the compositor, connectors
by their names. The box is not enrolled: what must light is the face that needs no lane. Exit status as `make field`'s
(docs/field.md).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from lane_agent.model import Screen
from tools.field.__main__ import PACKAGES
from tools.field.debian import ROOT, CannotHere, check_permissions, clean_root, install_tools, lend_mirror
from tools.field.glass import DARK, SIZES, UNKNOWN, Pixels, SignBook
from tools.field.machine import FieldMachine, MachineError
from tools.field.packages import build_packages, found_packages
from tools.field.papers import OFFICER, OUTPUTS, STICK, answers_paper, filled
from tools.field.virtual import VirtualMachine, make_disk, modules_of, pack_start, unpack_kernel
from tools.field.wires import Wires
from tools.package.debian import DebianMirror, field_of
from tools.package.lock import PackageBuildError
from tools.package.products import Architecture

_TOOLS = ROOT / "config" / "kms-packages.txt"
_FOLDER = ROOT / "build" / "field"
_MODE = (800, 600)
"""Of both outputs; a sign that is smaller stands in the middle."""
_CONNECTORS = {Screen.XDB: "Virtual-1", Screen.AIOP: "Virtual-2"}
_CONNECTED = [f"card0-{name}/status:connected" for name in _CONNECTORS.values()]
_HEADS = {Screen.XDB: 0, Screen.AIOP: 1}
_UNITS = ("rocars-lane-compositor", "rocars-lane-screen@xdb", "rocars-lane-screen@aiop")
_DRIVERS = ("virtio_gpu", "virtio_console", "virtio_pci", "virtio_blk", "ext4")
_PATIENCE_S = 900.0
_SLOW = "[Service]\nTimeoutStartSec=600\nWatchdogSec=120\n"
"""A calculated processor is some thirty times as slow as a box's: the units' own limits would end everything in it."""


class KmsReport(msgspec.Struct, kw_only=True):
    """What came of it; seconds are of a calculated processor and are no figures of a box."""

    connectors: list[str] = []
    faces: dict[str, str] = {}
    lit_s: float = 0.0
    back_s: dict[str, float] = {}
    seconds: float = 0.0
    problems: list[str] = []
    skipped: str = ""


class KmsBench:
    """The virtual box on a bench, with somebody who looks at its two outputs.

    Args:
        machine: it, powered on.
    """

    def __init__(self, machine: VirtualMachine) -> None:
        self._machine = machine
        self._book = SignBook()

    def faces(self) -> dict[str, str]:
        """What is on each output."""
        found = {}
        for screen, head in _HEADS.items():
            picture = self._machine.picture(head)
            if picture is None:
                found[screen.value] = DARK
            elif picture.shape[:2] != _MODE[::-1]:
                found[screen.value] = f"{picture.shape[1]} x {picture.shape[0]}"
            else:
                found[screen.value] = self._book.name(screen, middle(picture, SIZES[screen]))
        return found

    def wait_for(self, holds: Callable[[dict[str, str]], bool], what: str) -> float:
        """Looks until something holds; after how many seconds.

        Raises:
            MachineError: it does not, in no time.
        """
        began = time.monotonic()
        while not holds(seen := self.faces()):
            if time.monotonic() - began > _PATIENCE_S:
                raise MachineError(f"not seen within {_PATIENCE_S:g} s: {what}; the outputs show {seen}")
            time.sleep(0.3)
        return round(time.monotonic() - began, 1)

    def lit(self, seen: dict[str, str]) -> bool:
        """Whether both show a sign."""
        return all(self._book.knows(what) for what in seen.values())

    def try_unit(self, unit: str) -> float:
        """Kills a unit's main process; after how many seconds both outputs show a sign again, by another process.

        Raises:
            MachineError: they do not, in no time.
        """
        before = self._pid(unit)
        self._machine.run(f"kill -KILL {before}")
        began = time.monotonic()
        while self._pid(unit) in {before, 0}:
            if time.monotonic() - began > _PATIENCE_S:
                raise MachineError(f"{unit} was killed and does not come back")
        self.wait_for(self.lit, f"signs after {unit}")
        return round(time.monotonic() - began, 1)

    def _pid(self, unit: str) -> int:
        return int(self._machine.run(f"systemctl show -P MainPID {unit}").strip() or 0)


def middle(picture: Pixels, size: tuple[int, int]) -> Pixels:
    """The middle of a picture, (height, width, 3), as large as `size` (width, height) says."""
    top, left = (picture.shape[0] - size[1]) // 2, (picture.shape[1] - size[0]) // 2
    return picture[top : top + size[1], left : left + size[0]]


def install(folder: Path, packages: dict[str, Path], kernel: Path, version: str) -> FieldMachine:
    """A box with our package, its papers, and the kernel's modules; powered off, its root still mounted."""
    wires = Wires(f"kms{os.getpid()}")
    wires.lay()
    box = FieldMachine("kms", folder / "box", folder / "base", wires.lane)
    try:
        box.build()
        box.boot()
        box.wait_running()
        lend_mirror(box.root)
        names = ("rocars-lane", "rocars-screens")
        for name in names:
            shutil.copy(packages[name], box.root / "root" / packages[name].name)
        box.outside("update-ca-certificates")
        box.typed("apt-get update", mirror=True)
        files = " ".join(f"/root/{packages[name].name}" for name in names)
        box.typed(f"apt-get install --yes --no-install-recommends {files} qemu-guest-agent", mirror=True)
        stick = box.root / STICK[1:]
        stick.mkdir()
        (stick / "answers.toml").write_text(kms_paper(), encoding="utf-8")
        (stick / f"{OFFICER}.password").write_text("kept on the bench\n", encoding="ascii")
        (stick / f"{OFFICER}.password").chmod(0o600)
        box.typed(f"rocars-lane setup --answers {STICK}/answers.toml; [ $? = 3 ]")
        outputs = "\n".join(f"[output]\nname={name}\nmode={_MODE[0]}x{_MODE[1]}\n" for name in _CONNECTORS.values())
        (box.root / "etc/rocars-lane/outputs.ini").write_text(outputs, encoding="utf-8")
        for unit in (*_UNITS, "rocars-lane", "rocars-lane-page"):
            place = box.root / f"etc/systemd/system/{unit}.service.d/slow.conf"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(_SLOW, encoding="ascii")
        box.typed(f"systemctl enable {' '.join(_UNITS)} rocars-lane")
        for path in modules_of(kernel, version, _DRIVERS):
            place = box.root / path.relative_to(kernel)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        subprocess.run(["depmod", "--basedir", box.root, version], check=True, capture_output=True)
        box.outside("apt-get", "clean")
    finally:
        box.power_off()
        wires.take_up()
    return box


def kms_paper() -> str:
    """The answers of the field test, for connectors of this card."""
    return filled(answers_paper(ROOT), {f'"{OUTPUTS[screen]}"': f'"{name}"' for screen, name in _CONNECTORS.items()})


def try_out(machine: VirtualMachine, report: KmsReport) -> None:
    """Everything that is looked at while it runs.

    Raises:
        MachineError: it cannot go on.
    """
    bench = KmsBench(machine)
    report.lit_s = bench.wait_for(bench.lit, "a sign on both outputs")
    report.faces = bench.faces()
    report.connectors = sorted(machine.run("cd /sys/class/drm && grep . card*-*/status").split())
    if report.connectors != _CONNECTED:
        report.problems.append(f"the kernel has other connectors: {report.connectors}")
    for unit in _UNITS:
        report.back_s[unit] = bench.try_unit(unit)


def _run(options: argparse.Namespace, report: KmsReport) -> None:
    install_tools()
    install_tools(_TOOLS)
    check_permissions()
    folder = Path(tempfile.mkdtemp(prefix="kms-", dir=_FOLDER))
    box: FieldMachine | None = None
    try:
        clean_root(folder / "base")
        packages = found_packages(options.packages) if options.packages else build_packages(PACKAGES, _say)
        _say("kernel")
        mirror = DebianMirror(ROOT / "build/debian", Architecture.AMD64)
        newest = field_of(mirror.fetch(["linux-image-amd64"])["linux-image-amd64"], "Depends").split()[0]
        kernel, version = unpack_kernel(mirror.fetch([newest])[newest], folder / "kernel")
        _say("box")
        box = install(folder, packages, folder / "kernel", version)
        make_disk(box.root, folder / "disk")
        start = pack_start(folder / "kernel", version, folder)
        _say("virtual machine")
        machine = VirtualMachine(folder / "machine")
        machine.boot(kernel, start, folder / "disk", f"video={_CONNECTORS[Screen.AIOP]}:e")
        try:
            try_out(machine, report)
        finally:
            machine.power_off()
            last = _FOLDER / "last"
            last.mkdir(exist_ok=True)
            shutil.copy(machine.log, last / "kms-console.log")
    finally:
        if box is not None:
            box.take_down()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Runs it; the last line is the report as JSON."""
    parser = argparse.ArgumentParser(prog="make field-kms", description=__doc__)
    parser.add_argument("--packages", type=Path, help="a folder with the packages, instead of building them")
    parser.add_argument("--keep", action="store_true", help="keep the machine's files")
    report, began = KmsReport(), time.monotonic()
    try:
        _run(parser.parse_args(), report)
    except (CannotHere, PackageBuildError) as reason:
        report.skipped = str(reason)
    except (MachineError, subprocess.CalledProcessError, OSError) as problem:
        report.problems.append(str(problem))
    report.seconds = round(time.monotonic() - began, 1)
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    return 3 if report.skipped else int(bool(report.problems) or UNKNOWN in report.faces.values())


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
