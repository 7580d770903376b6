"""What an off-site copy may lack when the whole first site dies: what is excused, and counted.

Rules of this file:
- Papers: a bundle that was acknowledged after the copy's newest commit may have none; the signed list has to say it all the same,
  given back by the lanes.
- The list: excused is only what was acknowledged within a proof's age before the end, and may have reached no lane.
"""

from __future__ import annotations

from dataclasses import dataclass

from tools.torture.history import Line, RunHistory
from tools.torture.verdict import Bounds

LATE_MS = 500
"""A request may still be answered so long after the end was written down: processes die one after the other."""


@dataclass(frozen=True, slots=True)
class SiteLoss:
    """One such end.

    Attributes:
        at_ms: monotonic.
        facts: what the copy lacked (`site_lost`).
    """

    at_ms: int
    facts: dict[str, int]

    def took_papers(self, request: Line) -> bool:
        """Whether a request was acknowledged after the copy's newest commit."""
        return bool(self.at_ms - self.facts["behind_ms"] <= request["t"] <= self.at_ms + LATE_MS)

    def took_word(self, request: Line) -> bool:
        """Whether it was acknowledged so late that what was signed for it may have reached no lane."""
        return bool(self.at_ms - Bounds().fresh_ms <= request["t"] <= self.at_ms + LATE_MS)


def losses_of(history: RunHistory) -> list[SiteLoss]:
    """Each end of the first site, in order."""
    struck = [line["t"] for line in history.faults if line.get("struck") == "site_lost"]
    facts = [line["site_lost"] for line in history.faults if "site_lost" in line]
    return [SiteLoss(at_ms, found) for at_ms, found in zip(struck, facts, strict=False)]
