"""Which faults may be at work at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class RestoreGate:
    """Faults of single lanes may be at work together; what needs every lane connected has the site to itself."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = 0
        self._alone = False

    @asynccontextmanager
    async def among_others(self) -> AsyncIterator[None]:
        """Enters once nobody has, or waits for, the site."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone)
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Lets nobody else in, and enters once everybody has left."""
        self._alone = True
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._inside)
            yield
        finally:
            self._alone = False
            async with self._changed:
                self._changed.notify_all()
