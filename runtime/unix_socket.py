"""A listening Unix socket of this box, and the stale one in its place removed."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path


def listening(path: Path, *, whose: str) -> socket.socket:
    """A listening socket that only this user may connect to; in a folder that gives its group on, that group as well.

    Args:
        path: of the socket; a stale one is removed.
        whose: names it in messages: "the screens' socket".

    Raises:
        OSError: another process listens there, or it is no place for a socket; the text says what to do.
    """
    _remove_stale(path, whose)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        shared = path.parent.stat().st_mode & stat.S_ISGID  # whoever connects runs as a user of its own
        path.chmod(0o660 if shared else 0o600)  # nobody can connect before `listen`
        listener.listen(8)
    except OSError as error:
        listener.close()
        raise OSError(
            f"{whose} {path} cannot be made ({error}): its folder must exist and be writable, and the path at most 107 bytes long"
        ) from error
    listener.setblocking(False)
    return listener


def _remove_stale(path: Path, whose: str) -> None:
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise OSError(f"{path} is not a socket: choose another path for {whose}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise OSError(f"{path} is in use ({error}): stop the other agent first") from error
    raise OSError(f"another agent (not process {os.getpid()}) listens at {path}: stop it first")
