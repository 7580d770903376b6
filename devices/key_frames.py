"""Which packets of a coded stream need not be decoded while nobody is in the lane. Pure: times go in.

A key frame needs no other picture; all others are differences. With nobody in the lane only key frames are decoded, and
what came since the last one is kept as it is. When a vehicle arrives, that is decoded first, quickly and unseen: the
pictures from then on are whole, and the first one comes at once instead of with the next key frame (design §2.17: nothing is trusted that stands on a picture
that was left out).
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

P = TypeVar("P")

LONGEST_MS = 2_100
"""Key frames further apart than that are too few to watch the lane by: then everything is decoded."""
CATCH_UP_MS = 300
"""What was left out is decoded for no longer than that, nor beyond the next key frame, which is then waited for. While it lasts, the
pictures that come are waiting; above half a second they would be late ones."""
_INTERVALS = 3
_MOST_BYTES = 16 * 1024 * 1024


class KeyFrames(Generic[P]):
    """The packets since the last key frame, and how often key frames come.

    Args:
        longest_ms: between two key frames, at most, for others to be left out.
    """

    def __init__(self, longest_ms: int) -> None:
        self._longest_ms = longest_ms
        self._apart: deque[int] = deque(maxlen=_INTERVALS)
        self._last_ms: int | None = None
        self._since: list[P] = []
        self._bytes = 0
        self._whole = False

    def came(self, packet: P, size: int, now_ms: int, *, key: bool, damaged: bool) -> None:
        """A packet has come: `size` bytes, damaged on its way or not."""
        if key:
            if self._last_ms is not None:
                self._apart.append(now_ms - self._last_ms)
            self._last_ms = now_ms
            self._since, self._bytes, self._whole = [], 0, True
        self._bytes += size
        self._whole = self._whole and not damaged and self._bytes <= _MOST_BYTES
        if self._whole:
            self._since.append(packet)
        else:
            self._since = []

    def regular(self, now_ms: int) -> bool:
        """Whether key frames come often enough to see the lane by them alone."""
        if self._last_ms is None or len(self._apart) < _INTERVALS:
            return False
        return max(*self._apart, now_ms - self._last_ms) <= self._longest_ms

    def behind(self, now_ms: int) -> tuple[list[P], int]:
        """The packets from the last key frame to the newest, for one who left them out, and how long decoding them may take.

        Args:
            now_ms: the time.
        """
        if not self._since or self._last_ms is None or not self._apart:
            return [], 0
        return self._since, min(CATCH_UP_MS, max(0, self._last_ms + self._apart[-1] - now_ms))

    def spent(self) -> None:
        """They took too long: the next key frame is waited for."""
        self._since, self._whole = [], False
