"""Whose a consignment or a bundle is, and who may read, change or bundle it: the rule, and the same rule as SQL beside it.

Rules of this file: pure. A consignment belongs to the party that lodged it, which may hand it to carriers; a carrier may
read and bundle it and no more. A bundle belongs to the party that made it. To everybody else of the trade neither exists: a
foreign number is refused in the words of an unknown one. A test holds that rule and SQL agree on every case.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

CARGO = "cargo"
BUNDLE = "bundle"


class Reach(StrEnum):
    """How far a role reaches with a request."""

    ALL = "all"
    OWN = "own"


class Handling(StrEnum):
    """What is done to a thing."""

    READ = "read"
    CHANGE = "change"
    BUNDLE = "bundle"


class Owned(msgspec.Struct, frozen=True):
    """Whose something is.

    Attributes:
        party: the owner; "" where nobody of the trade owns it, as a record that was taken over.
        carriers: parties it was handed to; of a consignment only.
    """

    party: str
    carriers: frozenset[str] = frozenset()


def may(party: str, touch: Handling, thing: Owned | None) -> bool:
    """Whether a party of the trade may do this to a thing; None: there is none."""
    if thing is None or not party:
        return False
    return party == thing.party or (touch is not Handling.CHANGE and party in thing.carriers)


OWNS_SQL = (
    "EXISTS (SELECT 1 FROM owned WHERE owned.kind = %(kind)s AND owned.number = %(number)s AND owned.party = %(party)s)"
)
"""That the party owns the thing; for CHANGE."""

REACHES_SQL = (
    "(EXISTS (SELECT 1 FROM owned WHERE owned.kind = %(kind)s AND owned.number = %(number)s AND owned.party = %(party)s) "
    "OR (%(kind)s = 'cargo' AND EXISTS (SELECT 1 FROM carriers WHERE carriers.ccrn = %(number)s AND carriers.party = %(party)s)))"
)
"""That the party owns the thing, or is a carrier of the consignment; for READ and BUNDLE."""
