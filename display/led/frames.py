"""The frames of an LED board's line: mark, type, number, length, payload, CRC-32. docs/screens.md is the description.

Rules of this file: any bytes may come in. What is no frame is skipped, byte by byte, until something is; memory is bounded.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

MARK = b"\xa5\x5a"
LONGEST = 4_096
"""Bytes of a payload."""
CHUNK = 1_024
"""Bytes of a picture in one frame: 90 ms of a line at 115,200 baud."""

_HEAD = struct.Struct(">2sBBH")
_CRC = struct.Struct(">I")
_INFO = struct.Struct(">HHHI")
_STORE = struct.Struct(">8sBII")
_STORED = struct.Struct(">8sI")
_STATE = struct.Struct(">8sB")


class Kind(IntEnum):
    """What a frame is; a board's answer is its request plus 0x80."""

    HELLO = 0x01
    STORE = 0x02
    SHOW = 0x03
    ASK = 0x04
    INFO = 0x81
    STORED = 0x82
    SHOWN = 0x83
    REFUSED = 0xFF


class LedLineError(ValueError):
    """A payload that is not what its frame's type says."""


@dataclass(frozen=True, slots=True)
class LineFrame:
    """One frame. `number` is the request's, and its answer's."""

    kind: int
    number: int
    payload: bytes = b""

    def encode(self) -> bytes:
        """Its bytes on the line."""
        body = _HEAD.pack(MARK, self.kind, self.number, len(self.payload)) + self.payload
        return body + _CRC.pack(zlib.crc32(body[2:]))


@dataclass(frozen=True, slots=True)
class BoardInfo:
    """What a board says of itself: pixels, after how long without a request it shows its own face, and its start's number."""

    width: int
    height: int
    silent_ms: int
    start: int

    def encode(self) -> bytes:
        """As payload."""
        return _INFO.pack(self.width, self.height, self.silent_ms, self.start)

    @classmethod
    def decode(cls, payload: bytes) -> BoardInfo:
        """From a payload; raises `LedLineError`."""
        return cls(*_unpacked(_INFO, payload))


@dataclass(frozen=True, slots=True)
class PictureChunk:
    """A part of a picture, zlib over rows of red, green, blue. `own`: the face it shows when nobody speaks to it."""

    name: bytes
    own: bool
    offset: int
    total: int
    part: bytes

    def encode(self) -> bytes:
        """As payload."""
        return _STORE.pack(self.name, self.own, self.offset, self.total) + self.part

    @classmethod
    def decode(cls, payload: bytes) -> PictureChunk:
        """From a payload; raises `LedLineError`."""
        name, own, offset, total = _unpacked(_STORE, payload[: _STORE.size])
        return cls(name, bool(own), offset, total, payload[_STORE.size :])


@dataclass(frozen=True, slots=True)
class BoardState:
    """What the LEDs are driven with now: the first 8 bytes of the sha256 of those pixels, zero for dark; and its faults."""

    shown: bytes
    faults: int

    def encode(self) -> bytes:
        """As payload."""
        return _STATE.pack(self.shown, self.faults)

    @classmethod
    def decode(cls, payload: bytes) -> BoardState:
        """From a payload; raises `LedLineError`."""
        return cls(*_unpacked(_STATE, payload))


def stored(name: bytes, received: int) -> bytes:
    """The answer to a chunk: how many bytes of the picture are there now."""
    return _STORED.pack(name, received)


def received_of(payload: bytes) -> tuple[bytes, int]:
    """Name and bytes from that answer; raises `LedLineError`."""
    name, received = _unpacked(_STORED, payload)
    return name, received


def _unpacked(form: struct.Struct, payload: bytes) -> tuple:  # type: ignore[type-arg]
    if len(payload) != form.size:
        raise LedLineError(f"a payload of {len(payload)} bytes where {form.size} belong")
    return form.unpack(payload)


class FrameReader:
    """Frames out of whatever comes over the line."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, more: bytes) -> list[LineFrame]:
        """The frames that are complete now."""
        self._held += more
        found: list[LineFrame] = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def _next(self) -> LineFrame | None:
        held = self._held
        while True:
            begins = held.find(MARK)
            if begins < 0:
                del held[: len(held) - held.endswith(MARK[:1])]
                return None
            del held[:begins]
            if len(held) < _HEAD.size:
                return None
            _, kind, number, length = _HEAD.unpack_from(held)
            whole = _HEAD.size + length + _CRC.size
            if length > LONGEST:
                del held[:1]
                continue
            if len(held) < whole:
                return None
            body, crc = bytes(held[2 : _HEAD.size + length]), _CRC.unpack_from(held, _HEAD.size + length)[0]
            if zlib.crc32(body) != crc:
                del held[:1]
                continue
            del held[:whole]
            return LineFrame(kind, number, body[_HEAD.size - 2 :])
