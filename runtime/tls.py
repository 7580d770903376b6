"""TLS 1.3 to a broker, and what the TLS library complains of in a technician's words."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_REFUSALS = (
    ("CERTIFICATE_REVOKED", "the broker refuses this certificate: it is revoked; enrol again"),
    (
        "CERTIFICATE_EXPIRED",
        "the broker refuses this certificate: it, or the broker's list of the revoked, has expired",
    ),
    ("UNKNOWN_CA", "the broker refuses this certificate: it is by an authority the broker does not know"),
    ("CERTIFICATE_REQUIRED", "the broker wants a certificate: name link.certificate and link.key"),
    ("PROTOCOL_VERSION", "the broker does not speak TLS 1.3; correct its configuration"),
    ("certificate has expired", "the broker's certificate has expired, or this box's clock is wrong"),
    ("not yet valid", "the broker's certificate is not yet valid: look at this box's clock first"),
    ("match", "the broker's certificate is for other names than the one it is reached by"),
    ("verify failed", "the broker's certificate is not by the authority this box trusts"),
    ("EOF", "the broker hung up in the handshake: this certificate is expired, revoked or of another authority"),
    ("ALERT", "the broker refuses the handshake"),
)


class TlsContext(ssl.SSLContext):
    """An SSLContext that remembers its sockets, because paho leaves the one of a failed handshake open."""

    made: tuple[ssl.SSLSocket, ...] = ()

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """As `ssl.SSLContext.wrap_socket`."""
        wrapped = super().wrap_socket(*args, **kwargs)
        self.made = (*self.made, wrapped)
        return wrapped

    def close(self) -> None:
        """Closes them all."""
        for wrapped in self.made:
            wrapped.close()


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS 1.3 both ways: the authority that signed the broker's certificate, and this client's own pair (PEM files).

    The files are read at every attempt to connect, so that renewed ones count from the next connection on.
    """

    authority: Path
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> TlsContext:
        """A context that checks the broker's name, which must stand among its alternative names, and certificate.

        Raises:
            OSError: a file cannot be read (ssl.SSLError, its child: or is not what it should be).
        """
        context = TlsContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(str(self.authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = True
        context.hostname_checks_common_name = False
        if self.certificate is not None:
            context.load_cert_chain(str(self.certificate), str(self.key) if self.key else None)
        return context


def in_words(text: str) -> str:
    """A TLS library's complaint, with what it means here before it; other texts as they are."""
    meaning = next((words for mark, words in _REFUSALS if mark in text and "ssl" in text.lower()), "")
    return f"{meaning} ({text})" if meaning else text
