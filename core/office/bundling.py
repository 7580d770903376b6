"""Bundling: a driver ties CCRNs to a vehicle and is told the earliest crossing time.

Rules of this file: pure. domain §1c: the CCRN plus the VRN, at least 30 minutes before crossing; the sample of seed
004 is bundled at 22:56:44 and may cross at 23:26:44, exactly +30:00. When that is, and why, is `core.model.earliest`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from core.model.consignment import CargoInformation
from core.model.earliest import Because, BundledCargo
from core.model.refusals import CentreRefusal, refusal
from core.office.cargo import REFERENCE
from domain import times
from domain.crossing import Direction
from domain.marks import mark_problem

MOST_CCRNS = 999  # no maximum is published (domain §7); this is the largest batch of seed 004, and fits one message


class BundleRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The web form of seed 004: driver, VRN and direction are mandatory, the control point is not (domain §0.4)."""

    driver: str
    vrn: str
    direction: Direction
    ccrns: tuple[str, ...]
    point: str = ""


LONGEST_DRIVER = 140


class Consignment(msgspec.Struct, frozen=True, kw_only=True):
    """A lodged consignment as the core keeps it.

    Attributes:
        info: what was lodged; None where the record was taken over with its bundle.
        code, code_by: the action code in force and who gave it.
        ubr: the live or used bundle it is in, "" if none.
        code_why: which term hit which value, or the selector's reason.
        crossed: whether it has crossed; a CCRN crosses once (domain §0.6).
        cancelled_ms: when its owner withdrew it; 0 for never.
    """

    ccrn: str
    info: CargoInformation | None
    lodged_ms: int
    valid_until_ms: int
    code: str
    code_by: str
    ubr: str = ""
    crossed: bool = False
    code_why: str = ""
    cancelled_ms: int = 0

    @property
    def scheme(self) -> str:
        """The scheme it travels under, "" for none."""
        return self.info.scheme if self.info else ""

    @property
    def words(self) -> str:
        """What it is and who sent it, as the driver compares it with what is on the vehicle."""
        if self.info is None:
            return ""
        return f"{'; '.join(item.words for item in self.info.goods)} ({self.info.consignor})"

    @property
    def bundled(self) -> BundledCargo:
        """What the earliest crossing depends on."""
        return BundledCargo(self.lodged_ms, self.scheme)


class BundleMade(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a bundling (domain §1c.40). Times are UTC ms; `vrn` is normalised, `mark` as the driver gave it.

    Attributes:
        because: the clause that `earliest_ms` comes from.
        at_once: whether the vehicle may cross now.
        goods: what each CCRN is, for the driver to compare with what is on the vehicle.
    """

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
    because: Because = Because.WAIT
    at_once: bool = False
    goods: tuple[str, ...] = ()


def problems_of(
    request: BundleRequest, found: Mapping[str, Consignment], *, earliest_ms: int, points: Collection[str]
) -> tuple[CentreRefusal, ...]:
    """Every reason to refuse a bundling that might cross at `earliest_ms`, in the order of the form; empty if it can be made."""
    problems = [*_driver_problem(request.driver), *vehicle_problem(request.vrn), *_point_problem(request.point, points)]
    problems += _list_problems(request.ccrns)
    for ccrn in dict.fromkeys(request.ccrns[:MOST_CCRNS]):
        if REFERENCE.fullmatch(ccrn):
            problems += _ccrn_problem(ccrn, found.get(ccrn), request.direction, earliest_ms)
    return tuple(problems)


def vehicle_problem(vrn: str) -> Iterator[CentreRefusal]:
    """What is wrong with a registration mark."""
    if mark_problem(vrn):
        yield refusal("mark", part="vrn", value=vrn)


def _driver_problem(driver: str) -> Iterator[CentreRefusal]:
    if not driver.strip():
        yield refusal("driver_empty", part="driver")
    elif len(driver) > LONGEST_DRIVER:
        yield refusal("too_long", part="driver", length=f"{len(driver):,}", most=LONGEST_DRIVER)


def _point_problem(point: str, points: Collection[str]) -> Iterator[CentreRefusal]:
    if point and point not in points:
        yield refusal("no_point", part="point", value=point, known=", ".join(sorted(points)))


def _list_problems(ccrns: tuple[str, ...]) -> Iterator[CentreRefusal]:
    if not ccrns:
        yield refusal("no_ccrn", part="ccrns")
    elif len(ccrns) > MOST_CCRNS:
        yield refusal("too_many_ccrns", part="ccrns", count=len(ccrns), most=MOST_CCRNS)
    else:
        yield from (refusal("ccrn_form", part="ccrns", ccrn=one) for one in ccrns if not REFERENCE.fullmatch(one))
        twice = (one for one in dict.fromkeys(ccrns) if ccrns.count(one) > 1)
        yield from (refusal("ccrn_twice", part="ccrns", ccrn=one) for one in twice)


def _ccrn_problem(
    ccrn: str, known: Consignment | None, direction: Direction, earliest_ms: int
) -> Iterator[CentreRefusal]:
    if known is None:
        yield refusal("ccrn_unknown", part="ccrns", ccrn=ccrn)
    elif known.crossed:
        yield refusal("ccrn_crossed", part="ccrns", ccrn=ccrn)
    elif known.cancelled_ms:
        yield refusal("cancelled", part="ccrns", ccrn=ccrn)
    elif known.ubr:
        yield refusal("ccrn_bundled", part="ccrns", ccrn=ccrn, ubr=known.ubr)
    else:
        yield from _form_problem(known, direction, earliest_ms)


def _form_problem(known: Consignment, direction: Direction, earliest_ms: int) -> Iterator[CentreRefusal]:
    ccrn = known.ccrn
    if known.info is None:
        yield refusal("ccrn_taken_over", part="ccrns", ccrn=ccrn)
    elif known.info.direction is not direction:
        lodged, asked = known.info.direction.value, direction.value
        yield refusal("ccrn_direction", part="ccrns", ccrn=ccrn, lodged=lodged, asked=asked)
    elif known.valid_until_ms <= earliest_ms:
        yield refusal("ccrn_ends", part="ccrns", ccrn=ccrn, day=times.last_day(known.valid_until_ms))
