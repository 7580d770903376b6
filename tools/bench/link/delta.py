"""From publishing a delta to a lookup that knows it, beside a bare message over the same broker and one fdatasync.

Both begin when the core's connection is given the payload; it is signed and committed by then, and that is shown apart.
The lane ends when its lookup, asked as soon as it is told of the change, says that the vehicle is held. The floor is a
client of paho's alone: it writes the same bytes to a file and has them synced, in its own thread.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from lane_agent.events import CodesChanged, Event
from simulation.broker import PrivateBroker
from simulation.hardwareless_lane import LaneEnd
from simulation.waiting import until
from tools.bench.codes import Timing, bundles
from tools.bench.figures import FigureLine, timing
from tools.bench.link.centre import Centre, CentreParts
from wire.envelope import Signer
from wire.records import HoldRecord
from wire.topics import LaneTopics

LANE, BARE = "bench", "bare"
_PATIENCE_S = 60.0
_PAUSE_S = 0.01


class Waiter:
    """A moment to wait for, set from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[int] = self._loop.create_future()

    def expect(self) -> None:
        """The next moment counts."""
        self._future = self._loop.create_future()

    def happened(self) -> None:
        """It is now."""
        self._loop.call_soon_threadsafe(self._tell, time.perf_counter_ns())

    def _tell(self, at: int) -> None:
        if not self._future.done():
            self._future.set_result(at)

    async def moment(self) -> int:
        """When it was."""
        return await asyncio.wait_for(self._future, _PATIENCE_S)


class BareClient:
    """The floor: takes a message, writes it down, syncs."""

    def __init__(self, broker: PrivateBroker, folder: Path, done: Callable[[], None]) -> None:
        self._file = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._done = done
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=BARE, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.username_pw_set(BARE, broker.password(BARE))
        self.client.on_message = self._write
        self.client.on_subscribe = lambda *_: done()
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()

    def subscribe(self) -> None:
        """The topic of the floor."""
        self.client.subscribe(f"{LaneTopics(BARE).all_down}", 1)

    def _write(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        del client, userdata
        os.write(self._file, message.payload)
        os.fdatasync(self._file)
        self._done()

    def close(self) -> None:
        """Leaves."""
        self.client.disconnect()
        self.client.loop_stop()
        os.close(self._file)


class _Lane(LaneEnd):
    """A lane's link on its own store, which looks the vehicle up as soon as it is told."""

    def __init__(self, broker: PrivateBroker, store: Path, signer: Signer, parts: CentreParts) -> None:
        self.usable = Waiter()
        self.vrn = ""
        ring = parts.signer.ring()
        super().__init__(store, broker.options(LANE), signer=signer, ring=ring, software="bench", on_event=self._told)

    def _told(self, event: Event) -> None:
        if isinstance(event, CodesChanged) and self.link.look_up(self.vrn).held:
            self.usable.happened()


@asynccontextmanager
async def _running(folder: Path, codes: int) -> AsyncIterator[tuple[Centre, _Lane, Waiter]]:
    signer = Signer.generate(LANE)
    parts = CentreParts(folder, {LANE: signer.ring()}, bundles(codes))
    with PrivateBroker(folder / "broker", lanes=[LANE, BARE]) as broker:
        centre, lane, written = Centre(parts, broker), _Lane(broker, folder / "lane.db", signer, parts), Waiter()
        bare = BareClient(broker, folder, written.happened)
        centre.connection.start()
        try:
            async with lane:
                bare.subscribe()
                await written.moment()
                await until(lambda: lane.link.status().version == parts.log.head().version, _PATIENCE_S)
                yield centre, lane, written
        finally:
            await centre.connection.stop()
            bare.close()
            parts.store.close()


async def _one(centre: Centre, lane: _Lane, number: int) -> tuple[int, int, bytes]:
    """Nanoseconds to sign and commit, then to be usable; and the payload."""
    lane.vrn = f"QZ{number + 1}"
    lane.link.watch(lane.vrn)
    lane.usable.expect()
    began = time.perf_counter_ns()
    ((topic, payload),) = centre.parts.change(HoldRecord(lane.vrn))
    published = time.perf_counter_ns()
    centre.connection.publish(topic, payload, qos=1)
    return published - began, await lane.usable.moment() - published, payload


async def _measure(folder: Path, codes: int, samples: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {"signed": [], "usable": [], "floor": []}
    async with _running(folder, codes) as (centre, lane, written):
        topic = LaneTopics(BARE).ack
        for number in range(samples):
            signed, usable, payload = await _one(centre, lane, number)
            await asyncio.sleep(_PAUSE_S)
            written.expect()
            began = time.perf_counter_ns()
            centre.connection.publish(topic, payload, qos=1)
            floor = await written.moment() - began
            for name, spent in (("signed", signed), ("usable", usable), ("floor", floor)):
                found[name].append(spent)
            await asyncio.sleep(_PAUSE_S)
    return found


def measure_delta(folder: Path, codes: int, samples: int) -> tuple[FigureLine, Timing]:
    """Publish to usable beside its floor; and what signing and committing took before."""
    found = asyncio.run(_measure(folder, codes, samples))
    floor = timing("bare QoS 1 message, written, fdatasync", found["floor"])
    usable = timing("delta published, durable, usable", found["usable"])
    return FigureLine(usable, floor), timing("before: signed and committed at the core", found["signed"])
