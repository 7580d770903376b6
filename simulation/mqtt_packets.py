"""MQTT 5 control packets, as far as a relay and a light client must know them: where one ends, what a PUBLISH carries.

Rules of this file: bytes in, values out; nothing is validated, because what passes here may be wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PUBLISH = 3
_CONNECT, _PUBACK, _SUBSCRIBE = 0x10, 0x40, 0x82
_CLEAN_WITH_PASSWORD = 0xC2
_QOS1_AS_PUBLISHED = 0x09


def varint(number: int) -> bytes:
    """A variable byte integer (MQTT 5, 1.5.5)."""
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def _read_varint(raw: bytes, place: int) -> tuple[int, int] | None:
    """(value, place after it); None where bytes are still missing."""
    value = 0
    for count in range(4):
        if place + count >= len(raw):
            return None
        value |= (raw[place + count] & 0x7F) << (7 * count)
        if raw[place + count] < 0x80:
            return value, place + count + 1
    return value, place + 4


class Framer:
    """Cuts one direction of a connection into packets.

    >>> [packet.hex() for packet in Framer().feed(bytes([0xC0, 0, 0xC0]))]
    ['c000']
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The packets that are complete with this chunk."""
        self._rest += chunk
        while len(self._rest) >= 2:
            length = _read_varint(self._rest, 1)
            if length is None or len(self._rest) < length[1] + length[0]:
                return
            end = length[1] + length[0]
            packet, self._rest = self._rest[:end], self._rest[end:]
            yield packet


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPacket:
    """A PUBLISH packet; `mid` counts only where `qos` is not 0. `properties` are kept as they came, with their length."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    mid: int = 0
    dup: bool = False
    properties: bytes = b"\x00"

    def packet(self) -> bytes:
        """Its bytes."""
        body = _text(self.topic)
        if self.qos:
            body += self.mid.to_bytes(2, "big")
        body += self.properties + self.payload
        flags = (8 if self.dup else 0) | self.qos << 1 | int(self.retain)
        return _packet(PUBLISH << 4 | flags, body)


def read_publish(packet: bytes) -> PublishPacket | None:
    """The PUBLISH in a complete packet, or None where it is another kind."""
    if packet[0] >> 4 != PUBLISH:
        return None
    place = (_read_varint(packet, 1) or (0, 1))[1]
    size = int.from_bytes(packet[place : place + 2], "big")
    topic = packet[place + 2 : place + 2 + size].decode(errors="replace")
    place += 2 + size
    qos, mid = packet[0] >> 1 & 3, 0
    if qos:
        mid = int.from_bytes(packet[place : place + 2], "big")
        place += 2
    length, after = _read_varint(packet, place) or (0, place)
    return PublishPacket(
        topic=topic,
        payload=packet[after + length :],
        qos=qos,
        retain=bool(packet[0] & 1),
        mid=mid,
        dup=bool(packet[0] & 8),
        properties=packet[place : after + length],
    )


def puback(mid: int) -> bytes:
    """Acknowledges a QoS 1 PUBLISH."""
    return bytes([_PUBACK, 2]) + mid.to_bytes(2, "big")


def connect(user: str, password: str) -> bytes:
    """CONNECT: clean start, no keepalive; the client identifier is the user name."""
    return _packet(_CONNECT, _text("MQTT") + bytes([5, _CLEAN_WITH_PASSWORD, 0, 0, 0]) + _text(user, user, password))


def subscribe(filters: Iterable[str]) -> bytes:
    """SUBSCRIBE at QoS 1, with the retain flag as published; its packet identifier is 1."""
    wanted = b"".join(_text(name) + bytes([_QOS1_AS_PUBLISHED]) for name in filters)
    return _packet(_SUBSCRIBE, bytes([0, 1, 0]) + wanted)


def _text(*values: str) -> bytes:
    raws = [value.encode() for value in values]
    return b"".join(len(raw).to_bytes(2, "big") + raw for raw in raws)


def _packet(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + varint(len(body)) + body
