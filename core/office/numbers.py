"""Ten-digit references. Counted, never random: two cannot be the same, and the store remembers the last."""

from __future__ import annotations

from core.errors import RefusedError
from core.model.refusals import refusal

FIRST = {"ccrn": 2_000_000_001, "ubr": 1_000_000_001}
"""Where each series starts. The samples are 2001067889 (CCRN) and 1001014161 (UBR); seed 004."""

_LAST = 9_999_999_999


def reference(number: int) -> str:
    """A series number as its ten digits.

    Raises:
        RefusedError: the series is used up.
    """
    if not 1_000_000_000 <= number <= _LAST:
        raise RefusedError(refusal("series_used_up"))
    return str(number)
