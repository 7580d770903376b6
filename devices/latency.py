"""How long the reader takes for a picture: the last few hundred, in quantiles."""

from __future__ import annotations

from collections import deque

KEPT = 500
"""Pictures: a minute with a visit, four without one."""


class PictureTimes:
    """Durations of the last pictures.

    >>> pace = PictureTimes()
    >>> for ms in range(1, 101):
    ...     pace.add(ms)
    >>> pace.quantiles()
    (50, 99)
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._taken: deque[int] = deque(maxlen=kept)

    def add(self, ms: int) -> None:
        """One picture took so many milliseconds."""
        self._taken.append(ms)

    def quantiles(self) -> tuple[int, int] | None:
        """The median and the 99th percentile, in milliseconds; None before the first."""
        ordered = sorted(self._taken)
        if not ordered:
            return None
        half, most = (ordered[-(-len(ordered) * share // 100) - 1] for share in (50, 99))
        return half, most
