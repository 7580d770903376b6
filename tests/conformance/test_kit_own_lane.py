"""Our own lane keeps every clause, over a real broker, with a real store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.clauses import Result, Verdict, chosen, tried
from conformance.lane import CHAPTERS
from conformance.proxy import Proxy


def test_our_lane_keeps_every_clause(make_lane: Callable[..., Any], played: Callable[..., Any], proxy: Proxy) -> None:
    """All of them; none goes unobserved."""
    with make_lane(port=proxy.port) as lane:
        core = played(poke=lane.poke, proxy=proxy)
        found: list[Result] = list(tried(chosen(CHAPTERS, ()), core))
    assert [(one.number, one.detail) for one in found if one.verdict is not Verdict.HOLDS] == []
    assert len(found) == sum(len(chapter.clauses) for chapter in CHAPTERS)
