"""All rules of a lane as one value: the decision table and the checks of what counts. The prover passes in mutants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from lane_agent.acceptance import ACCEPT, CONTACT_CHECKS, Check
from lane_agent.model import Contact
from lane_agent.state import Lane
from lane_agent.table import TABLE, Row


@dataclass(frozen=True, eq=False)
class Rules:
    """What `step` goes by.

    Attributes:
        table: the rows of domain §4, first hit wins.
        accept: the checks an event of each kind must pass to count.
        contacts: the checks a contact must pass to speak for a visit.
    """

    table: tuple[Row, ...]
    accept: Mapping[type, tuple[Check, ...]]
    contacts: Mapping[Contact, tuple[Check, ...]]

    def first_row(self, lane: Lane) -> Row:
        """The first row whose guards all hold.

        Raises:
            LookupError: no row holds: the table is not total (it is; a mutant may not be).
        """
        for row, conditions in self._conditions:
            for holds in conditions:
                if not holds(lane):
                    break
            else:
                return row
        raise LookupError("no row of the decision table holds")

    @cached_property
    def _conditions(self) -> tuple[tuple[Row, tuple[Callable[[Lane], bool], ...]], ...]:
        return tuple((row, tuple(guard.holds for guard in row.guards)) for row in self.table)


RULES = Rules(TABLE, ACCEPT, CONTACT_CHECKS)
