"""What is not lodged yet, and what was lodged together: drafts, templates and batches, in the store.

Rules of this file: functions that take a connection, inside the caller's transaction. A draft belongs to the account that saved
it, as a template belongs to its signatory (seed 004); nothing in it is checked until it is lodged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from core.errors import RefusedError
from core.model.consignment import CargoInformation
from core.model.refusals import refusal
from core.office.answers import Draft
from domain.times import DAY_MS

LARGEST_DRAFT = 256 << 10
LONGEST_NAME = 64
MOST_IN_BATCH = 999
"""Consignments of one upload (seed 004)."""

BATCH_DAYS = 14
"""How long an uploaded batch is kept (seed 004), and a CCRN is valid."""


def save_draft(connection: Any, account: str, name: str, *, form: dict[str, Any], template: bool, now_ms: int) -> None:
    """Keeps a draft, in place of one of the same name.

    Raises:
        RefusedError: it has no name, or is too large.
    """
    if not name.strip() or len(name) > LONGEST_NAME:
        raise RefusedError(refusal("draft_unnamed"))
    body = msgspec.json.encode(form)
    if len(body) > LARGEST_DRAFT:
        raise RefusedError(refusal("draft_too_large", length=f"{len(body):,}", most=f"{LARGEST_DRAFT:,}"))
    connection.execute(
        "INSERT INTO drafts(account, name, template, body, saved_ms) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT(account, name) DO UPDATE SET template = excluded.template, body = excluded.body, "
        "saved_ms = excluded.saved_ms",
        (account, name, int(template), body, now_ms),
    )


def drafts(connection: Any, account: str, text: str = "") -> list[Draft]:
    """An account's drafts whose name or contents hold a text, newest first."""
    rows = connection.execute(
        "SELECT name, template, body, saved_ms FROM drafts WHERE account = %s ORDER BY saved_ms DESC, name", (account,)
    )
    return [
        Draft(name=name, template=bool(template), form=msgspec.json.decode(body), saved_ms=saved_ms)
        for name, template, body, saved_ms in rows
        if text in name or text in bytes(body).decode()
    ]


def drop_draft(connection: Any, account: str, name: str) -> None:
    """Throws a draft away.

    Raises:
        RefusedError: the account has none of that name.
    """
    gone = connection.execute("DELETE FROM drafts WHERE account = %s AND name = %s", (account, name)).rowcount
    if not gone:
        raise RefusedError(refusal("draft_unknown", name=name))


def digest_of(cargo: Sequence[CargoInformation]) -> bytes:
    """What makes two batches the same: their contents, in order."""
    return hashlib.sha256(msgspec.msgpack.encode(cargo)).digest()


def lodged_before(connection: Any, party: str, batch: str, digest: bytes, *, now_ms: int) -> tuple[str, ...]:
    """The CCRNs of a batch that was lodged before under this number; none where it was not. Old batches go.

    Raises:
        RefusedError: it was, with other contents.
    """
    connection.execute("DELETE FROM batches WHERE at_ms < %s", (now_ms - BATCH_DAYS * DAY_MS,))
    row = connection.execute(
        "SELECT digest, ccrns FROM batches WHERE party = %s AND batch = %s", (party, batch)
    ).fetchone()
    if row is None:
        return ()
    ccrns = tuple(row[1].split())
    if bytes(row[0]) != digest:
        raise RefusedError(refusal("batch_differs", batch=batch, count=len(ccrns), first=ccrns[0]))
    return ccrns


def keep_batch(connection: Any, party: str, batch: str, *, digest: bytes, ccrns: Sequence[str], now_ms: int) -> None:
    """Remembers a batch that was lodged."""
    connection.execute(
        "INSERT INTO batches(party, batch, digest, ccrns, at_ms) VALUES (%s, %s, %s, %s, %s)",
        (party, batch, digest, " ".join(ccrns), now_ms),
    )
