"""An extra of `pyproject.toml` as a package of its own, which every version of the lane sees once it is installed.

It is resolved with the versions of the lock, so that both can be loaded by one process; what the lane has, it leaves out.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tools.package.lock import INSTALLERS, PackageBuildError, locked
from tools.package.products import LANE, Architecture
from tools.package.symbols import strip_symbols
from tools.package.torch_without_cuda import LEFT_OUT, leave_out_cuda
from tools.package.tree import IDLE, compile_modules, fetch

_NAME = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.MULTILINE)
_UNUSED = INSTALLERS | {"ninja"}
"""For code that is compiled in the field: EasyOCR's own detector, which is not used, would be."""
_WANTED = {"**/*.pyi"}
"""Idle with the lane's libraries; scikit-image reads at import what it is to load from its own."""
_MACHINE = {"x86_64": Architecture.AMD64, "aarch64": Architecture.ARM64}
_LACKS = [pattern.replace("/", ".") for pattern in IDLE if "*" not in pattern and "/" in pattern]
"""Modules that this interpreter has and the lane's package leaves out."""
TRIAL = "from devices.anpr.easyocr_engine import EasyOcrEngine; EasyOcrEngine()"
"""Loads everything that an engine needs, and runs every network once."""


def resolve_extra(root: Path, name: str, architecture: Architecture) -> str:
    """What the extra needs beyond the lane's own libraries, with versions and hashes.

    Raises:
        PackageBuildError: it cannot be had beside them.
    """
    uv = Path(sys.executable).with_name("uv")
    place = ["--python-version", "3.11", "--python-platform", architecture.platform, "--only-binary", ":all:"]
    command = [str(uv), "pip", "compile", "--quiet", "--no-header", "--generate-hashes", *place]
    lock = root / "config/requirements.lock"
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    made = subprocess.run(
        [*command, "--constraint", str(lock), "-"],
        input="\n".join(extras[name]),
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise PackageBuildError(f"extra {name} for {architecture.value}: {made.stderr.strip()}")
    has = set(_NAME.findall(locked(lock.read_text(encoding="utf-8"), LANE.libraries)))
    return beyond(made.stdout, has)


def beyond(resolved: str, has: set[str]) -> str:
    """The entries of a resolved list that are fetched: not what is there, what installs or compiles, or what is for cards."""
    entries = re.split(r"(?m)^(?=[a-z0-9])", resolved)
    named = [(found[1], entry) for entry in entries if (found := _NAME.match(entry))]
    return "".join(entry for name, entry in named if name not in has | _UNUSED and not LEFT_OUT.match(name))


def build_extra(root: Path, stage: Path, name: str, architecture: Architecture) -> int:
    """Puts the extra below `stage`; returns its bytes.

    Raises:
        PackageBuildError: it cannot be resolved or fetched, or was and does not run.
    """
    place = stage / "opt/rocars-lane/extras" / name
    place.mkdir(parents=True)
    fetch(place, resolve_extra(root, name, architecture), architecture)
    for pattern in set(IDLE) - _WANTED:
        for idle in list(place.glob(pattern)):
            shutil.rmtree(idle) if idle.is_dir() else idle.unlink(missing_ok=True)
    leave_out_cuda(place, architecture)
    strip_symbols(place, architecture)
    compile_modules(place)
    if _MACHINE.get(platform.machine()) is architecture:
        _try(root, place)
    return sum(path.lstat().st_size for path in place.rglob("*") if path.is_file())


def _try(root: Path, place: Path) -> None:
    """Runs it beside this interpreter's libraries, as far as the lane has them; of another architecture only the field can."""
    as_there = f"import sys; sys.path[:0] = {[str(root), str(place)]!r}; sys.modules |= dict.fromkeys({_LACKS!r})"
    command = [sys.executable, "-I", "-B", "-W", "ignore", "-c", f"{as_there}; {TRIAL}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageBuildError(f"the extra does not run ({done.returncode}): {done.stderr.strip()[-1_000:]}")
