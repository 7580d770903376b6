"""Somebody who keeps saying the same thing, and an ear that says whether it comes: for many calls in a row.

What is said is a chirp twice a second and not a steady tone, which a browser takes for noise and takes away.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import numpy as np

from devices.voice.sound import FRAME, FRAME_MS, Loudspeaker, Microphone
from devices.voice.tone import Samples, chirp, find

DRIVER: Final = chirp()
OFFICER: Final = chirp(low=2_800.0, high=600.0)
_EVERY: Final = 25
"""Frames from one chirp to the next."""
_KEPT: Final = 60


class Ear:
    """What a loudspeaker plays, the newest second of it.

    Args:
        environment: of its sound server.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._microphone = Microphone(environment, "kiosk_loudspeaker.monitor")
        self._frames: deque[Samples] = deque(maxlen=_KEPT)

    async def listen(self) -> None:
        """Until cancelled."""
        async for frame in self._microphone.frames():
            self._frames.append(frame)

    def forget(self) -> None:
        """What was heard so far does not count."""
        self._frames.clear()

    async def hears(self, said: Samples, *, like: float, within_s: float) -> float:
        """Waits until it hears this; seconds that it took.

        Raises:
            TimeoutError: it does not come.
        """
        began = time.monotonic()
        async with asyncio.timeout(within_s):
            while True:
                heard = np.concatenate(self._frames) if self._frames else np.zeros(0, np.int16)
                if (await asyncio.to_thread(find, said, heard)).likeness >= like:
                    return time.monotonic() - began
                await asyncio.sleep(0.1)


async def keep_saying(environment: dict[str, str], words: Samples) -> None:
    """Says it into the room of this sound server, twice a second, until cancelled."""
    frames = [words[at : at + FRAME] for at in range(0, len(words) - FRAME + 1, FRAME)]
    frames += [np.zeros(FRAME, np.int16)] * (_EVERY - len(frames))
    speaker = Loudspeaker(environment, "room")
    await speaker.open()
    try:
        began, count = time.monotonic(), 0
        while True:
            speaker.write(frames[count % _EVERY])
            count += 1
            await asyncio.sleep(max(0.0, began + count * FRAME_MS / 1_000 - time.monotonic()))
    finally:
        await speaker.close()


@contextlib.asynccontextmanager
async def both_speak(driver: dict[str, str], officer: dict[str, str]) -> AsyncIterator[tuple[Ear, Ear]]:
    """Driver and officer speak for as long as the block runs; the ears of both, the driver's first."""
    ears = Ear(driver), Ear(officer)
    work = (keep_saying(driver, DRIVER), keep_saying(officer, OFFICER), ears[0].listen(), ears[1].listen())
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield ears
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
