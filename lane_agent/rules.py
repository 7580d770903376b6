"""All rules of a lane as one value: the decision table and the checks of what counts. The prover passes in mutants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lane_agent.acceptance import ACCEPT, CONTACT_CHECKS, Check
from lane_agent.model import Contact
from lane_agent.state import Lane
from lane_agent.table import TABLE, Row, first_row


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
        """The row that holds; raises `LookupError` if none does."""
        return first_row(lane, self.table)


RULES = Rules(TABLE, ACCEPT, CONTACT_CHECKS)
