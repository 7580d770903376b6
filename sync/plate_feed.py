"""Another authority's plate reader at the lane's own broker, as a source of marks.

Rules of this file:
- Only what is of now counts: never a retained message, none for another lane, none out of sequence, none older than
  `fresh_ms` or as far ahead by the sender's clock. What is refused is counted by its reason.
- A reading is stamped with the time it was made, taken from its age by the lane's UTC; never later than its arrival.
- Silence is counted from the last message that was accepted: a sender with a wrong clock is as useless as a silent one,
  and the text says which it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from runtime.mqtt import Incoming
from wire.errors import WireRefusedError
from wire.plate import PlateMessage, PlateSeen, decode_plate

Seen = Callable[[str, int], None]
"""(mark as sent, monotonic ms of the reading)."""


class PlateFeed:
    """The messages of one lane's topic: `on_message` as they arrive, `run` to be told.

    Args:
        lane: this lane's name.
        now_ms: monotonic milliseconds.
        utc_ms: UTC milliseconds as the lane knows it best.
        silent_ms: the longest silence.
        fresh_ms: how old a reading may be.

    Attributes:
        refused: how many messages were refused, by reason.
    """

    def __init__(
        self,
        *,
        lane: str,
        now_ms: Callable[[], int],
        utc_ms: Callable[[], int],
        silent_ms: int = 3_000,
        fresh_ms: int = 3_000,
    ) -> None:
        self._lane, self._now, self._utc = lane, now_ms, utc_ms
        self._silent_ms, self._fresh_ms = silent_ms, fresh_ms
        self._last = ("", -1)
        self._heard_ms = 0
        self._why = ""
        self._callbacks: tuple[Seen, Callable[[], None]] | None = None
        self.refused: Counter[str] = Counter()

    def on_message(self, incoming: Incoming) -> None:
        """A message arrived on the topic."""
        try:
            message = decode_plate(incoming.payload)
        except WireRefusedError as error:
            self._refuse(f"plate_{error.reason.value}", str(error))
            return
        if incoming.retained:
            self._refuse("plate_retained", "a retained message is of the past")
        elif message.lane != self._lane:
            self._refuse("plate_foreign", f"for lane {message.lane}")
        elif message.session == self._last[0] and message.seq <= self._last[1]:
            self._refuse("plate_replayed", f"number {message.seq} again, or out of turn")
        elif abs(self._age(message)) > self._fresh_ms:
            self._refuse("plate_not_of_now", f"{self._age(message)} ms old by the sender's clock")
        else:
            self._accept(message)

    async def run(self, seen: Seen, alive: Callable[[], None]) -> None:
        """Calls back for every accepted mark and every sign of life, until cancelled.

        Raises:
            TimeoutError: nothing was accepted for too long.
        """
        self._callbacks, self._heard_ms, self._why = (seen, alive), self._now(), ""
        try:
            while (left := self._heard_ms + self._silent_ms - self._now()) >= 0:  # noqa: ASYNC110 - it waits for silence
                await asyncio.sleep((left + 1) / 1_000)
        finally:
            self._callbacks = None
        why = f"; the last message was refused: {self._why}" if self._why else ""
        raise TimeoutError(f"Immigration's plate reader says nothing{why}: check it, its user at the broker, its topic")

    def _age(self, message: PlateMessage) -> int:
        made = message.read_ms if isinstance(message, PlateSeen) else message.sent_ms
        return self._utc() - made

    def _refuse(self, reason: str, why: str) -> None:
        self.refused[reason] += 1
        self._why = why

    def _accept(self, message: PlateMessage) -> None:
        self._last = (message.session, message.seq)
        now = self._now()
        self._heard_ms, self._why = now, ""
        if self._callbacks is None:
            return
        seen, alive = self._callbacks
        if isinstance(message, PlateSeen):
            seen(message.mark, now - max(0, self._age(message)))
        else:
            alive()
