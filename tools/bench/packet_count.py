"""MQTT packets on the cable between a lane and its broker, counted by topic, in both directions.

It reads what is in the clear: measure without TLS. What TLS adds is measured by `tools.bench.handshakes` and 22 bytes a
record (header 5, content type 1, tag 16).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from simulation.cable import Way
from simulation.mqtt_packets import read_publish

NAMES = {1: "CONNECT", 2: "CONNACK", 4: "PUBACK", 8: "SUBSCRIBE", 9: "SUBACK", 12: "PINGREQ", 13: "PINGRESP", 14: "BYE"}


@dataclass
class PacketCount:
    """Packets and bytes by direction ("up", "down") and kind; a PUBLISH is named by the last word of its topic."""

    packets: Counter[tuple[str, str]] = field(default_factory=Counter)
    volume: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, way: Way, packet: bytes) -> None:
        """One packet; a tap of the cable."""
        kind = _kind(packet)
        self.packets[way.value, kind] += 1
        self.volume[way.value, kind] += len(packet)

    def since(self, before: PacketCount) -> PacketCount:
        """What came after `before` was taken."""
        return PacketCount(self.packets - before.packets, self.volume - before.volume)

    def copy(self) -> PacketCount:
        """As it is now."""
        return PacketCount(self.packets.copy(), self.volume.copy())

    def total(self, way: str) -> tuple[int, int]:
        """(packets, bytes) in one direction."""
        return tuple(sum(n for (each, _), n in part.items() if each == way) for part in (self.packets, self.volume))  # type: ignore[return-value]


def _kind(packet: bytes) -> str:
    message = read_publish(packet)
    if message is None:
        return NAMES.get(packet[0] >> 4, str(packet[0] >> 4))
    return "deltas" if message.topic.endswith("v1/log") else message.topic.rsplit("/", 1)[-1]
