"""What came from the brokers and waits to be taken: a queue for each lane, taken in turn.

Rules of this file:
- Lanes take turns, one message each, so that a lane that says ten thousand things keeps nobody else waiting: the next
  message of any other lane is in the next batch.
- Of the nonces of one lane only the newest is worth an answer, for a proof makes all older ones worthless (design §3).
  Whatever is passed over here makes a core that is too busy answer late rather than never: without that, it would spend
  its time on proofs that are too old when they arrive, of all lanes, for as long as they all ask.
- A nonce waits behind nothing but what is being taken: it overtakes the rows of its own lane, too, of which there are
  thousands after a link was down, and a proof names what is committed whatever waits. Between two takings of nonces
  other messages have their turn, so that nobody's nonces keep rows waiting.
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

BATCH_MS = 50.0
"""What the loop may be held for by one batch: a nonce of the lane waits for it, and so do people (issue of the ledger: 50 ms)."""

FEWEST, MOST = 4, 200
"""Messages of a batch."""

NONCES = 16
"""Answered at a time."""

Waiting = tuple[int, Incoming]
"""Through which broker, and what."""


class _Queue:
    """The messages of one lane, and what it may still say."""

    def __init__(self, now_ms: int) -> None:
        self.waiting: deque[Waiting] = deque()
        self.bytes = 0
        self.said = TokenBucket(burst=MESSAGES[0], per_second=MESSAGES[1], now_ms=now_ms)
        self.refused = TokenBucket(burst=REFUSALS[0], per_second=REFUSALS[1], now_ms=now_ms)

    def may_speak(self, now_ms: int) -> bool:
        """Whether its budget lets anything more in."""
        return not (self.said.is_empty(now_ms) or self.refused.is_empty(now_ms))

    def has_room(self, size: int, most: int) -> bool:
        """Whether a message of so many bytes fits in."""
        return len(self.waiting) < most and self.bytes + size <= MOST_BYTES


class Inbox:
    """Messages that wait.

    Args:
        is_lane: whether a lane of this name is registered.
        now_ms: a monotonic clock, in milliseconds.

    Attributes:
        passed_over: nonces that a newer one of the same lane had overtaken before their turn came.
        dropped: messages for which their lane had no room, or no budget, by lane; "" for all that are not registered.
    """

    def __init__(self, *, is_lane: Callable[[str], bool], now_ms: Callable[[], int]) -> None:
        self._is_lane = is_lane
        self._now = now_ms
        self._queues: dict[str, _Queue] = {}
        self._turns: deque[str] = deque()
        self._nonces: dict[str, Waiting] = {}
        self._nonces_were_last = False
        self._size = BatchSize()
        self._woken = asyncio.Event()
        self.passed_over = 0
        self.dropped: Counter[str] = Counter()

    def put(self, place: int, incoming: Incoming) -> None:
        """A message came through the broker at `place`."""
        lane, kind = self._sender(incoming)
        queue, is_nonce = self._queue(lane), bool(lane) and kind == "nonce"
        most = MOST_WAITING if lane else MOST_OF_STRANGERS
        if not queue.may_speak(self._now()) or not (is_nonce or queue.has_room(len(incoming.payload), most)):
            self.dropped[lane] += 1
            incoming.acknowledge()
            return
        queue.said.take()
        if is_nonce:
            self._put_nonce(lane, (place, incoming))
        else:
            if not queue.waiting:
                self._turns.append(lane)
            queue.waiting.append((place, incoming))
            queue.bytes += len(incoming.payload)
        self._woken.set()

    def _put_nonce(self, lane: str, nonce: Waiting) -> None:
        if (older := self._nonces.pop(lane, None)) is not None:
            older[1].acknowledge()
            self.passed_over += 1
        self._nonces[lane] = nonce

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

    async def take(self, most: int | None = None) -> list[Waiting]:
        """The next messages, at least one; waits for it. Nonces, or others, never both.

        Args:
            most: so many others at most; what can be taken in a moment, if left out.
        """
        while not (self._nonces or self._turns):
            self._woken.clear()
            await self._woken.wait()
        self._nonces_were_last = bool(self._nonces) and not (self._nonces_were_last and self._turns)
        if self._nonces_were_last:
            return [self._nonces.pop(lane) for lane in list(self._nonces)[:NONCES]]
        batch: list[Waiting] = []
        most, size = most or self._size.most, 0
        while self._turns and len(batch) < most and size < BATCH_BYTES:
            place, incoming = self._next()
            batch.append((place, incoming))
            size += len(incoming.payload)
        return batch

    def took(self, messages: int, spent_ms: float) -> None:
        """What was taken last was so many messages, and kept the loop for so long."""
        if not self._nonces_were_last:
            self._size.took(messages, spent_ms)

    def _next(self) -> Waiting:
        """The first message of the lane whose turn it is."""
        lane = self._turns.popleft()
        queue = self._queues[lane]
        place, incoming = queue.waiting.popleft()
        queue.bytes -= len(incoming.payload)
        if queue.waiting:
            self._turns.append(lane)
        return place, incoming


class BatchSize:
    """How many messages are taken at a time, so that taking them holds the loop for `BATCH_MS` and no longer.

    A shared commit makes large batches cheap; a core that is starved of its processor or its database takes a hundred
    times as long for each row, and nonces wait behind whatever is being taken.

    Attributes:
        most: the next batch.
    """

    def __init__(self) -> None:
        self.most = FEWEST

    def took(self, messages: int, spent_ms: float) -> None:
        """A batch of so many took so long: what is slow shrinks at once, what is quick grows by half."""
        fitting = messages * BATCH_MS / max(spent_ms, 0.1)
        if spent_ms > BATCH_MS:
            self.most = max(FEWEST, min(self.most, int(fitting)))
        elif messages >= self.most:
            self.most = min(MOST, int(min(fitting, 1.5 * self.most)) + 1)
