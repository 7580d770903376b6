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
- All lanes that are not registered share one queue, and a short one.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

from runtime.mqtt import Incoming
from wire.topics import read_up

MOST_WAITING = 1_000
"""Messages of one lane: rows that it was asked for (500) and its window (64), with room."""

MOST_BYTES = 8 << 20
"""Of the messages of one lane that wait."""

MOST_OF_STRANGERS = 50

BATCH_BYTES = 4 << 20
"""A batch ends with the message that brings it here, so that no lane's large rows keep others waiting for long."""

Waiting = tuple[int, Incoming]
"""Through which broker, and what."""


class _Queue:
    """The messages of one lane."""

    def __init__(self) -> None:
        self.waiting: deque[Waiting] = deque()
        self.bytes = 0
        self.nonce: Incoming | None = None


class Inbox:
    """Messages that wait.

    Args:
        is_lane: whether a lane of this name is registered.

    Attributes:
        passed_over: nonces that a newer one of the same lane had overtaken when their turn came.
        dropped: messages that found their lane's queue full, by lane; "" for all that are not registered.
    """

    def __init__(self, is_lane: Callable[[str], bool] = lambda _: True) -> None:
        self._is_lane = is_lane
        self._queues: dict[str, _Queue] = {}
        self._turns: deque[str] = deque()
        self._woken = asyncio.Event()
        self.passed_over = 0
        self.dropped: Counter[str] = Counter()

    def put(self, place: int, incoming: Incoming) -> None:
        """A message came through the broker at `place`."""
        lane, kind = read_up(incoming.topic) or ("", "")
        lane = lane if self._is_lane(lane) else ""
        queue = self._queues.setdefault(lane, _Queue())
        most = MOST_WAITING if lane else MOST_OF_STRANGERS
        if len(queue.waiting) >= most or queue.bytes + len(incoming.payload) > MOST_BYTES:
            self.dropped[lane] += 1
            incoming.acknowledge()
            return
        if lane and kind == "nonce":
            queue.nonce = incoming
        if not queue.waiting:
            self._turns.append(lane)
        queue.waiting.append((place, incoming))
        queue.bytes += len(incoming.payload)
        self._woken.set()

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
        lane, kind = read_up(incoming.topic) or ("", "")
        queue = self._queues.get(lane)
        if kind != "nonce" or queue is None:
            return True
        return queue.nonce is incoming
