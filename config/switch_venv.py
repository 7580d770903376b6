"""Makes `.venv` a link to this folder, in one step, and removes those that are neither this nor the one before."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE


def switch(new: Path, link: Path = Path(".venv")) -> None:
    """Switches.

    Args:
        new: a folder in `.venvs`.
        link: what everybody calls it by. From before there were several it may be a folder itself: the two names are
            then exchanged, which the kernel does in one step, and it is kept among the others.

    Raises:
        OSError: nothing was switched.
    """
    was = link.resolve() if link.is_symlink() else None
    fresh = new.parent / ".link"
    fresh.unlink(missing_ok=True) if fresh.is_symlink() or not fresh.exists() else shutil.rmtree(fresh)
    fresh.symlink_to(new if link.parent == Path() else new.absolute())
    if link.is_dir() and not link.is_symlink():
        _exchange(fresh, link)
        was = new.parent / "before"
        shutil.rmtree(was, ignore_errors=True)
        fresh.rename(was)
    else:
        fresh.replace(link)
    for folder in new.parent.iterdir():
        if folder.resolve() not in {new.resolve(), was.resolve() if was else None}:
            shutil.rmtree(folder, ignore_errors=True)


def _exchange(one: Path, other: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        error = ctypes.get_errno()
        raise OSError(error, f"{os.strerror(error)}; remove .venv by hand and run this again", str(other))


if __name__ == "__main__":
    switch(Path(sys.argv[1]))
