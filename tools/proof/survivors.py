"""Why the mutants that nothing kills may live."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.proof.mutation import Fate

_LEVEL = (
    "a level at the agent's start matters only with a vehicle in the lane; that visit is the officer's then, and he decides "
    "whatever this contact says"
)

REASONS: dict[str, str] = {
    "row '17 claiming' without 'not unladen'": (
        "where Unladen was pressed and the core's time is not known, the vehicle waits for a receipt instead of a decision: "
        "the screens say the same, and both waits end at the officer"
    ),
    "PlateSeenAgain without 'this visit'": (
        "a look has the number of its timer, which the lane gives once: what answers the look that is asked is of this visit"
    ),
    "drop_box without 'known'": _LEVEL,
    "immigration_started without 'known'": _LEVEL,
}
"""For each survivor whose change is not idle by the rows and conditions around it, why it harms nobody."""


def reason(fate: Fate) -> str:
    """Why this survivor may live, "" if nobody has said. One that some step tells apart must be named above."""
    return REASONS.get(fate.name) or ("" if fate.differs else fate.because)


def unexplained(survivors: Iterable[Fate]) -> list[str]:
    """Names of the survivors without a reason."""
    return [fate.name for fate in survivors if not reason(fate)]


SOURCE_REASONS: dict[str, str] = {}
"""Survivors among the mutants of the source (`source_fates`, `test_fates`), without their line number, and why each harms nobody."""


def source_reason(name: str) -> str:
    """Why this mutant of the source may live, "" if nobody has said. Lines move, so a reason does not name one."""
    return SOURCE_REASONS.get(re.sub(r":\d+ ", " ", name, count=1), "")
