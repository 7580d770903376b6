"""How much of the disk a contender takes: megabytes (10^6 bytes) of installed files."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def of_distributions(*roots: str) -> float:
    """The files of these Python distributions and of everything they require that is installed.

    Requirements of extras count only where they are installed anyway; byte code made here does not count.
    """
    found: dict[str, Distribution] = {}
    waiting = list(roots)
    while waiting:
        name = _plain(waiting.pop())
        if name in found or (one := _installed(name)) is None:
            continue
        found[name] = one
        waiting += [match[0] for line in one.requires or () if "extra ==" not in line and (match := _NAME.match(line))]
    return sum(_size(one) for one in found.values())


def of_folder(folder: Path) -> float:
    """Every file below `folder` but byte code."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc") / 1e6


def of_debian(*packages: str) -> float | None:
    """The files of these Debian packages; None where dpkg does not know them all."""
    try:
        asked = subprocess.run(["dpkg", "-L", *packages], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    files = {Path(line) for line in asked.stdout.splitlines() if line.startswith("/")}
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink()) / 1e6


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _size(one: Distribution) -> float:
    places = [Path(str(file.locate())) for file in one.files or () if file.suffix != ".pyc"]
    return sum(place.stat().st_size for place in places if place.is_file()) / 1e6
