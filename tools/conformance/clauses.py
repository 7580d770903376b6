"""A clause of the contract: its number, its sentence, and the test that shows whether the other side keeps it.

Rules of this file:
- A test returns where the clause holds, raises `ClauseBroken` where it does not, and `Unseen` where nothing could be seen:
  an honest "not observed" is no pass.
- Clauses are independent: before each the trial is put in order (`settle`); a trial that cannot be is a broken clause.
- A clause about silence first waits for the answer to something honest sent afterwards, then a moment longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar


class ClauseBroken(Exception):  # noqa: N818 - a verdict, not an error of this program
    """The clause does not hold; the text says what was seen instead."""


class Unseen(Exception):  # noqa: N818 - a verdict, not an error of this program
    """Nothing could be seen of the clause; the text says what is missing for it."""


class ClauseVerdict(Enum):
    """What became of a clause."""

    HOLDS = "holds"
    BROKEN = "BROKEN"
    UNSEEN = "not observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseTimes:
    """Durations in seconds. The first four are the contract's (`tools.docs.contract.channels.TIMES`).

    Attributes:
        nonce, fresh, offline, resend, claim: as configured at the lane.
        window: rows ahead of the acknowledgement.
        patience: how long to wait for what must come.
        quiet: how long nothing must come, after the answer to something sent later did.
        alarm: how long to wait for an alarm, which is not repeated within a minute.
    """

    nonce: float = 1.0
    fresh: float = 3.0
    offline: float = 5.0
    resend: float = 3.0
    claim: float = 0.5
    window: int = 64
    patience: float = 10.0
    quiet: float = 1.0
    alarm: float = 75.0


class Trial(Protocol):
    """What clauses are tried on: the kit's own side, and through it the other one."""

    def settle(self) -> None:
        """Brings both sides to where every clause begins; raises Broken if the other side does not come along."""


T = TypeVar("T", bound=Trial)


@dataclass(frozen=True, slots=True)
class Clause(Generic[T]):
    """One clause.

    Attributes:
        number: "L07" for lanes, "C07" for cores; never given twice.
        sentence: of the contract.
        test: tries it.
    """

    number: str
    sentence: str
    test: Callable[[T], None]


@dataclass(frozen=True, slots=True)
class ClauseResult:
    """What became of one clause; `seconds` it took."""

    number: str
    sentence: str
    verdict: ClauseVerdict
    detail: str
    seconds: float


class Chapter(Generic[T]):
    """Clauses that belong together, in order."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.clauses: list[Clause[T]] = []

    def __call__(self, number: str, sentence: str) -> Callable[[Callable[[T], None]], Callable[[T], None]]:
        """Adds the decorated test as a clause."""

        def added(test: Callable[[T], None]) -> Callable[[T], None]:
            self.clauses.append(Clause(number, sentence, test))
            return test

        return added


def chosen(chapters: Iterable[Chapter[T]], only: Iterable[str]) -> list[Clause[T]]:
    """The clauses with these numbers, or all.

    Raises:
        ValueError: there is no clause of that number.
    """
    every = [clause for chapter in chapters for clause in chapter.clauses]
    wanted = set(only)
    unknown = wanted - {clause.number for clause in every}
    if unknown:
        raise ValueError(f"there is no clause {', '.join(sorted(unknown))}; --list shows them")
    return [clause for clause in every if not wanted or clause.number in wanted]


def tried(clauses: Iterable[Clause[T]], trial: T) -> Iterator[ClauseResult]:
    """Tries one clause after the other and gives each result when it is known."""
    for clause in clauses:
        start = time.monotonic()
        verdict, detail = _verdict(clause, trial)
        yield ClauseResult(clause.number, clause.sentence, verdict, detail, round(time.monotonic() - start, 2))


def _verdict(clause: Clause[T], trial: T) -> tuple[ClauseVerdict, str]:
    try:
        trial.settle()
        clause.test(trial)
    except ClauseBroken as broken:
        return ClauseVerdict.BROKEN, str(broken)
    except Unseen as unseen:
        return ClauseVerdict.UNSEEN, str(unseen)
    return ClauseVerdict.HOLDS, ""


def must(holds: object, otherwise: str) -> None:
    """Raises Broken with `otherwise` unless it holds."""
    if not holds:
        raise ClauseBroken(otherwise)
