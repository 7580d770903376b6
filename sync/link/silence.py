"""How long a connection may go without word from the core before the next broker is tried.

Rules of this file:
- The first time, no longer than a proof counts: a half-open link, or a broker that lost the core, is left within 3 s,
  whatever TCP and the keepalive still believe. With one broker only, walking on means to connect to it again.
- Each further time in vain, twice as long, up to a limit, and not in step with other lanes: when it is the core that is
  gone, hundreds of lanes must not wear the brokers out by walking in circles.
"""

from __future__ import annotations

from collections.abc import Callable

from sync.link.limits import Limits


class Silence:
    """Measures it.

    Args:
        limits: `walk_ms` and `walk_max_ms`.
        entropy: `entropy(n)` gives n random bytes.
        now: the monotonic clock, ms.
    """

    def __init__(self, limits: Limits, entropy: Callable[[int], bytes], now: int) -> None:
        self._limits = limits
        self._entropy = entropy
        self._since = now
        self._bearable = limits.walk_ms

    def connected(self, now: int) -> None:
        """A connection is up: it is given its time."""
        self._since = now

    def heard(self, now: int) -> None:
        """A proof came, or a part of an answer to a question of this connection: nobody can have kept that in store."""
        self._since = now
        self._bearable = self._limits.walk_ms

    def over(self, now: int) -> bool:
        """Whether it is time to walk on; if so, the next silence is borne longer."""
        if now - self._since < self._bearable:
            return False
        self._since = now
        longer = min(2 * self._bearable, self._limits.walk_max_ms)
        self._bearable = longer * (768 + self._entropy(1)[0]) // 1_024  # 75 to 100 %
        return True
