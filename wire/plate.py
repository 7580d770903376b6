"""What another authority's plate reader (Immigration's) says to a lane: JSON on `LaneTopics.plate`, not signed.

Rules of this file:
- Nobody signs these, so they are evidence and no more: a lane may stop for what they say, and never releases for it.
- A sender counts its messages, of both kinds, upwards within a session; a session is one start of the sender.
- A plate is repeated at least once a second for as long as the vehicle stands, each time as a new reading; an `alive`
  is sent at least once a second, whether there is a vehicle or not.
- `docs/schemas/plate.json` and `alive.json` are made from these types.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from wire.errors import Reason, WireRefusedError

LARGEST = 4_096
"""Bytes of the largest message looked at."""

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
UtcMs = Annotated[int, Meta(ge=0, le=2**53, description="UTC, milliseconds since 1970, by the sender's clock")]
Mark = Annotated[str, Meta(min_length=1, max_length=16, description="the Hong Kong mark as read, blanks allowed")]


class PlateSeen(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="plate"):
    """A plate stands before the reader.

    Attributes:
        lane: the lane's name; a message for another lane is refused.
        read_ms: when the picture was taken.
    """

    lane: Name
    session: Name
    seq: Count
    read_ms: UtcMs
    mark: Mark


class ReaderAlive(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="alive"):
    """The reader works."""

    lane: Name
    session: Name
    seq: Count
    sent_ms: UtcMs


PlateMessage = PlateSeen | ReaderAlive

_decoder: msgspec.json.Decoder[PlateMessage] = msgspec.json.Decoder(PlateMessage)


def decode_plate(raw: bytes) -> PlateMessage:
    """Reads one message.

    Raises:
        WireRefusedError: TOO_BIG or MALFORMED, with the place that does not fit.
    """
    if len(raw) > LARGEST:
        raise WireRefusedError(Reason.TOO_BIG, f"{len(raw)} bytes")
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireRefusedError(Reason.MALFORMED, str(error)) from error


def encode_plate(message: PlateMessage) -> bytes:
    """The JSON of a message."""
    return msgspec.json.encode(message)
