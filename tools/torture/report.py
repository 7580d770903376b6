"""The report of a run: figures for machines, sentences for people."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tools.torture.verdict import RunVerdict

COUNTS = ("lost", "duplicated", "unsafe_releases", "cache_mismatches", "late_manual", "requests_lost", "overlaps")


def made_report(
    verdict: RunVerdict,
    *,
    faults: Counter[str],
    shown: Counter[str],
    crashed: list[str],
    storms: list[dict[str, int]],
    level: bool,
    facts: dict[str, Any],
) -> dict[str, Any]:
    """The report.

    Args:
        verdict: the checker's.
        faults: how many of each kind came.
        shown: how many trucks were shown which scene last.
        crashed: processes that ended by themselves, with their last words.
        storms: how long a crowd took to be fresh.
        level: whether every lane was level again in the end.
        facts: what else is to stand in it.

    Returns:
        `broken` has a sentence for everything that was promised and did not hold; it is empty if all did.
    """
    counts = Counter(finding.count for finding in verdict.findings)
    broken = [f"{finding.count}: {finding.text}" for finding in verdict.findings]
    broken += [f"crashed: {words}" for words in crashed]
    if not level:
        broken.append("not level: after the last fault a lane did not become fresh, or could not send everything")
    return {
        **facts,
        "faults": dict(sorted(faults.items())),
        "shown": dict(shown.most_common()),
        "felt": dict(verdict.felt.most_common()),
        "events_checked": verdict.events,
        "visits_checked": verdict.visits,
        "releases_checked": verdict.releases,
        **{name: counts[name] for name in COUNTS},
        "tempted_by_clock": verdict.tempted_by_clock,
        "tempted_by_copy": verdict.tempted_by_copy,
        "forgotten": verdict.forgotten,
        "tempted_late": verdict.tempted_late,
        "tempted_by_follower": verdict.tempted_by_follower,
        "manual_entry_ms": spread(verdict.manual_entry_ms),
        "requests_acknowledged": verdict.requests,
        "sites_lost": verdict.sites_lost,
        "papers_lost": verdict.papers_lost,
        "list_lost": verdict.list_lost,
        "handovers": verdict.handovers,
        "automatic_again_ms": _again(verdict.automatic_again_ms),
        "storms": storms,
        "broken": broken,
    }


def _again(by_kind: dict[str, list[int]]) -> dict[str, Any]:
    """Of all faults of the centre, and of each kind."""
    every = [one for values in by_kind.values() for one in values]
    return {name: _recovery(values) for name, values in {"all": every, **by_kind}.items()} if by_kind else {}


def _recovery(values: list[int]) -> dict[str, int | None]:
    ordered = sorted(values)
    p95 = ordered[-(-95 * len(ordered) // 100) - 1] if ordered else None
    return {**spread(values), "p95": p95}


def spread(values: list[int]) -> dict[str, int | None]:
    """How many, median, 99th percentile and largest; None where there are none."""
    ordered = sorted(values)
    if not ordered:
        return {"times": 0, "p50": None, "p99": None, "max": None}
    return {
        "times": len(ordered),
        "p50": ordered[(len(ordered) - 1) // 2],
        "p99": ordered[-(-99 * len(ordered) // 100) - 1],
        "max": ordered[-1],
    }
