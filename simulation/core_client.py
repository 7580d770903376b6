"""The traders', selectors' and officers' side of the core: its local interface, one JSON line a request.

The demonstration talks to the core as any other local program would, over the documented socket; it imports none of it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any, Self


class CounterRefusedError(RuntimeError):
    """The core refused a request; the text has its reasons."""


class CoreClient:
    """One connection to the core's counter.

    Use as ``async with Counter(path) as counter: await counter.ask("hold", vrn="AB1234", reason="...")``.

    Args:
        socket: the core's admin socket.
        who: the login that stands in the core's diary.
    """

    def __init__(self, socket: Path, *, who: str = "demonstration") -> None:
        self._socket = socket
        self._who = who
        self._turn = asyncio.Lock()
        self._ccrns = itertools.count(2_001_067_889)  # the sample of seed 004, and on
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_unix_connection(self._socket, limit=16 << 20)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    async def ask(self, do: str, **fields: Any) -> Any:
        """Sends a request in the client's own name and returns its result.

        Raises:
            CounterRefusedError: the core's rules forbid it.
            ConnectionError: the core is gone.
        """
        return await self._send({"do": do, "who": self._who, **fields})

    async def look(self, do: str, **fields: Any) -> Any:
        """A request that changes nothing and so names nobody."""
        return await self._send({"do": do, **fields})

    async def _send(self, request: dict[str, Any]) -> Any:
        if self._reader is None or self._writer is None:
            raise ConnectionError("the counter is not open")
        async with self._turn:
            self._writer.write(json.dumps(request, ensure_ascii=False).encode() + b"\n")
            await self._writer.drain()
            line = await self._reader.readline()
        if not line:
            raise ConnectionResetError("the core closed its counter")
        answer = json.loads(line)
        if answer.get("problems"):
            raise CounterRefusedError("; ".join(answer["problems"]))
        return answer.get("result")

    async def bundle(
        self,
        vrn: str,
        direction: str,
        earliest_ms: int,
        valid_until_ms: int,
        codes: tuple[str, ...] = ("release",),
        *,
        point: str = "",
        scheme: str = "",
    ) -> str:
        """Takes over a bundle with its own times and codes, as from the predecessor system; returns its UBR."""
        cargo = [[f"{next(self._ccrns):010d}", code, scheme] for code in codes]
        bundle = {
            "vrn": vrn,
            "direction": direction,
            "earliest_ms": earliest_ms,
            "valid_until_ms": valid_until_ms,
            "cargo": cargo,
            "point": point,
        }
        return str((await self.ask("take_over", bundles=[bundle]))[0])
