"""Breadth first over a site: everything that can happen, in every order, as far as it goes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from lane_agent.rules import RULES, Rules
from tools.proof.physical.deeds import Deed, deeds, do, in_words
from tools.proof.physical.exposure import breaks_the_law
from tools.proof.physical.machine import CountedLanes
from tools.proof.physical.plans import PhysicalPlan
from tools.proof.physical.site import NOBODY, PhysicalSite, begin, exposed, is_over


@dataclass(slots=True)
class BreadthFound:
    """What the search of one site found.

    Attributes:
        states, transitions: of the site; `steps`: different steps of the lane among them.
        vehicles: that come; `through`: states in which all of them are gone.
        releases: transitions in which 3 was shown, and `exposures` those after which a vehicle stood under another's 3.
        complete: every state was reached; else the search was ended.
        path: the shortest way to a broken law.
    """

    name: str
    vehicles: int
    states: int = 0
    transitions: int = 0
    steps: int = 0
    through: int = 0
    releases: int = 0
    exposures: int = 0
    complete: bool = True
    path: tuple[str, ...] = ()


@dataclass(slots=True)
class _Search:
    plan: PhysicalPlan
    machine: CountedLanes
    way: dict[PhysicalSite, tuple[PhysicalSite, Deed] | None] = field(default_factory=dict)


def search_site(plan: PhysicalPlan, rules: Rules = RULES, *, most: int = 0) -> BreadthFound:
    """Visits every state of a site, or the first `most` (0: all); ends at the first broken law."""
    machine = CountedLanes(rules)
    start = begin(plan, machine, machine.first())
    search = _Search(plan, machine, {start: None})
    found = BreadthFound(plan.name, len(plan.lengths))
    queue = deque([start])
    while queue and not found.path:
        if most and len(search.way) >= most:
            found.complete = False
            break
        _look_on(search, found, queue, queue.popleft())
    found.states, found.steps = len(search.way), machine.steps
    return found


def _look_on(search: _Search, found: BreadthFound, queue: deque[PhysicalSite], site: PhysicalSite) -> None:
    plan, machine = search.plan, search.machine
    if is_over(site):
        found.through += 1
        return
    for deed in deeds(plan, machine, site):
        later = do(plan, machine, site, deed)
        found.transitions += 1
        found.releases += later.three and not site.three
        if later in search.way:
            continue
        search.way[later] = (site, deed)
        queue.append(later)
        if exposed(plan, later) != NOBODY:
            found.exposures += 1
            if breaks_the_law(plan, machine, later):
                found.path = _path(search, later)
                return


def _path(search: _Search, site: PhysicalSite) -> tuple[str, ...]:
    path: list[str] = []
    while (come := search.way[site]) is not None:
        site, deed = come
        path.append(in_words(deed))
    return tuple(reversed(path))
