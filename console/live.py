"""The live picture: one stream of coded pictures, given to everybody who watches, each picture with when it was taken.

Rules of this file:

1. However many watch, the source is asked once, and nobody is asked while nobody watches.
2. Pictures are passed on as the camera made them (`runtime.live_packets`); who comes begins with the last key frame.
3. Nobody is waited for. Who is behind gets nothing more before the next key frame, and begins again there: a late picture is of no
   use. Who takes nothing for `_DEAF_MS` is given up.
4. The receiver can tell how old a picture is, whatever the line between holds back (`OtherClock`).

A picture on its way: 8 bytes, when it was taken in ms of the sender's clock, 0 where that is not known: then it must not be shown,
but others need it; 4 bytes, its age in ms when it was sent; 1 byte, the length of the coding's name; 4 bytes, the length of the
picture; the name (RFC 6381; of a key frame only); the picture, H.264 with start codes. Numbers are big-endian.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final

from console.errors import LiveUnavailableError
from console.ports import Ticks
from runtime.backoff import Backoff
from runtime.live_packets import LONGEST_LIVE, LivePicture

log = logging.getLogger("rocars.page")

BEAT_S: Final = 1.0
"""The longest silence of `LiveHub.watch`."""
MEDIA_TYPE: Final = "application/octet-stream"
_HEAD: Final = struct.Struct(">QIBI")
_BEHIND_MS: Final = 1_000
_DEAF_MS: Final = 10_000
_MOST_WAITING: Final = 12 * 1024 * 1024
"""Bytes that may wait for one who watches."""
_AGAIN_S: Final = (0.5, 5.0)
_FIRST_BEATS: Final = 3
_CREEP: Final = 200e-6
"""Two quartz clocks drift apart by no more."""

NO_LIVE: Final = "No live video from the camera now: single pictures."

MANY_WATCH: Final = "Too many watch this camera live: single pictures are shown."

LiveSource = Callable[[], AsyncGenerator[LivePicture, None]]
"""Opens the stream: pictures from the last key frame on, until it breaks (`OSError`, or just ends) or cannot be (`LiveUnavailableError`)."""


def framed(picture: LivePicture, now_ms: int) -> bytes:
    """A picture as it goes to a browser."""
    name, age = picture.codec.encode(), min(max(now_ms - picture.taken_ms, 0), 0xFFFFFFFF)
    return _HEAD.pack(picture.taken_ms, age, len(name), len(picture.body)) + name + picture.body


class OtherClock:
    """The clock of a machine that sends pictures, as seen from here: the quickest picture is the measure, for all others."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._last_ms = 0

    def here(self, taken_ms: int, age_ms: int, now_ms: int) -> int:
        """When a picture was taken by our clock; it came at `now_ms`. At the earliest, if the line kept none less long."""
        ahead = now_ms - (taken_ms + age_ms)
        crept = ahead if self._ahead is None else self._ahead + (now_ms - self._last_ms) * _CREEP
        self._ahead, self._last_ms = min(ahead, crept), now_ms
        return round(taken_ms + self._ahead)


class FramedPictures:
    """Pictures out of a stream of bytes, their times by our clock."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._clock = OtherClock()

    def came(self, chunk: bytes, now_ms: int) -> list[LivePicture]:
        """Those that are complete.

        Raises:
            ValueError: it is no such stream.
        """
        self._held += chunk
        found = []
        while len(self._held) >= _HEAD.size:
            taken, age, name, length = _HEAD.unpack_from(self._held)
            if length > LONGEST_LIVE:
                raise ValueError(f"a picture of {length} bytes is none")
            if len(self._held) < (end := _HEAD.size + name + length):
                break
            codec = self._held[_HEAD.size : _HEAD.size + name].decode("ascii")
            here = self._clock.here(taken, age, now_ms) if taken else 0
            found.append(LivePicture(here, codec, bytes(self._held[_HEAD.size + name : end])))
            del self._held[:end]
        return found


class _Watcher:
    """One who watches: what waits for him, each with since when."""

    def __init__(self, now_ms: int) -> None:
        self.waiting: deque[tuple[int, LivePicture]] = deque()
        self.over = False
        self.took_ms = now_ms
        self._size = 0
        self._fed = False
        self._some = asyncio.Event()

    def put(self, picture: LivePicture, now_ms: int) -> None:
        """One more; see rule 3."""
        behind = self.waiting and now_ms - self.waiting[0][0] > _BEHIND_MS
        if behind or self._size > _MOST_WAITING:
            self.begin_again()
        self._fed = self._fed or bool(picture.codec)
        if self._fed:
            self.waiting.append((now_ms, picture))
            self._size += len(picture.body)
            self._some.set()

    def begin_again(self) -> None:
        """With the next key frame."""
        self.waiting.clear()
        self._size, self._fed = 0, False

    def end(self) -> None:
        """There will be no more."""
        self.over = True
        self._some.set()

    async def take(self) -> LivePicture | None:
        """The next; None when none has come for a beat."""
        if not self.waiting:
            self._some.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await self._some.wait()
        if not self.waiting:
            return None
        _, picture = self.waiting.popleft()
        self._size -= len(picture.body)
        return picture


class LiveHub:
    """Gives one stream to many.

    Args:
        source: opens the stream.
        ticks: monotonic milliseconds, of the clock that the source's times are of.
        most: how many may watch; others keep their single pictures.
        beats: how many beats the first picture may take.
    """

    def __init__(self, source: LiveSource, *, ticks: Ticks, most: int = 8, beats: int = _FIRST_BEATS) -> None:
        self._source, self._ticks, self._most, self._beats = source, ticks, most, beats
        self._watching: set[_Watcher] = set()
        self._group: list[LivePicture] = []
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self._refusal = ""

    async def stream(self, goes_on: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Pictures as bytes, while `goes_on`, which is asked about once a second. Returns once the first has come.

        Raises:
            LiveUnavailableError: there is none, and why; or too many watch.
        """
        if len(self._watching) >= self._most:
            raise LiveUnavailableError(MANY_WATCH)
        pictures = self.watch()
        for _ in range(self._beats):
            first = await anext(pictures, None)
            if first is not None:
                return self._framed(first, pictures, goes_on)
            if self._refusal:
                break
        await pictures.aclose()
        raise LiveUnavailableError(self._refusal or NO_LIVE)

    async def _framed(
        self, first: LivePicture, pictures: AsyncIterator[LivePicture | None], goes_on: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        asked_ms = self._ticks()
        yield framed(first, asked_ms)
        async for picture in pictures:
            if self._ticks() - asked_ms >= 1_000 * BEAT_S:
                if not goes_on():
                    return
                asked_ms = self._ticks()
            if picture is not None:
                yield framed(picture, self._ticks())

    async def watch(self) -> AsyncGenerator[LivePicture | None, None]:
        """Each picture; None where none has come for a beat. Ends where there is no stream, and for one who takes nothing."""
        watcher = self._admit()
        try:
            while watcher.waiting or not watcher.over:
                watcher.took_ms = self._ticks()
                yield await watcher.take()
        finally:
            self._dismiss(watcher)

    def _admit(self) -> _Watcher:
        now = self._ticks()
        watcher = _Watcher(now)
        for picture in self._group:
            watcher.put(picture, now)
        self._watching.add(watcher)
        if self._task is None:
            self._refusal = ""
            self._task = asyncio.create_task(self._follow(), name="live picture")
        return watcher

    def _dismiss(self, watcher: _Watcher) -> None:
        watcher.end()
        self._watching.discard(watcher)
        if not self._watching and self._task is not None:
            self._task.cancel()
            self._task, self._group = None, []

    async def _follow(self) -> None:
        backoff = Backoff(*_AGAIN_S)
        while True:
            try:
                async with contextlib.aclosing(self._source()) as pictures:
                    async for picture in pictures:
                        backoff.reset()
                        self._give(picture)
            except LiveUnavailableError as error:
                self._refusal = error.words
                for watcher in list(self._watching):
                    self._dismiss(watcher)
                return
            except (OSError, ValueError) as error:
                log.info("live picture: %s", error)
            self._group = []
            for watcher in self._watching:
                watcher.begin_again()
            await asyncio.sleep(backoff.next_s())

    def _give(self, picture: LivePicture) -> None:
        if picture.codec:
            self._group, self._size = [], 0
        if picture.codec or self._group:
            self._group.append(picture)
            self._size += len(picture.body)
        if self._size > _MOST_WAITING:
            self._group = []
        now = self._ticks()
        for watcher in list(self._watching):
            if watcher.waiting and now - watcher.took_ms > _DEAF_MS:
                self._dismiss(watcher)
            else:
                watcher.put(picture, now)
