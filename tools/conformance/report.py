"""What was found: a line for each clause, a summary, and the same as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from tools.conformance.clauses import ClauseResult, ClauseVerdict
from tools.docs.contract.channels import VERSION


def told(results: Iterable[ClauseResult], say: Callable[[str], None]) -> list[ClauseResult]:
    """Says each result as it comes, and in the end how many clauses hold; gives them all."""
    found = []
    for result in results:
        found.append(result)
        say(f"{result.number}  {result.verdict.value:<12} {result.seconds:6.2f} s  {result.sentence}")
        if result.detail:
            say(f"     {result.detail}")
    counts = Counter(result.verdict for result in found)
    say(", ".join(f"{counts[verdict]} {verdict.value}" for verdict in ClauseVerdict))
    broken = [result.number for result in found if result.verdict is ClauseVerdict.BROKEN]
    if broken:
        say(f"broken: {', '.join(broken)}")
    return found


def status(results: Iterable[ClauseResult], *, unseen_too: bool) -> int:
    """1 if a clause is broken, or with `unseen_too` was not observed; else 0."""
    bad = {ClauseVerdict.BROKEN, ClauseVerdict.UNSEEN} if unseen_too else {ClauseVerdict.BROKEN}
    return int(any(result.verdict in bad for result in results))


def write(path: Path, side: str, results: list[ClauseResult]) -> None:
    """The results as JSON."""
    plain = {
        "contract": VERSION,
        "side": side,
        "counts": {verdict.value: sum(one.verdict is verdict for one in results) for verdict in ClauseVerdict},
        "clauses": [
            {
                "number": one.number,
                "sentence": one.sentence,
                "verdict": one.verdict.value,
                "detail": one.detail,
                "seconds": one.seconds,
            }
            for one in results
        ],
    }
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
