"""Which Hong Kong mark of a picture the lane would act on, or why none: pure, over the plates of one picture."""

from __future__ import annotations

from devices.anpr.look import A_PLATE
from devices.anpr.pairing import LEGIBLE, MAINLAND, PLAIN, companion, foremost
from devices.anpr.plate_read import PlateRead, Region
from domain.lettering import lettering
from domain.marks import Family, family, half_of_plate, normalise

ALONE = 0.95
"""Confidence that each character of a single picture needs; in a lane several pictures agree (`lane_agent.settling`)."""
NEXT = 0.5
"""A second mark on a plate at least this large, as a share of the largest one's area, is a second vehicle."""


def hong_kong(reads: tuple[PlateRead, ...]) -> list[PlateRead]:
    """The Hong Kong plates in the lane, the nearest (largest) first.

    Doubtful finds count only where there is no plain and legible one; lettering, only where there is no mark below it.
    """
    ours = _marks([read for read in reads if read.region is Region.HONG_KONG and read.inside])
    plain = [read for read in ours if read.score >= PLAIN and read.confidence >= LEGIBLE]
    if plain:
        return sorted(plain, key=lambda read: -read.area)
    return sorted(ours, key=lambda read: -read.score * read.confidence)[:1]


def _marks(ours: list[PlateRead]) -> list[PlateRead]:
    """Without the lettering of a load. A plate below another one hangs on what is nearer: that would be a second mark."""
    lowest = max((_middle(read) for read in ours if not lettering(read.text)), default=float("-inf"))
    return [read for read in ours if not lettering(read.text) or _middle(read) > lowest]


def _middle(read: PlateRead) -> float:
    return float(read.corners[:, 1].mean())


def mark_of(reads: tuple[PlateRead, ...], *, release: float = ALONE) -> tuple[str | None, str | None]:
    """The mark, normalised, and why there is none; exactly one of the two is None."""
    inside = tuple(read for read in reads if read.inside)
    if not inside:
        return None, "no whole plate in the lane's part of the picture" if reads else "no plate found"
    ours = hong_kong(inside)
    if not ours:
        return None, "no Hong Kong plate among " + ", ".join(sorted({read.region.value for read in inside}))
    if others := second_marks(inside, nearness=NEXT, sure=0.0):
        return None, f"more than one vehicle: {normalise(ours[0].text)} and {', '.join(others)}"
    first = foremost(ours, inside)
    if first is None:
        return None, f"the vehicle in front shows no mark: {normalise(ours[0].text)} is not on it"
    why = _doubt(first, release)
    return (None, why) if why else (normalise(first.text), None)


def _doubt(first: PlateRead, release: float) -> str:
    """Why a single picture of that plate is not enough; "" if it is."""
    if first.confidence < release:
        weak = min(first.characters, key=lambda pair: pair[1])
        return f"not sure enough: {first.text} with '{weak[0]}' at {weak[1]:.2f}, needed is {release:.2f}"
    mark = normalise(first.text)
    if what := lettering(mark):
        return f"{mark} is {what}, not a mark"
    if family(mark) is Family.PERSONALISED and first.explained < A_PLATE:
        return f"{mark} may be lettering: a second look is sure of a plate to {first.explained:.2f}, needed is {A_PLATE:.2f}"
    if half_of_plate(mark, first.lengths):
        return f"{mark} may be one row of a plate whose other one is not seen"
    return ""


def second_marks(reads: tuple[PlateRead, ...], *, nearness: float, sure: float) -> tuple[str, ...]:
    """Marks of a second vehicle in the lane, beside that of the nearest one; normalised, sorted.

    Args:
        reads: of one picture.
        nearness: smallest area of its plate, as a share of that of the first vehicle's Hong Kong plate.
        sure: lowest confidence, of the first mark as of the second.
    """
    certain = tuple(read for read in reads if read.inside and read.confidence >= sure)
    ours = hong_kong(certain)
    if not ours:
        return ()
    first, least = ours[0], nearness * ours[0].area
    return tuple(sorted({normalise(r.text) for r in ours[1:] if r.area > least} - {normalise(first.text)}))


def mainland_of(reads: tuple[PlateRead, ...], *, release: float = ALONE) -> str | None:
    """The Mainland plate of the vehicle whose mark counts, normalised; without such a mark the largest in the lane."""
    sure = [read for read in reads if read.region in MAINLAND and read.inside and read.confidence >= release]
    ours = hong_kong(reads)
    if not ours:
        best = max(sure, key=lambda read: read.area, default=None)
    else:
        first = foremost(ours, reads)
        best = companion(first, sure, ours) if first else None
    return normalise(best.text) if best else None
