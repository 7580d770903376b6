"""What came from the brokers and waits to be taken: a queue for each lane, taken in turn.

Rules of this file:
- Lanes take turns, one message each, so that a lane that says ten thousand things keeps nobody else waiting: the next
  message of any other lane is in the next batch.
- Of the nonces of one lane only the newest is worth an answer, for a proof makes all older ones worthless (design §3).
  Whatever is passed over here makes a core that is too busy answer late rather than never: without that, it would spend
  its time on proofs that are too old when they arrive, of all lanes, for as long as they all ask.
- A queue is bounded. What does not fit is acknowledged to the broker, dropped and counted: rows that are not
  acknowledged by the core are sent again, and nothing else of a lane's must arrive. So a broker's own queue for the
  core, which all lanes share, never fills for one of them.
- A lane has a budget of messages, and a much smaller one of messages that were refused: past it what comes is dropped
  unread, so that a flood costs neither signatures nor the store. It takes the place of that lane's own messages alone:
  the broker lets nobody else write where it writes.
- All lanes that are not registered share one queue, and a short one.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping

from runtime.bucket import TokenBucket
from runtime.mqtt import Incoming
from wire.topics import read_up

MOST_WAITING = 1_000
"""Messages of one lane: rows that it was asked for (500) and its window (64), with room."""

MOST_BYTES = 8 << 20
"""Of the messages of one lane that wait."""

MOST_OF_STRANGERS = 50

MESSAGES = (5_000, 1_000)
"""Messages of one lane: so many at once, so many a second. A lane's journal after a day without a link comes so fast."""

REFUSALS = (200, 20)
"""Messages of one lane that may be refused: so many at once, so many a second."""

BATCH_BYTES = 4 << 20
"""A batch ends with the message that brings it here, so that no lane's large rows keep others waiting for long."""

Waiting = tuple[int, Incoming]
"""Through which broker, and what."""


class _Queue:
    """The messages of one lane, and what it may still say."""

    def __init__(self, now_ms: int) -> None:
        self.waiting: deque[Waiting] = deque()
        self.bytes = 0
        self.nonce: Incoming | None = None
        self.said = TokenBucket(burst=MESSAGES[0], per_second=MESSAGES[1], now_ms=now_ms)
        self.refused = TokenBucket(burst=REFUSALS[0], per_second=REFUSALS[1], now_ms=now_ms)

    def has_room(self, size: int, most: int, now_ms: int) -> bool:
        """Whether a message of so many bytes is taken."""
        full = len(self.waiting) >= most or self.bytes + size > MOST_BYTES
        return not (full or self.said.is_empty(now_ms) or self.refused.is_empty(now_ms))


class Inbox:
    """Messages that wait.

    Args:
        is_lane: whether a lane of this name is registered.
        now_ms: a monotonic clock, in milliseconds.

    Attributes:
        passed_over: nonces that a newer one of the same lane had overtaken when their turn came.
        dropped: messages for which their lane had no room, or no budget, by lane; "" for all that are not registered.
    """

    def __init__(self, *, is_lane: Callable[[str], bool], now_ms: Callable[[], int]) -> None:
        self._is_lane = is_lane
        self._now = now_ms
        self._queues: dict[str, _Queue] = {}
        self._turns: deque[str] = deque()
        self._woken = asyncio.Event()
        self.passed_over = 0
        self.dropped: Counter[str] = Counter()

    def put(self, place: int, incoming: Incoming) -> None:
        """A message came through the broker at `place`."""
        lane, kind = self._sender(incoming)
        queue = self._queue(lane)
        most = MOST_WAITING if lane else MOST_OF_STRANGERS
        if not queue.has_room(len(incoming.payload), most, self._now()):
            self.dropped[lane] += 1
            incoming.acknowledge()
            return
        queue.said.take()
        if lane and kind == "nonce":
            queue.nonce = incoming
        if not queue.waiting:
            self._turns.append(lane)
        queue.waiting.append((place, incoming))
        queue.bytes += len(incoming.payload)
        self._woken.set()

    def _sender(self, incoming: Incoming) -> tuple[str, str]:
        """Which registered lane says what; "" for any other."""
        lane, kind = read_up(incoming.topic) or ("", "")
        return (lane if self._is_lane(lane) else "", kind)

    def _queue(self, lane: str) -> _Queue:
        if lane not in self._queues:
            self._queues[lane] = _Queue(self._now())
        return self._queues[lane]

    def on_refused(self, refusals: Mapping[str, int]) -> None:
        """So many messages of these lanes, once read, were refused."""
        for lane, count in refusals.items():
            self._queue(lane if self._is_lane(lane) else "").refused.take(count)

    async def take(self, most: int) -> list[Waiting]:
        """The next messages, at least one; waits for it."""
        batch: list[Waiting] = []
        size = 0
        while not batch:
            if not self._turns:
                self._woken.clear()
                await self._woken.wait()
            while self._turns and len(batch) < most and size < BATCH_BYTES:
                place, incoming = self._next()
                if self._is_worth(incoming):
                    batch.append((place, incoming))
                    size += len(incoming.payload)
                else:
                    incoming.acknowledge()
                    self.passed_over += 1
        return batch

    def _next(self) -> Waiting:
        """The first message of the lane whose turn it is."""
        lane = self._turns.popleft()
        queue = self._queues[lane]
        place, incoming = queue.waiting.popleft()
        queue.bytes -= len(incoming.payload)
        if queue.waiting:
            self._turns.append(lane)
        return place, incoming

    def _is_worth(self, incoming: Incoming) -> bool:
        lane, kind = self._sender(incoming)
        return kind != "nonce" or not lane or self._queue(lane).nonce is incoming
