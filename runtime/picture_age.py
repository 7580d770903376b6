"""How old the pictures of a stream are, and which of them show what was really seen. Pure: stamps and times go in.

A stream's time stamps tell how far apart its pictures were taken, and the box's clock how far apart they came. The
picture that came with the least delay is the measure: whatever another one took longer, it is late by. What camera,
encoder and line take at the very least is in no stamp; `LEAST_MS` allows for it.
"""

from __future__ import annotations

from collections import deque
from statistics import median

LATE_MS = 500
"""A picture that is later than this says nothing about the lane now (design §2.17)."""
LEAST_MS = 300
"""From the light to the box with nothing in the way: exposure, encoder and network of a surveillance camera."""
CALM_MS = 500
"""A connection begins with what the camera had in store, as fast as the line carries it. Until for so long no picture
has come with a plainly smaller delay, the ages are not known."""
_PLAINLY_MS = 50
_CREEP = 200e-6
"""Two quartz clocks drift apart by no more; without it, every stream would seem to grow late within hours."""
_FEW = 10
_SLOWER = 1.15
"""How much slower than its own best pace a stream without stamps may be: what the jitter of ten pictures amounts to."""
_SKIPS = 1.8
"""Two pictures further apart than so many usual steps have lost one between them."""


class StampedAge:
    """By the stream's own time stamps (RTP, MPEG-TS, a driver's)."""

    def __init__(self) -> None:
        self._base: float | None = None
        self._lowest = 0.0
        self._last_ms = 0
        self._calm_since = 0

    def lag_ms(self, stamp_ms: float | None, received_ms: int) -> int | None:
        """How much later than the quickest picture this one came; None while that is not known, or without a stamp."""
        if stamp_ms is None:
            return None
        delay = received_ms - stamp_ms
        if self._base is None:
            self._base = self._lowest = delay
            self._calm_since = received_ms
        else:
            self._base += (received_ms - self._last_ms) * _CREEP
        if delay < self._base:
            if delay < self._base - _PLAINLY_MS:
                self._calm_since = received_ms
            self._base = delay
            self._lowest = min(self._lowest, delay)
        self._last_ms = received_ms
        return round(delay - self._base) if received_ms - self._calm_since >= CALM_MS else None

    def age_ms(self, stamp_ms: float, now_ms: int) -> int | None:
        """How late a picture is that came before and has been decoded now; None while that is not known."""
        if self._base is None or self._last_ms - self._calm_since < CALM_MS:
            return None
        return max(0, round(now_ms - stamp_ms - self._base))

    @property
    def crept_ms(self) -> float:
        """By how much the clocks seem to have drifted apart. A line that is a little too slow looks the same."""
        return 0.0 if self._base is None else self._base - self._lowest


class PacedAge:
    """By the stream's pace, for one without stamps (MJPEG over HTTP): its quickest ten pictures are the measure.

    It finds a line that has become too slow for the stream, not one that was too slow from the beginning; nor does it
    know the age of a picture. What bounds that is the age of the connection (`Shot.earliest_ms`).
    """

    def __init__(self) -> None:
        self._opened_ms: int | None = None
        self._arrivals: deque[int] = deque(maxlen=_FEW + 1)
        self._step = float("inf")
        self._lag = 0.0

    def lag_ms(self, received_ms: int) -> int | None:
        """By how much the pictures since the connection began are behind that pace; None while that is not known."""
        if self._opened_ms is None:
            self._opened_ms = received_ms
        if received_ms - self._opened_ms < CALM_MS:
            return None
        if self._arrivals:
            self._lag = max(0.0, self._lag + received_ms - self._arrivals[-1] - self._step * _SLOWER)
        self._arrivals.append(received_ms)
        if len(self._arrivals) > _FEW:
            self._step = min(self._step, (self._arrivals[-1] - self._arrivals[0]) / _FEW)
        return round(self._lag)


class Wholeness:
    """Which pictures of a compressed stream show what was seen, and not what the decoder made of lost data.

    A picture that is coded as the difference to the one before is as wrong as that one. After a loss nothing is trusted
    until the next key frame. Decoders hide losses and say nothing: what tells are a gap between the stamps of two
    pictures, a packet that the transport marks as damaged, and a decoder that refuses one or fills in.
    """

    def __init__(self) -> None:
        self._broken = True  # a stream that is joined in the middle
        self._steps: deque[float] = deque(maxlen=2 * _FEW)
        self._last: float | None = None

    def lost(self) -> None:
        """Something of the stream is missing or damaged."""
        self._broken = True

    def rested(self) -> None:
        """Pictures were left out on purpose: nothing is trusted until a key frame, and how far apart pictures are stays known."""
        self._broken, self._last = True, None

    def trusts(self, stamp_ms: float | None, *, key: bool, damaged: bool = False) -> bool:
        """Whether this picture, the next one, can be trusted.

        Args:
            stamp_ms: its time stamp, None without one.
            key: it needs no other picture.
            damaged: the decoder filled in what it lacked.
        """
        if self._skipped(stamp_ms):
            self._broken = True
        if key:
            self._broken = False
        if damaged:
            self._broken = True
        return not self._broken

    def _skipped(self, stamp_ms: float | None) -> bool:
        last, self._last = self._last, stamp_ms
        if stamp_ms is None or last is None:
            return False
        step = stamp_ms - last
        skipped = step <= 0 or (len(self._steps) >= _FEW // 2 and step > _SKIPS * median(self._steps))
        if step > 0:
            self._steps.append(step)
        return skipped
