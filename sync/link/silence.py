"""How long a connection may go without hearing from the core before the next broker is tried.

Rules of this file:
- The first time, no longer than a proof counts: a half-open link, or a broker that lost the core, is left within 3 s,
  whatever TCP and the keepalive still believe. With one broker only, the next broker is the same one again.
- Each further time in vain, twice as long, up to a limit, and not in step with other lanes: when it is the core that is
  gone, hundreds of lanes must not wear the brokers out by going round them in step.
"""

from __future__ import annotations

from collections.abc import Callable

from sync.link.limits import Limits


class Silence:
    """Measures the silence of the core.

    Args:
        limits: `silence_ms` and `silence_max_ms`.
        entropy: `entropy(n)` gives n random bytes.
        now: the monotonic clock, ms.
    """

    def __init__(self, limits: Limits, entropy: Callable[[int], bytes], now: int) -> None:
        self._limits = limits
        self._entropy = entropy
        self._since = now
        self._limit = limits.silence_ms

    def on_connected(self, now: int) -> None:
        """A connection is up: its silence begins now."""
        self._since = now

    def on_heard(self, now: int) -> None:
        """A proof arrived, or part of an answer to this connection's own request: neither can be a replay."""
        self._since = now
        self._limit = self._limits.silence_ms

    def expired(self, now: int) -> bool:
        """Whether to try the next broker; if so, the next silence may last longer."""
        if now - self._since < self._limit:
            return False
        self._since = now
        longer = min(2 * self._limit, self._limits.silence_max_ms)
        self._limit = longer * (768 + self._entropy(1)[0]) // 1_024  # 75 to 100 %
        return True
