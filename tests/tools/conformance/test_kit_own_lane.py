"""Our own lane keeps every clause, over a real broker, with a real store."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tools.conformance.clauses import ClauseVerdict, chosen, tried
from tools.conformance.lane import CHAPTERS

LAST = ("L50", "L07")
"""What is asked of everything that was heard in a run."""


@pytest.fixture(scope="module")
def verdicts(stage: Callable[..., Any]) -> dict[str, list[Any]]:
    """What the kit says of our lane, chapter by chapter, each with a broker and a lane of its own, all at once."""

    def found(chapter: Any) -> list[Any]:
        with stage() as core:
            return [*tried(chapter.clauses, core), *tried(chosen(CHAPTERS, LAST), core)]

    with ThreadPoolExecutor(len(CHAPTERS)) as pool:
        return dict(zip((chapter.title for chapter in CHAPTERS), pool.map(found, CHAPTERS), strict=True))


@pytest.mark.parametrize("title", [chapter.title for chapter in CHAPTERS])
def test_our_lane_keeps_every_clause(title: str, verdicts: dict[str, list[Any]]) -> None:
    """None is broken, and none goes unobserved."""
    assert [(one.number, one.detail) for one in verdicts[title] if one.verdict is not ClauseVerdict.HOLDS] == []
    (chapter,) = [one for one in CHAPTERS if one.title == title]
    assert len(verdicts[title]) == len(chapter.clauses) + len(LAST)
