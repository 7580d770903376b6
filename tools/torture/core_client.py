"""The counter of the core, for the kit's own requests; a core that is away is no answer, and not an end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from core.errors import RefusedError
from core.office.admin import AdminClient, CoreUnreachableError
from core.office.service import ImportedBundle
from domain.crossing import Direction
from runtime.clocks import utc_ms

T = TypeVar("T")

PATIENCE_S = 4.0
_HOUR_MS = 3_600_000


class CoreDesk:
    """Asks the core, once each time.

    Args:
        socket: the core's admin socket.
        point: the control point of the lanes.
    """

    def __init__(self, socket: Path, point: str) -> None:
        self._socket, self._point = socket, point
        self._ccrns = itertools.count(2_001_067_889)  # the sample of seed 004, and on

    async def ask(self, what: Callable[[AdminClient], Awaitable[T]]) -> T | None:
        """The answer; None where the core is away, is killed meanwhile, or refuses. It may have acted all the same."""
        try:
            async with asyncio.timeout(PATIENCE_S), AdminClient(self._socket) as core:
                return await what(core)
        except (CoreUnreachableError, RefusedError, TimeoutError, OSError):
            return None

    async def bundle(self, vrn: str, *codes: str, begins_ms: int = -_HOUR_MS, ends_ms: int = 24 * _HOUR_MS) -> str:
        """Bundles, one consignment a code, good from and until so long from now; the UBR, "" where nobody knows."""
        now = utc_ms()
        item = ImportedBundle(
            vrn=vrn,
            direction=Direction.INBOUND,
            point=self._point,
            earliest_ms=now + begins_ms,
            valid_until_ms=now + ends_ms,
            cargo=tuple((f"{next(self._ccrns):010d}", code, "") for code in codes),
        )
        made = await self.ask(lambda core: core.take_over([item]))
        return made[0] if made else ""

    async def debundle(self, ubr: str) -> None:
        """Undoes a bundle."""
        await self.ask(lambda core: core.debundle(ubr))

    async def hold(self, vrn: str) -> bool:
        """Stops a vehicle; whether that is certain."""
        return await self.ask(lambda core: core.hold(vrn, reason="torture")) is not None

    async def lift(self, vrn: str) -> bool:
        """Ends a hold; whether that is certain."""
        return await self.ask(lambda core: core.lift_hold(vrn)) is not None

    async def approve(self, vrn: str) -> bool:
        """Approves a cross-boundary vehicle; whether that is certain."""
        return await self.ask(lambda core: core.approve(vrn)) is not None

    async def version(self) -> int | None:
        """The head's version, None where the core does not say."""
        status = await self.ask(lambda core: core.status())
        return None if status is None else status.version

    async def command(self, lane: str, name: str, text: str) -> str | None:
        """Sends a real command; its identifier."""
        return await self.ask(lambda core: core.command(lane, name, good_seconds=5, text=text))
