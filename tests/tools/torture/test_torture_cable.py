"""Packets, the relay, and what each tamper makes of a packet."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Awaitable, Callable

import pytest

from tests.rigs.places import ROOT
from tools.torture import tampers
from tools.torture.cable import Cable, Tamper, Way
from tools.torture.faults import KINDS
from tools.torture.packets import Framer, PublishPacket, puback, read_publish, varint
from tools.torture.plan import Deck

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


def every(tamper: Tamper, way: Way = Way.DOWN, times: int = 60) -> list[bytes]:
    """What becomes of the sample, again and again."""
    return [piece.data for _ in range(times) for piece in tamper.through(way, SAMPLE.packet())]


def test_each_tamper_does_what_it_is_named_for() -> None:
    """Nothing, twice, shorter, other bytes; and a plain cable changes nothing."""
    rng, whole = random.Random(1), SAMPLE.packet()
    assert every(Tamper()) == [whole] * 60
    assert every(tampers.HalfOpen(Way.DOWN)) == []
    assert every(tampers.HalfOpen(Way.DOWN), Way.UP) == [whole] * 60
    assert 60 < len(every(tampers.Duplicate(rng))) < 120
    assert {len(data) < len(whole) for data in every(tampers.Truncate(rng))} == {True, False}
    spoilt = every(tampers.Corrupt(rng))
    assert {len(data) for data in spoilt} == {len(whole)}
    assert any(data != whole for data in spoilt)
    assert all(piece.overtakes for piece in tampers.Reorder(rng).through(Way.UP, whole))
    assert all(0 < piece.after_s <= 3 for piece in tampers.Delay(rng, 3).through(Way.UP, whole))


def test_what_a_broker_keeps_it_has_acknowledged() -> None:
    """The sender is told in the receiver's name; other topics pass."""
    keep = tampers.Withhold(lambda topic: topic == SAMPLE.topic)
    (piece,) = keep.through(Way.DOWN, SAMPLE.packet())
    assert (piece.data, piece.back) == (puback(77), True)
    assert every(keep, Way.UP, 1) == [SAMPLE.packet()]


def test_a_message_is_rewritten_in_place() -> None:
    """Only its payload is another."""
    (piece,) = tampers.Rewrite(SAMPLE.topic, lambda _: b"other").through(Way.DOWN, SAMPLE.packet())
    found = read_publish(piece.data)
    assert found is not None
    assert (found.payload, found.mid, found.retain) == (b"other", 77, True)


def test_the_same_seed_deals_the_same_faults() -> None:
    """And no kind is forgotten."""
    kinds = tuple(KINDS.values())
    one, other, third = (Deck(kinds, seed, (1, 4)) for seed in ("5", "5", "6"))
    deals = [one.deal() for _ in kinds]
    assert [other.deal() for _ in kinds] == deals
    assert [third.deal() for _ in kinds] != deals
    assert {deal.kind.name for deal in deals} == set(KINDS)


async def _with_cable(story: Callable[[Cable, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(4_096):
                writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    cable = Cable(server.sockets[0].getsockname()[1])
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
        cable.tamper = tampers.HalfOpen(Way.UP)
        writer.write(packet)
        await writer.drain()
        cable.put(Way.DOWN, puback(9))
        assert await asyncio.wait_for(reader.readexactly(4), 10) == puback(9)
        assert cable.connections == 1
        cable.hang_up()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 10)

    asyncio.run(_with_cable(story))


def test_the_page_names_every_kind_and_no_other() -> None:
    """`docs/torture.md` is what a maintainer reads before a night's run."""
    page = (ROOT / "docs" / "torture.md").read_text()
    chapter = page.split("## The faults")[1].split("##")[0]
    named = set(re.findall(r"`([a-z_]+)`", chapter))
    assert named == set(KINDS)
