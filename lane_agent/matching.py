"""Which records of a VRN count for this crossing, and which code is strictest (design §2.4, domain §4 rows 9–17).

Rules of this file:
- All live bundles of a VRN and direction are judged together; any code that is not exactly `release` stops.
- Without the core's time no bundle is live and none has expired.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from domain.crossing import RELEASE
from domain.marks import normalise
from lane_agent.model import Bundle, Codes, Policy


class Standing(Enum):
    """How one bundle stands towards this crossing."""

    LIVE = "live"
    EARLY = "early"
    ELSEWHERE = "elsewhere"
    OPPOSITE = "opposite"
    WITHDRAWN = "withdrawn"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class BundleStanding:
    """The bundles of one VRN, sorted by what they mean for this crossing.

    Attributes:
        live: this direction, this point, inside its time: may release, and is consumed.
        early: its earliest crossing time has not come.
        elsewhere: names another control point and local policy does not accept that.
        ended: withdrawn, used by another visit, or past its valid-until.
        opposite: pending, but for the other direction.
    """

    live: tuple[Bundle, ...] = ()
    early: tuple[Bundle, ...] = ()
    elsewhere: tuple[Bundle, ...] = ()
    ended: tuple[Bundle, ...] = ()
    opposite: tuple[Bundle, ...] = ()

    @property
    def pending(self) -> tuple[Bundle, ...]:
        """Every bundle of this direction that has not ended, whatever its time and point."""
        return self.live + self.early + self.elsewhere


_ENDED = frozenset({Standing.WITHDRAWN, Standing.USED, Standing.EXPIRED})


@lru_cache(maxsize=64)
def sort_bundles(codes: Codes, policy: Policy, visit_key: str) -> BundleStanding:
    """Sorts the bundles of `codes`; one that this very visit used counts as unused.

    The lane marks a bundle used when it shows 3, and a lookup after that must not find it ended. Several guards ask for the
    same sorting, hence the cache.
    """
    found: dict[str, list[Bundle]] = {"live": [], "early": [], "elsewhere": [], "ended": [], "opposite": []}
    for bundle in codes.bundles:
        standing = standing_of_bundle(bundle, codes, policy, visit_key)
        found["ended" if standing in _ENDED else standing.value].append(bundle)
    return BundleStanding(**{name: tuple(bundles) for name, bundles in found.items()})


def standing_of_bundle(bundle: Bundle, codes: Codes, policy: Policy, visit_key: str) -> Standing:
    """How a bundle of `codes` stands; one that has ended for two reasons is named by the first of them."""
    if bundle.withdrawn:
        return Standing.WITHDRAWN
    if bundle.used_by not in ("", visit_key):
        return Standing.USED
    if _expired(bundle, codes):
        return Standing.EXPIRED
    if bundle.direction is not policy.direction:
        return Standing.OPPOSITE
    if not _begun(bundle, codes):
        return Standing.EARLY
    here = bundle.point in ("", policy.point)
    return Standing.LIVE if here or policy.other_point_accepted else Standing.ELSEWHERE


def _expired(bundle: Bundle, codes: Codes) -> bool:
    """Past its valid-until, or it may be: the core's time is taken as late as it can be (design §2.12)."""
    return codes.core_ms is not None and codes.core_ms + codes.slack_ms >= bundle.valid_until_ms


def _begun(bundle: Bundle, codes: Codes) -> bool:
    """Its earliest crossing time has come for certain: the core's time is taken as early as it can be."""
    return codes.core_ms is not None and codes.core_ms - codes.slack_ms >= bundle.earliest_ms


def releases(bundle: Bundle) -> bool:
    """Whether every consignment of the bundle is coded exactly `release`; one without consignments does not release."""
    return bool(bundle.cargo) and all(cargo.code == RELEASE for cargo in bundle.cargo)


def must_stop(codes: Codes, policy: Policy, visit_key: str) -> bool:
    """An exact stop: a hold on the vehicle, or a pending bundle of this direction that is not all `release`."""
    return codes.held or bool(stopping_bundles(codes, policy, visit_key))


def stopping_bundles(codes: Codes, policy: Policy, visit_key: str) -> tuple[Bundle, ...]:
    """The pending bundles of this direction that are not all `release`."""
    return tuple(bundle for bundle in sort_bundles(codes, policy, visit_key).pending if not releases(bundle))


def witness_disagrees(codes: Codes, mainland: str | None) -> bool:
    """The Mainland plate seen is not the one the core lists for this VRN."""
    if not (mainland and codes.approved and codes.approved_mainland):
        return False
    return normalise(mainland) != normalise(codes.approved_mainland)
