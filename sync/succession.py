"""The names that a store's journal has had, and the chain of each (design §2.16).

Rules of this file:
- A journal that the core contradicts is not mended: the store is an older copy, or somebody changed it. It gets another
  name, and with it another chain; numbers at the core begin at 1 again, so no row and no visit key is ever named twice.
- Rows that the core had acknowledged stay in the chain of the old name. All later ones are carried over into the new
  chain, body for body, and sent under it: what was recorded is not lost. The core knows by its boot and body a row
  that it had already.
- The old chain stays as it is, and can still be proved: carried rows have their new hashes in a table of their own.
- Numbers here are the store's own, through all names; `base` is how far the core's number of a row lies below.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass

from runtime.store_errors import StoreDamagedError
from wire.hashes import journal_next, journal_start


@dataclass(frozen=True, slots=True)
class JournalName:
    """One name of the journal.

    Attributes:
        number: 1 for the first.
        journal: the name, 32 hexadecimal digits.
        base: the store's rows up to this one are not in its chain; row `base + 1` is row 1 at the core.
        first: the first row that was written under it; those between are carried over.
        why: why the one before was given up, "" for the first.
    """

    number: int
    journal: str
    base: int
    first: int
    why: str


def names(connection: sqlite3.Connection) -> list[JournalName]:
    """Every name the journal has had, in order.

    Raises:
        StoreDamagedError: there is none, or one is not what was written.
    """
    found = connection.execute("SELECT number, journal, base, first, why FROM journals ORDER BY number").fetchall()
    if not found:
        raise StoreDamagedError("the journal's names are missing; move the store aside by hand")
    return [_name(row) for row in found]


def _name(values: tuple[object, ...]) -> JournalName:
    match values:
        case (int(number), str(journal), int(base), int(first), str(why)):
            return JournalName(number, journal, base, first, why)
        case _:
            raise StoreDamagedError(f"the journal's name {values[0]} is not what was written")


def carried(connection: sqlite3.Connection, journal: str, first: int, last: int) -> dict[int, tuple[bytes, bytes]]:
    """(previous, hash) of the rows carried over into this chain, by their number in the store."""
    sql = "SELECT seq, previous, hash FROM carried WHERE journal = ? AND seq BETWEEN ? AND ?"
    return {seq: (previous, digest) for seq, previous, digest in connection.execute(sql, (journal, first, last))}


def begin(connection: sqlite3.Connection, *, acknowledged: int, last: int, why: str) -> JournalName:
    """Gives the journal another name, inside the caller's transaction.

    Args:
        connection: the store's.
        acknowledged: the rows up to this one are at the core.
        last: the last row there is.
        why: what the core contradicted, for people.
    """
    number = names(connection)[-1].number + 1
    name = JournalName(number, secrets.token_hex(16), acknowledged, last + 1, why)
    values = (name.number, name.journal, name.base, name.first, name.why)
    connection.execute("INSERT INTO journals VALUES (?, ?, ?, ?, ?)", values)
    previous = journal_start(name.journal)
    rows = connection.execute("SELECT seq, boot, body FROM journal WHERE seq > ? ORDER BY seq", (acknowledged,))
    for seq, boot, body in rows.fetchall():
        digest = journal_next(previous, seq - name.base, boot, body)
        connection.execute("INSERT INTO carried VALUES (?, ?, ?, ?)", (name.journal, seq, previous, digest))
        previous = digest
    connection.execute("UPDATE meta SET value = ? WHERE name = 'journal'", (name.journal,))
    connection.execute("UPDATE journal_head SET hash = ?", (previous,))
    connection.execute("UPDATE outbox SET acknowledged = ?", (acknowledged,))
    connection.execute("DELETE FROM receipt")
    return name
