"""The tables of the centre's database, as numbered files of plain SQL.

Rules of this file:
- A file that has been released is never edited: the database keeps each one's hash, and a core whose file says something
  else does not start. What changes is the next file.
- A file runs once, whole, in one transaction.
- Their numbers go on from the forms of the SQLite file that the core had before (1 to 11), so that no version that knows only that
  one is gone back to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.resources import files

import msgspec


class SqlFile(msgspec.Struct, frozen=True):
    """One file; `digest` is the SHA-256 of its bytes in hexadecimal digits."""

    number: int
    name: str
    text: str
    digest: str


def _read() -> Sequence[SqlFile]:
    found = sorted((one for one in files(__name__).iterdir() if one.name.endswith(".sql")), key=lambda one: one.name)
    return [
        SqlFile(
            int(one.name[:4]), one.name, one.read_text(encoding="utf-8"), hashlib.sha256(one.read_bytes()).hexdigest()
        )
        for one in found
    ]


SQL_FILES: Sequence[SqlFile] = _read()
"""In the order in which they run."""
