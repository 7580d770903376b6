"""Sends pictures to the core: one at a time, part by part, when nothing more important is to be sent (design §3).

Rules of this file:
- A picture is offered; the core says from which byte on it wants it, and after each part how much it holds. After a
  restart of either side, or a silence, it is offered anew: nothing is sent twice that the core still holds.
- A part goes out only while the link is fresh, no event waits, and the last part is answered; at a bounded rate, and
  never in more than half of the time. Parts are as small as the link is slow: what is sent behind one waits for it, and
  a proof that arrives late makes the lane stale.
- A picture asked for by a command goes first.
- The picture itself stays where it is: sending does not delete it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sync.link.effects import PictureDone, SendPart
from sync.link.limits import Limits
from wire.messages import PictureHeld, PictureOffered

_FIRST = 2 << 10
_LEAST = 512
_QUICK_MS, _SLOW_MS = 150, 300  # an answer sooner lets the parts grow, one later lets them shrink


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture to be sent: its name, bytes, class at the lane, why, and whether somebody waits for it."""

    picture: str
    size: int
    kind: str
    reason: str
    asked: bool = False


@dataclass(slots=True)
class _OpenTransfer:
    """The offer that is open."""

    offer: str
    upload: Upload
    sent_ms: int
    offset: int = 0
    answered: bool = False
    next_ms: int = 0


class Uploader:
    """Which pictures are to be sent, and how far the open one is.

    Args:
        lane: its name.
        limits: rates and durations.
        entropy: for the names of offers.
        waiting: pictures that were to be sent when the agent ended.
    """

    def __init__(
        self, lane: str, limits: Limits, entropy: Callable[[int], bytes], *, waiting: Iterable[Upload] = ()
    ) -> None:
        self._lane = lane
        self._limits = limits
        self._entropy = entropy
        self._waiting = {upload.picture: upload for upload in waiting}
        self._open: _OpenTransfer | None = None
        self._wait_ms = limits.picture_wait_ms
        self._length = min(_FIRST, limits.part_bytes)

    @property
    def depth(self) -> int:
        """Pictures the core does not hold yet."""
        return len(self._waiting)

    def add(self, upload: Upload) -> None:
        """Queues a picture; one asked for by a command replaces the same one queued before."""
        known = self._waiting.get(upload.picture)
        if known is None or upload.asked:
            self._waiting[upload.picture] = upload

    def on_disconnected(self) -> None:
        """The connection is gone, and the open offer with it."""
        self._open = None
        self._wait_ms = self._limits.picture_wait_ms

    def remove(self, picture: str) -> None:
        """A picture is done with, or gone, or cannot be read: it is not sent."""
        self._waiting.pop(picture, None)
        if self._open is not None and self._open.upload.picture == picture:
            self._open = None

    def due(self, now: int) -> PictureOffered | SendPart | None:
        """What to send now; ask only while the link is fresh and no event waits."""
        open_ = self._open
        if open_ is None:
            return self._offer(now)
        if not open_.answered:
            if now - open_.sent_ms >= self._wait_ms:
                self._open = None
                self._length = min(_FIRST, self._limits.part_bytes)
                self._wait_ms = min(2 * self._wait_ms, self._limits.picture_wait_max_ms)
                return self._offer(now)
            return None
        return self._part(open_, now) if now >= open_.next_ms else None

    def _offer(self, now: int) -> PictureOffered | None:
        upload = next(iter(sorted(self._waiting.values(), key=lambda one: not one.asked)), None)
        if upload is None:
            return None
        self._open = _OpenTransfer(self._entropy(8).hex(), upload, now)
        return PictureOffered(
            lane=self._lane,
            offer=self._open.offer,
            picture=upload.picture,
            size=upload.size,
            kind=upload.kind,
            reason=upload.reason,
        )

    def _part(self, open_: _OpenTransfer, now: int) -> SendPart:
        open_.answered, open_.sent_ms = False, now
        length = min(self._length, open_.upload.size - open_.offset)
        return SendPart(open_.offer, open_.upload.picture, open_.offset, length)

    def on_held(self, answer: PictureHeld, now: int) -> PictureDone | None:
        """The core's answer; one to an offer that is not open is ignored. Returns the picture that is done, if one is."""
        open_ = self._open
        if open_ is None or (open_.offer, open_.upload.picture) != (answer.offer, answer.picture):
            return None
        self._wait_ms = self._limits.picture_wait_ms
        if answer.state != "part":
            self.remove(answer.picture)
            return PictureDone(answer.picture, answer.detail or "refused" if answer.state == "refused" else "")
        if answer.offset >= open_.upload.size:
            return None  # all is there and it is being looked at, or this is not its size: silence, then a new offer
        took = now - open_.sent_ms
        if answer.offset > open_.offset:
            self._adapt(took)
        paced = open_.sent_ms + 1000 * max(0, answer.offset - open_.offset) // self._limits.picture_rate
        open_.offset, open_.answered, open_.next_ms = answer.offset, True, max(paced, now + took)
        return None

    def _adapt(self, took: int) -> None:
        """Makes the next part as large as this link allows, by how long the last one took."""
        if took < _QUICK_MS:
            self._length = min(2 * self._length, self._limits.part_bytes)
        elif took > _SLOW_MS:
            self._length = max(self._length // 2, _LEAST)
