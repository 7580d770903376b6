"""What the TLS library complains of, in a technician's words."""

from __future__ import annotations

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


def in_words(text: str) -> str:
    """A TLS library's complaint, with what it means here before it; other texts as they are."""
    meaning = next((words for mark, words in _REFUSALS if mark in text and "ssl" in text.lower()), "")
    return f"{meaning} ({text})" if meaning else text
