"""What can go wrong with a store, by what a technician must do. All are `OSError`: nothing was made durable.

StoreError(OSError)       the disk or the file; a lane goes to manual mode with a store fault (design §2.8)
├── StoreBusyError        another process has it: stop that one, or correct the path
├── StoreFullError        no room: free some; then it goes on by itself
├── StoreReadOnlyError    not writable: remount, mend the rights, or replace the medium
├── StoreMediumError      the medium refuses: read the kernel's log, replace it
├── StoreDamagedError     what is there is not what was written: keep it, move it aside by hand, begin a new one
└── StoreNewerError       written by newer software: install that, or move it aside by hand

Nothing here is repaired or moved by itself: a journal is evidence (`sqlite_store.move_aside` is the operator's action).
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path


class StoreError(OSError):
    """The store did not do what was asked, and holds what it held before."""


class StoreBusyError(StoreError):
    """Another process has the store."""


class StoreFullError(StoreError):
    """The disk has no room for one more row."""


class StoreReadOnlyError(StoreError):
    """The file or its folder cannot be written."""


class StoreMediumError(StoreError):
    """The disk answered with an input/output error."""


class StoreDamagedError(StoreError):
    """The file is not, or is no longer, what this software wrote."""


class StoreNewerError(StoreError):
    """The file was written by a newer version of this software."""


# By SQLite's primary result code (the low byte of the extended one).
_KINDS: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreFullError, "its disk is full; free some room, then it goes on by itself"),
    sqlite3.SQLITE_READONLY: (StoreReadOnlyError, "it cannot be written; look at the mount and at the file's rights"),
    sqlite3.SQLITE_CANTOPEN: (StoreReadOnlyError, "it cannot be opened; look at the mount and at the folder's rights"),
    sqlite3.SQLITE_PERM: (StoreReadOnlyError, "it may not be opened; look at the file's rights"),
    sqlite3.SQLITE_IOERR: (StoreMediumError, "its disk refuses; read the kernel's log, then replace the medium"),
    sqlite3.SQLITE_CORRUPT: (StoreDamagedError, "it is damaged; keep it, move it aside by hand, then start again"),
    sqlite3.SQLITE_NOTADB: (StoreDamagedError, "it is not a database; correct the path, or move it aside by hand"),
    sqlite3.SQLITE_BUSY: (StoreBusyError, "another program has it open for writing; stop that one"),
    sqlite3.SQLITE_LOCKED: (StoreBusyError, "another program has it locked; stop that one"),
}


def translated_sqlite_error(error: sqlite3.Error, path: Path) -> StoreError:
    """The store's own error for one of SQLite's, naming the file and the remedy."""
    code = getattr(error, "sqlite_errorcode", None) or 0
    unknown = (StoreError, "it did not take this; report it with the log")
    kind, remedy = _KINDS.get(_cause(code & 0xFF, path), unknown)
    return kind(f"store {path}: {remedy} ({error})")


_LEAST_ROOM = 256 << 10
"""With less than that SQLite cannot make the files that it needs beside a store, and calls that an error of the disk."""


def _cause(code: int, path: Path) -> int:
    """The result code that says what is wrong: a full or read-only disk answers with others, too."""
    if code not in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}:
        return code
    with suppress(OSError):
        disk = os.statvfs(path.parent)
        if disk.f_flag & os.ST_RDONLY:
            return sqlite3.SQLITE_READONLY
        if disk.f_bavail * disk.f_frsize < _LEAST_ROOM:
            return sqlite3.SQLITE_FULL
    return code


def translated_os_error(error: OSError, path: Path) -> StoreError:
    """The store's own error for one of the system's about a plain file, naming the file and the remedy."""
    if isinstance(error, StoreError):
        return error
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreFullError(f"file {path}: its disk is full; free some room, then it goes on by itself")
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return StoreReadOnlyError(f"file {path}: it cannot be written; look at the mount and at the folder's rights")
    return StoreMediumError(f"file {path}: its disk refuses; read the kernel's log, then replace the medium ({error})")
