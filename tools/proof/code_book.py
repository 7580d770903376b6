"""A code book that scenarios and the prover write into: named records of one vehicle, and what a lookup then says."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.crossing import RELEASE, Direction
from lane_agent.frozen import replace
from lane_agent.model import Bundle, Cargo, Codes, Link, NearMiss
from simulation.granting_core import GrantingCore

VRN = "AB1234"
NEIGHBOUR = "AB1Z34"
STRANGER = "XY77"
MAINLAND = "粤Z1234港"
OTHER_MAINLAND = "粤Z9876港"

EPOCH = "epoch"
"""Of the core's log, in every scenario and slice."""

CORE_MS = 1_800_000_000_000
"""The core's time in every scenario when it begins: 2027-01-15 16:00 in Hong Kong."""
MINUTE_MS = 60_000


def bundle(
    ubr: str,
    *codes: str,
    direction: Direction = Direction.INBOUND,
    point: str = "POINT",
    earliest_ms: int = CORE_MS - 30 * MINUTE_MS,
    valid_until_ms: int = CORE_MS + 600 * MINUTE_MS,
    withdrawn: bool = False,
    used_by: str = "",
) -> Bundle:
    """A bundle of `VRN` with one consignment a code."""
    cargo = tuple(Cargo(f"20010678{place:02d}", code) for place, code in enumerate(codes))
    return Bundle(ubr, VRN, direction, point, earliest_ms, valid_until_ms, cargo, withdrawn, used_by)


BUNDLES: dict[str, Bundle] = {
    "live": bundle("live", RELEASE),
    "several": bundle("several", RELEASE, RELEASE, RELEASE),
    "scheme": Bundle(
        "scheme",
        VRN,
        Direction.INBOUND,
        "",
        CORE_MS - MINUTE_MS,
        CORE_MS + MINUTE_MS,
        (Cargo("2001067899", RELEASE, "ITFS"),),
    ),
    "just-begun": bundle("just-begun", RELEASE, earliest_ms=CORE_MS - MINUTE_MS),
    "begins-now": bundle("begins-now", RELEASE, earliest_ms=CORE_MS),
    "nearly-over": bundle("nearly-over", RELEASE, valid_until_ms=CORE_MS + MINUTE_MS),
    "over-now": bundle("over-now", RELEASE, valid_until_ms=CORE_MS),
    "midnight": bundle("midnight", RELEASE, valid_until_ms=CORE_MS + 480 * MINUTE_MS),
    "anywhere": bundle("anywhere", RELEASE, point=""),
    "inspect": bundle("inspect", "inspect"),
    "mixed": bundle("mixed", RELEASE, "inspect", RELEASE),
    "unknown": bundle("unknown", "Release"),
    "empty": bundle("empty"),
    "early": bundle("early", RELEASE, earliest_ms=CORE_MS + 5 * MINUTE_MS),
    "early-inspect": bundle("early-inspect", "inspect", earliest_ms=CORE_MS + 5 * MINUTE_MS),
    "elsewhere": bundle("elsewhere", RELEASE, point="OTHER"),
    "elsewhere-inspect": bundle("elsewhere-inspect", "inspect", point="OTHER"),
    "used": bundle("used", RELEASE, used_by="other/journal/7"),
    "used-here": bundle("used-here", RELEASE, used_by="lane/journal/0"),
    "ours": bundle("ours", RELEASE, used_by="lane/journal/1"),
    "withdrawn": bundle("withdrawn", RELEASE, withdrawn=True),
    "withdrawn-inspect": bundle("withdrawn-inspect", "inspect", withdrawn=True),
    "expired": bundle("expired", RELEASE, valid_until_ms=CORE_MS - MINUTE_MS),
    "opposite": bundle("opposite", RELEASE, direction=Direction.OUTBOUND),
    "opposite-inspect": bundle("opposite-inspect", "inspect", direction=Direction.OUTBOUND),
}
"""Bundles of `VRN` by the name scenarios use; seen from an inbound lane at POINT."""

NEAR: dict[str, NearMiss] = {
    "near-held": NearMiss(NEIGHBOUR, held=True, bundled=False),
    "near-bundled": NearMiss(NEIGHBOUR, held=False, bundled=True),
}


@dataclass(slots=True)
class ScenarioCodeBook(GrantingCore):
    """What the lane's copy of the records says. `words` name the records of the vehicle, `extra` are further bundles.

    Besides the names in `BUNDLES` and `NEAR`: hold, approved (with `MAINLAND`), approved-bare, no-time, slack.
    """

    words: frozenset[str] = frozenset()
    link: Link = Link.FRESH
    core_ms: int = CORE_MS
    readable: bool = True
    extra: tuple[Bundle, ...] = ()
    asked: list[str] = field(default_factory=list)

    def look_up(self, vrn: str) -> Codes:
        """The records named by `words` for `VRN` (and for nobody else), with the link's verdict.

        Raises:
            OSError: the code book was made unreadable.
        """
        if not self.readable:
            raise OSError("the code book cannot be read: check the disk")
        self.asked.append(vrn)
        words = self.words if vrn == VRN else frozenset()
        codes = codes_of(words, vrn=vrn, link=self.link, core_ms=self.core_ms)
        return replace(codes, bundles=codes.bundles + tuple(one for one in self.extra if one.vrn == vrn))


def codes_of(words: frozenset[str], *, vrn: str = VRN, link: Link = Link.FRESH, core_ms: int = CORE_MS) -> Codes:
    """The answer of a code book that holds the named records."""
    return Codes(
        vrn,
        link,
        None if "no-time" in words else core_ms,
        2 * MINUTE_MS if "slack" in words else 0,
        EPOCH,
        1,
        "hash",
        held="hold" in words,
        bundles=tuple(BUNDLES[word] for word in sorted(words) if word in BUNDLES),
        approved=bool(words & {"approved", "approved-bare"}),
        approved_mainland=MAINLAND if "approved" in words else "",
        near=tuple(NEAR[word] for word in sorted(words) if word in NEAR),
    )
