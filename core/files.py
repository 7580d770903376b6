"""The core's key and certificate files: written whole, private where they are secret; errors name the remedy."""

from __future__ import annotations

import stat
from pathlib import Path

from core.errors import CoreSettingsError
from runtime import files
from runtime.files import PUBLIC


def write_whole(path: Path, content: bytes, *, mode: int = PUBLIC) -> Path:
    """As `runtime.files.write_whole`.

    Raises:
        CoreSettingsError: it cannot be written.
    """
    try:
        return files.write_whole(path, content, mode=mode)
    except OSError as error:
        raise CoreSettingsError(
            f"{path}: cannot be written ({error.strerror}); check its directory and its disk"
        ) from error


def read_secret(path: Path, what: str, remedy: str) -> bytes:
    """A private key's file, if its owner alone can read it.

    Args:
        path: the file.
        what: "signing key".
        remedy: what to do where it is missing.

    Raises:
        CoreSettingsError: it cannot be read, or others can read it.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except OSError as error:
        raise CoreSettingsError(f"{path}: the {what} cannot be read ({error.strerror}); {remedy}") from error
    if mode & 0o077:
        raise CoreSettingsError(f"{path}: others can read the {what} (mode {mode:04o}); run chmod 600 on it")
    return content
