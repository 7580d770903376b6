"""The newest picture of each lane, and the stream that brings those of the whole point to a browser.

Rules of this file:
- One connection a browser, not one request a picture: what is new goes out together, ten times a second at most. A browser
  that is slow gets the newest picture of each lane later, never an older one.
- A picture carries when it was taken; the page greys what is old.

A frame of the stream: one byte, the length of the lane's name; the name; 8 bytes, UTC ms; 4 bytes, the length of the JPEG; the
JPEG. Numbers are big-endian.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

_GATHER_S = 0.1
_TIMES = struct.Struct(">QI")


@dataclass(slots=True)
class PictureBoard:
    """The newest pictures.

    Attributes:
        newest: lane to the number of its picture here, when it was taken, and the JPEG.
    """

    newest: dict[str, tuple[int, int, bytes]] = field(default_factory=dict)
    _number: int = 0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    def put(self, lane: str, jpeg: bytes, at_ms: int) -> None:
        """A lane's newest picture."""
        self._number += 1
        self.newest[lane] = self._number, at_ms, jpeg
        self._moved.set()

    async def stream(self) -> AsyncIterator[bytes]:
        """All pictures, then what is new; ends when the board is closed."""
        sent = 0
        while not self._closed:
            fresh = [(lane, at_ms, jpeg) for lane, (number, at_ms, jpeg) in self.newest.items() if number > sent]
            sent = self._number
            if fresh:
                yield b"".join(_frame(*one) for one in fresh)
            await asyncio.sleep(_GATHER_S)
            self._moved.clear()
            if self._number == sent:
                await self._moved.wait()

    def close(self) -> None:
        """Ends every stream."""
        self._closed = True
        self._moved.set()


def _frame(lane: str, at_ms: int, jpeg: bytes) -> bytes:
    name = lane.encode()
    return bytes([len(name)]) + name + _TIMES.pack(at_ms, len(jpeg)) + jpeg
