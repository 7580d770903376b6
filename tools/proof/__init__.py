"""The proof of the lane's law: breadth-first over the shipped `step`, and the mutants that test the proof.

| module | what is in it |
|---|---|
| `command` | `rocars-lane prove` |
| `law` | design §2 as invariants |
| `history`, `counting`, `observer` | what someone knows who sees inputs and screens only; the law is asked of it |
| `answers`, `alphabet`, `slices` | what may happen: answers of the code book, events, and which of them together |
| `canonical`, `numbers`, `search` | states with their counters renamed, so that they are finite; their numbers; the search |
| `code_book`, `world`, `moves`, `scenarios/` | little stories with their expected screens |
| `mutants`, `mutation`, `survivors` | changed rules; what notices them; why some may survive |
| `source_mutants`, `harmful` | changes of the source itself, put in place of what runs; those that did harm |
| `source_fates`, `test_fates` | what notices them: the proof, or the tests |
| `office_fates` | the same for the pure rules of the centre, judged by their tests |
| `physical/` | the other proof: vehicles, loops that fail and late people around the step |

`run` proves; `mutation` tries one mutant. No clock here: the caller measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lane_agent.rules import RULES, Rules
from tools.proof.search import RememberedStep, Slice, SliceResult, Violation, search
from tools.proof.slices import SLICES

__all__ = ["SLICES", "Slice", "SliceResult", "Total", "Violation", "run", "search_slice", "total"]


@dataclass(frozen=True, slots=True)
class Total:
    """The sums over slices. A state or transition that occurs in two slices is counted in both."""

    states: int
    transitions: int
    violations: tuple[Violation, ...]


def search_slice(slice_: Slice, rules: Rules = RULES) -> SliceResult:
    """Proves one slice from scratch; slices depend on nothing of each other."""
    return search(RememberedStep(rules), slice_)


def run(slices: Iterable[Slice] = SLICES, rules: Rules = RULES) -> Iterator[SliceResult]:
    """Proves slice after slice."""
    for slice_ in slices:
        yield search_slice(slice_, rules)


def total(results: Iterable[SliceResult]) -> Total:
    """The sums."""
    kept = tuple(results)
    return Total(
        sum(result.states for result in kept),
        sum(result.transitions for result in kept),
        tuple(violation for result in kept for violation in result.violations),
    )
