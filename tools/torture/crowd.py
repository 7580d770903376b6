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
    LoadPart,
    Publish,
    Tell,
    TryNextBroker,
)
from sync.simulated.memory_log import MemoryLog
from tools.torture.light_client import LightClient
from wire.channels import channel_of
from wire.codec import encode
from wire.envelope import KeyRing, Signer, public_from_pem
from wire.topics import LOG, LaneTopics

TICK_S = 0.2


class CrowdSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who they are and where to: `passwords` by lane; the keys are files; `patience_s` for each of the two waits."""

    port: int
    passwords: dict[str, str]
    key: str
    core_key: str
    patience_s: float


class LightLane:
    """One lane of the crowd."""

    def __init__(self, lane: str, settings: CrowdSettings, signer: Signer, ring: KeyRing) -> None:
        self._signer, self._book = signer, MemoryLog()
        self._topics = LaneTopics(lane)
        self._machine = LinkMachine(
            lane,
            ring=ring,
            entropy=secrets.token_bytes,
            head=self._book.head,
            journal="crowd",
            last=0,
            acknowledged=0,
            row_hash=lambda _: b"",
            now=monotonic_ms(),
            limits=Limits(),
        )
        self.client = LightClient(
            port=settings.port,
            name=lane,
            password=settings.passwords[lane],
            filters=(self._topics.all_down, LOG),
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
        self._machine.on_connected(1, monotonic_ms())
        self._carry_out()

    def _down(self) -> None:
        self._machine.on_disconnected(monotonic_ms())
        self._carry_out()

    def _hear(self, message: mqtt_packets.PublishPacket) -> None:
        self._machine.on_message(message.topic, message.payload, monotonic_ms(), retained=message.retain)
        self._carry_out()

    def _carry_out(self) -> None:
        while effects := self._machine.drain():
            for effect in effects:
                match effect:
                    case Publish():
                        self._publish(effect.body)
                    case ApplyDelta():
                        self._machine.on_log_result(self._book.apply(effect.delta, effect.body), monotonic_ms())
                    case LoadPart():
                        self._machine.on_log_result(self._book.load(effect.part), monotonic_ms())
                    case TryNextBroker():
                        self.client.hang_up()
                    case Tell() | LinkAlarm() | _:
                        pass  # there is nobody to tell, and nothing else is asked of a lane without a journal

    def _publish(self, body: msgspec.Struct) -> None:
        channel = channel_of(type(body))
        topic = channel.topic(self._topics)
        payload = self._signer.seal(topic, encode(body))
        self.client.publish(topic, payload, qos=channel.qos, retain=channel.retained)


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
