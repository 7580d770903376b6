"""A network camera's address as settings have it, and its login, in a file of their own: no settings, argument or log has a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from runtime.sections import Problem, is_host, shown

_HOW = "write USER:PASSWORD in one line, as they are, nothing escaped"
_SECRET = re.compile(r"[?&;/](pass\w*|pwd|psw|pw|token|secret|auth|key|sig)=(?!\{password\})[^&;/]", re.IGNORECASE)


def has_host(url: str) -> bool:
    """Whether a URL names a host, and no port that does not exist."""
    try:
        parts = urlsplit(url)
        return parts.port != 0 and is_host(parts.hostname or "")
    except ValueError:  # the port is no number, or above 65535
        return False


def has_secret(url: str) -> bool:
    """Whether a URL carries a user, a password, or what looks like one; places for them are none."""
    login, at, _ = url.partition("://")[2].rpartition("@")
    return bool(at and login != "{user}:{password}") or _SECRET.search(url) is not None


def url_problems(url: str, schemes: tuple[str, ...], fits: str, login_file: Path | None) -> Iterator[Problem]:
    """What is wrong with a camera's `url`, the first thing alone.

    Args:
        url: of the stream.
        schemes: how it may begin, such as "rtsp://".
        fits: what it is if it does, such as "does not fit kind rtsp".
        login_file: where its login is.
    """
    if strangers := [one for one in url if one == " " or not (one.isascii() and one.isprintable())]:
        named = "a blank" if strangers[0] == " " else shown(strangers[0])
        yield Problem("url", f"has {named} in it", "remove it; in a name or password a blank is written %20")
    elif not url.startswith(schemes):
        yield Problem("url", fits, f'write url = "{schemes[0]}..."')
    elif has_secret(url):
        remedy = (
            "put USER:PASSWORD into a file, chmod 600, and name it as login_file; a url that carries them elsewhere has "
            "{user} and {password} in their places, and an @ of a path is written %40"
        )
        yield Problem("url", "has a login in it, which would stand in logs and on the page", remedy)
    elif ("{user}" in url or "{password}" in url) and login_file is None:
        yield Problem("login_file", "is missing, and the url has a place for it", "name a file with USER:PASSWORD")
    elif not has_host(url):
        remedy = f'write url = "{schemes[0]}HOST/..."'
        yield Problem("url", "names no host, or a port that does not exist", remedy)


def login_problems(login_file: Path | None) -> Iterator[Problem]:
    """What is wrong with what is in that file, where there is one: whether it is there its type tells."""
    if login_file is not None and login_file.is_file():
        try:
            read_login(login_file)
        except OSError as problem:
            wrong, _, remedy = str(problem).partition(": ")[2].rpartition(": ")
            yield Problem("login_file", f"{login_file} {wrong}", remedy)


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


def with_login(url: str, user: str, password: str) -> str:
    """The URL with the login, quoted already, in the places it keeps for it, or else before the host."""
    if "{password}" in url:
        return url.replace("{user}", user).replace("{password}", password)
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc}"))
