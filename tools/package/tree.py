"""A version of the software as one folder that runs from wherever it stands: libraries, rooms, launcher.

bin/python           a link to Debian's interpreter; pyvenv.cfg beside it makes this folder its home
bin/rocars-lane      resolves every link it was called by, so that a process keeps the version it was started from
bin/rocars-module    the same for any module
lib/python3.11/...   libraries by the lock, our rooms, all compiled
slot.json            what `runtime.slots` asks of a version
"""

from __future__ import annotations

import compileall
import hashlib
import json
import os
import py_compile
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from runtime.slots import FACTS
from tools.package.lock import PackageBuildError, locked
from tools.package.products import Architecture, Product
from tools.package.symbols import strip_symbols

INTERPRETER = "/usr/bin/python3.11"
LIBRARIES = Path("lib/python3.11/site-packages")
EXTRAS = ("easyocr",)
MODULE = "rocars-module"
"""What a unit starts that runs a module: `current/bin/python` would load from whatever is current later."""

_LAUNCHER = """\
#!/bin/sh
# Starts the version that this file belongs to, whatever link it was called by.
here=$(dirname "$(readlink -f "$0")")
exec "$here/python" -I -c 'import sys; sys.argv[0] = "{name}"; from {module} import {function}; sys.exit({function}())' "$@"
"""

_MODULE = """\
#!/bin/sh
# Runs a module of the version that this file belongs to: for processes that start without the command's own weight.
here=$(dirname "$(readlink -f "$0")")
exec "$here/python" -I -m "$@"
"""

IDLE = (
    "**/tests",
    "**/__pycache__",
    "**/*.pyi",
    "bin",
    "share",
    "include",
    "pygame/docs",
    "pygame/examples",
    "numpy/_core/include",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "onnxruntime/quantization",
    "onnxruntime/datasets",
    "onnxruntime/capi/libonnxruntime.so*",  # for programs in C; Python's own module has all of it inside
    "cv2/data",
    "av/include",
    "lxml/*.px*",
    "lxml/*.h",
    "lxml/html",
    "lxml/includes",
    "lxml/isoschematron",
    "lxml/objectify*",
    # Of what draws a story's pages: web fonts, drawing of text by Pillow (Pango does that), formats that no camera sends, hyphens,
    # and what makes fonts.
    "brotli*",
    "_brotli*",
    "zopfli*",
    "PIL/_avif*",
    "PIL/_imagingft*",
    "pillow.libs/libavif-*",
    "pillow.libs/libbrotli*",
    "pillow.libs/libfreetype-*",
    "pillow.libs/libharfbuzz-*",
    "pillow.libs/libpng16-*",
    "pyphen/dictionaries/hyph_[!e]*",
    "fontTools/cu2qu",
    "fontTools/diff",
    "fontTools/merge",
    "fontTools/mtiLib",
    "fontTools/qu2cu",
    "fontTools/t1Lib",
    "fontTools/ufoLib",
    "fontTools/voltLib",
    "pygments/lexers/[!_p]*.py",  # `rich` colours Python at most
)
"""What libraries bring for their own development; nothing of ours loads it, and the trial of a version would notice.

Not `numpy/f2py`, 2 MB that nobody uses: SciPy, of the extra, says `from numpy import *`, which loads it.
"""


def build_tree(root: Path, target: Path, product: Product, architecture: Architecture, version: str) -> None:
    """Builds it.

    Args:
        root: of the repository.
        target: does not exist yet.
        product: what belongs into it.
        architecture: whose libraries.
        version: what it will call itself.

    Raises:
        PackageBuildError: a library cannot be had for this architecture, or not with the lock's hash.
    """
    site = target / LIBRARIES
    site.mkdir(parents=True)
    lock = (root / "config/requirements.lock").read_text(encoding="utf-8")
    fetch(site, locked(lock, product.libraries), architecture)
    for pattern in IDLE:
        for idle in list(site.glob(pattern)):
            shutil.rmtree(idle) if idle.is_dir() else idle.unlink(missing_ok=True)
    strip_symbols(site, architecture)
    for file in _ours(root, [*product.rooms, *(f"config/{name}" for name in product.examples)]):
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / file, site / file)
    extra_paths(site)
    _metadata(site, product, version)
    _interpreter(target, product)
    compile_modules(site)
    _facts(target, product, version)


def extra_paths(site: Path) -> None:
    """Where a version looks for extras; Python passes over what is not there."""
    (site / "rocars-extras.pth").write_text("".join(f"/opt/rocars-lane/extras/{name}\n" for name in EXTRAS))


def fetch(site: Path, requirements: str, architecture: Architecture) -> None:
    """Puts these libraries there, as wheels, each with the hash that the lock says.

    Raises:
        PackageBuildError: not all of them; `uv`'s own words say which.
    """
    listed = site.parent / "requirements.txt"
    listed.write_text(requirements, encoding="utf-8")
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    place = ["--target", str(site), "--python", sys.executable, "--python-version", "3.11", "--link-mode", "copy"]
    machine = ["--python-platform", architecture.platform]
    done = subprocess.run([*command, *place, *machine, "-r", str(listed)], capture_output=True, text=True, check=False)
    listed.unlink()
    if done.returncode:
        raise PackageBuildError(f"libraries for {architecture.value}: {done.stderr.strip()}")


def _ours(root: Path, places: list[str]) -> list[str]:
    """Our files there, without what git ignores."""
    listed = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *places]
    found = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted({name for name in found if name and (root / name).is_file()})


def _metadata(site: Path, product: Product, version: str) -> None:
    folder = site / f"{product.name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {product.name}\nVersion: {version}\n")
    (folder / "INSTALLER").write_text("dpkg\n")


def _interpreter(target: Path, product: Product) -> None:
    (target / "bin").mkdir()
    (target / "bin/python").symlink_to(INTERPRETER)
    (target / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11\n")
    module, function = product.entry
    launchers = {product.name: _LAUNCHER.format(name=product.name, module=module, function=function), MODULE: _MODULE}
    for name, text in launchers.items():
        (target / "bin" / name).write_text(text)
        (target / "bin" / name).chmod(0o755)


def compile_modules(site: Path) -> None:
    """By content and not by date, which unpacking and linking may change; the folder cannot be written in the field."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(site, quiet=2, workers=os.cpu_count() or 1, invalidation_mode=mode, stripdir=str(site))


def _facts(target: Path, product: Product, version: str) -> None:
    module, name = product.schema
    schema = getattr(import_module(module), name).newest
    facts = {"version": version, "build": _digest(target), "schema": schema, "trial": product.trial}
    (target / FACTS).write_text(json.dumps(facts, indent=1) + "\n")


def _digest(folder: Path) -> str:
    """Of every name and every byte in it."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        whole.update(str(path.relative_to(folder)).encode())
        if path.is_symlink():
            whole.update(os.fsencode(path.readlink()))
        elif path.is_file():
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:16]
