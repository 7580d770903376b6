"""A private broker, a real core in its own process, and keys for as many lanes as are named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from simulation.broker import PrivateBroker
from simulation.children import cpu_s
from simulation.private_core import PrivateCore
from wire.envelope import Signer


class BenchSite:
    """What lanes need as their other end.

    Args:
        folder: empty; the admin socket is in it, so its path must be short.
        lanes: their names; they share one key, for it is their number that counts here.
    """

    def __init__(self, folder: Path, lanes: Iterable[str]) -> None:
        self.folder, self.lanes = folder, tuple(lanes)
        self._shared = Signer.generate("lanes")
        self.broker = PrivateBroker(folder / "broker", lanes=self.lanes)
        self.core = PrivateCore(folder, self.broker, lanes=dict.fromkeys(self.lanes, self._shared.public))

    async def __aenter__(self) -> Self:
        """Broker and core run, and the core answers."""
        self.broker.start()
        try:
            await self.core.start_ready()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Both end."""
        await asyncio.to_thread(self.core.end)
        self.broker.stop()

    def signer(self, lane: str) -> Signer:
        """The lanes' key under this lane's name."""
        return Signer.of(lane, self._shared.to_pem())

    def spent(self) -> dict[str, float]:
        """Processor seconds of broker and core until now."""
        return {"broker": cpu_s(self.broker.pid), "core": cpu_s(self.core.process.pid)}
