"""MQTT packets, and the relay they pass through."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

import pytest

from simulation.cable import Cable, HalfOpen, Way
from simulation.mqtt_packets import Framer, PublishPacket, puback, read_publish, varint

SAMPLE = PublishPacket(
    topic="rocars/v1/log", payload=b"x" * 300, qos=1, retain=True, mid=77, properties=b"\x03\x02\x00\x00"
)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 300_000])
def test_a_packet_survives_any_cutting_of_the_stream(size: int) -> None:
    """Bytes come as they come; packets come out whole."""
    one = PublishPacket(topic="a/b", payload=bytes(size)).packet()
    stream, rng = one + b"\xc0\x00" + SAMPLE.packet() + one, random.Random(size)
    framer, found = Framer(), []
    while stream:
        cut = rng.randrange(1, 5_000)
        found += list(framer.feed(stream[:cut]))
        stream = stream[cut:]
    assert found == [one, b"\xc0\x00", SAMPLE.packet(), one]


def test_a_publish_is_read_as_it_was_written() -> None:
    """Topic, payload, flags, identifier and properties."""
    assert read_publish(SAMPLE.packet()) == SAMPLE
    plain = PublishPacket(topic="é", payload=b"")
    assert read_publish(plain.packet()) == plain
    assert read_publish(puback(77)) is None
    assert [varint(n) for n in (0, 127, 128)] == [b"\x00", b"\x7f", b"\x80\x01"]


Story = Callable[[Cable, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _with_cable(story: Story, *, encrypted: bool = False) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(4_096):
                writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    cable = Cable(server.sockets[0].getsockname()[1], encrypted=encrypted)
    await cable.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.near)
    try:
        await story(cable, reader, writer)
    finally:
        writer.close()
        await cable.stop()
        server.close()


def test_the_relay_passes_tampers_puts_in_and_hangs_up() -> None:
    """A packet there and back; one that is swallowed; one of ours; and the end."""

    async def story(cable: Cable, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packet = SAMPLE.packet()
        writer.write(packet)
        assert await asyncio.wait_for(reader.readexactly(len(packet)), 10) == packet
        cable.tamper = HalfOpen(Way.UP)
        writer.write(packet)
        await writer.drain()
        cable.put(Way.DOWN, puback(9))
        assert await asyncio.wait_for(reader.readexactly(4), 10) == puback(9)
        assert cable.connections == 1
        cable.hang_up()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 10)

    asyncio.run(_with_cable(story))


def test_a_cable_that_is_held_is_silent_and_is_mended_by_dropping_what_hung() -> None:
    """As a switch does when its port comes back; while it is cut, nobody connects."""

    async def story(cable: Cable, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cable.hold()
        writer.write(SAMPLE.packet())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        assert not cable.up
        cable.mend()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 10)
        cable.cut()
        refused, other = await asyncio.open_connection("127.0.0.1", cable.near)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(refused.readexactly(1), 10)
        other.close()

    asyncio.run(_with_cable(story))


def test_what_is_encrypted_passes_as_it_comes() -> None:
    """Bytes that would be the beginning of a long packet are not kept back."""

    async def story(cable: Cable, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert cable.up
        writer.write(b"\x16\x03\x01")
        assert await asyncio.wait_for(reader.readexactly(3), 10) == b"\x16\x03\x01"

    asyncio.run(_with_cable(story, encrypted=True))
