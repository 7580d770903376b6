"""A further key of the side that the kit plays, for the clauses about keys that are replaced."""

from __future__ import annotations

from collections.abc import Callable

from tools.conformance.clauses import Unseen
from wire.envelope import Signer


class FurtherKey:
    """The key, and what makes the side under test have it.

    Args:
        given: both; None where the kit was given neither.
        side: "lane" or "core", the one under test.
    """

    def __init__(self, given: tuple[Signer, Callable[[int], None]] | None, side: str) -> None:
        self._given = given
        self._side = side

    @property
    def signer(self) -> Signer:
        """The key.

        Raises:
            Unseen: the kit has none.
        """
        return self._both()[0]

    def have(self, step: int) -> None:
        """The side under test has 1: both keys of the side played, 2: the further one alone, 3: the first one alone.

        Raises:
            Unseen: the kit has none.
        """
        self._both()[1](step)

    def _both(self) -> tuple[Signer, Callable[[int], None]]:
        if self._given is None:
            raise Unseen(f"needs a further key and a way to give it to the {self._side}; see --further-key and --keys")
        return self._given
