"""What the agent and the reader process say to each other: length-prefixed MessagePack over a socket pair.

Times are milliseconds of the box's monotonic clock, which both processes share.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from pathlib import Path

import msgspec

from devices.anpr.detections import SIDE
from devices.settings import CameraSettings, ReaderSettings

_LENGTH = struct.Struct(">I")
_LIMIT = 32 * 1024 * 1024


class ReaderSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the reader process is given at its start: the lane's own sections, and what is the same for every lane.

    Attributes:
        camera, reader: the sections of the lane's settings.
        evidence: folder of evidence pictures, named by their sha256.
        side: the longer side, in pixels, that the detector looks at the picture with.
        frames: frames that must agree.
        row_px: a plate whose rows are lower than this, in pixels, is too far away to count.
        limit_ms: after this long in a visit without a settled read the lane is told so; reading goes on.
        busy_fps, idle_fps: how many pictures a second are looked at, with and without a visit.
        frozen: prints of the pictures at which the camera stood still before the process was started again
            (`devices.stall`); none where it did not.
        live: the socket at which the camera's stream is offered to people; None where it is not.
    """

    camera: CameraSettings
    reader: ReaderSettings
    evidence: Path
    side: int = SIDE
    frames: int = 3
    row_px: float = 16.0
    limit_ms: int = 8_000
    busy_fps: float = 8.0
    idle_fps: float = 2.0
    frozen: tuple[int, ...] = ()
    live: Path | None = None


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """Settle a read for this visit from pictures taken after `after_ms`."""

    visit: int
    after_ms: int


class End(msgspec.Struct, frozen=True, tag="end"):
    """The visit is over."""

    visit: int


class LookFor(msgspec.Struct, frozen=True, tag="look"):
    """Is `vrn` in a picture taken after `after_ms`? Answered by `SeenAgain`, once, or not at all; takes the place of an older one."""

    visit: int
    look: int
    vrn: str
    after_ms: int


Order = Begin | End | LookFor


class ReaderBeat(msgspec.Struct, frozen=True, tag="beat"):
    """The reader's loop is alive and has looked at a picture taken at `frame_ms` (0: none yet).

    `read_ms` is how long finding and reading its plates took; None where this turn had no new picture. `plate_ms`: since when a
    plate is read while no visit is; None while none is.
    """

    frame_ms: int
    read_ms: int | None = None
    plate_ms: int | None = None


class NewestPicture(msgspec.Struct, frozen=True, tag="shown"):
    """The newest picture looked at, as JPEG, the lane's part and the plates outlined (`devices.overlay`)."""

    frame_ms: int
    width: int
    height: int
    jpeg: bytes


class SettledRead(msgspec.Struct, frozen=True, tag="settled"):
    """A read settled."""

    visit: int
    vrn: str
    mainland: str | None
    confidence: float
    evidence: tuple[str, ...]


class Unread(msgspec.Struct, frozen=True, tag="unread"):
    """No read settled within the limit."""

    visit: int
    reason: str
    candidates: tuple[str, ...]
    evidence: tuple[str, ...]


class Doubted(msgspec.Struct, frozen=True, tag="doubted"):
    """The pictures since `vrn` settled say otherwise; `candidates`, most supported first."""

    visit: int
    vrn: str
    candidates: tuple[str, ...]
    evidence: tuple[str, ...]


class SeenAgain(msgspec.Struct, frozen=True, tag="again"):
    """The plate of `LookFor` number `look` was read in a picture taken since, and no other mark beside it."""

    visit: int
    look: int
    vrn: str


class TwoVehicles(msgspec.Struct, frozen=True, tag="two"):
    """More than one vehicle is in the lane's part of the picture; `marks` are what was read, the nearest first."""

    visit: int
    marks: tuple[str, ...] = ()


class Trouble(msgspec.Struct, frozen=True, tag="trouble"):
    """`part` ("camera" or "reader") does not work; the process may end after saying so.

    `frozen`: prints of the camera's last pictures; the next process is given them.
    """

    part: str
    detail: str
    frozen: tuple[int, ...] = ()


Report = ReaderBeat | NewestPicture | SettledRead | Unread | Doubted | SeenAgain | TwoVehicles | Trouble

_encoder = msgspec.msgpack.Encoder()
_orders: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Order)
_reports: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)


def packed(message: Order | Report) -> bytes:
    """The message with its length before it."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


def setup_bytes(setup: ReaderSetup) -> bytes:
    """What the reader process is given, as it gets it, first of all."""
    body = msgspec.msgpack.encode(setup, enc_hook=str)  # paths as text
    return _LENGTH.pack(len(body)) + body


def receive_setup(link: socket.socket) -> ReaderSetup:
    """What the reader process is given (blocking).

    Raises:
        ConnectionResetError: the agent is gone already.
    """
    head = _exactly(link, _LENGTH.size)
    body = _exactly(link, _LENGTH.unpack(head)[0]) if head else None
    if body is None:
        raise ConnectionResetError("the agent ended before it said which camera and which models")
    return msgspec.msgpack.decode(body, type=ReaderSetup, dec_hook=lambda kind, text: kind(text))


def receive_order(link: socket.socket) -> Order | None:
    """The next order (blocking); None when the agent is gone."""
    head = _exactly(link, _LENGTH.size)
    body = _exactly(link, _LENGTH.unpack(head)[0]) if head else None
    return _orders.decode(body) if body is not None else None


def _exactly(link: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = link.recv(count - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)


async def receive_report(stream: asyncio.StreamReader) -> Report | None:
    """The next report; None when the reader process is gone.

    Raises:
        ValueError: the other side speaks something else.
    """
    try:
        length = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))[0]
        if length > _LIMIT:
            raise ValueError(f"a report of {length} bytes from the reader process")
        return _reports.decode(await stream.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
