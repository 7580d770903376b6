"""Asks a broker whether it accepts our certificate, without connecting as anybody.

With TLS 1.3 the server checks the client's certificate after the client believes itself connected: a client that does
not listen for a moment takes a refusal for a success.
"""

from __future__ import annotations

import socket
import ssl

from runtime.mqtt.options import Broker
from runtime.tls import Tls, in_words

_LISTEN_S = 0.5
_PATIENCE_S = 5.0


def probe_broker(broker: Broker, tls: Tls, *, patience: float = _PATIENCE_S) -> str:
    """Completes the handshake and listens whether the broker hangs up; sends no name, so that no session is taken over.

    Returns:
        The version of TLS.

    Raises:
        OSError: it cannot be reached, or one side refuses the other; the text is for a technician.
    """
    try:
        context = tls.context()
        with (
            socket.create_connection((broker.host, broker.port), timeout=patience) as plain,
            context.wrap_socket(plain, server_hostname=broker.host) as secure,
        ):
            return _listened(secure)
    except OSError as error:
        raise OSError(f"{broker}: {in_words(str(error))}") from error


def _listened(secure: ssl.SSLSocket) -> str:
    secure.settimeout(_LISTEN_S)
    try:
        heard = secure.recv(1)
    except TimeoutError:
        return secure.version() or "TLS"
    raise OSError("what listens there is no MQTT broker: it spoke first" if heard else "the broker hung up")
