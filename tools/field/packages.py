"""The packages as they are carried to the machines: built from this tree, one command, nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools.field.debian import ROOT, CannotHere
from tools.field.machine import MachineError

_BUILD = (sys.executable, "-m", "tools.package", "--arch", "amd64", "--quick", "--out")


def build_packages(into: Path, say: Callable[[str], None]) -> dict[str, Path]:
    """Builds them into a folder; each by its name.

    Raises:
        MachineError: they cannot be built. A package that this tree does not make is no fault of the machine.
    """
    into.mkdir(parents=True, exist_ok=True)
    say("packages: make package")
    built = subprocess.run([*_BUILD, into], cwd=ROOT, capture_output=True, text=True, check=False)
    if built.returncode:
        raise MachineError(f"the packages cannot be built: {(built.stdout + built.stderr).strip()[-600:]}")
    return found_packages(into)


def found_packages(folder: Path) -> dict[str, Path]:
    """The newest package of each name in a folder.

    Raises:
        CannotHere: one is missing.
    """
    found = {}
    for name in ("rocars-lane", "rocars-screens", "rocars-core"):
        files = sorted(folder.glob(f"{name}_*_amd64.deb"), key=lambda file: file.stat().st_mtime)
        if not files:
            raise CannotHere(f"{folder} has no {name}_*_amd64.deb: make package")
        found[name] = files[-1]
    return found
