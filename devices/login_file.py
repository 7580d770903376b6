"""A camera's user and password, in a file of their own."""

from __future__ import annotations

from pathlib import Path

_HOW = "write USER:PASSWORD in one line, as they are, nothing escaped"


def read_login(file: Path) -> tuple[str, str]:
    """User and password of the file.

    Raises:
        OSError: there are none; never quotes what is there.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise OSError(f"{file}: {error.strerror}: correct camera.login_file, or put the file there") from error
    except UnicodeDecodeError:
        raise OSError(f"{file}: is no UTF-8 text: {_HOW}") from None  # its object is the file's content
    user, colon, password = lines[0].partition(":") if len(lines) == 1 else ("", "", "")
    if not (user and colon and password):
        raise OSError(f"{file}: is no login: {_HOW}")
    return user, password
