"""When lanes were not automatic because of their link: from the row in which one found it OFFLINE to the one in which it was FRESH again.

Rules of this file: STALE is neither. A lane that was ended meanwhile is out until a row says FRESH, whichever of its journals that is
in. Rows of the time without a link come when it is back; until then nothing is known of it here.
"""

from __future__ import annotations

from collections.abc import Collection

from core.ledger.store import LedgerConnection
from wire.messages import EventMessage

OFFLINE, FRESH = "offline", "fresh"
"""As a lane's rows name them (`lane_agent.model.Link`)."""


class LinkOutages:
    """The table of outages in one store; writes belong to the caller's transaction."""

    def __init__(self, connection: LedgerConnection) -> None:
        self._db = connection

    def told(self, event: EventMessage, link: str, at_ms: int) -> None:
        """A row says what the lane's link has become, at that time, UTC ms."""
        if link == FRESH:
            self._db.execute(
                "UPDATE link_outages SET ended_ms = GREATEST(%s, began_ms, 1) WHERE lane=%s AND ended_ms=0",
                (at_ms, event.lane),
            )
        elif link == OFFLINE:
            self._db.execute(
                "INSERT INTO link_outages(lane, journal, seq, began_ms, ended_ms) SELECT %s, %s, %s, %s, 0 "
                "WHERE NOT EXISTS (SELECT 1 FROM link_outages WHERE lane=%s AND ended_ms=0) ON CONFLICT DO NOTHING",
                (event.lane, event.journal, event.seq, at_ms, event.lane),
            )

    def between(self, lanes: Collection[str], since_ms: int, until_ms: int, *, most: int) -> list[tuple[str, int, int]]:
        """(lane, began, ended) of those that lasted at some moment of that time, in order; ended is 0 while one lasts. UTC ms."""
        rows = self._db.execute(
            "SELECT lane, began_ms, ended_ms FROM link_outages WHERE lane = ANY(%s) AND (ended_ms=0 OR ended_ms > %s) "
            "AND began_ms < %s ORDER BY began_ms, lane LIMIT %s",
            (list(lanes), since_ms, until_ms, most),
        )
        return [(lane, began, ended) for lane, began, ended in rows]
