"""What passed on a lane's cable, written down: nonces as they came, proofs and deltas as they were delivered.

Rules of this file:
- The tap knows nothing of what the lane thinks of them. A nonce is timed when it reaches the cable, so never before the
  lane sent it; a proof when it is handed to the lane's socket, so never after the lane had it.
- Only what the core's key has signed for that topic is written down as a proof or a delta.
- Times are the machine's monotonic milliseconds.
"""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

import msgspec

from runtime.clocks import monotonic_ms
from simulation.cable import Way
from simulation.mqtt_packets import read_publish
from wire.codec import decode
from wire.envelope import Envelope, KeyRing
from wire.errors import WireRefusedError
from wire.messages import Ack, Delta, Deltas, Heartbeat, LogReply, Nonce, Request
from wire.topics import LOG, LaneTopics

_envelope = msgspec.msgpack.Decoder(Envelope)


class Ledger:
    """A file of JSON lines, written as things happen."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, **facts: Any) -> None:
        """One line; `t` is now."""
        self._file.write(json.dumps({"t": monotonic_ms(), **facts}, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


class WireTap:
    """Listens on one lane's cable.

    Args:
        lane: its name.
        ring: the core's keys.
        ledger: where it writes.

    Attributes:
        heard: the last payloads the core sent, by topic, for whoever wants to replay them.
        request: the last request the lane made, or None.
        head: (epoch, version) of the last proof delivered.
    """

    def __init__(self, lane: str, ring: KeyRing, ledger: Ledger) -> None:
        self.topics = LaneTopics(lane)
        self._ring, self._ledger = ring, ledger
        self.heard: dict[str, deque[bytes]] = {}
        self.request: Request | None = None
        self.proof: Heartbeat | None = None
        self.on_request: list[Any] = []

    def arrives(self, way: Way, packet: bytes) -> None:
        """A packet came in, from whichever side, and nothing has been done to it yet."""
        message = read_publish(packet)
        if message is None:
            return
        if way is Way.DOWN:
            self.heard.setdefault(message.topic, deque(maxlen=50)).append(message.payload)
            return
        if message.topic == self.topics.nonce:
            nonce = decode(Nonce, _envelope.decode(message.payload).body)
            self._ledger.write(nonce=nonce.nonce.hex())
        elif message.topic == self.topics.request:
            self._asked(message.payload)

    def _asked(self, payload: bytes) -> None:
        self.request = decode(Request, _envelope.decode(payload).body)  # type: ignore[arg-type]
        for call in tuple(self.on_request):
            call(self.request)

    def leaves(self, way: Way, packet: bytes) -> None:
        """A packet goes out, as it is after tampering."""
        if way is Way.UP or packet[0] >> 4 != 3 or len(packet) < 40:
            return
        message = read_publish(packet)
        if message is None:
            return
        try:
            body = self._ring.open(message.topic, message.payload)
            self._delivered(message.topic, body)
        except WireRefusedError:
            return  # spoilt or forged: nothing that could prove anything

    def _delivered(self, topic: str, body: bytes) -> None:
        if topic == self.topics.heartbeat:
            self.proof = proof = decode(Heartbeat, body)
            self._ledger.write(proof=proof.nonce.hex(), epoch=proof.epoch, version=proof.version)
        elif topic == LOG:
            delta = decode(Delta, body)
            self._ledger.write(delta=delta.version, epoch=delta.epoch)
        elif topic == self.topics.log:
            reply: Any = decode(LogReply, body)  # type: ignore[arg-type]
            for one in reply.payloads if isinstance(reply, Deltas) else ():
                delta = decode(Delta, self._ring.open(LOG, one))
                self._ledger.write(delta=delta.version, epoch=delta.epoch)
        elif topic == self.topics.ack:
            self._ledger.write(ack=decode(Ack, body).seq)
