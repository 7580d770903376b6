"""The audit log in the store: `core.model.audit`'s chain, one row a line, written in the transaction of what it tells.

Rules of this file: functions that take a connection; rows are only ever added. Who adds one holds the chain until its transaction
ends, so that the last row is the head.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from core.ledger.row_by_row import row_by_row
from core.model.audit import LONGEST_DETAIL, START, ChainedLine, next_hash

_COLUMNS = "seq, at_ms, who, what, detail"
_LAST = b"SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
_HELD = b"SELECT pg_advisory_xact_lock(1380925762)"
"""A statement of its own: the next one sees what was committed while this one waited."""


class AuditWords(NamedTuple):
    """A line that has no place in the chain yet."""

    at_ms: int
    who: str
    what: str
    detail: str


def append(connection: Any, *lines: AuditWords) -> None:
    """Adds lines, inside the caller's transaction."""
    connection.execute(_HELD)
    seq, digest = head(connection)
    rows = []
    for number, (at_ms, who, what, detail) in enumerate(lines, seq + 1):
        line = ChainedLine(number, at_ms, who, what, detail[:LONGEST_DETAIL])
        digest = next_hash(digest, line)
        rows.append((*msgspec.structs.astuple(line), digest))
    connection.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])


_ADD = (
    f"INSERT INTO audit({_COLUMNS}, hash) "  # noqa: S608 (fixed names)
    "SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bytea[])"
).encode()


def head(connection: Any) -> tuple[int, bytes]:
    """Number and hash of the last line; 0 and the beginning's hash where there is none."""
    return _head(connection.execute(_LAST).fetchone())


def _head(row: Any) -> tuple[int, bytes]:
    return (0, START) if row is None else (int(row[0]), bytes(row[1]))


def chain(connection: Any) -> Iterator[tuple[ChainedLine, bytes]]:
    """Every line and its hash, in order."""
    for *values, kept in row_by_row(connection, f"SELECT {_COLUMNS}, hash FROM audit ORDER BY seq"):  # noqa: S608
        yield ChainedLine(*values), bytes(kept)


CONTAINS = "ILIKE %s ESCAPE '!'"
"""Behind a column: it contains the text of `within`, in capitals or not."""


def within(text: str) -> str:
    """A text as `CONTAINS` looks for it: what LIKE takes for a pattern is taken as it stands."""
    return "%" + text.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"


def newest(connection: Any, *, most: int, text: str = "") -> list[ChainedLine]:
    """The latest lines that name a text (a person, a number, a mark), newest first; all of them for ""."""
    anywhere = within(text)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM audit WHERE who {CONTAINS} OR what = %s OR detail {CONTAINS} "  # noqa: S608
        "ORDER BY seq DESC LIMIT %s",
        (anywhere, text, anywhere, most),
    )
    return [ChainedLine(*row) for row in rows]
