"""A lane that is flooded on a topic that is not the core's alone reads a little of it, and all of the core's lists."""

from __future__ import annotations

import asyncio
from pathlib import Path

from runtime.clocks import monotonic_ms
from runtime.mqtt import Broker, Incoming, Options
from sync.client import BURST, LinkClient
from sync.codelog import CodeLog
from sync.journal import Journal
from sync.store import LaneStore
from wire.envelope import Signer
from wire.topics import LOG, LaneTopics

LANE = "lane-1"
FLOOD = 5_000


def test_a_flood_of_plates_leaves_the_inbox_to_the_core(tmp_path: Path) -> None:
    """Immigration's plates are not signed: what is too much of them, and of proofs, is dropped unread, and counted."""
    topics = LaneTopics(LANE)

    async def story() -> None:
        read: list[bytes] = []
        with LaneStore(tmp_path / "lane.db") as store:
            link = LinkClient(
                LANE,
                options=Options(brokers=(Broker("127.0.0.1", 1),), client_id=LANE, subscriptions=()),
                signer=Signer.generate(LANE),
                ring=Signer.generate("core").ring(),
                journal=Journal(store, boot="b1", software="test"),
                codes=CodeLog(store),
                now_ms=monotonic_ms,
                on_event=lambda _: None,
                on_alarm=lambda _kind, _detail: None,
                extra_topics={topics.plate: lambda incoming: read.append(incoming.payload)},
            )
            acknowledged: list[bytes] = []
            for topic in (topics.plate, topics.heartbeat, topics.log, LOG, "somewhere/else"):
                for _ in range(FLOOD):
                    link._hear(Incoming(topic, b"x", 0, retained=False, acknowledge=lambda: acknowledged.append(b"x")))
            work = asyncio.create_task(link._work())
            async with asyncio.timeout(60):
                while len(acknowledged) < 5 * FLOOD:  # noqa: ASYNC110 - the link's own task does the work
                    await asyncio.sleep(0.01)
            work.cancel()
            assert BURST <= len(read) < 2 * BURST
            refused = link.status().refused
            assert refused["not_an_envelope"] - 2 * FLOOD < 2 * BURST
            assert refused["flooded"] + refused["not_an_envelope"] + refused["unknown_topic"] + len(read) == 5 * FLOOD

    asyncio.run(story())
