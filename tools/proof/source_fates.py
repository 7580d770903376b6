"""What notices the generated mutants of a module of the pure lane: `python -m tools.proof.source_fates MODULE…`, a line each.

Tried in this order, and ended by the first that notices: the stories, the sites of the physical model as far as a moment goes,
some slices, and the lane's tests. Survivors need a story, a letter that was missing, a test, or a reason in
`survivors.SOURCE_REASONS`. Exit status: 1 if one has none.
"""

from __future__ import annotations

import functools
import gc
import signal
import sys
from collections import Counter
from collections.abc import Callable

from tools.proof import test_fates
from tools.proof.physical.breadth import search_site
from tools.proof.physical.plans import PLANS
from tools.proof.scenarios import SCENARIOS, outcome
from tools.proof.search import RAISES, RememberedStep, search
from tools.proof.slices import SLICES
from tools.proof.source_mutants import SourceMutant, generated, in_place
from tools.proof.survivors import source_reason

LANE = ("lane_agent.receive", "lane_agent.help_call", "lane_agent.passage", "lane_agent.matching")
"""The modules whose every condition is tried where none is named."""
QUICK = (
    "every record",
    "neighbouring marks",
    "Immigration's debt",
    "stuck lines",
    "bypass, way out",
    "way out occupied",
)
"""Slices that are searched for a mutant, each to its first violation."""
MOST_STATES = 1_500
MOST_TRANSITIONS = 6_000
LONGEST_S = 60
"""CPU seconds after which a mutant counts as one that never ends."""


def noticed_by(mutant: SourceMutant) -> str:
    """Who notices a mutant first, "" for nobody."""
    signal.signal(signal.SIGVTALRM, _never_ends)
    signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_S)
    try:
        with in_place(mutant):
            return _story() or _site() or _slice()
    except RAISES as error:
        return f"it raises {type(error).__name__}"
    except TimeoutError:
        return "it never ends"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _never_ends(_signal: int, _frame: object) -> None:
    raise TimeoutError


def _story() -> str:
    return next((f"story {one.row} {one.says}" for one in SCENARIOS if outcome(one) != one), "")


def _site() -> str:
    return next((f"site {plan.name}" for plan in PLANS if search_site(plan, most=MOST_STATES).path), "")


def _slice() -> str:
    for slice_ in SLICES:
        if slice_.name in QUICK:
            found = search(RememberedStep(), slice_, stop=True, limit=MOST_TRANSITIONS)
            if found.violations:
                return f"slice {slice_.name}: {found.violations[0].law}"
    return ""


def fates(modules: tuple[str, ...], tell: Callable[[str, str], None]) -> None:
    """Tells of each mutant its name, and who notices it, "" for nobody."""

    def ask(module: str, noticed: test_fates.Noticed) -> None:
        for mutant in generated(module):
            tell(mutant.name, noticed_by(mutant) or ("a test" if noticed(mutant) else ""))

    for module in modules:
        test_fates.judged(test_fates.tests_of(module), functools.partial(ask, module))


def main(modules: list[str]) -> int:
    """Prints every mutant with who notices it, then how many are noticed."""
    gc.disable()
    counts = Counter[str]()

    def tell(name: str, by: str) -> None:
        why = source_reason(name)
        counts.update(generated=1, survivors=not by, unexplained=not (by or why))
        print(f"{name} | {by or 'SURVIVES: ' + (why or 'WITHOUT A REASON')}", flush=True)

    fates(tuple(modules) or LANE, tell)
    tried, survived, unexplained = counts["generated"], counts["survivors"], counts["unexplained"]
    print(f"generated {tried}, noticed {tried - survived}, survivors {survived}, without a reason {unexplained}")
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
