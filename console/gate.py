"""The door of the page's server: how many connections there are, of whom, and how long a request may take to come.

Rules of this file:
- The page needs descriptors for its own work, the line to the agent first of all: connections are few, and counted from
  the moment they are accepted, a TLS handshake that never ends included.
- A connection is *half* until a whole request has come over it, and again between requests. One that is half for too
  long is ended. Where there is no room, the oldest half one gives its place, of whoever has most: who floods loses his
  own, and a browser, which sends its request as soon as it is connected, keeps its.
- Accepting is paced, so that a flood costs the loop little: whoever cannot be accepted yet waits in the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import resource
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from runtime.bucket import TokenBucket

log = logging.getLogger("rocars.page")

MOST = 128
"""Connections in all; a page has a stream and up to five requests at a time."""

OF_ADDRESS = 48
"""Of them from one address (of IPv6: one network of 64 bits, for its owner has all of it)."""

REQUEST_S = 5.0
"""A connection is ended that is half for longer."""

ACCEPTED = (200, 100)
"""Connections accepted at once, and a second."""

_BACKLOG = 128
_SWEEP_S = 0.5
_FULL_S = 0.2
"""How long to wait when the process has no descriptor left."""


def origin(address: str) -> str:
    """Who is counted together: the address, or of IPv6 its network of 64 bits; "" if it is none."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def room(most: int = MOST) -> int:
    """How many connections there may be, so that three quarters of the process's descriptors stay the agent's."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return most if soft == resource.RLIM_INFINITY else max(1, min(most, soft // 4))


class PageProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, which tells when its connection is gone."""

    def __init__(self, *, gone: Callable[[], None], **values: Any) -> None:
        super().__init__(**values)
        self._gone = gone

    @property
    def is_half(self) -> bool:
        """Whether no whole request is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        super().connection_lost(exc)
        self._gone()


@dataclass(slots=True, eq=False)
class _Held:
    """A connection; `half_ms` is since when it is half, None while it is not."""

    origin: str
    socket: socket.socket
    half_ms: int | None
    protocol: PageProtocol | None = None
    task: asyncio.Task[None] | None = None

    def end(self) -> None:
        """Ends it at once, whatever state it is in."""
        if self.protocol is not None:
            self.protocol.transport.abort()
        elif self.task is not None:
            self.task.cancel()


class Gate:
    """Accepts connections for a page's server.

    Args:
        listener: bound, not yet listening.
        protocol: makes the protocol of one connection, given what it calls when that is gone.
        tls: None without.
        now_ms: a monotonic clock, in milliseconds.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        protocol: Callable[[Callable[[], None]], PageProtocol],
        tls: ssl.SSLContext | None,
        now_ms: Callable[[], int],
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._tls = tls
        self._now = now_ms
        self._held: dict[_Held, None] = {}  # in order of arrival
        self._pace = TokenBucket(burst=ACCEPTED[0], per_second=ACCEPTED[1], now_ms=now_ms())
        self._tasks: list[asyncio.Task[None]] = []
        self._most = room()

    def open(self) -> None:
        """Begins to listen."""
        self._listener.setblocking(False)
        self._listener.listen(_BACKLOG)
        self._tasks = [
            asyncio.create_task(self._accept(), name="page gate"),
            asyncio.create_task(self._sweep(), name="page sweep"),
        ]

    def close(self) -> None:
        """Accepts nobody any more, and ends what has not become a connection yet; the others are the server's."""
        for task in self._tasks:
            task.cancel()
        for held in [held for held in self._held if held.protocol is None]:
            held.end()

    async def wait_closed(self) -> None:
        """Waits until `close` is done."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while self._pace.is_empty(self._now()):  # noqa: ASYNC110 - it waits for time to pass
                await asyncio.sleep(1 / ACCEPTED[1])
            try:
                connection, address = await loop.sock_accept(self._listener)
            except OSError as error:  # none left, or gone again before it was taken
                log.warning("the page accepts nobody: %s", error)
                await asyncio.sleep(_FULL_S)
                continue
            self._pace.take()
            self._take(connection, origin(str(address[0])))

    def _take(self, connection: socket.socket, where: str) -> None:
        if not self._has_room(where):
            connection.close()
            return
        connection.setblocking(False)
        held = _Held(where, connection, self._now())
        self._held[held] = None
        held.task = asyncio.create_task(self._connect(held), name="page connection")
        held.task.add_done_callback(lambda _: self._connected(held))

    def _has_room(self, where: str) -> bool:
        """Whether one more may be held from there, after another gave its place if need be."""
        count = Counter(held.origin for held in self._held)
        if count[where] >= min(OF_ADDRESS, self._most):
            return self._give_place(where)
        return len(self._held) < self._most or self._give_place(max(count, key=lambda one: count[one]))

    def _give_place(self, where: str) -> bool:
        """The oldest half connection from there is ended."""
        self._look()
        oldest = next((held for held in self._held if held.origin == where and held.half_ms is not None), None)
        if oldest is None:
            return False
        del self._held[oldest]
        oldest.end()
        return True

    async def _connect(self, held: _Held) -> None:
        def made() -> PageProtocol:
            return self._protocol(lambda: self._forget(held))

        limits = {"ssl_handshake_timeout": REQUEST_S, "ssl_shutdown_timeout": 1.0} if self._tls else {}
        with contextlib.suppress(OSError):  # TLS failed, took too long, or the other side is gone
            _, held.protocol = await asyncio.get_running_loop().connect_accepted_socket(
                made, held.socket, ssl=self._tls, **limits
            )

    def _connected(self, held: _Held) -> None:
        if held.protocol is None:
            self._forget(held)
            held.socket.close()
        elif held not in self._held:  # it had to give its place meanwhile
            held.end()

    def _forget(self, held: _Held) -> None:
        self._held.pop(held, None)

    def _look(self) -> None:
        """Notes which connections are half, and since when."""
        now = self._now()
        for held in self._held:
            if held.protocol is not None and not held.protocol.is_half:
                held.half_ms = None
            elif held.half_ms is None:
                held.half_ms = now

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._look()
            late = self._now() - int(1_000 * REQUEST_S)
            for held in [held for held in self._held if held.half_ms is not None and held.half_ms < late]:
                held.end()
