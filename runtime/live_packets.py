"""A camera's coded pictures on their way to people: what the reader process offers over a Unix socket, in packets of MessagePack.

Pictures are H.264 as the camera made it, one access unit each, with start codes (ITU-T H.264, annex B).
"""

from __future__ import annotations

import msgspec

from runtime.packets import packet

LONGEST_LIVE = 4 * 1024 * 1024
"""Bytes of a picture; a key frame of 4K has one or two million at most."""


class LivePicture(msgspec.Struct, frozen=True, tag="picture"):
    """One coded picture.

    Attributes:
        taken_ms: when it was taken, on the box's monotonic clock, as well as is known; 0 where it is not known: other pictures need
            it, but it may not be shown.
        codec: of a key frame, which begins with its parameter sets, what browsers call it (RFC 6381: "avc1.64001F"); else "".
        body: the picture.
    """

    taken_ms: int
    codec: str
    body: bytes


class NoLive(msgspec.Struct, frozen=True, tag="none"):
    """The camera's stream cannot be passed on as it is: it is coded as `coding`."""

    coding: str


LiveNews = LivePicture | NoLive

_encoder = msgspec.msgpack.Encoder()
_news: msgspec.msgpack.Decoder[LiveNews] = msgspec.msgpack.Decoder(LiveNews)


def live_packed(news: LiveNews) -> bytes:
    """The message as it goes over the socket."""
    return packet(_encoder.encode(news))


def live_news_of(body: bytes) -> LiveNews:
    """What the reader says.

    Raises:
        msgspec.DecodeError: it is nothing that a reader of this version says.
    """
    return _news.decode(body)
