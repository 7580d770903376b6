"""Bodies as msgpack, strictly: what does not fit the type is refused whole."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from wire.errors import Reason, WireRefusedError
from wire.records import Record

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoders: dict[Any, msgspec.msgpack.Decoder[Any]] = {}


def encode(body: msgspec.Struct) -> bytes:
    """The bytes of a body or row; the same value always gives the same bytes."""
    return _encoder.encode(body)


def decode(kind: type[T], raw: bytes) -> T:
    """Reads `raw` as `kind`, a body type or a union of them (`messages.LogReply`).

    Raises:
        WireRefusedError: MALFORMED, with the place in the body that does not fit.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.msgpack.Decoder(kind)
    try:
        return decoder.decode(raw)  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireRefusedError(Reason.MALFORMED, str(error)) from error


def decode_record(raw: bytes) -> Record:
    """Reads one row back from its canonical bytes.

    Raises:
        WireRefusedError: MALFORMED.
    """
    return decode(Record, raw)  # type: ignore[arg-type]
