"""What has changed, for every browser at once: compared, put into words and encoded once a language, however many watch.

Rules of this file:
- A browser gets everything once, then what differs, field by field. One that cannot keep up is not queued for: it gets
  everything again.
- What changes together leaves together: at most one message in `_GATHER_S`, so that a burst of many lanes is one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from console.tongues import Tongue, in_tongue
from wall.present import Plain

_GATHER_S = 0.02
_KEPT = 256
"""Messages that a slow browser may be behind before it gets everything again."""


@dataclass(slots=True)
class _Stream:
    """One language's messages: what all who listen have been told, and the last messages."""

    tongue: Tongue
    source: dict[str, dict[str, Plain]] = field(default_factory=dict)
    told: dict[str, dict[str, Plain]] = field(default_factory=dict)
    number: int = 0
    last: deque[bytes] = field(default_factory=lambda: deque(maxlen=_KEPT))


class WallFeed:
    """The changes of the point.

    Args:
        view: everything as it is: part ("tiles", "needs", "point") to key to plain data.
    """

    def __init__(self, view: Callable[[], dict[str, dict[str, Plain]]]) -> None:
        self._view = view
        self._streams: dict[Tongue, _Stream] = {}
        self._moved = asyncio.Event()
        self._handle: asyncio.TimerHandle | None = None
        self._last = 0.0

    def moved(self) -> None:
        """Something has changed: whoever listens hears of it within `_GATHER_S`."""
        if self._handle is None:
            loop = asyncio.get_running_loop()
            wait = max(0.0, self._last + _GATHER_S - loop.time())
            self._handle = loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        self._handle = None
        self._last = asyncio.get_running_loop().time()
        if not self._streams:
            return
        view = self._view()
        for stream in self._streams.values():
            _tell(stream, view)
        self._moved.set()
        self._moved = asyncio.Event()

    def all(self, tongue: Tongue) -> tuple[int, bytes]:
        """Everything, and the number of the message after which it is."""
        stream = self._streams.get(tongue)
        if stream is None:
            stream = self._streams[tongue] = _Stream(tongue)
            _tell(stream, self._view())
        return stream.number, msgspec.json.encode(stream.told)

    def after(self, tongue: Tongue, number: int) -> list[bytes] | None:
        """The messages after that one, in order; None where they are no longer kept."""
        stream = self._streams[tongue]
        missing = stream.number - number
        return None if missing > len(stream.last) else list(stream.last)[len(stream.last) - missing :]

    async def changed(self) -> None:
        """Waits until there is something new, in any language."""
        await self._moved.wait()


def _tell(stream: _Stream, view: dict[str, dict[str, Plain]]) -> None:
    """Compares with what was told; what is the same object as then has not changed and costs nothing."""
    changes: dict[str, dict[str, Plain | None]] = {}
    for part, now in view.items():
        source, told = stream.source.get(part, {}), stream.told.setdefault(part, {})
        found: dict[str, Plain | None] = dict.fromkeys(told.keys() - now.keys())
        for key in found:
            del told[key]
        for key, plain in now.items():
            if source.get(key) is not plain and (new := _changed(told, key, in_tongue(plain, stream.tongue))):
                found[key] = new
        stream.source[part] = now
        if found:
            changes[part] = found
    if changes:
        stream.number += 1
        stream.last.append(msgspec.json.encode(changes))


def _changed(told: dict[str, Plain], key: str, plain: Plain) -> Plain:
    """The fields that differ from what was told, all of them where nothing was; and from now on it is told."""
    known, told[key] = told.get(key), plain
    return plain if known is None else {name: value for name, value in plain.items() if known.get(name) != value}
