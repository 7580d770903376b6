"""The audit log in the store: `core.model.audit`'s chain, one row a line, written in the transaction of what it tells.

Rules of this file: functions that take a connection; rows are only ever added. Who adds one holds the chain until its transaction
ends, so that the last row is the head.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.ledger.row_by_row import row_by_row
from core.model.audit import LONGEST_DETAIL, START, ChainedLine, next_hash

_COLUMNS = "seq, at_ms, who, what, detail"
_LAST = b"SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
_HOLD = b"SELECT pg_advisory_xact_lock(1380925762)"

ChainHead = tuple[int, bytes]
"""Number and hash of a line, the last one."""


def append(
    connection: Any, *, at_ms: int, who: str, what: str, detail: str, after: ChainHead | None = None
) -> ChainHead:
    """Adds a line, inside the caller's transaction; returns the head that it makes.

    `after` is the head that the same transaction has made, and so holds; it is read anew where it is not given.
    """
    seq, previous = after or _held(connection)
    line = ChainedLine(seq + 1, at_ms, who, what, detail[:LONGEST_DETAIL])
    digest = next_hash(previous, line)
    connection.execute(
        f"INSERT INTO audit({_COLUMNS}, hash) VALUES (%s, %s, %s, %s, %s, %s)",  # noqa: S608 (fixed names)
        (line.seq, line.at_ms, line.who, line.what, line.detail, digest),
    )
    return line.seq, digest


def _held(connection: Any) -> ChainHead:
    """Two statements in one round trip; the second sees what was committed while the first waited."""
    if connection.pgconn.pipeline_status:
        connection.execute(_HOLD)
        return head(connection)
    done = connection.execute(_HOLD + b"; " + _LAST)
    done.nextset()
    return _head(done.fetchone())


def head(connection: Any) -> ChainHead:
    """Number and hash of the last line; 0 and the beginning's hash where there is none."""
    return _head(connection.execute(_LAST).fetchone())


def _head(row: Any) -> ChainHead:
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
