"""Rows of tables that grow for years, read a few at a time.

psycopg brings all rows of a statement into memory before it gives the first: of a search over a month 600 MB.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import count
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

_AT_A_TIME = 500
_names = count(1)


def row_by_row(
    connection: psycopg.Connection[tuple[Any, ...]], query: str, values: Sequence[object] = ()
) -> Iterator[tuple[Any, ...]]:
    """Rows as they are asked for, in a transaction: the caller's, or one that lasts until the last row or the iterator's end.

    Args:
        connection: what else it is asked meanwhile is of that transaction.
        query: one statement, its values as %s.
        values: for those.
    """
    is_idle = connection.info.transaction_status == TransactionStatus.IDLE
    with (
        connection.transaction() if is_idle else nullcontext(),
        connection.cursor(f"row_by_row_{next(_names)}") as rows,
    ):
        rows.itersize = _AT_A_TIME
        yield from rows.execute(query.encode(), values)
