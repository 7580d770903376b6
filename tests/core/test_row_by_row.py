"""Tables that grow for years are read a few rows at a time."""

from __future__ import annotations

from itertools import islice
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from core.ledger.row_by_row import row_by_row

FAILS_LATE = "SELECT 1 / (5000 - n) FROM generate_series(1, 6000) AS n"
"""The server cannot give the row 5000, nor any after it."""


def test_the_first_rows_come_before_the_last_are_worked_out(core: Any) -> None:
    """Whoever stops early never hears of the others."""
    assert len(list(islice(row_by_row(core.store.connection, FAILS_LATE), 100))) == 100
    with pytest.raises(psycopg.errors.DivisionByZero):
        list(row_by_row(core.store.connection, FAILS_LATE))


def test_one_that_is_left_early_leaves_no_transaction_open(core: Any) -> None:
    """Else the next one to write would find one."""
    rows = row_by_row(core.store.connection, "SELECT n FROM generate_series(1, 6000) AS n")
    assert next(rows) == (1,)
    rows.close()  # type: ignore[attr-defined]  # a generator
    assert core.store.connection.info.transaction_status is TransactionStatus.IDLE


def test_two_at_once_within_a_transaction_end_in_any_order(core: Any) -> None:
    """A proof asks while a search goes on."""
    with core.store.transaction():
        one, two = (row_by_row(core.store.connection, "SELECT n FROM generate_series(1, 700) AS n") for _ in range(2))
        assert (next(one), next(two)) == ((1,), (1,))
        assert len(list(one)) == 699
        assert len(list(two)) == 699
