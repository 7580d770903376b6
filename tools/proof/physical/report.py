"""Both searches of the physical model within a given time: every site breadth first, then walks; what was found, in figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tools.proof.physical.breadth import BreadthFound, search_site
from tools.proof.physical.plans import PLANS
from tools.proof.physical.walk import BOUNDS_MS, DISTURBANCES, WalksFound, walk

STATES_A_SECOND = 15_000
"""What a slow machine searches of a site; it decides only how many states are looked at, so that the same time and seed
look at the same ones everywhere."""
SHARE = 0.6
"""Of the time, the part for the search breadth first; the walks have the rest."""


def explore(seconds: float, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Searches the sites and walks; prints a line for each site and the sums; the counts, as `--json` writes them."""
    begun = time.process_time()
    most = max(2_000, int(seconds * SHARE * STATES_A_SECOND / len(PLANS)))
    sites = []
    for plan in PLANS:
        found = search_site(plan, most=most)
        sites.append(found)
        say(_line(found))
    walks = WalksFound()
    number = 0
    while not walks.broken and (number == 0 or time.process_time() - begun < seconds):
        walk(seed + number, walks)
        number += 1
    say(_walked(walks))
    return _counts(sites, walks, seed)


def _line(found: BreadthFound) -> str:
    whole = "all" if found.complete else "the first"
    verdict = f"BROKEN: {' > '.join(found.path)}" if found.path else "holds"
    return f"{found.name:46} {found.vehicles} vehicles {whole} {found.states:7} states {found.transitions:8} transitions  {verdict}"


def _walked(walks: WalksFound) -> str:
    hours = walks.simulated_ms / 3_600_000
    worst = ", ".join(f"{kind or 'fading'} {ms} of {BOUNDS_MS[kind]} ms" for kind, ms in sorted(walks.worst_ms.items()))
    lines = [
        f"walks: {walks.runs} runs, {walks.vehicles} vehicles, {hours:.0f} hours of a lane, {walks.releases} times 3",
        f"{walks.restores} backups restored, {len(walks.threes)} sets of three disturbances of {len(DISTURBANCES)}",
        f"longest under another's 3: {worst or 'never'}",
    ]
    lines += [f"BROKEN by seed {one['seed']}: {one['kind']} {one['ms']} ms: {one['path']}" for one in walks.broken]
    return "\n".join(lines)


def _counts(sites: list[BreadthFound], walks: WalksFound, seed: int) -> dict[str, Any]:
    return {
        "sites": len(sites),
        "sites_complete": sum(found.complete for found in sites),
        "states": sum(found.states for found in sites),
        "transitions": sum(found.transitions for found in sites),
        "vehicles": sum(found.vehicles for found in sites) + walks.vehicles,
        "runs": walks.runs,
        "simulated_hours": round(walks.simulated_ms / 3_600_000, 1),
        "releases": walks.releases,
        "restores": walks.restores,
        "threes": len(walks.threes),
        "violations": sum(bool(found.path) for found in sites) + len(walks.broken),
        "seed": seed,
        "worst_ms": {kind or "fading": ms for kind, ms in sorted(walks.worst_ms.items())},
        "bounds_ms": {kind or "fading": ms for kind, ms in BOUNDS_MS.items()},
        "of_sites": {
            found.name: {
                "vehicles": found.vehicles,
                "states": found.states,
                "transitions": found.transitions,
                "complete": found.complete,
                "path": found.path,
            }
            for found in sites
        },
        "broken_walks": walks.broken,
    }
