"""Writing files that matter: whole or not at all, on the disk when it returns, private where they are secret."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core.errors import SettingsError

PRIVATE = 0o600
PUBLIC = 0o644


def write_whole(path: Path, content: bytes, *, mode: int = PUBLIC) -> Path:
    """Puts a file there, or another in its place, in one step; whoever reads it sees the old one or the new one.

    Raises:
        SettingsError: it can not be written.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        raise SettingsError(
            f"{path}: can not be written ({error.strerror}); check its directory and its disk"
        ) from error
    return path


def flush_folder(folder: Path) -> None:
    """Waits until the names in this folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_secret(path: Path, what: str, remedy: str) -> bytes:
    """A private key's file, if its owner alone can read it.

    Args:
        path: the file.
        what: "signing key".
        remedy: what to do where it is missing.

    Raises:
        SettingsError: it can not be read, or others can read it.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: the {what} can not be read ({error.strerror}); {remedy}") from error
    if mode & 0o077:
        raise SettingsError(f"{path}: others can read the {what} (mode {mode:04o}); run chmod 600 on it")
    return content
