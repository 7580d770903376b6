"""Who may do what at the wall: one table, role by role. A route names what it needs, and asks here."""

from __future__ import annotations

from enum import Enum
from typing import Final

from console.officers import OfficerRole


class May(Enum):
    """Something that a route lets somebody do."""

    ANYBODY = "anybody"  # also without a login: the login itself
    WATCH = "watch"
    TAKE = "take"  # a need of the queue: take it, hand it over, give it back
    DECIDE = "decide"  # about one vehicle: inspect, answer a help call
    LANE = "lane"  # one lane: open, close, manual, automatic
    MANY = "many"  # a group of lanes, or the point
    REPAIR = "repair"  # of a technician: restart a reader
    LOOK_BACK = "look back"  # who did what, who looked at what
    SEARCH = "search"  # past vehicles: their stories and pictures
    COUNT = "count"  # figures, without marks or names


_WATCHES: Final = frozenset({May.ANYBODY, May.WATCH})
_OFFICER: Final = _WATCHES | {May.TAKE, May.DECIDE, May.LANE, May.SEARCH, May.COUNT}

RIGHTS: Final[dict[OfficerRole, frozenset[May]]] = {
    OfficerRole.VIEWER: _WATCHES,
    OfficerRole.OFFICER: _OFFICER,
    OfficerRole.SUPERVISOR: _OFFICER | {May.MANY, May.LOOK_BACK},
    OfficerRole.TECHNICIAN: _WATCHES | {May.TAKE, May.REPAIR, May.LOOK_BACK, May.COUNT},
}
"""What each role may do. A technician releases and stops nobody; only a supervisor moves more than one lane at a time."""


def may(role: OfficerRole, what: May) -> bool:
    """Whether this role may do that."""
    return what in RIGHTS[role]
