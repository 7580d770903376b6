"""What waits at the core: in order, and no old nonce."""

from __future__ import annotations

import asyncio

from core.link.inbox import BATCH_MS, FEWEST, MOST, MOST_OF_STRANGERS, MOST_WAITING, REFUSALS, BatchSize, Inbox
from runtime.mqtt import Incoming


def message(topic: str, payload: bytes, done: list[bytes]) -> Incoming:
    """A message that notes its acknowledgement."""
    return Incoming(f"rocars/v1/lane/{topic}", payload, 1, retained=False, acknowledge=lambda: done.append(payload))


def inbox_for(*lanes: str) -> Inbox:
    """An inbox whose clock stands."""
    return Inbox(is_lane=lambda lane: lane in lanes, now_ms=lambda: 0)


def test_a_busy_core_answers_the_newest_nonce_of_each_lane_and_loses_nothing_else() -> None:
    """A hundred nonces of two lanes waited: two are left, and each lane's messages are in their order of arrival."""

    async def story() -> None:
        inbox, done = inbox_for("a", "b"), list[bytes]()
        for number in range(50):
            for lane in ("a", "b"):
                inbox.put(0, message(f"{lane}/up/nonce", b"%d" % number, done))
            inbox.put(0, message("a/up/event", b"e%d" % number, done))
        inbox.put(1, message("a/up/request", b"last", done))
        both = [*await inbox.take(1_000), *await inbox.take(1_000)]
        taken = [(place, one.topic[15:], one.payload) for place, one in both]
        events = [payload for _, topic, payload in taken if topic.endswith("event")]
        assert events == [b"e%d" % number for number in range(50)]
        assert sorted(one for one in taken if one[1].endswith("nonce")) == [
            (0, "a/up/nonce", b"49"),
            (0, "b/up/nonce", b"49"),
        ]
        assert taken[-1] == (1, "a/up/request", b"last")
        assert inbox.passed_over == len(done) == 98

    asyncio.run(story())


def test_a_lane_that_says_ten_thousand_things_keeps_nobody_waiting() -> None:
    """The one message of another lane is in the next batch; what is too much of the first is dropped, and counted."""

    async def story() -> None:
        inbox, done = inbox_for("a", "b"), list[bytes]()
        for number in range(10_000):
            inbox.put(0, message("a/up/event", b"%d" % number, done))
        inbox.put(0, message("b/up/nonce", b"n", done))
        assert b"n" in [one.payload for _, one in await inbox.take(200)]
        assert inbox.dropped == {"a": 10_000 - MOST_WAITING}
        assert len(done) == 10_000 - MOST_WAITING

    asyncio.run(story())


def test_large_messages_of_a_lane_neither_fill_the_memory_nor_a_batch() -> None:
    """900 kB each: a few wait, and a batch ends early."""

    async def story() -> None:
        inbox, done = inbox_for("a", "b"), list[bytes]()
        for _ in range(100):
            inbox.put(0, message("a/up/event", bytes(900_000), done))
        assert inbox.dropped["a"] > 90
        assert len(await inbox.take(200)) == 5

    asyncio.run(story())


def test_a_lane_whose_messages_are_refused_is_not_read_for_a_while() -> None:
    """Signatures cost time; it is read again as its budget fills, and others are read all the while."""

    async def story() -> None:
        now, done = 0, list[bytes]()
        inbox = Inbox(is_lane=lambda lane: lane in {"a", "b"}, now_ms=lambda: now)
        inbox.on_refused({"a": REFUSALS[0] + 1})
        inbox.put(0, message("a/up/event", b"dropped", done))
        inbox.put(0, message("b/up/event", b"read", done))
        assert [one.payload for _, one in await inbox.take(9)] == [b"read"]
        assert done == [b"dropped"]
        now = 1_000
        inbox.put(0, message("a/up/event", b"read", done))
        assert [one.payload for _, one in await inbox.take(9)] == [b"read"]

    asyncio.run(story())


def test_lanes_that_are_not_registered_share_one_short_queue() -> None:
    """Their names are anybody's to make up."""

    async def story() -> None:
        inbox, done = inbox_for("a"), list[bytes]()
        for number in range(1_000):
            inbox.put(0, message(f"x{number}/up/nonce", b"x", done))
        inbox.put(0, message("a/up/nonce", b"n", done))
        taken = [one.payload for _, one in [*await inbox.take(200), *await inbox.take(200)]]
        assert (taken.count(b"x"), taken.count(b"n")) == (MOST_OF_STRANGERS, 1)

    asyncio.run(story())


def test_messages_are_taken_in_portions_and_awaited() -> None:
    """At most so many at a time; none means waiting, and a nonce taken makes room for the next."""

    async def story() -> None:
        inbox, done = inbox_for("a", "b"), list[bytes]()
        waiting = asyncio.create_task(inbox.take(2))
        await asyncio.sleep(0)
        for payload in (b"1", b"2", b"3"):
            inbox.put(0, message("a/up/event", payload, done))
        assert [one.payload for _, one in await waiting] == [b"1", b"2"]
        assert [one.payload for _, one in await inbox.take(2)] == [b"3"]
        for payload in (b"n1", b"n2"):
            inbox.put(0, message("a/up/nonce", payload, done))
            assert [one.payload for _, one in await inbox.take(2)] == [payload]
        assert done == []

    asyncio.run(story())


def test_a_nonce_waits_neither_behind_its_own_lanes_rows_nor_behind_a_full_queue() -> None:
    """After an outage of hours a lane has a queue of rows here; its proofs must not come when those are done."""

    async def story() -> None:
        inbox, done = inbox_for("a"), list[bytes]()
        for number in range(MOST_WAITING):
            inbox.put(0, message("a/up/event", b"%d" % number, done))
        inbox.put(0, message("a/up/nonce", b"n1", done))
        assert [one.payload for _, one in await inbox.take()] == [b"n1"]
        assert not inbox.dropped

    asyncio.run(story())


def test_nonces_leave_every_second_turn_to_the_rest() -> None:
    """However fast they come."""

    async def story() -> None:
        inbox, done = inbox_for("a"), list[bytes]()
        kinds = []
        inbox.put(0, message("a/up/event", b"r", done))
        for _ in range(4):
            inbox.put(0, message("a/up/nonce", b"n", done))
            inbox.put(0, message("a/up/event", b"r", done))
            kinds += [one.payload for _, one in await inbox.take(1)]
        assert kinds == [b"n", b"r", b"n", b"r"]

    asyncio.run(story())


def test_a_batch_is_what_can_be_taken_in_a_moment() -> None:
    """Where a row takes 1 ms it comes to some fifty; the first one after a stall of the disk is small."""
    size = BatchSize()
    for _ in range(20):
        size.took(size.most, size.most * 1.0)
    assert 0.8 * BATCH_MS <= size.most <= BATCH_MS + 1
    size.took(size.most, 5_000)
    assert size.most == FEWEST
    for _ in range(20):
        size.took(size.most, size.most * 0.01)
    assert size.most == MOST
    size.took(3, 2)  # a small one says nothing of what a large one takes
    assert size.most == MOST
