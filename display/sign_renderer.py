"""The signs as pictures for the officers' page, painted in a process of their own.

The painter's libraries are native code that is not made for threads; what goes wrong in it must cost a picture, never
the agent (a lane stood still for it once, in a demonstration).
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial

from display.pictures import render
from display.wording_file import use_words
from lane_agent.model import Screen
from lane_agent.wording import Scene
from runtime.children import end_with_parent

log = logging.getLogger("rocars.signs")


def _begin(wording: str) -> None:
    end_with_parent()
    use_words(wording)


class SignRenderer:
    """Paints one picture at a time.

    Args:
        simulated: the ribbon of a simulated lane is on every sign.
        wording: the file of the site's own words, "" for none.
    """

    def __init__(self, *, simulated: bool, wording: str = "") -> None:
        self._simulated = simulated
        self._wording = wording
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(self._wording,))

    async def paint(self, screen: Screen, scene: Scene, parameter: str, notice: str = "") -> bytes | None:
        """The sign as PNG; None if the painter died of it (the next one gets a new painter)."""
        loop = asyncio.get_running_loop()
        try:
            job = partial(render, screen, scene, parameter, self._simulated, notice=notice)
            return await loop.run_in_executor(self._pool, job)
        except BrokenProcessPool:
            log.warning("the painter of the page's pictures ended at %s on %s", scene.value, screen.value)
            self._pool = self._new_pool()
            return None

    def close(self) -> None:
        """Ends the painter's process."""
        self._pool.shutdown(wait=False, cancel_futures=True)
