"""An LED board on the far side of a line: it keeps pictures, shows one, says what it shows, and has a clock of its own.

Its faults are set from outside, as a hand at the board would: dark, deaf, another picture than it was told.
"""

from __future__ import annotations

import hashlib
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from display.led.frames import BoardInfo, BoardState, FrameReader, Kind, LedLineError, LineFrame, PictureChunk, stored
from display.settings import Size

DARK = bytes(8)
MOST_PICTURES = 48
LARGEST = 4_000_000
"""Bytes that a picture may have: a board has so much memory, and no more."""


@dataclass(slots=True)
class LedBoard:
    """One board.

    Attributes:
        silent_ms: after so long without a request it shows its own face.
        deaf: it takes nothing in; `faults`: what it reports; `stuck`: it goes on showing what it shows.
        shown: since when it shows which picture, oldest first.
    """

    size: Size
    silent_ms: int = 1_000
    deaf: bool = False
    stuck: bool = False
    faults: int = 0
    start: int = 1
    shown: list[tuple[float, bytes]] = field(default_factory=lambda: [(time.monotonic(), DARK)])
    _pictures: dict[bytes, bytearray] = field(default_factory=dict)
    _whole: dict[bytes, bytes] = field(default_factory=dict)
    _own: bytes = DARK
    _heard_s: float = field(default_factory=time.monotonic)
    _frames: FrameReader = field(default_factory=FrameReader)

    @property
    def now(self) -> bytes:
        """The picture whose pixels its LEDs are driven with: the first 8 bytes of their sha256."""
        return self.shown[-1][1]

    @property
    def own(self) -> bytes:
        """The face that it shows when nobody speaks to it."""
        return self._own

    def passed(self) -> None:
        """Its own clock: nobody has spoken to it for too long."""
        if time.monotonic() - self._heard_s >= self.silent_ms / 1000 and self.now != self._own:
            self.shown.append((time.monotonic(), self._own))

    def takes(self, data: bytes) -> bytes:
        """Bytes from the line; its answers."""
        if self.deaf:
            return b""
        return b"".join(self._answer(frame).encode() for frame in self._frames.feed(data))

    def _answer(self, frame: LineFrame) -> LineFrame:
        self._heard_s = time.monotonic()
        try:
            return LineFrame(frame.kind | 0x80, frame.number, self._does(frame))
        except (LedLineError, zlib.error):
            return LineFrame(Kind.REFUSED, frame.number)

    def _does(self, frame: LineFrame) -> bytes:
        match frame.kind:
            case Kind.HELLO:
                return BoardInfo(*self.size, self.silent_ms, self.start).encode()
            case Kind.STORE:
                return self._keeps(PictureChunk.decode(frame.payload))
            case Kind.SHOW:
                return self._shows(frame.payload)
            case Kind.ASK:
                return BoardState(self.now, self.faults).encode()
            case _:
                raise LedLineError(f"no request {frame.kind:#04x}")

    def _keeps(self, chunk: PictureChunk) -> bytes:
        if chunk.total > LARGEST or chunk.offset + len(chunk.part) > chunk.total:
            raise LedLineError("a picture larger than my memory")
        if chunk.offset == 0:
            self._pictures[chunk.name] = bytearray()
            while len(self._pictures) + len(self._whole) > MOST_PICTURES:
                pictures = self._pictures if len(self._pictures) > 1 else self._whole
                del pictures[next(iter(pictures))]
        held = self._pictures.get(chunk.name)
        if held is None or len(held) != chunk.offset:
            raise LedLineError("a piece is missing")
        held += chunk.part
        if len(held) == chunk.total:
            del self._pictures[chunk.name]
            self._completes(chunk, bytes(held))
        return stored(chunk.name, chunk.offset + len(chunk.part))

    def _completes(self, chunk: PictureChunk, packed: bytes) -> None:
        most = self.size[0] * self.size[1] * 3
        pixels = zlib.decompressobj().decompress(packed, most + 1)
        if len(pixels) != most or hashlib.sha256(pixels).digest()[:8] != chunk.name:
            raise LedLineError("not the picture it is named")
        self._whole[chunk.name] = pixels
        if chunk.own:
            self._own = chunk.name

    def _shows(self, name: bytes) -> bytes:
        if name not in self._whole:
            raise LedLineError("no such picture")
        if not self.stuck and self.now != name:
            self.shown.append((time.monotonic(), name))
        return BoardState(self.now, self.faults).encode()


class BoardOnLine:
    """A board served in a thread of its own over any pair of functions, for as long as it is entered.

    Args:
        read: what has come over the line, b"" if nothing has; must not block for long.
        write: sends.
    """

    def __init__(self, board: LedBoard, read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        self._board, self._read, self._write = board, read, write
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> LedBoard:
        self._thread.start()
        return self._board

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                got = self._read()
                if got and (answer := self._board.takes(got)):
                    self._write(answer)
            except OSError:
                time.sleep(0.02)
            self._board.passed()
