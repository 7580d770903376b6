"""Named people: parties of the trade, accounts, their roles, and who is acting.

Rules of this file: pure. A person is known by the account they signed in to, or by the login that the kernel names for their
connection; a name that somebody typed is nobody. The forms of registration are seed 004's: a company has one responsible
person and at most four who sign for it; a driver may be a shipper too (form TS). Who judges cargo never owns any.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

import msgspec

from core.model.refusals import CentreRefusal, refusal

NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
MOST_SIGNATORIES = 5
"""Accounts of a party: a responsible person and four message signatories (seed 004)."""


class Role(StrEnum):
    """What somebody is there for."""

    TRADER = "trader"
    DRIVER = "driver"
    SELECTOR = "selector"
    SUPERVISOR = "supervisor"
    CLERK = "clerk"
    LANE_OFFICER = "lane_officer"
    TECHNICIAN = "technician"
    SYSTEM = "system"


TRADE = frozenset({Role.TRADER, Role.DRIVER})
"""Roles of people outside the department: they reach what is theirs, and nothing else."""

_CLASHES: tuple[tuple[frozenset[Role], frozenset[Role]], ...] = ((TRADE, frozenset(Role) - TRADE),)


class TradeParty(msgspec.Struct, frozen=True):
    """A company or person of the trade that consignments and bundles belong to."""

    id: str
    name: str


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One person, or one system.

    Attributes:
        name: by which they sign in, and under which they stand in the audit log.
        shown: their name as others see it.
        roles: what they may do (`core.office.rights`).
        party: of the trade, whose they are; "" for the department's people.
        login: of the core's own machine, by which the kernel knows them; "" for none.
        closed: whether it may no longer be used.
    """

    name: str
    shown: str = ""
    roles: tuple[Role, ...]
    party: str = ""
    login: str = ""
    closed: bool = False


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: an account, and the login of the connection it came by, as the kernel knows it."""

    account: str
    roles: frozenset[Role]
    party: str = ""
    login: str = ""

    @property
    def words(self) -> str:
        """How the audit log and the lanes name them: `chan`, or `chan by kiosk` where the login is another's."""
        return self.account if self.login in {"", self.account} else f"{self.account[:40]} by {self.login}"[:64]


def account_problems(account: Account, *, parties: Collection[str]) -> tuple[CentreRefusal, ...]:
    """Every reason why there can be no such account; empty if there can."""
    found = [] if NAME.fullmatch(account.name) else [refusal("account_name", name=account.name)]
    if not account.roles:
        found.append(refusal("roles_none", known=", ".join(Role)))
    found += filter(None, [clash(account.roles), _party_problem(account, parties)])
    return tuple(found)


def clash(roles: Collection[Role]) -> CentreRefusal | None:
    """Two roles that nobody may have both, if there are."""
    for some, others in _CLASHES:
        one, other = sorted(some.intersection(roles)), sorted(others.intersection(roles))
        if one and other:
            return refusal("roles_clash", one=one[0], other=other[0])
    return None


def _party_problem(account: Account, parties: Collection[str]) -> CentreRefusal | None:
    of_trade = bool(TRADE.intersection(account.roles))
    if of_trade and not account.party:
        return refusal("party_needed")
    if account.party and not of_trade:
        return refusal("party_of_officer")
    if account.party and account.party not in parties:
        return refusal("party_unknown", party=account.party)
    return None
