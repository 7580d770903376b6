"""What came from the brokers and waits to be taken, in order of arrival.

Rules of this file: of the nonces of one lane only the newest is worth an answer, for a proof makes all older ones
worthless (design §3). Whatever is passed over here makes a core that is too busy answer late rather than never: without
that, it would spend its time on proofs that are too old when they arrive, of all lanes, for as long as they all ask.
"""

from __future__ import annotations

import asyncio
from collections import deque

from runtime.mqtt import Incoming
from wire.topics import read_up

Waiting = tuple[int, Incoming]
"""Through which broker, and what."""


class Inbox:
    """Messages that wait.

    Attributes:
        passed_over: nonces that a newer one of the same lane had overtaken when their turn came.
    """

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self._newest: dict[str, Incoming] = {}
        self._woken = asyncio.Event()
        self.passed_over = 0

    def put(self, place: int, incoming: Incoming) -> None:
        """A message came through the broker at `place`."""
        if _is_nonce(incoming.topic):
            self._newest[incoming.topic] = incoming
        self._waiting.append((place, incoming))
        self._woken.set()

    async def take(self, most: int) -> list[Waiting]:
        """The next messages, at least one; waits for it."""
        batch: list[Waiting] = []
        while not batch:
            if not self._waiting:
                self._woken.clear()
                await self._woken.wait()
            while self._waiting and len(batch) < most:
                place, incoming = self._waiting.popleft()
                if self._is_worth(incoming):
                    batch.append((place, incoming))
                else:
                    incoming.acknowledge()
                    self.passed_over += 1
        return batch

    def _is_worth(self, incoming: Incoming) -> bool:
        if not _is_nonce(incoming.topic):
            return True
        if self._newest[incoming.topic] is not incoming:
            return False
        del self._newest[incoming.topic]
        return True


def _is_nonce(topic: str) -> bool:
    address = read_up(topic)
    return address is not None and address[1] == "nonce"
