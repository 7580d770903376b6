"""Peers over a real Mosquitto: connections that remember what came."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable

from runtime.mqtt import Broker, Connection, Down, Incoming, Options, Will
from simulation.broker import PrivateBroker

PATIENCE = 30.0


class Peer:
    """A connection that remembers what came."""

    def __init__(self, options: Options, will: Will | None = None) -> None:
        self.got: list[Incoming] = []
        self.story: list[str] = []
        self.downs: list[Down] = []
        self.acknowledges = True
        self.connection = Connection(
            options,
            will=lambda: will,
            on_up=lambda: self.story.append("up"),
            on_down=self._down,
            on_message=self._hear,
            chance=lambda: 0.0,
        )

    def _down(self, down: Down) -> None:
        self.story.append("down")
        self.downs.append(down)

    def _hear(self, incoming: Incoming) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.got.append(incoming)
        if self.acknowledges:
            incoming.acknowledge()

    def payloads(self) -> list[bytes]:
        """What came, in order."""
        return [message.payload for message in self.got]


async def until(condition: Callable[[], object]) -> None:
    """Waits for a condition, for as long as it is patient."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for is on another machine, so to speak
            await asyncio.sleep(0.01)


def options(broker: PrivateBroker, user: str, *filters: str, **changes: object) -> Options:
    """A user of the private broker."""
    fields: dict[str, object] = {
        "brokers": (Broker(broker.host, broker.port),),
        "client_id": user,
        "user_name": user,
        "password": broker.password(user),
        "subscriptions": tuple((name, 1) for name in filters),
        "retry_min": 0.05,
        "retry_max": 0.2,
    }
    return Options(**(fields | changes))  # type: ignore[arg-type]


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
        for peer in peers:
            await peer.connection.stop()
