"""Many light lanes in one process: link machine and MQTT, a list in memory, no store and no shell. They come all at once.

    python -m tools.torture.crowd SETTINGS.json      one JSON line, see `storm`

`connect_ms` is from the first attempt until each lane has been fresh, `reconnect_ms` the same after all of them were
hung up on; `connected` and `reconnected` say how many were, should patience have been over before.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from pathlib import Path

import msgspec

from lane_agent.model import Link
from runtime.clocks import monotonic_ms
from simulation import mqtt_packets
from sync.link import (
    ApplyDelta,
    Limits,
    LinkAlarm,
    LinkMachine,
    ListPosition,
    LoadPart,
    LogAnswer,
    Publish,
    Tell,
    TryNextBroker,
)
from sync.log_result import CodeLogHead as Place
from tools.torture.light_client import LightClient
from wire.codec import encode
from wire.envelope import KeyRing, Signer, public_from_pem
from wire.hashes import EMPTY_STATE, ZERO, StateHash, log_next
from wire.messages import Delta, SnapshotPart
from wire.records import Record
from wire.topics import LOG, LaneTopics

TICK_S = 0.2


class CrowdSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who they are and where to: `passwords` by lane; the keys are files; `patience_s` for each of the two waits."""

    port: int
    passwords: dict[str, str]
    key: str
    core_key: str
    patience_s: float


class LightBook:
    """The list in memory, by the rules of `sync.codelog`, without a medium."""

    def __init__(self) -> None:
        self.head: ListPosition = Place("", 0, ZERO, EMPTY_STATE)
        self._state = StateHash()
        self._rows: dict[tuple[str, str], bytes] = {}
        self._parts: dict[int, SnapshotPart] = {}

    def apply(self, delta: Delta, body: bytes) -> LogAnswer:
        """One step of the log."""
        head = self.head
        if delta.epoch != head.epoch:
            return LogAnswer.OTHER_EPOCH
        if delta.version != head.version + 1:
            return LogAnswer.KNOWN if delta.version <= head.version else LogAnswer.GAP
        if delta.previous != head.log_hash:
            return LogAnswer.FORK
        self._put(delta.changes)
        self.head = Place(delta.epoch, delta.version, log_next(head.log_hash, body), self._state.digest())
        return LogAnswer.APPLIED if self.head.state_hash == delta.state_hash else LogAnswer.MISMATCH

    def load(self, part: SnapshotPart) -> LogAnswer:
        """A part of a snapshot."""
        if self._parts and next(iter(self._parts.values())).request != part.request:
            self._parts.clear()
        self._parts[part.part] = part
        if len(self._parts) < part.parts:
            return LogAnswer.LOADING
        self._state, self._rows = StateHash(), {}
        for each in self._parts.values():
            self._put(each.records)
        self._parts.clear()
        self.head = Place(part.epoch, part.version, part.log_hash, self._state.digest())
        return LogAnswer.SWAPPED if self.head.state_hash == part.state_hash else LogAnswer.MISMATCH

    def _put(self, rows: tuple[Record, ...]) -> None:
        for row in rows:
            old = self._rows.get(row.key)
            if old is not None:
                self._state.remove(old)
            self._rows[row.key] = encode(row)
            self._state.add(self._rows[row.key])


class LightLane:
    """One lane of the crowd."""

    def __init__(self, lane: str, settings: CrowdSettings, signer: Signer, ring: KeyRing) -> None:
        self._signer, self._book = signer, LightBook()
        topics = LaneTopics(lane)
        self._machine = LinkMachine(
            lane,
            ring=ring,
            entropy=secrets.token_bytes,
            head=self._book.head,
            journal="crowd",
            last=0,
            acknowledged=0,
            now=monotonic_ms(),
            limits=Limits(),
        )
        self.client = LightClient(
            port=settings.port,
            name=lane,
            password=settings.passwords[lane],
            filters=(topics.all_down, LOG),
            on_up=self._up,
            on_down=self._down,
            on_message=self._hear,
        )

    def fresh(self, since_ms: int) -> bool:
        """Whether it would release now, by a proof that was asked for since then."""
        proof = self._machine.freshness.proof
        asked = proof is not None and proof.sent_ms >= since_ms
        return self.client.up and asked and self._machine.verdict(monotonic_ms()) is Link.FRESH

    def tick(self) -> None:
        """Time has passed."""
        self._machine.tick(monotonic_ms())
        self._carry_out()

    def _up(self) -> None:
        self._machine.connected(1, monotonic_ms())
        self._carry_out()

    def _down(self) -> None:
        self._machine.disconnected(monotonic_ms())
        self._carry_out()

    def _hear(self, message: mqtt_packets.PublishPacket) -> None:
        self._machine.receive(message.topic, message.payload, monotonic_ms(), retained=message.retain)
        self._carry_out()

    def _carry_out(self) -> None:
        while effects := self._machine.drain():
            for effect in effects:
                match effect:
                    case Publish():
                        payload = self._signer.seal(effect.topic, encode(effect.body))
                        self.client.publish(effect.topic, payload, qos=effect.qos, retain=effect.retain)
                    case ApplyDelta():
                        self._stands(self._book.apply(effect.delta, effect.body), effect.delta.version)
                    case LoadPart():
                        self._stands(self._book.load(effect.part), effect.part.version)
                    case TryNextBroker():
                        self.client.hang_up()
                    case Tell() | LinkAlarm() | _:
                        pass  # there is nobody to tell, and nothing else is asked of a lane without a journal

    def _stands(self, outcome: LogAnswer, offered: int) -> None:
        self._machine.log_result(outcome, self._book.head, offered, monotonic_ms())


async def _until_fresh(lanes: list[LightLane], patience_s: float) -> tuple[int, int]:
    """(milliseconds, lanes): until every lane has been fresh, or patience was over; and how many have been."""
    began, late = monotonic_ms(), set(lanes)
    while late and monotonic_ms() - began < 1_000 * patience_s:
        for place, lane in enumerate(lanes):
            lane.tick()
            if lane.fresh(began):
                late.discard(lane)
            if place % 20 == 19:
                await asyncio.sleep(0)  # proofs come in meanwhile
        await asyncio.sleep(TICK_S)
    return monotonic_ms() - began, len(lanes) - len(late)


def _lanes(settings: CrowdSettings) -> list[LightLane]:
    key = public_from_pem(Path(settings.core_key).read_bytes())
    ring = KeyRing({Path(settings.core_key).stem: key})
    pem = Path(settings.key).read_bytes()
    return [LightLane(lane, settings, Signer.of(lane, pem), ring) for lane in settings.passwords]


async def storm(settings: CrowdSettings) -> dict[str, int]:
    """They come, are thrown out, and come again."""
    lanes = _lanes(settings)
    tasks = [asyncio.create_task(lane.client.run(), name="light lane") for lane in lanes]
    connect_ms, connected = await _until_fresh(lanes, settings.patience_s)
    for lane in lanes:
        lane.client.hang_up()
    reconnect_ms, reconnected = await _until_fresh(lanes, settings.patience_s)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "lanes": len(lanes),
        "connect_ms": connect_ms,
        "connected": connected,
        "reconnect_ms": reconnect_ms,
        "reconnected": reconnected,
    }


def main() -> None:
    """Runs the storm that a settings file describes."""
    settings = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=CrowdSettings)
    sys.stdout.write(json.dumps(asyncio.run(storm(settings))) + "\n")


if __name__ == "__main__":
    main()
