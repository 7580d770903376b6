"""Immigration's plate reader at the lane's own broker: what is accepted, what is refused, and its silence."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.clocks import monotonic_ms
from runtime.mqtt import Broker, Connection, Incoming, Options
from simulation.broker import IMMIGRATION, PrivateBroker
from simulation.hardwareless_lane import LaneEnd
from sync.plate_feed import PlateFeed
from tests.rigs.mqtt import Peer, options, running, until
from wire.envelope import Signer
from wire.errors import Reason, WireRefusedError
from wire.plate import LARGEST, PlateSeen, ReaderAlive, decode_plate, encode_plate
from wire.topics import LaneTopics

UTC_MS = 1_800_000_000_000
TOPIC = LaneTopics("lane-1").plate
CORE_KEY, LANE_KEY = Signer.generate("core"), Signer.generate("lane-1")


def plate(seq: int = 1, *, mark: str = "AB 1234", age_ms: int = 0, session: str = "s1", lane: str = "lane-1") -> bytes:
    """A reading of `age_ms` ago."""
    return encode_plate(PlateSeen(lane=lane, session=session, seq=seq, read_ms=UTC_MS - age_ms, mark=mark))


def came(payload: bytes, *, retained: bool = False) -> Incoming:
    """A message from the broker."""
    return Incoming(TOPIC, payload, 1, retained, lambda: None)


class Ears:
    """What a running feed told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.lives = 0

    def see(self, mark: str, at_ms: int) -> None:
        """A mark."""
        self.seen.append((mark, at_ms))

    def live(self) -> None:
        """A sign of life."""
        self.lives += 1


def told(*messages: Incoming, now_ms: int = 50_000) -> tuple[Ears, PlateFeed]:
    """What a feed makes of these messages."""
    feed, ears = PlateFeed(lane="lane-1", now_ms=lambda: now_ms, utc_ms=lambda: UTC_MS), Ears()

    async def run() -> None:
        task = asyncio.create_task(feed.run(ears.see, ears.live))
        await asyncio.sleep(0)
        for message in messages:
            feed.on_message(message)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    return ears, feed


def test_a_reading_is_stamped_with_the_time_it_was_made() -> None:
    """By its age; one from a sender whose clock is a little ahead is of now."""
    ears, feed = told(came(plate(1, age_ms=700)), came(plate(2, mark="XY77", age_ms=-400)))
    assert ears.seen == [("AB 1234", 49_300), ("XY77", 50_000)]
    assert not feed.refused


def test_a_sign_of_life_names_nobody() -> None:
    """It only says that the reader works."""
    ears, _ = told(came(encode_plate(ReaderAlive(lane="lane-1", session="s1", seq=1, sent_ms=UTC_MS))))
    assert (ears.seen, ears.lives) == ([], 1)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (came(plate(2), retained=True), "plate_retained"),
        (came(plate(2, lane="lane-2")), "plate_foreign"),
        (came(plate(1)), "plate_replayed"),
        (came(plate(0)), "plate_replayed"),
        (came(plate(2, age_ms=3_001)), "plate_not_of_now"),
        (came(plate(2, age_ms=-3_001)), "plate_not_of_now"),
        (came(b"AB1234"), "plate_malformed"),
        (came(b"\xff\xfe"), "plate_malformed"),
        (came(b"[" * 4_000), "plate_malformed"),
        (came(b" " * (LARGEST + 1)), "plate_too_big"),
    ],
)
def test_what_is_not_of_now_and_of_this_lane_is_refused(message: Incoming, reason: str) -> None:
    """Counted by its reason, and nobody is named."""
    ears, feed = told(came(plate(1)), message)
    assert len(ears.seen) == 1
    assert feed.refused == {reason: 1}


def test_a_sender_that_starts_again_counts_anew() -> None:
    """A new session begins at any number."""
    ears, _ = told(came(plate(90)), came(plate(1, session="s2")), came(plate(2, session="s2")))
    assert len(ears.seen) == 3


@pytest.mark.parametrize(
    "change", [{"type": "plates"}, {"lane": ""}, {"seq": -1}, {"mark": ""}, {"mark": "A" * 17}, {"colour": "white"}]
)
def test_a_message_that_does_not_fit_is_refused_whole(change: dict[str, Any]) -> None:
    """No field is guessed, none is added."""
    import json

    with pytest.raises(WireRefusedError) as refused:
        decode_plate(json.dumps(json.loads(plate()) | change).encode())
    assert refused.value.reason is Reason.MALFORMED


def _silence(*messages: Incoming) -> str:
    feed = PlateFeed(lane="lane-1", now_ms=monotonic_ms, utc_ms=lambda: UTC_MS, silent_ms=100)

    async def run() -> None:
        for message in messages:
            asyncio.get_running_loop().call_later(0.05, feed.on_message, message)
        await feed.run(lambda _mark, _at: None, lambda: None)

    with pytest.raises(TimeoutError) as silent:
        asyncio.run(run())
    return str(silent.value)


def test_silence_is_told() -> None:
    """With what a technician looks at."""
    assert "says nothing: check it" in _silence()


def test_a_sender_with_a_wrong_clock_is_as_lost_as_a_silent_one() -> None:
    """And the text says that this is why."""
    assert "3600000 ms old by the sender's clock" in _silence(came(plate(age_ms=3_600_000)))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """A private broker with the shipped access list."""
    with PrivateBroker(tmp_path / "broker", lanes=["lane-1", "lane-2"]) as started:
        yield started


@contextlib.asynccontextmanager
async def at_the_broker(broker: PrivateBroker, user: str) -> AsyncIterator[Connection]:
    """Somebody connected, in the end stopped."""
    peer = Peer(options(broker, user))
    async with running(peer):
        yield peer.connection


@contextlib.asynccontextmanager
async def lane_with_feed(broker: PrivateBroker, store: Path, topic: str = TOPIC) -> AsyncIterator[tuple[Any, Any]]:
    """A lane's own link, with Immigration's reader as its guest."""
    feed, ears = PlateFeed(lane="lane-1", now_ms=monotonic_ms, utc_ms=lambda: UTC_MS, silent_ms=60_000), Ears()
    end = lane_end(store, options(broker, "lane-1"), {topic: feed.on_message})
    task = asyncio.create_task(feed.run(ears.see, ears.live))
    try:
        async with end:
            await until(lambda: end.link.status().broker)
            yield end.link, ears
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def lane_end(store: Path, options: Options, topics: dict[str, Callable[[Incoming], None]]) -> LaneEnd:
    """A lane's end of the link that takes these topics too."""
    return LaneEnd(store, options, signer=LANE_KEY, ring=CORE_KEY.ring(), extra_topics=topics)


def test_a_plate_comes_through_the_lanes_own_broker(broker: PrivateBroker, tmp_path: Path) -> None:
    """Over the one connection the lane has; the link itself counts nothing as refused."""

    async def story() -> None:
        async with (
            lane_with_feed(broker, tmp_path / "lane.db") as (client, ears),
            at_the_broker(broker, IMMIGRATION) as reader,
        ):
            reader.publish(TOPIC, plate(), qos=1)
            await until(lambda: ears.seen)
            assert ears.seen[0][0] == "AB 1234"
            assert client.status().refused == {}

    asyncio.run(story())


def test_a_retained_plate_of_yesterday_is_refused(broker: PrivateBroker, tmp_path: Path) -> None:
    """The broker had kept it for the lane's next connection."""

    async def story() -> None:
        async with at_the_broker(broker, IMMIGRATION) as reader:
            reader.publish(TOPIC, plate(1, mark="XY77"), qos=1, retain=True)
            async with lane_with_feed(broker, tmp_path / "lane.db") as (_, ears):
                reader.publish(TOPIC, plate(2), qos=1)
                await until(lambda: ears.seen)
                assert [mark for mark, _ in ears.seen] == ["AB 1234"]

    asyncio.run(story())


def test_nobody_but_immigrations_reader_names_plates(broker: PrivateBroker, tmp_path: Path) -> None:
    """Another lane may not write the topic, and the reader may write nothing else."""

    async def story() -> None:
        async with (
            lane_with_feed(broker, tmp_path / "lane.db") as (client, ears),
            at_the_broker(broker, "lane-2") as other,
            at_the_broker(broker, IMMIGRATION) as reader,
        ):
            other.publish(TOPIC, plate(1, mark="XY77"), qos=1)
            reader.publish(LaneTopics("lane-1").command, plate(1, mark="XY77"), qos=1)
            await asyncio.sleep(0.3)
            reader.publish(TOPIC, plate(2), qos=1)
            await until(lambda: ears.seen)
            assert [mark for mark, _ in ears.seen] == ["AB 1234"]
            assert client.status().refused == {}

    asyncio.run(story())


def test_a_topic_outside_the_lanes_own_is_subscribed_too(tmp_path: Path) -> None:
    """A site may keep its own name for it; then the site's access list allows it."""
    options = Options(brokers=(Broker("127.0.0.1", 1),), client_id="lane-1", subscriptions=())
    end = lane_end(tmp_path / "lane.db", options, {"immigration/lane-1": lambda _: None, TOPIC: lambda _: None})
    filters = [name for name, _ in end.link._connection.options.subscriptions]
    assert filters == ["rocars/v1/lane/lane-1/down/#", "rocars/v1/log", "immigration/lane-1"]
    end.store.close()
