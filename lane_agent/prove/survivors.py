"""Why the mutants that nothing kills may live."""

from __future__ import annotations

from collections.abc import Iterable

from lane_agent.prove.hunt import Fate

IMPLIED = "No state of the ground tells it from the original: what it drops follows from the rows above or the other conditions."
"""The reason for every survivor that never decides otherwise."""

REASONS: dict[str, str] = {}
"""For each survivor that does decide otherwise somewhere, why that harms nobody."""


def reason(fate: Fate) -> str:
    """Why this survivor may live, "" if nobody has said."""
    return REASONS.get(fate.name, "" if fate.differs else IMPLIED)


def unexplained(survivors: Iterable[Fate]) -> list[str]:
    """Names of the survivors without a reason."""
    return [fate.name for fate in survivors if not reason(fate)]
