"""A TCP proxy between the lane under test and its broker; it can cut every connection, as a pulled cable does.

Why this is not `simulation.cable`: the kit is run by strangers against their own lane or core. It has nothing of ours but
the contract (`wire`), and no event loop: it waits in threads, for the lane's TLS passes through unread.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Proxy:
    """Listens, and passes bytes on to a broker.

    Args:
        listen: (host, port); port 0 takes a free one.
        broker: (host, port).
    """

    def __init__(self, listen: tuple[str, int], broker: tuple[str, int]) -> None:
        self._broker = broker
        self._server = socket.create_server(listen)
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """How many pass through it now."""
        with self._lock:
            return len(self._pairs)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Ends every connection that passes through it, at once and without a word; new ones are taken."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _serve(self) -> None:
        while not self._closed:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._broker, timeout=5.0)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._pairs.append((near, far))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), name="proxy-pass", daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)
