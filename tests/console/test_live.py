"""One live stream for all who watch: nobody is waited for, and nobody is shown as live what is late."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from console.errors import LiveUnavailableError
from console.live import FramedPictures, LiveHub, OtherClock, framed
from runtime.live_packets import LivePicture
from tests.rigs.page import ManualClock


def picture(number: int, *, every: int = 5) -> LivePicture:
    """Picture `number` of a camera; `every` one is a key frame."""
    return LivePicture(1_000 + number, "" if number % every else "avc1.42C00A", bytes([number]) * 10)


class Filming:
    """A camera's stream, and how often it was opened and closed."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.hub = LiveHub(self.open, ticks=self.clock.ticks, most=12)
        self.opened = self.closed = 0
        self.refused = ""
        self._queue: asyncio.Queue[LivePicture | None] = asyncio.Queue()

    async def open(self) -> AsyncGenerator[LivePicture, None]:
        """The source."""
        self.opened += 1
        if self.refused:
            raise LiveUnavailableError(self.refused)
        try:
            while (one := await self._queue.get()) is not None:
                yield one
        finally:
            self.closed += 1

    async def gives(self, *numbers: int) -> None:
        """Pictures come, and have been passed on."""
        for number in numbers:
            self._queue.put_nowait(picture(number))
        while not self._queue.empty():  # noqa: ASYNC110 - until the hub has taken them
            await asyncio.sleep(0)
        await asyncio.sleep(0)


async def seen(watching: AsyncGenerator[LivePicture | None, None], count: int) -> list[int]:
    """The next pictures' numbers."""
    found: list[int] = []
    while len(found) < count:
        one = await anext(watching)
        if one is not None:
            found.append(one.taken_ms - 1_000)
    return found


def filming(test: Callable[[Filming], Awaitable[None]]) -> Callable[[], None]:
    """Runs it in a fresh loop."""

    def run() -> None:
        async def body() -> None:
            await test(Filming())

        asyncio.run(body())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@filming
async def test_ten_watch_over_one_connection_which_ends_with_the_last_of_them(film: Filming) -> None:
    """Each sees every picture; who comes later begins with the last key frame."""
    nine = [film.hub.watch() for _ in range(9)]
    first = [asyncio.create_task(seen(one, 8)) for one in nine]
    await asyncio.sleep(0)
    await film.gives(*range(8))
    late = film.hub.watch()
    assert await seen(late, 3) == [5, 6, 7]
    assert await asyncio.gather(*first) == [list(range(8))] * 9
    assert (film.opened, film.closed) == (1, 0)
    for one in [*nine, late]:
        await one.aclose()
    await asyncio.sleep(0)
    assert (film.opened, film.closed) == (1, 1)


@filming
async def test_who_is_behind_gets_nothing_late_and_begins_again_with_the_next_key_frame(film: Filming) -> None:
    """The others miss nothing; who takes nothing for long is given up."""
    slow, quick = film.hub.watch(), film.hub.watch()
    taken = [asyncio.create_task(seen(one, 1)) for one in (slow, quick)]
    await asyncio.sleep(0)
    await film.gives(0)
    await asyncio.gather(*taken)
    for number in range(1, 8):
        film.clock.ms += 400
        await film.gives(number)
        assert await seen(quick, 1) == [number]
    assert await seen(slow, 3) == [5, 6, 7]
    for number in range(8, 30):
        film.clock.ms += 600
        await film.gives(number)
        assert await seen(quick, 1) == [number]
    with contextlib.suppress(StopAsyncIteration):
        await seen(slow, 100)
        pytest.fail("it was not given up")
    await quick.aclose()


@filming
async def test_a_camera_that_cannot_be_shown_live_is_told_and_asked_again_by_the_next(film: Filming) -> None:
    """In the source's own words."""
    film.refused = "This camera's stream cannot be shown live: pictures are shown instead."
    for asked in (1, 2):
        with pytest.raises(LiveUnavailableError, match="cannot be shown live"):
            await film.hub.stream(lambda: True)
        assert film.opened == asked


@filming
async def test_the_stream_ends_with_the_right_to_watch(film: Filming) -> None:
    """Of a session that ended, say."""
    rights = [True]
    asked = asyncio.create_task(film.hub.stream(lambda: rights[0]))
    await asyncio.sleep(0)
    await film.gives(0, 1)
    stream = await asked
    assert await anext(stream) == framed(picture(0), film.clock.ticks())
    rights[0] = False
    film.clock.ms += 1_000
    assert await anext(stream, None) is None


@filming
async def test_one_too_many_is_refused_and_the_others_go_on(film: Filming) -> None:
    """Single pictures remain for him; nobody who watches is cut off for another."""
    twelve = [asyncio.create_task(film.hub.stream(lambda: True)) for _ in range(12)]
    await asyncio.sleep(0)
    with pytest.raises(LiveUnavailableError, match="Too many"):
        await film.hub.stream(lambda: True)
    await film.gives(0)
    for stream in await asyncio.gather(*twelve):
        assert (await anext(stream)).endswith(picture(0).body)


def test_pictures_are_the_same_behind_the_line_however_it_cuts_them() -> None:
    """By the other machine's clock they were taken when they were; one whose age is not known stays so."""
    sent = [picture(0), picture(1), LivePicture(0, "", b"x")]
    data = b"".join(framed(one, 1_300) for one in sent)
    reading, found = FramedPictures(), []
    for at in range(0, len(data), 7):
        found += reading.came(data[at : at + 7], 9_000_300)
    assert [one.taken_ms for one in found] == [9_000_000, 9_000_001, 0]
    assert [(one.codec, one.body) for one in found] == [(one.codec, one.body) for one in sent]
    with pytest.raises(ValueError, match="none"):
        FramedPictures().came(b"\xff" * 32, 0)


def test_what_a_line_held_back_is_as_old_as_it_is() -> None:
    """Its sender told an age of 100 ms, and the line kept it for two seconds more than the quickest."""
    clock = OtherClock()
    assert clock.here(1_000, 100, 51_120) == 51_020
    assert clock.here(1_040, 100, 53_160) == pytest.approx(51_060, abs=1)
