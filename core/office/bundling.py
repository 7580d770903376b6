"""Bundling: a driver ties CCRNs to a vehicle and is told the earliest crossing time.

Rules of this file: pure. domain §1c: the CCRN plus the VRN, at least 30 minutes before crossing; the sample of seed
004 is bundled at 22:56:44 and may cross at 23:26:44, exactly +30:00. Seeds 003 and 004 also let the system answer
"cross immediately" without saying when; that stays the core's to configure (`wait_ms` 0), never the lane's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from core.office.cargo import REFERENCE, CargoInformation
from domain import times
from domain.crossing import Direction
from domain.marks import mark_problem

WAIT_MS = 30 * times.MINUTE_MS
MOST_CCRNS = 999  # no maximum is published (domain §7); this is the largest batch of seed 004, and fits one message


class BundleRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The web form of seed 004: driver, VRN and direction are mandatory, the control point is not (domain §0.4)."""

    driver: str
    vrn: str
    direction: Direction
    ccrns: tuple[str, ...]
    point: str = ""


class Consignment(msgspec.Struct, frozen=True, kw_only=True):
    """A lodged consignment as the core keeps it.

    Attributes:
        info: what was lodged; None where the record was taken over with its bundle.
        code, code_by: the action code in force and who gave it.
        ubr: the live or used bundle it is in, "" if none.
        crossed: whether it has crossed; a CCRN crosses once (domain §0.6).
    """

    ccrn: str
    info: CargoInformation | None
    lodged_ms: int
    valid_until_ms: int
    code: str
    code_by: str
    ubr: str = ""
    crossed: bool = False


class BundleMade(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a bundling (domain §1c.40). Times are UTC ms; `vrn` is normalised, `mark` as the driver gave it."""

    ubr: str
    vrn: str
    mark: str
    driver: str
    direction: Direction
    point: str
    bundled_ms: int
    earliest_ms: int
    valid_until_ms: int
    ccrns: tuple[str, ...]


def problems_of(
    request: BundleRequest, found: Mapping[str, Consignment], *, now_ms: int, points: Collection[str], wait_ms: int
) -> tuple[str, ...]:
    """Every reason to refuse a bundling, in the order of the form; empty if it can be made."""
    problems = [] if request.driver.strip() else ["driver name is empty; fill it in"]
    problems += filter(None, [mark_problem(request.vrn)])
    problems += _point_problem(request.point, points)
    problems += _list_problems(request.ccrns)
    for ccrn in dict.fromkeys(request.ccrns[:MOST_CCRNS]):
        if REFERENCE.fullmatch(ccrn):
            problems += _ccrn_problem(ccrn, found.get(ccrn), request.direction, now_ms + wait_ms)
    return tuple(problems)


def _point_problem(point: str, points: Collection[str]) -> list[str]:
    if not point or point in points:
        return []
    return [f"control point {point!r} is not in use; leave it empty or use one of {', '.join(sorted(points))}"]


def _list_problems(ccrns: tuple[str, ...]) -> list[str]:
    if not ccrns:
        return ["no CCRN given; an unladen vehicle is not bundled, its driver presses the button at the lane"]
    if len(ccrns) > MOST_CCRNS:
        return [f"{len(ccrns)} CCRNs are given; at most {MOST_CCRNS} go under one UBR"]
    problems = [f"CCRN {ccrn!r} is not ten digits" for ccrn in ccrns if not REFERENCE.fullmatch(ccrn)]
    problems += [f"CCRN {ccrn} is given twice" for ccrn in dict.fromkeys(ccrns) if ccrns.count(ccrn) > 1]
    return problems


def _ccrn_problem(ccrn: str, known: Consignment | None, direction: Direction, earliest_ms: int) -> list[str]:
    if known is None:
        return [f"CCRN {ccrn} is not known; ask the shipper to lodge the cargo or to check the number"]
    if known.crossed:
        return [f"CCRN {ccrn} has crossed already; the shipper must lodge a new one"]
    if known.ubr:
        return [f"CCRN {ccrn} is bundled under UBR {known.ubr}; debundle that first"]
    return _form_problem(known, direction, earliest_ms)


def _form_problem(known: Consignment, direction: Direction, earliest_ms: int) -> list[str]:
    if known.info is None:
        return [f"CCRN {known.ccrn} was taken over with a bundle since withdrawn; the shipper must lodge a new one"]
    if known.info.direction is not direction:
        return [f"CCRN {known.ccrn} was lodged for {known.info.direction.value}, not {direction.value}"]
    if known.valid_until_ms <= earliest_ms:
        return [f"CCRN {known.ccrn} is valid until {times.hong_kong_text(known.valid_until_ms)}; lodge a new one"]
    return []
