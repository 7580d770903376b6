"""Our log lines in the journal of systemd, with a priority, fields, and the identifier of what they are about.

Rules of this file:
- Where systemd reads our error output (JOURNAL_STREAM names it), lines go to its socket in its native form, so that
  `journalctl -p err`, `journalctl -t rocars-lane ALARM_PRIORITY=high` and `journalctl -x` work. Anywhere else they go to the
  error output as before.
- A MESSAGE_ID is made from a name by SHA-256, so that it never changes and needs no register; `message_id` is the one place.
  `config/rocars.catalog` explains them (`journalctl -x`), and is written from the table of alarms.
- A journal that does not take a line costs that line, never the caller: the error output gets it.
- A few lines of socket code instead of systemd's own binding, which needs a compiler and headers on every box.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from domain.alarm_traits import Priority

JOURNAL: Final = Path("/run/systemd/journal/socket")
_PRIORITIES: Final = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.NOTSET, 7),
)
_FIELDS = "journal_fields"
OF_CORE: Final = "core/"
"""Before the name of an alarm that the core raises itself: a lane's may be called the same."""


LEVELS: Final = {
    Priority.URGENT: logging.CRITICAL,
    Priority.HIGH: logging.ERROR,
    Priority.MEDIUM: logging.WARNING,
    Priority.LOW: logging.INFO,
}
"""How an alarm of each priority is logged."""


def message_id(name: str) -> str:
    """The MESSAGE_ID of what is called so: 32 hexadecimal digits, the same for ever."""
    return hashlib.sha256(b"rocars/message/" + name.encode()).hexdigest()[:32]


def told_people(name: str, **fields: str) -> dict[str, Any]:
    """For `extra` of a log call: the message is about `name` (its MESSAGE_ID), with these fields."""
    return {_FIELDS: {"MESSAGE_ID": message_id(name), **fields}}


def priority(level: int) -> int:
    """Syslog's priority of a log level: 2 critical, 3 error, 4 warning, 6 info, 7 debug."""
    return next(value for least, value in _PRIORITIES if level >= least)


def encoded(fields: Mapping[str, str]) -> bytes:
    """Fields in journald's native form; one whose text has several lines goes with its length."""
    out = bytearray()
    for name, text in fields.items():
        raw = text.encode("utf-8", "replace")
        if b"\n" in raw:
            out += name.encode() + b"\n" + len(raw).to_bytes(8, "little") + raw + b"\n"
        else:
            out += name.encode() + b"=" + raw + b"\n"
    return bytes(out)


class JournalHandler(logging.Handler):
    """Sends each record to the journal.

    Args:
        identifier: SYSLOG_IDENTIFIER, by which `journalctl -t` finds it.
        address: the journal's socket.
    """

    def __init__(self, identifier: str, address: Path = JOURNAL) -> None:
        super().__init__()
        self._identifier = identifier
        self._address = str(address)
        self._out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        text = record.name
        try:
            text = self.format(record)
            fields = {
                "MESSAGE": text,
                "PRIORITY": str(priority(record.levelno)),
                "SYSLOG_IDENTIFIER": self._identifier,
                "LOGGER": record.name,
                "CODE_FILE": record.pathname,
                "CODE_LINE": str(record.lineno),
                "CODE_FUNC": record.funcName or "",
                **getattr(record, _FIELDS, {}),
            }
            self._out.sendto(encoded(fields), self._address)
        except OSError:
            sys.stderr.write(f"{text}\n")
        except Exception:  # noqa: BLE001 -- as every handler of the library: a line that cannot be formed ends nobody
            self.handleError(record)

    def close(self) -> None:
        """Gives the socket back."""
        self._out.close()
        super().close()


def is_journal(environment: Mapping[str, str] | None = None, stream: int = 2) -> bool:
    """Whether systemd's journal reads this stream: it names the stream's device and inode in JOURNAL_STREAM."""
    named = (os.environ if environment is None else environment).get("JOURNAL_STREAM", "")
    try:
        seen = os.fstat(stream)
    except OSError:
        return False
    return named == f"{seen.st_dev}:{seen.st_ino}"


def log_for_people(identifier: str, level: int = logging.INFO) -> None:
    """Sets the process' log up: the journal where systemd reads us, otherwise lines on the error output."""
    if is_journal() and JOURNAL.exists():
        handler: logging.Handler = JournalHandler(identifier)
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
