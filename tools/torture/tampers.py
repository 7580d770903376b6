"""What a bad cable and a lying broker do to packets. Each tamper draws from its own seeded chance.

Rules of this file: a tamper keeps no task and no clock; it says what becomes of a packet (`cable.Piece`), and the cable
does it. A broker that keeps a QoS 1 message to itself has acknowledged it (`_kept`), or its sender would notice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from simulation.cable import Piece, Tamper, Way
from simulation.mqtt_packets import PUBLISH, PublishPacket, puback, read_publish
from wire.topics import LOG


class Delay(Tamper):
    """Everything comes late, in order."""

    def __init__(self, rng: random.Random, longest_s: float) -> None:
        self._rng, self._longest = rng, longest_s

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """Between a third of the longest delay and all of it."""
        del way
        return (Piece(data=packet, after_s=self._longest * (1 + 2 * self._rng.random()) / 3),)


class Duplicate(Tamper):
    """Messages come twice, the copy a little later."""

    def __init__(self, rng: random.Random, share: float = 0.5) -> None:
        self._rng, self._share = rng, share

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """A message, and perhaps its copy."""
        del way
        yield Piece(data=packet)
        if packet[0] >> 4 == PUBLISH and self._rng.random() < self._share:
            yield Piece(data=packet, after_s=0.3 * self._rng.random(), overtakes=True)


class Reorder(Tamper):
    """Messages overtake one another."""

    def __init__(self, rng: random.Random, longest_s: float = 0.6) -> None:
        self._rng, self._longest = rng, longest_s

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """A message at some time; other packets at once."""
        del way
        if packet[0] >> 4 != PUBLISH:
            return (Piece(data=packet),)
        return (Piece(data=packet, after_s=self._longest * self._rng.random(), overtakes=True),)


class Truncate(Tamper):
    """Now and then the stream ends within a packet, or goes on without the rest of it."""

    def __init__(self, rng: random.Random, share: float = 0.2) -> None:
        self._rng, self._share = rng, share

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """The packet, or its beginning."""
        del way
        if len(packet) < 8 or self._rng.random() >= self._share:
            return (Piece(data=packet),)
        return (Piece(data=packet[: self._rng.randrange(1, len(packet))], last=self._rng.random() < 0.5),)


class Corrupt(Tamper):
    """Now and then bytes are others."""

    def __init__(self, rng: random.Random, share: float = 0.2) -> None:
        self._rng, self._share = rng, share

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """The packet, or what is left of it; mostly in its payload, where only a signature can tell."""
        del way
        if self._rng.random() >= self._share:
            return (Piece(data=packet),)
        spoilt = bytearray(packet)
        first = 0 if self._rng.random() < 0.1 else len(packet) // 3
        for _ in range(self._rng.randrange(1, 5)):
            spoilt[self._rng.randrange(first, len(packet))] = self._rng.randrange(256)
        return (Piece(data=bytes(spoilt)),)


def _kept(message: PublishPacket) -> Iterable[Piece]:
    return (Piece(data=puback(message.mid), back=True),) if message.qos else ()


class Withhold(Tamper):
    """A broker that keeps messages of some topics to itself: what it should deliver, or (`Way.UP`) what it is sent."""

    def __init__(self, wanted: Callable[[str], bool], way: Way = Way.DOWN) -> None:
        self._wanted, self._way = wanted, way

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """Nothing of these; their sender is told that they arrived."""
        message = read_publish(packet) if way is self._way else None
        if message is None or not self._wanted(message.topic):
            return (Piece(data=packet),)
        return _kept(message)


class Backwards(Tamper):
    """A broker that collects the deltas of a while and delivers them last first: a hold before its release, or after."""

    def __init__(self, hold_s: float = 1.2) -> None:
        self._hold_s = hold_s
        self._back = 0

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """A delta late, the later the earlier it came."""
        message = read_publish(packet) if way is Way.DOWN else None
        if message is None or message.topic != LOG:
            return (Piece(data=packet),)
        self._back = (self._back + 1) % 8
        return (Piece(data=packet, after_s=self._hold_s * (1 - self._back / 8), overtakes=True),)


class Rewrite(Tamper):
    """Messages of one topic are replaced: `change` gives the new payload, or None where it stays."""

    def __init__(self, topic: str, change: Callable[[bytes], bytes | None]) -> None:
        self._topic, self._change = topic, change

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """The packet, with another payload where it is of that topic."""
        message = read_publish(packet) if way is Way.DOWN else None
        if message is None or message.topic != self._topic:
            return (Piece(data=packet),)
        payload = self._change(message.payload)
        if payload is None:
            return (Piece(data=packet),)
        changed = PublishPacket(
            topic=message.topic,
            payload=payload,
            qos=message.qos,
            retain=message.retain,
            mid=message.mid,
            dup=message.dup,
            properties=message.properties,
        )
        return (Piece(data=changed.packet()),)
