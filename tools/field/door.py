"""A way for an officer outside to a page inside the site's network, and who he believes there."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

from tools.field.wires import in_network

PAGE_PORT = 8480


class Door:
    """Relays connections to a port of this machine's loopback into a network: what is said through it stays as it was.

    Args:
        network: the namespace from which the page is reached.
        host: the page's address there.
    """

    def __init__(self, network: str, host: str = "127.0.0.1") -> None:
        self._network, self._page = network, (host, PAGE_PORT)
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, name="door", daemon=True).start()

    @property
    def address(self) -> str:
        """Where an officer's browser finds the page."""
        return f"http://127.0.0.1:{self.here[1]}/"

    @property
    def here(self) -> tuple[str, int]:
        """The near end."""
        return "127.0.0.1", int(self._listener.getsockname()[1])

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
                    far = in_network(self._network, lambda: socket.create_connection(self._page, timeout=5))
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


def tls_version(near: tuple[str, int], name: str, trusts: ssl.SSLContext) -> str:
    """The version of TLS by which a page under this name is reached; "" where its certificate is not believed.

    Raises:
        OSError: it cannot be reached.
    """
    with socket.create_connection(near, timeout=10) as plain:
        try:
            with trusts.wrap_socket(plain, server_hostname=name) as page:
                return page.version() or ""
        except ssl.SSLCertVerificationError:
            return ""
