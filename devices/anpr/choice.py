"""Which Hong Kong mark of a picture the lane would act on, or why none: pure, over the plates of one picture."""

from __future__ import annotations

from devices.anpr.reads import PlateRead, Region
from lane_agent.plates import normalise

RELEASE = 0.80
"""Lowest character confidence at which a mark may be acted on (configurable; `docs/anpr.md` says how it was chosen)."""
PLAIN = 0.6
"""Detector score of what is plainly a plate. Lamps, badges and lettering score less."""
LEGIBLE = 0.5
"""Lowest character confidence of what is plainly writing."""
NEXT = 0.5
"""A second mark on a plate at least this large, as a share of the largest one's area, is a second vehicle."""


def hong_kong(reads: tuple[PlateRead, ...]) -> list[PlateRead]:
    """The Hong Kong plates, the nearest (largest) first; doubtful finds only where there is no plain and legible one."""
    ours = [read for read in reads if read.region is Region.HONG_KONG]
    plain = [read for read in ours if read.score >= PLAIN and read.confidence >= LEGIBLE]
    if plain:
        return sorted(plain, key=lambda read: -read.area)
    return sorted(ours, key=lambda read: -read.score * read.confidence)[:1]


def mark_of(reads: tuple[PlateRead, ...], *, release: float = RELEASE) -> tuple[str | None, str | None]:
    """The mark, normalised, and why there is none; exactly one of the two is None."""
    if not reads:
        return None, "no plate found"
    ours = hong_kong(reads)
    if not ours:
        return None, "no Hong Kong plate among " + ", ".join(sorted({read.region.value for read in reads}))
    first = ours[0]
    others = {normalise(read.text) for read in ours[1:] if read.area > NEXT * first.area} - {normalise(first.text)}
    if others:
        return None, f"more than one vehicle: {normalise(first.text)} and {', '.join(sorted(others))}"
    if first.confidence < release:
        weak = min(first.characters, key=lambda pair: pair[1])
        return None, f"not sure enough: {first.text} with '{weak[0]}' at {weak[1]:.2f}, needed is {release:.2f}"
    return normalise(first.text), None


def mainland_of(reads: tuple[PlateRead, ...], *, release: float = RELEASE) -> str | None:
    """The Mainland plate seen with it, normalised: the surest cross-border or Mainland read above `release`."""
    theirs = [r for r in reads if r.region in {Region.CROSS_BORDER, Region.MAINLAND} and r.confidence >= release]
    best = max(theirs, key=lambda read: read.area, default=None)
    return normalise(best.text) if best else None
