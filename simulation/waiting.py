"""Waiting for what another process or thread does, of which no event tells."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(holds: Callable[[], object], seconds: float = 60.0, *, every_s: float = 0.01) -> float:
    """Waits until it holds; returns the seconds that took.

    Raises:
        TimeoutError: it did not hold within `seconds`.
    """
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(every_s)
    return time.monotonic() - began
