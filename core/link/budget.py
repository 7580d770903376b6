"""What one lane may cost the core: bytes of journal, new journals, rows kept aside.

Rules of this file:
- A lane over its bytes is slowed, never cut off: its rows are left untaken, so it sends them again, and they are taken as
  its budget fills. An honest lane reaches no limit; the bounds are on what a broken or stolen one can do.
- Budgets are kept in memory: they are about the present, and a restart of the core begins them anew.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLimits:
    """What a lane may do before it is slowed or refused.

    Attributes:
        journals_a_day: new journals within 24 hours; a lane begins one when it has lost or replaced its store.
        burst_bytes: of rows at once: a day's journal of a busy lane, after a day without a link.
        bytes_a_second: of rows in the long run.
        early_bytes: of rows kept aside while a gap before them is filled.
    """

    journals_a_day: int = 100
    burst_bytes: int = 64_000_000
    bytes_a_second: int = 8_000
    early_bytes: int = 4_000_000
