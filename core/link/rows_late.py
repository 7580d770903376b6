"""Journal rows that a lane has, by the head that its nonces name, and that do not arrive (design §3).

Rules of this file:
- Late is what was named `LATE_MS` ago and is not committed here. A row in quarantine is committed.
- A lane that comes back with a long journal is not late while at least a window of rows comes in that time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

LATE_MS = 10_000
MOVES = 64
"""Rows: what a lane sends ahead of an acknowledgement."""


@dataclass(slots=True)
class _Stream:
    """What one journal's nonces named and what was committed, over the last moments: (at, last named, committed)."""

    journal: str
    seen: deque[tuple[int, int, int]] = field(default_factory=deque)


class RowsWatch:
    """Looks at every lane's nonces."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}

    def on_nonce(self, lane: str, journal: str, *, last: int, committed: int, now_ms: int) -> int:
        """A nonce names `last` as the journal's head, and `committed` rows are here; how many are late."""
        stream = self._streams.get(lane)
        if stream is None or stream.journal != journal or (stream.seen and now_ms < stream.seen[-1][0]):
            stream = self._streams[lane] = _Stream(journal)
        seen = stream.seen
        seen.append((now_ms, last, committed))
        while len(seen) > 1 and now_ms - seen[1][0] >= LATE_MS:
            seen.popleft()
        at_ms, named, before = seen[0]
        if now_ms - at_ms < LATE_MS or committed - before >= MOVES:
            return 0
        return max(0, min(named, last) - committed)
