"""A way to the officers' page of the box for an officer outside: its loopback address, reached through its own network.

The page listens on the box's loopback alone, as installed; the officer's browser in the booth is on that box.
"""

from __future__ import annotations

import contextlib
import socket
import threading

from tools.field.wires import in_network


class Door:
    """Relays connections to a port of this machine's loopback into a network's loopback.

    Args:
        network: the namespace of the box.
        port: the page's.
    """

    def __init__(self, network: str, port: int = 8480) -> None:
        self._network, self._port = network, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, name="door", daemon=True).start()

    @property
    def address(self) -> str:
        """Where an officer's browser finds the page."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def close(self) -> None:
        """No more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = in_network(
                        self._network, lambda: socket.create_connection(("127.0.0.1", self._port), timeout=5)
                    )
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(one, other), name="door", daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
