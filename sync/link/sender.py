"""Sends the journal to the core: strictly in order, windowed, until the core's signed acknowledgement (design §3).

Rules of this file:
- A broker's PUBACK is not delivery (lessons 11). Rows leave the outbox on the core's contiguous acknowledgement only.
- Go-back-N: nothing is sent out of order; after a reconnect, or a silence, from the first unacknowledged row again.
- The core may ask for any range again; that moves no cursor.
- A row is late when it was sent `late_ms` ago for the first time on this connection and is not acknowledged. A long
  journal after an outage is not: each of its rows waits for its turn before it is sent.
"""

from __future__ import annotations

from sync.link.effects import SendEvents
from sync.link.limits import Limits
from wire.messages import EventsWanted


class Sender:
    """Which rows of the journal are to be sent.

    Attributes:
        last: the journal's last row.
        acknowledged: every row up to this one is committed at the core, and known here to be.
    """

    def __init__(self, limits: Limits, *, last: int, acknowledged: int) -> None:
        self._limits = limits
        self._connected = False
        self._sent = acknowledged
        self._moved_ms = 0
        self._first_sent: dict[int, int] = {}
        self.last = last
        self.acknowledged = acknowledged

    @property
    def depth(self) -> int:
        """Rows the core has not acknowledged."""
        return self.last - self.acknowledged

    @property
    def level(self) -> bool:
        """Every row has been sent; only acknowledgements are awaited."""
        return self._sent >= self.last

    def on_connected(self, now: int) -> None:
        """A new connection: from the first unacknowledged row."""
        self._connected = True
        self._first_sent.clear()
        self._rewind(now)

    def on_disconnected(self) -> None:
        """No connection: nothing is sent."""
        self._connected = False

    def on_journal_grew(self, last: int) -> None:
        """The journal's last row is `last` now."""
        self.last = max(last, self.last)

    def is_news(self, seq: int) -> bool:
        """Whether an acknowledgement of `seq` is news."""
        return seq > self.acknowledged

    def on_acknowledged(self, acknowledged: int, now: int) -> None:
        """The store's cursor is at `acknowledged` now."""
        self.acknowledged = max(acknowledged, self.acknowledged)
        self._sent = max(self._sent, self.acknowledged)
        self._first_sent = {seq: at for seq, at in self._first_sent.items() if seq > self.acknowledged}
        self._moved_ms = now

    def _rewind(self, now: int) -> None:
        self._sent = self.acknowledged
        self._moved_ms = now

    def due(self, now: int) -> SendEvents | None:
        """The rows to send now, if any."""
        if not self._connected:
            return None
        if self._sent > self.acknowledged and now - self._moved_ms >= self._limits.resend_ms:
            self._rewind(now)
        last = min(self.last, self.acknowledged + self._limits.window)
        if last <= self._sent:
            return None
        if self._sent == self.acknowledged:
            self._moved_ms = now
        first, self._sent = self._sent + 1, last
        for seq in range(first, last + 1):
            self._first_sent.setdefault(seq, now)
        return SendEvents(first, last)

    def late(self, now: int) -> int:
        """How many rows are late, 0 if none is; they are the first ones after `acknowledged`."""
        if not self._connected:
            return 0
        return sum(now - at >= self._limits.late_ms for at in self._first_sent.values())

    def resend(self, wanted: EventsWanted) -> SendEvents | None:
        """The core asks for a range again; returns as much of it as exists and is allowed at once."""
        last = min(wanted.last, self.last, wanted.first + self._limits.range_rows - 1)
        return SendEvents(wanted.first, last) if wanted.first <= last and self._connected else None
