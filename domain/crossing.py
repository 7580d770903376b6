"""What a crossing is bound to: its direction, and the one action code that releases (domain §0.6, design §2.4)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

RELEASE: Final = "release"
"""The action code that releases. Every other one stops, also one this software has never heard of."""


class Direction(StrEnum):
    """Which way a lane leads; a bundle is bound to one (domain §0.6)."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
