"""Mutants of the rules: each guard of each row, and each check of each event, dropped and negated in turn.

A mutant is killed by the proof if some step by its rules breaks the law, and by the scenarios if one ends otherwise.
One that neither kills is a survivor; `survivors` says why each of them may live.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lane_agent.acceptance import Check
from lane_agent.events import ContactChanged, Event
from lane_agent.frozen import replace
from lane_agent.guards import no
from lane_agent.rules import RULES, Rules
from lane_agent.table import Row


@dataclass(frozen=True, slots=True)
class Mutant:
    """Rules with one change.

    Attributes:
        name: what was changed, in words.
        rules: the changed rules.
        row: index of the changed row in the table, -1 if a check was changed.
        about: row number, or 0: whose scenarios are likeliest to notice.
        kind: the kind of event, or the contact, whose checks were changed.
    """

    name: str
    rules: Rules
    row: int = -1
    about: int = 0
    kind: object = None

    def concerns(self, event: Event) -> bool:
        """Whether its changed checks are asked about this event."""
        return self.kind == (event.contact if isinstance(event, ContactChanged) else type(event))


def mutants() -> Iterator[Mutant]:
    """Every mutant, always in the same order."""
    for place, row in enumerate(RULES.table):
        yield from _of_row(place, row)
    for kind, checks in RULES.accept.items():
        for name, changed in _of_checks(checks):
            yield Mutant(f"{kind.__name__} {name}", _rules(accept=_with(RULES.accept, kind, changed)), kind=kind)
    for contact, checks in RULES.contacts.items():
        for name, changed in _of_checks(checks):
            yield Mutant(
                f"{contact.value} {name}", _rules(contacts=_with(RULES.contacts, contact, changed)), kind=contact
            )


def _of_row(place: int, row: Row) -> Iterator[Mutant]:
    for number, guard in enumerate(row.guards):
        rest = row.guards[:number], row.guards[number + 1 :]
        for name, guards in (("without", (*rest[0], *rest[1])), ("against", (*rest[0], no(guard), *rest[1]))):
            table = list(RULES.table)
            table[place] = replace(row, guards=guards)
            yield Mutant(f"row {row.name!r} {name} '{guard.name}'", _rules(table=tuple(table)), place, row.number)


def _of_checks(checks: tuple[Check, ...]) -> Iterator[tuple[str, tuple[Check, ...]]]:
    for number, check in enumerate(checks):
        rest = checks[:number], checks[number + 1 :]
        yield f"without '{check.name}'", (*rest[0], *rest[1])
        yield f"against '{check.name}'", (*rest[0], _negated(check), *rest[1])


def _negated(check: Check) -> Check:
    return Check(f"not {check.name}", check.why, lambda lane, event: not check.holds(lane, event))


def _with(
    checks: Mapping[Any, tuple[Check, ...]], key: object, changed: tuple[Check, ...]
) -> dict[Any, tuple[Check, ...]]:
    return {**checks, key: changed}


def _rules(
    *,
    table: tuple[Row, ...] = RULES.table,
    accept: Mapping[type, tuple[Check, ...]] = RULES.accept,
    contacts: Mapping[Any, tuple[Check, ...]] = RULES.contacts,
) -> Rules:
    return Rules(table, accept, contacts)
