"""Libraries without what only a linker or a debugger wants, as Debian's own packages have them; wheels come with it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

from tools.package.lock import PackageBuildError
from tools.package.products import Architecture

_LOAD = 1


def strip_symbols(site: Path, architecture: Architecture) -> None:
    """Strips every library below a folder; one that could not be loaded any more stays as it was.

    Raises:
        PackageBuildError: Debian's `strip` for this architecture is not installed, or does not understand a library.
    """
    tool = architecture.tools + "strip"
    if shutil.which(tool) is None:
        raise PackageBuildError(f"{tool} is not installed; config/debian-packages.txt names its package")
    for library in sorted(site.rglob("*.so*")):
        if library.is_file() and not library.is_symlink():
            _strip(tool, library)


def _strip(tool: str, library: Path) -> None:
    stripped = library.with_name(library.name + ".stripped")
    command = [tool, "--strip-unneeded", "-o", str(stripped), str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageBuildError(f"{tool}: {done.stderr.strip()}")
    if loadable(stripped):
        stripped.replace(library)
    else:
        stripped.unlink()


def loadable(library: Path) -> bool:
    """Whether the loader can map every segment of a 64-bit library (System V ABI, "Program Header").

    `auditwheel` moves segments of what it puts into a wheel, and `strip` then writes some of them where no page begins.
    """
    with library.open("rb") as file:
        start = file.read(64)
        (table,) = struct.unpack_from("<Q", start, 32)
        size, count = struct.unpack_from("<HH", start, 54)
        file.seek(table)
        headers = file.read(size * count)
    for at in range(0, size * count, size):
        kind, offset, address, align = struct.unpack_from("<I4xQQ24xQ", headers, at)
        if kind == _LOAD and align > 1 and (address - offset) % align:
            return False
    return True
