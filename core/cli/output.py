r"""What the commands print. Whatever a lane or a person supplied is text here: never markup, never a terminal's orders.

Rules of this file:
- Control characters, and those that turn or hide other text, are shown as escapes (`\\x1b`, `\\u202e`), so that no lane can
  clear the screen of the control room, colour an alarm away, or write a line that looks like ours.
- What the terminal's encoding lacks is escaped too: output never fails for what is in it.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from typing import Any

import msgspec
import typer

_KINDS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that are not letters, marks, figures, signs or blanks."""


_WHOLE = 44
"""Characters of a name, a kind or a visit's key that stays on one line."""


def shown(value: object) -> str:
    """A value as one line of visible text."""
    return "".join(one if unicodedata.category(one) not in _KINDS else _escape(one) for one in str(value))


def _escape(one: str) -> str:
    code = ord(one)
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(one) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x1_0000 else f"\\U{code:08x}"
    )


def say(text: str, *, err: bool = False) -> None:
    """Prints text of ours, whose own lines stay lines; what was put into it and may hold any text is `shown` before."""
    stream = sys.stderr if err else sys.stdout
    lines = "\n".join(map(shown, text.split("\n")))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    typer.echo(lines.encode(encoding, "backslashreplace").decode(encoding), err=err)


def say_json(value: object, *, indent: int = 0) -> None:
    """Prints a value as JSON, in ASCII: every other character is escaped as JSON does it."""
    raw = msgspec.json.encode(value)
    text = (msgspec.json.format(raw, indent=indent) if indent else raw).decode()
    typer.echo("".join(one if one.isascii() and one != "\x7f" else _json_escape(one) for one in text))


def _json_escape(one: str) -> str:
    units = one.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def print_table(columns: dict[str, Callable[[Any], object]], values: list[Any]) -> None:
    """A table, one line for each value; nothing is cut off, and no long text leaves the others no room."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    rows = [[_encodable(shown(cell(one))) for cell in columns.values()] for one in values]
    for place, name in enumerate(columns):
        whole = (not place or name == "kind") and all(len(row[place]) <= _WHOLE for row in rows)
        table.add_column(name, no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _encodable(text: str) -> str:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
