"""Why bytes from the wire are refused.

WireError(ValueError)        a peer's fault, never the lane's: count it, alarm it, act on nothing
└── WireRefusedError         `.reason` is a `Reason`, fit for a counter; the text is for a technician
"""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """One counter each; the value is the counter's name on the officers' page."""

    TOO_BIG = "too_big"
    NOT_AN_ENVELOPE = "not_an_envelope"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    MALFORMED = "malformed"


class WireError(ValueError):
    """Something on the wire is not what the contract says."""


class WireRefusedError(WireError):
    """These bytes are refused, whole.

    Attributes:
        reason: which counter this belongs to.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
