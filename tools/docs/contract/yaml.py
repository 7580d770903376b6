"""Plain data as YAML 1.2, always the same way; the little of YAML that a generated document needs.

Rules of this file:
- Maps and lists in block form, in the order given; texts in double quotes as JSON has them, which YAML reads alike, but
  texts of several lines as literal blocks, for people; empty maps and lists as `{}` and `[]`.
- No library for it: none of the product's reads or writes YAML, and one that only tests needed would have to be locked
  on the box as well, since the documents are checked where the software is installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z$][A-Za-z0-9_$.-]*")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def dump(value: dict[str, Any]) -> str:
    """The document's text, ending with a newline.

    Raises:
        TypeError: a value is neither map, list, text, number, truth value nor None.
    """
    return "".join(f"{line}\n" for line in _lines(value, 0))


def _lines(value: Any, depth: int) -> Iterator[str]:
    pad = "  " * depth
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _entry(f"{pad}{_key(key)}:", one, depth)
    else:
        for one in value:
            yield from _item(pad, one, depth)


def _entry(head: str, value: Any, depth: int) -> Iterator[str]:
    if _is_branch(value):
        yield head
        yield from _lines(value, depth + 1)
    elif isinstance(value, str) and "\n" in value:
        yield f"{head} {_block_head(value)}"
        yield from _block(value, "  " * (depth + 1))
    else:
        yield f"{head} {_scalar(value)}"


def _item(pad: str, value: Any, depth: int) -> Iterator[str]:
    """A list's item: its first line stands behind the dash."""
    if not _is_branch(value):
        yield f"{pad}- {_scalar(value)}"
        return
    lines = _lines(value, depth + 1)
    yield f"{pad}- {next(lines).lstrip(' ')}"
    yield from lines


def _is_branch(value: Any) -> bool:
    return isinstance(value, dict | list | tuple) and bool(value)


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) and key.lower() not in _WORDS else json.dumps(key, ensure_ascii=False)


def _block_head(text: str) -> str:
    return "|-" if not text.endswith("\n") else "|"


def _block(text: str, pad: str) -> Iterator[str]:
    return (f"{pad}{line}" if line else "" for line in text.rstrip("\n").split("\n"))


def _scalar(value: Any) -> str:
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    if value is None or isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"{value!r} cannot stand in a document")
