"""Work spread over processes: each makes its own worker once, results come in order."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Worker(Protocol[T_co]):
    """Does numbered pieces of work."""

    def run(self, number: int) -> T_co:
        """Piece `number`; the same whichever process does it."""


_here: list[Worker[Any]] = []  # one in each process


def _begin(make: Callable[[], Worker[Any]]) -> None:
    _here[:] = [make()]


def _one(number: int) -> object:
    return _here[0].run(number)


def results(numbers: Sequence[int], make: Callable[[], Worker[T_co]], processes: int) -> Iterator[T_co]:
    """Each piece's result when it is ready, in order; in this process where `processes` is 1."""
    if processes == 1:
        yield from map(make().run, numbers)
        return
    with multiprocessing.get_context("spawn").Pool(processes, _begin, (make,)) as pool:
        yield from pool.imap(_one, numbers, chunksize=4)
