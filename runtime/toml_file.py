"""A settings file as a whole: read, decoded, parsed, with one line for whatever keeps it from being TOML.

tomllib speaks to programmers and counts characters. What technicians' editors, shells and power cuts do to a file is
named here before it is asked: another encoding, a byte order mark, NUL bytes, invisible characters, a decimal comma.
"""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path
from typing import Any

from runtime.sections import Problem, character

_LARGEST = 1_000_000  # bytes; the largest example has 4,000
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_COMMA = re.compile(r"=\s*[-+]?\d+,\d+\s*(#.*)?$")
_TWICE = re.compile(r"Cannot (?:overwrite a value|declare .* twice)|Duplicate inline table key")
_PLACE = re.compile(r"\(at line (\d+), column \d+\)")


class TomlFileError(ValueError):
    """The file is no TOML. `problem` says why and what to do."""

    def __init__(self, wrong: str, remedy: str) -> None:
        self.problem = Problem("the file", wrong, remedy)
        super().__init__(str(self.problem))


def read_toml(path: Path, *, example: str) -> dict[str, Any]:
    """The table in the file.

    Args:
        path: the file.
        example: what to copy where there is no such file.

    Raises:
        TomlFileError: there is none, or it cannot be read, or it is not TOML.
    """
    text = _decoded(_content(path, example))
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TomlFileError(
            "has brackets nested too deeply", "no key needs more than two; correct that place"
        ) from None
    except ValueError as error:  # TOMLDecodeError, and int() of a number with thousands of digits
        raise TomlFileError(*_explained(text, str(error))) from error


def _content(path: Path, example: str) -> bytes:
    try:
        facts = path.stat()
        if stat.S_ISREG(facts.st_mode) and facts.st_size > _LARGEST:
            raise TomlFileError(
                f"has {facts.st_size} bytes", f"that is no settings file; copy {example} and fill it in"
            )
        if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)):  # a pipe would keep us waiting for ever
            raise TomlFileError("cannot be read (it is no regular file)", "give the right path with --config")
        return path.read_bytes()
    except FileNotFoundError:
        remedy = f"copy {example} there and fill it in, or give the right path with --config"
        raise TomlFileError("does not exist", remedy) from None
    except OSError as error:
        remedy = "give the right path with --config, or let the user that starts this read it"
        raise TomlFileError(f"cannot be read ({error.strerror})", remedy) from error


def _decoded(content: bytes) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        raise TomlFileError("begins with a byte order mark", "save it as UTF-8 without one (no BOM)")
    if content.startswith(_UTF_16):
        raise TomlFileError("is not UTF-8 text", "save it as UTF-8: it is UTF-16")
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise TomlFileError(f"has NUL bytes from line {line} on", "it was damaged; put a copy of it in place")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        place = f"line {line} has the byte 0x{content[error.start]:02x}"
        raise TomlFileError("is not UTF-8 text", f"save it as UTF-8: {place}") from None
    if "\r" in text.replace("\r\n", ""):
        raise TomlFileError("has lines that end in CR alone", "save it with the line ends of Unix (LF)")
    return text


def _explained(text: str, error: str) -> tuple[str, str]:
    """What is wrong and what to do, from what tomllib says and from the line it was at."""
    place = _PLACE.search(error)
    lines = text.split("\n")
    number = int(place[1]) if place else len(text.rstrip("\n").split("\n"))
    line = lines[number - 1]
    code = _QUOTED.sub("", line).split("#", 1)[0]
    if stranger := next((one for one in code if one != "\t" and not (one.isascii() and one.isprintable())), None):
        return f"has the character {character(stranger)} in line {number}", "write that line anew with plain characters"
    if _TWICE.match(error):
        return f"is not TOML: line {number} gives {_subject(line)} a second time", "remove one of the two"
    if _COMMA.search(line):
        return f"is not TOML: line {number} has a decimal comma", "write a decimal point, such as 3.5"
    return f"is not TOML: {error}", "correct that place; texts are written in quotes"


def _subject(line: str) -> str:
    """The key or the section that a line is about."""
    return line.split("=", 1)[0].strip() if "=" in line and not line.lstrip().startswith("[") else line.strip()
