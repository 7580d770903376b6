"""Cameras that read plates themselves (ONVIF profile M, events as JSON over MQTT), as a further witness.

What such a camera says is unsigned and comes over a network: it may contradict the lane's own read, which makes the vehicle the
officer's, and never names a vehicle by itself (design §2.5). A retained message is of the past, and one whose time is not of
now counts for nothing.

The mark is the text of a member called ``PlateNumber`` or ``plate``, or of its member ``Value``; the time is ``UtcTime``
(ONVIF's analytics tree as JSON) or ``time``. Makers nest these differently, so they are looked for at any depth.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from domain.marks import HONG_KONG, family, normalise

LONGEST = 65_536
"""Bytes of a message; an object tree of a frame is far smaller."""
_DEEPEST = 24
_MARKS, _TIMES = frozenset({"platenumber", "plate"}), frozenset({"utctime", "time"})


def marks_of(payload: bytes) -> tuple[tuple[str, ...], int | None]:
    """(the Hong Kong marks named, the time of the frame in UTC ms or None); never raises: what is no such message names none."""
    if len(payload) > LONGEST:
        return (), None
    try:
        said = json.loads(payload)
        found = list(_members(said, 0))
    except (ValueError, RecursionError):
        return (), None
    marks = [normalise(text[:32]) for name, text in found if name in _MARKS]
    moments = [moment for name, text in found if name in _TIMES if (moment := _utc_ms(text)) is not None]
    return tuple(dict.fromkeys(one for one in marks if family(one) in HONG_KONG)), moments[0] if moments else None


def _members(value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """(lower-case name, text) of every member that is text, and of those whose `Value` is."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for one in value:
            yield from _members(one, depth + 1)
    elif isinstance(value, dict):
        for name, one in value.items():
            inner = one.get("Value") if isinstance(one, dict) else one
            if isinstance(inner, str):
                yield str(name).rpartition(":")[2].lower(), inner
            yield from _members(one, depth + 1)


def _utc_ms(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text[:40])
        return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1_000)
    except (ValueError, OverflowError, OSError):
        return None


class MetadataFeed:
    """The messages of one camera's topic, as a `LabelSource`: `on_message` as they arrive, `run` to be told.

    Args:
        now_ms: monotonic milliseconds.
        utc_ms: UTC milliseconds as the lane knows it best.
        silent_ms: the longest silence; a camera that sees nobody still sends its frames.
        fresh_ms: how old a frame may be.

    Attributes:
        refused: how many messages were refused, by reason.
    """

    def __init__(
        self, *, now_ms: Callable[[], int], utc_ms: Callable[[], int], silent_ms: int = 3_000, fresh_ms: int = 3_000
    ) -> None:
        self._now, self._utc = now_ms, utc_ms
        self._silent_ms, self._fresh_ms = silent_ms, fresh_ms
        self._heard_ms = 0
        self._callbacks: tuple[Callable[[str, int], None], Callable[[], None]] | None = None
        self.refused: Counter[str] = Counter()

    def on_message(self, payload: bytes, *, retained: bool) -> None:
        """A message arrived on the topic."""
        marks, moment = marks_of(payload)
        age = None if moment is None else self._utc() - moment
        if retained:
            self.refused["camera_retained"] += 1
        elif age is None:
            self.refused["camera_undated"] += 1
        elif abs(age) > self._fresh_ms:
            self.refused["camera_not_of_now"] += 1
        else:
            self._accept(marks, max(0, age))

    def _accept(self, marks: tuple[str, ...], age_ms: int) -> None:
        now = self._heard_ms = self._now()
        if self._callbacks is None:
            return
        seen, alive = self._callbacks
        alive()
        for mark in marks:
            seen(mark, now - age_ms)

    async def run(self, seen: Callable[[str, int], None], alive: Callable[[], None]) -> None:
        """Calls back for every mark and sign of life, until cancelled.

        Raises:
            TimeoutError: nothing was accepted for too long.
        """
        self._callbacks, self._heard_ms = (seen, alive), self._now()
        try:
            while (left := self._heard_ms + self._silent_ms - self._now()) >= 0:  # noqa: ASYNC110 - it waits for silence
                await asyncio.sleep((left + 1) / 1_000)
        finally:
            self._callbacks = None
        raise TimeoutError("the camera's metadata has stopped: check its MQTT settings, its clock and identifier.topic")
