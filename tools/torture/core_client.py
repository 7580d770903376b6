"""The counter of the core, for the kit's own requests; a core that is away is no answer, and not an end."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from core.errors import RefusedError
from core.office.admin import AdminClient, CoreUnreachableError
from core.office.service import ImportedBundle
from domain.crossing import Direction
from runtime.clocks import monotonic_ms, utc_ms
from tools.torture.tap import Ledger

T = TypeVar("T")

PATIENCE_S = 4.0
_HOUR_MS = 3_600_000


class CoreDesk:
    """Asks the core, once each time.

    Args:
        sockets: the core's admin socket, or those of several cores of which one serves.
        point: the control point of the lanes.
        told: where acknowledged changes of the list are written down; nowhere if left out.
    """

    def __init__(self, *sockets: Path, point: str, told: Ledger | None = None) -> None:
        self._sockets, self._point, self._told = deque(sockets), point, told
        self._ccrns = itertools.count(2_001_067_889)  # the sample of seed 004, and on

    def reaches(self, *sockets: Path) -> None:
        """Asks these from now on."""
        self._sockets = deque(sockets)

    async def ask(self, what: Callable[[AdminClient], Awaitable[T]]) -> T | None:
        """The answer; None where the core is away, is killed meanwhile, or refuses. It may have acted all the same."""
        try:
            async with asyncio.timeout(PATIENCE_S), AdminClient(self._sockets[0]) as core:
                return await what(core)
        except RefusedError:
            return None
        except (CoreUnreachableError, TimeoutError, OSError):
            self._sockets.rotate()
            return None

    async def _change(
        self, what: Callable[[AdminClient], Awaitable[T]], kind: str, key: str, *, stands: bool = True
    ) -> T | None:
        """As `ask`, for what the list has to say from then on; `key` is "" where the answer is it."""
        asked_ms = monotonic_ms()
        answer = await self.ask(what)
        if answer is not None and self._told is not None:
            names = [key] if key else list(answer)  # type: ignore[call-overload]
            for name in names:
                self._told.write(kind=kind, key=name, stands=stands, asked=asked_ms)
        return answer

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
        made = await self._change(lambda core: core.take_over([item]), "bundle", "")
        return made[0] if made else ""

    async def debundle(self, ubr: str) -> None:
        """Undoes a bundle."""

        async def done(core: AdminClient) -> bool:
            await core.debundle(ubr)
            return True

        await self._change(done, "bundle", ubr, stands=False)

    async def hold(self, vrn: str) -> bool:
        """Stops a vehicle; whether that is certain."""
        return await self._change(lambda core: core.hold(vrn, reason="torture"), "hold", vrn) is not None

    async def lift(self, vrn: str) -> bool:
        """Ends a hold; whether that is certain."""
        return await self._change(lambda core: core.lift_hold(vrn), "hold", vrn, stands=False) is not None

    async def approve(self, vrn: str) -> bool:
        """Approves a cross-boundary vehicle; whether that is certain."""
        return await self._change(lambda core: core.approve(vrn), "vehicle", vrn) is not None

    async def version(self) -> int | None:
        """The head's version, None where the core does not say."""
        status = await self.ask(lambda core: core.status())
        return None if status is None else status.version

    async def command(self, lane: str, name: str, text: str) -> str | None:
        """Sends a real command; its identifier."""
        return await self.ask(lambda core: core.command(lane, name, good_seconds=5, text=text))
