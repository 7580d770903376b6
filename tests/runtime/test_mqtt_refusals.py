"""A broker that grants less than ours, or forbids: what it refuses is named, and nobody else is blamed for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from runtime.mqtt import Cause
from simulation.broker import CORE
from tests.rigs.mqtt import Peer, SpoiltBroker, options, running, until
from wire.topics import LOG, LaneTopics

LANE = LaneTopics("lane-1")


def lane(broker: SpoiltBroker, **changes: object) -> Peer:
    """Lane 1 as the contract has it."""
    return Peer(options(broker, "lane-1", LANE.all_down, LOG, **changes))


def test_a_broker_that_takes_small_packets_only_is_refused_before_anything_is_lost(tmp_path: Path) -> None:
    """It says so itself when a client connects."""

    async def story() -> None:
        with SpoiltBroker(tmp_path, limits="max_packet_size 20000") as broker:
            one = lane(broker)
            one.connection.start()
            await until(lambda: one.connection.last is not None)
            last = one.connection.last
            await one.connection.stop()
        assert last is not None
        assert last.cause is Cause.REFUSED
        assert "takes packets of 20000 bytes at most" in last.detail
        assert "raise its max_packet_size to 2097152" in last.detail

    asyncio.run(story())


def test_a_packet_that_is_too_large_is_no_other_machine_of_this_name(tmp_path: Path) -> None:
    """However often the broker throws it out for that: what it says is the reason."""

    async def story() -> None:
        with SpoiltBroker(tmp_path, limits="max_packet_size 20000") as broker:
            one = lane(broker, sends=10_000)
            async with running(one):
                for number in range(4):
                    await until(lambda: one.connection.connected)
                    one.connection.publish(LANE.event, bytes(30_000), qos=1)
                    await until(lambda number=number: len(one.downs) > number)
        assert {down.cause for down in one.downs} == {Cause.LOST}
        assert all("Packet too large: it takes no packet as large as" in down.detail for down in one.downs[:4])

    asyncio.run(story())


def test_what_the_access_list_forbids_is_named_with_its_topic(tmp_path: Path) -> None:
    """The broker takes the message, answers 0x87, and gives it to nobody."""

    async def story() -> None:
        with SpoiltBroker(tmp_path, forbids="pattern write rocars/v1/lane/%u/up/#") as broker:
            one = lane(broker)
            async with running(one):
                one.connection.publish(LANE.event, b"row", qos=1)
                await until(lambda: one.refused)
        ((topic, why),) = one.refused
        assert topic == LANE.event
        assert "Not authorized: its access list forbids it: see config/mosquitto.acl.example" in why

    asyncio.run(story())


def test_the_core_is_one_of_the_brokers_users(tmp_path: Path) -> None:
    """The rig itself: an unspoilt broker lets both speak."""

    async def story() -> None:
        with SpoiltBroker(tmp_path) as broker:
            one, two = lane(broker), Peer(options(broker, CORE, "rocars/v1/lane/+/up/#"))
            async with running(one, two):
                one.connection.publish(LANE.event, b"row", qos=1)
                await until(lambda: two.got)
        assert one.refused == []

    asyncio.run(story())
