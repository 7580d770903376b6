"""A light MQTT 5 client for crowds: one task, no thread, no library; it connects again and again until it is stopped.

Rules of this file: only what a lane's link needs of MQTT: CONNECT with clean start, SUBSCRIBE, PUBLISH, PUBACK. Messages of
QoS 1 that are lost are not sent again: what must arrive is asked for again by the link machine.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

from simulation.mqtt_packets import Framer, PublishPacket, connect, puback, read_publish, subscribe

_RETRY_S = (0.25, 4.0)


class LightClient:
    """One client.

    Args:
        port: the broker's, on loopback.
        name: client id and user name.
        password: of that user.
        filters: what it subscribes to.
        on_up, on_down: the connection is up and subscribed; it has ended.
        on_message: a PUBLISH came.

    Attributes:
        up: whether it is connected and subscribed.
    """

    def __init__(
        self,
        *,
        port: int,
        name: str,
        password: str,
        filters: tuple[str, ...],
        on_up: Callable[[], None],
        on_down: Callable[[], None],
        on_message: Callable[[PublishPacket], None],
    ) -> None:
        self._port, self._name, self._password, self._filters = port, name, password, filters
        self._on_up, self._on_down, self._on_message = on_up, on_down, on_message
        self._writer: asyncio.StreamWriter | None = None
        self._mid = 0
        self.up = False

    async def run(self) -> None:
        """Connects, and again whenever it was lost, until cancelled."""
        wait = _RETRY_S[0]
        while True:
            with suppress(OSError):
                await self._once()
            wait = _RETRY_S[0] if self.up else min(2 * wait, _RETRY_S[1])
            self._ended()
            await asyncio.sleep(wait * (0.5 + 0.5 * random.random()))

    def hang_up(self) -> None:
        """Ends the connection, by a reset."""
        if self._writer is not None:
            self._writer.transport.abort()

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        """Sends a message, if there is a connection."""
        if not self.up or self._writer is None or self._writer.is_closing():
            return
        self._mid = self._mid % 65_535 + 1
        message = PublishPacket(topic=topic, payload=payload, qos=qos, retain=retain, mid=self._mid)
        self._writer.write(message.packet())

    async def _once(self) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            self._writer.write(connect(self._name, self._password))
            framer = Framer()
            while chunk := await reader.read(65_536):
                for packet in framer.feed(chunk):
                    self._take(packet, self._writer)
        finally:
            self._writer.transport.abort()

    def _take(self, packet: bytes, writer: asyncio.StreamWriter) -> None:
        match packet[0] >> 4:
            case 2 if packet[3] == 0:  # CONNACK
                writer.write(subscribe(self._filters))
            case 2:
                raise ConnectionRefusedError(f"{self._name}: the broker refuses it with reason {packet[3]}")
            case 9:  # SUBACK
                self.up = True
                self._on_up()
            case 3:  # PUBLISH
                self._heard(packet, writer)
            case _:
                pass  # acknowledgements: nobody waits for them

    def _heard(self, packet: bytes, writer: asyncio.StreamWriter) -> None:
        message = read_publish(packet)
        if message is None:
            return
        self._on_message(message)
        if message.qos and not writer.is_closing():
            writer.write(puback(message.mid))

    def _ended(self) -> None:
        was, self.up, self._writer = self.up, False, None
        if was:
            self._on_down()
