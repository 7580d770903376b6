"""Commands to lanes: signed, with an expiry, written down before they go out, and what each lane answered.

Rules of this file: the lane decides what it obeys (`wire.commands` lists what can be asked); a command without a reply
may have been obeyed all the same, and the lane's journal tells.
"""

from __future__ import annotations

import secrets

from core.ledger.store import CoreStore
from domain.times import UtcClock
from wire.messages import Command, Reply


class Orders:
    """The commands in the store.

    Args:
        store: the core's store.
        clock: the present time, UTC ms.
    """

    def __init__(self, store: CoreStore, clock: UtcClock) -> None:
        self._store = store
        self._clock = clock

    def write(
        self,
        lane: str,
        name: str,
        *,
        issuer: str,
        good_ms: int,
        visit: str = "",
        text: str = "",
        revert_ms: int = 0,
        picture: str = "",
        journal: str = "",
        rows: tuple[int, int] = (0, 0),
    ) -> Command:
        """Writes a command down, good for `good_ms` from now, and returns it."""
        now = self._clock()
        order = Command(
            lane=lane,
            command=secrets.token_hex(8),
            issuer=issuer,
            issued_ms=now,
            expires_ms=now + good_ms,
            name=name,
            visit=visit,
            text=text,
            revert_ms=revert_ms,
            picture=picture,
            journal=journal,
            first=rows[0],
            last=rows[1],
        )
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO commands(id, lane, issuer, name, visit, text, issued_ms, expires_ms, outcome, detail) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', '')",
                (order.command, lane, issuer, name, visit, text, now, order.expires_ms),
            )
        return order

    def on_reply(self, reply: Reply) -> None:
        """A lane replied to a command; only its first reply is kept."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE commands SET outcome=%s, detail=%s WHERE id=%s AND lane=%s AND outcome=''",
                (reply.outcome, reply.detail, reply.command, reply.lane),
            )
