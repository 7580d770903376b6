"""An extra of `pyproject.toml` as a package of its own, which every version of the lane sees once it is installed.

It is resolved with the versions of the lock, so that both can be loaded by one process; what the lane has, it leaves out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tools.package.lock import PackageBuildError, locked
from tools.package.products import LANE, Architecture
from tools.package.tree import fetch

_NAME = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.MULTILINE)


def resolve_extra(root: Path, name: str, architecture: Architecture) -> str:
    """What the extra needs beyond the lane's own libraries, with versions and hashes.

    Raises:
        PackageBuildError: it cannot be had beside them.
    """
    uv = Path(sys.executable).with_name("uv")
    place = ["--python-version", "3.11", "--python-platform", architecture.platform, "--only-binary", ":all:"]
    command = [str(uv), "pip", "compile", "--quiet", "--no-header", "--generate-hashes", *place, "--extra", name]
    lock = root / "config/requirements.lock"
    made = subprocess.run(
        [*command, "--constraint", str(lock), str(root / "pyproject.toml")], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise PackageBuildError(f"extra {name} for {architecture.value}: {made.stderr.strip()}")
    has = set(_NAME.findall(locked(lock.read_text(encoding="utf-8"), LANE.libraries)))
    entries = re.split(r"(?m)^(?=[a-z0-9])", made.stdout)
    return "".join(entry for entry in entries if (named := _NAME.match(entry)) and named[1] not in has)


def build_extra(root: Path, stage: Path, name: str, architecture: Architecture) -> int:
    """Puts the extra below `stage`; returns its bytes.

    Raises:
        PackageBuildError: it cannot be resolved or fetched.
    """
    place = stage / "opt/rocars-lane/extras" / name
    place.mkdir(parents=True)
    fetch(place, resolve_extra(root, name, architecture), architecture)
    return sum(path.lstat().st_size for path in place.rglob("*") if path.is_file())
