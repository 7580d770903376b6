"""Who is at a real Mosquitto besides the lane under test: connections that remember what came, and a core in memory."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from runtime.mqtt import Connection, Down, Incoming, Options, Will
from simulation.broker import CORE, PrivateBroker
from simulation.waiting import until as wait_until
from sync.simulated.core_end import CoreSaid, SimulatedCore
from wire.topics import ALL_UP

PATIENCE = 40.0
QUICK_RETRY = {"retry_min": 0.05, "retry_max": 0.2}


class Peer:
    """A connection that remembers what came."""

    def __init__(self, options: Options, will: Will | None = None) -> None:
        self.got: list[Incoming] = []
        self.story: list[str] = []
        self.downs: list[Down] = []
        self.refused: list[tuple[str, str]] = []
        self.acknowledges = True
        self.connection = Connection(
            options,
            will=lambda: will,
            on_up=lambda: self.story.append("up"),
            on_down=self._down,
            on_message=self._hear,
            on_refused=lambda topic, why: self.refused.append((topic, why)),
            chance=lambda: 0.0,
        )

    def _down(self, down: Down) -> None:
        self.story.append("down")
        self.downs.append(down)

    def _hear(self, incoming: Incoming) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.got.append(incoming)
        self.hear(incoming)
        if self.acknowledges:
            incoming.acknowledge()

    def hear(self, incoming: Incoming) -> None:
        """What it does with what came: nothing."""

    def payloads(self) -> list[bytes]:
        """What came, in order."""
        return [message.payload for message in self.got]


class ConnectedCore(Peer):
    """A core in memory, at its own connection."""

    def __init__(self, broker: PrivateBroker, core: SimulatedCore) -> None:
        super().__init__(options(broker, CORE, ALL_UP))
        self.core = core

    def hear(self, incoming: Incoming) -> None:
        """The core answers."""
        for said in self.core.hear(incoming.topic, incoming.payload):
            self.say(said)

    def say(self, said: CoreSaid, *, retain: bool = False) -> None:
        """Publishes."""
        self.connection.publish(said.topic, said.payload, qos=said.qos, retain=retain)


class SpoiltBroker(PrivateBroker):
    """A broker whose configuration or access list somebody has changed."""

    def __init__(self, folder: Path, *, limits: str = "", forbids: str = "") -> None:
        super().__init__(folder, lanes=["lane-1"])
        self._limits, self._forbids = limits, forbids

    def _configuration(self) -> str:
        name = self._limits.partition(" ")[0]
        lines = [line for line in super()._configuration().splitlines() if not name or not line.startswith(name + " ")]
        return "\n".join([*lines, self._limits, ""])

    def _write_files(self) -> None:
        super()._write_files()
        access = self.directory / "broker.acl"
        lines = access.read_text().splitlines()
        assert not self._forbids or self._forbids in lines
        access.write_text("\n".join(line for line in lines if line != self._forbids) + "\n")


async def until(condition: Callable[[], object]) -> None:
    """Waits for a condition of another process or thread, for as long as it is patient."""
    await wait_until(condition, PATIENCE)


def options(broker: PrivateBroker, user: str, *filters: str, **changes: object) -> Options:
    """A user of the private broker who tries again soon."""
    return broker.options(user, *filters, **(QUICK_RETRY | changes))


@contextlib.asynccontextmanager
async def running(*peers: Peer) -> AsyncIterator[None]:
    """Connected peers, stopped in the end."""
    for peer in peers:
        peer.connection.start()
    try:
        for peer in peers:
            await until(lambda peer=peer: peer.connection.connected)
        yield
    finally:
        await asyncio.gather(*(peer.connection.stop() for peer in peers))
