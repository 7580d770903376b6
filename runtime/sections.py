"""What the sections of a settings file are made of. Each package declares its own section; `runtime.toml_table` reads it.

Three kinds of mistake, in the order in which they are told:
- a value that is none: its type and `Meta` say so, and the `description` is what a technician is told to write instead;
- values that are each possible and not together: `Section.contradictions`;
- what a value names and this box does not have: the file kinds below, and `Section.on_this_box`.
"""

from __future__ import annotations

import ipaddress
import os
import pwd
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LONGEST_SOCKET = 107  # bytes; what the kernel takes as the name of a Unix socket


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where, what is wrong, what to do. `key` is a path of keys, "" for the section itself."""

    key: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: {self.wrong}; {self.remedy}"


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section of the file. The keys of the problems that it finds are relative to it."""

    def contradictions(self) -> Iterator[Problem]:
        """What is wrong between its keys."""
        yield from ()

    def on_this_box(self) -> Iterator[Problem]:
        """What it names and this box does not have, beyond the files that its types tell of."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Fits:
    """In `Annotated`: a test that msgspec's own limits cannot express."""

    test: Callable[[Any], bool]


def is_host(text: str) -> bool:
    """Whether it is an IP address, or a host name as DNS and hosts files allow it."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        labels = text.removesuffix(".").split(".")
        return len(text) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()
    return True


def is_loopback(host: str) -> bool:
    """Whether the host is this box."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def shown(text: str) -> str:
    """The text with characters named that look like others or like nothing: no-break spaces, other alphabets' letters."""
    return "".join(one if _plain(one) else f"<{character(one)}>" for one in text)


def character(one: str) -> str:
    """The name of a character, such as U+00A0 NO-BREAK SPACE."""
    return f"U+{ord(one):04X} {unicodedata.name(one, 'CONTROL CHARACTER')}"


def _plain(one: str) -> bool:
    return (one.isascii() and one.isprintable()) or unicodedata.category(one) == "Lo"


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, at least 1."""
    return max(1, round(seconds * 1_000))


Text = Annotated[str, Meta(min_length=1)]
Seconds = Annotated[float, Meta(ge=0.01, le=86_400, description="a number of seconds, 0.01 or more, such as 3 or 0.5")]
Port = Annotated[int, Meta(ge=1, le=65_535, description="a port number, 1 to 65535")]
Share = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Count = Annotated[int, Meta(ge=0, le=1_000_000, description="a whole number, 0 or more")]
Host = Annotated[str, Fits(is_host), Meta(description='a host name or address, such as "10.20.0.5"')]


@dataclass(frozen=True, slots=True)
class NamedFile:
    """In `Annotated`, beside a path: a file that must be there and can be read.

    Attributes:
        make: what to do where it is missing; {path} and {folder} are replaced.
    """

    private: ClassVar[bool] = False

    make: str = "correct the path, or put the file there"

    def lacking(self, path: Path) -> Iterator[tuple[str, str]]:
        """What is wrong and what to do."""
        mode = self._mode(path)
        if isinstance(mode, str):
            yield mode, self._remedy(path)
        elif not stat.S_ISREG(mode):
            yield f"{path} is no file", self._remedy(path)
        else:
            if self.private and mode & (stat.S_IRWXG | stat.S_IRWXO):
                yield f"{path} is open to other users", f"chmod 600 {path}"
            if not os.access(path, os.R_OK):
                yield f"{path} cannot be read", f"give it to the user that reads it: chown {_user()} {path}"

    def _mode(self, path: Path) -> int | str:
        try:
            return path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return f"{path} does not exist"
        except OSError as error:
            return f"{path} cannot be reached ({error.strerror})"

    def _remedy(self, path: Path) -> str:
        return self.make.format(path=path, folder=path.parent)


class SecretFile(NamedFile):
    """A file that only its owner may read."""

    private = True


class SecretLine(SecretFile):
    """A file that only its owner may read and whose one line is the secret."""

    def lacking(self, path: Path) -> Iterator[tuple[str, str]]:
        """What is wrong and what to do; nothing of the secret."""
        before = list(SecretFile.lacking(self, path))
        yield from before
        if not before and (wrong := not_one_line(path)):
            yield f"{path} {wrong}", self._remedy(path)


def not_one_line(path: Path) -> str:
    """Why the file is not one line of text; "" where it is. A blank at an end would belong to the secret or not."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if len(lines) != 1:
        return f"has {len(lines)} lines"
    if lines[0].startswith("\ufeff"):
        return "begins with a byte order mark"
    return "" if lines[0].strip() == lines[0] != "" else "has a blank at an end, or nothing"


class NamedFolder(NamedFile):
    """A folder that must be there."""

    def lacking(self, path: Path) -> Iterator[tuple[str, str]]:
        """What is wrong and what to do."""
        mode = self._mode(path)
        if isinstance(mode, str) or not stat.S_ISDIR(mode):
            yield f"{path} is no folder", self._remedy(path)


class PlaceInFolder(NamedFile):
    """Something that is made when it is first needed: its folder must be there."""

    def lacking(self, path: Path) -> Iterator[tuple[str, str]]:
        """What is wrong and what to do."""
        mode = self._mode(path.parent)
        if isinstance(mode, str) or not stat.S_ISDIR(mode):
            yield f"the folder {path.parent} does not exist", self._remedy(path)


class PlaceOfSocket(PlaceInFolder):
    """Where a Unix socket is made."""

    def lacking(self, path: Path) -> Iterator[tuple[str, str]]:
        """What is wrong and what to do."""
        yield from PlaceInFolder.lacking(self, path)
        if len(os.fsencode(path)) > _LONGEST_SOCKET:
            yield f"{path} is longer than {_LONGEST_SOCKET} bytes", "choose a shorter path"


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
