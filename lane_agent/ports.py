"""What the shell needs from the world, named for the need. Adapters are named for the means and live elsewhere."""

from __future__ import annotations

from typing import Protocol

from lane_agent.model import Codes, Moment


class Clock(Protocol):
    """The two clocks of a box. Chosen in composition roots only."""

    def now(self) -> Moment:
        """The present moment."""


class CodeBook(Protocol):
    """The lane's copy of the core's records."""

    def look_up(self, vrn: str) -> Codes:
        """Everything known of `vrn` (normalised), with near-misses, link verdict and version."""


class Journal(Protocol):
    """Where every step is made durable before its effects run."""

    def append(self, entry: bytes) -> int:
        """Commits one entry (canonical JSON) and returns its sequence number.

        Raises:
            OSError: the entry is not durable; the shell must not run its effects.
        """
