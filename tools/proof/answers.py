"""The answers of the code book that the prover tries, each with what it means, judged by hand.

The law goes by these judgements, never by `matching`: a mistake there is a violation here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from lane_agent.frozen import replace
from lane_agent.model import Codes, Link
from tools.proof.code_book import codes_of


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer means for a vehicle in an inbound lane at POINT.

    Attributes:
        stop: an exact stop is on record.
        live: UBRs that may release it here and now.
        later: UBRs pending, but early or for another point.
        elsewhere: those of `later` that a lenient lane accepts here.
        neighbour: a neighbouring mark is bundled or held; `held` if it is held.
        approved: on the list of approved vehicles, with `MAINLAND` if `listed`.
        timed: the core's time was known.
    """

    stop: bool = False
    live: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    neighbour: bool = False
    held: bool = False
    approved: bool = False
    listed: bool = False
    timed: bool = True


MEANINGS: dict[str, Meaning] = {
    "nothing": Meaning(),
    "approved": Meaning(approved=True, listed=True),
    "approved-bare": Meaning(approved=True),
    "live": Meaning(live=("live",)),
    "live+several": Meaning(live=("live", "several")),
    "live+used": Meaning(live=("live",)),
    "live+opposite": Meaning(live=("live",)),
    "early+used": Meaning(later=("early",)),
    "live+approved": Meaning(live=("live",), approved=True, listed=True),
    "inspect": Meaning(stop=True, live=("inspect",)),
    "live+mixed": Meaning(stop=True, live=("live", "mixed")),
    "unknown": Meaning(stop=True, live=("unknown",)),
    "empty": Meaning(stop=True, live=("empty",)),
    "hold": Meaning(stop=True),
    "hold+live": Meaning(stop=True, live=("live",)),
    "early": Meaning(later=("early",)),
    "early+approved": Meaning(later=("early",), approved=True, listed=True),
    "early-inspect": Meaning(stop=True, later=("early-inspect",)),
    "elsewhere": Meaning(later=("elsewhere",), elsewhere=("elsewhere",)),
    "elsewhere-inspect": Meaning(stop=True, later=("elsewhere-inspect",), elsewhere=("elsewhere-inspect",)),
    "approved+used": Meaning(approved=True, listed=True),
    "approved+withdrawn": Meaning(approved=True, listed=True),
    "approved+expired": Meaning(approved=True, listed=True),
    "approved+opposite": Meaning(approved=True, listed=True),
    "used-here": Meaning(),
    "opposite": Meaning(),
    "opposite-inspect": Meaning(),
    "live+near-held": Meaning(live=("live",), neighbour=True, held=True),
    "approved+near-held": Meaning(approved=True, listed=True, neighbour=True, held=True),
    "approved+near-bundled": Meaning(approved=True, listed=True, neighbour=True),
    "live+near-bundled": Meaning(live=("live",), neighbour=True),
    "live+no-time": Meaning(later=("live",), timed=False),
}
"""By the names of the records (`tools.proof.code_book`)."""

OUTBOUND: dict[str, Meaning] = {
    "live": Meaning(),
    "opposite": Meaning(live=("opposite",)),
    "opposite-inspect": Meaning(stop=True, live=("opposite-inspect",)),
    "live+opposite": Meaning(live=("opposite",)),
    "hold": Meaning(stop=True),
}
"""What the same records mean for a vehicle in an outbound lane."""


def answer(name: str, *, vrn: str, link: Link) -> Codes:
    """The answer of that name about `vrn`; the records are the same for any mark, for any could be on record."""
    return replace(codes_of(frozenset(name.split("+")), link=link), vrn=vrn)


def _bare(codes: Codes) -> Codes:
    return replace(codes, vrn="", link=Link.FRESH)


_BY_CODES: dict[Codes, Meaning] = {
    _bare(answer(name, vrn="", link=Link.FRESH)): meaning for name, meaning in MEANINGS.items()
}


_OUTBOUND_BY_CODES = {_bare(answer(name, vrn="", link=Link.FRESH)): meaning for name, meaning in OUTBOUND.items()}


@cache
def meaning_of(codes: Codes, *, lenient: bool, outbound: bool = False) -> Meaning:
    """The judgement on an answer; `lenient` lanes accept bundles for another point."""
    meaning = (_OUTBOUND_BY_CODES if outbound else _BY_CODES)[_bare(codes)]
    if not lenient:
        return meaning
    later = tuple(ubr for ubr in meaning.later if ubr not in meaning.elsewhere)
    return replace(meaning, live=tuple(sorted((*meaning.live, *meaning.elsewhere))), later=later, elsewhere=())
