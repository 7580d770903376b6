"""uvicorn in the agent's own event loop: no signals of its own, no exit of the process, a clear word when it cannot listen.

Its connections come through `gate`, which bounds what anybody outside can make this process hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Protocol

import uvicorn
from starlette.applications import Starlette

from console.errors import ConsoleSettingsError
from console.gate import Gate, PageProtocol
from console.settings import ConsoleSettings
from runtime.clocks import monotonic_ms


class _GatedServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the process's signals to the composition root."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens through the gate; what uvicorn would do besides is for a lifespan, which the page has not."""
        assert sockets is not None
        gate = Gate(sockets[0], protocol=self._made, tls=self.config.ssl, now_ms=monotonic_ms)
        gate.open()
        self.servers = [gate]  # type: ignore[list-item]  # it closes like asyncio's own
        self.started = True

    def _made(self, gone: Callable[[], None]) -> PageProtocol:
        return PageProtocol(gone=gone, config=self.config, server_state=self.server_state, app_state={})


class OpenStreams(Protocol):
    """What must end before the server can stop."""

    def close(self) -> None:
        """Ends every stream soon."""


class ConsoleServer:
    """Serves one page.

    `bind` first (so that a port in use is known before the lane opens), then `serve` as a task, `stop` to end it.
    """

    def __init__(self, app: Starlette, stream: OpenStreams, settings: ConsoleSettings) -> None:
        self._settings = settings
        self._stream = stream
        self._socket: socket.socket | None = None
        self._server = _GatedServer(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # the client's address decides who may watch: no header may say otherwise
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=2,
                ssl_certfile=settings.tls_certificate,
                ssl_keyfile=settings.tls_key,
            )
        )

    def bind(self) -> str:
        """Listens, and returns the page's address.

        Raises:
            ConsoleSettingsError: the settings are wrong, or the address is taken; says what to do.
        """
        if problems := [str(problem) for problem in self._settings.contradictions()]:
            raise ConsoleSettingsError("\n".join(problems))
        host, port = self._settings.host, self._settings.port
        try:
            family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            self._socket = socket.socket(family, kind, protocol)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(where)
        except OSError as error:
            self.close()
            raise ConsoleSettingsError(
                f"host, port: cannot listen on {host}:{port} ({error.strerror}): choose another"
            ) from error
        scheme = "https" if self._settings.secure else "http"
        shown = f"[{host}]" if ":" in host else host
        return f"{scheme}://{shown}:{self._socket.getsockname()[1]}/"

    async def serve(self) -> None:
        """Serves until `stop`.

        Raises:
            RuntimeError: `bind` was not called.
        """
        if self._socket is None:
            raise RuntimeError("bind the page before it is served")
        await self._server.serve(sockets=[self._socket])

    async def ready(self) -> None:
        """Waits until requests are answered."""
        while not self._server.started:  # noqa: ASYNC110  # uvicorn offers no event for this
            await asyncio.sleep(0.01)

    def stop(self) -> None:
        """Ends `serve` within two seconds; open streams are ended first."""
        self._stream.close()
        self._server.should_exit = True

    def close(self) -> None:
        """Gives the address back if it was bound but never served."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
