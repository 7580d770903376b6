"""Where a journal begins here, once its first rows are in the archive: at an anchor, which the core has signed.

Rules of this file:
- An anchor says that the rows up to it were here, that their chain was recomputed, what it led to, and which file has them.
  Nothing is believed of it but what is signed.
- It also says whether the lane's own signature over a later row was checked then: with the rows between in other files,
  nobody can check that again without them.
"""

from __future__ import annotations

from itertools import pairwise

import msgspec

from core.errors import HistoryError
from core.ledger.store import LedgerConnection
from wire.codec import decode
from wire.envelope import KeyRing, Signer
from wire.errors import WireError
from wire.messages import Hash
from wire.records import CoreMs
from wire.topics import ROOT

AUDIENCE = f"{ROOT}/anchor"
"""What the signature is for; nobody publishes it."""


class JournalAnchor(msgspec.Struct, frozen=True, kw_only=True, tag="anchor"):
    """What is signed.

    Attributes:
        first, seq: the rows in that file.
        previous, hash: the chain before and after them.
        visits: the lowest and the highest visit that they name; none: zeros.
        file, sha256: which file has them, and its hash.
        by_lane: the lane's signature over row `seq` or a later one was good.
        core_ms: when.
    """

    lane: str
    journal: str
    first: int
    seq: int
    previous: Hash
    hash: Hash
    visits: tuple[int, int]
    file: str
    sha256: str
    by_lane: bool
    core_ms: CoreMs

    def names(self, visit: int) -> bool:
        """Whether a row of that visit may be among its rows."""
        return self.visits[0] <= visit <= self.visits[1]


def keep(db: LedgerConnection, signer: Signer, anchor: JournalAnchor) -> None:
    """Signs and writes one, inside the caller's transaction."""
    db.execute(
        "INSERT INTO anchors(lane, journal, seq, hash, payload) VALUES (%s, %s, %s, %s, %s)",
        (
            anchor.lane,
            anchor.journal,
            anchor.seq,
            anchor.hash,
            signer.seal(AUDIENCE, msgspec.msgpack.encode(anchor)),
        ),
    )


def of_journal(db: LedgerConnection, ring: KeyRing, lane: str, journal: str) -> list[JournalAnchor]:
    """Those of a journal, in order; one a month.

    Raises:
        HistoryError: one is not what the core signed.
    """
    found = db.execute("SELECT seq, payload FROM anchors WHERE lane=%s AND journal=%s ORDER BY seq", (lane, journal))
    anchors = [_proved(ring, lane, journal, seq, payload) for seq, payload in found.fetchall()]
    for before, after in pairwise(anchors):
        if (after.first, after.previous) != (before.seq + 1, before.hash):
            raise HistoryError(f"the anchors of journal {journal} of lane {lane} do not follow one another")
    return anchors


def _proved(ring: KeyRing, lane: str, journal: str, seq: int, payload: bytes) -> JournalAnchor:
    where = f"the anchor of row {seq} of journal {journal} of lane {lane}"
    try:
        anchor = decode(JournalAnchor, ring.open(AUDIENCE, payload))
    except WireError as error:
        raise HistoryError(f"{where}: {error}") from error
    if (anchor.lane, anchor.journal, anchor.seq) != (lane, journal, seq):
        raise HistoryError(f"{where}: it is another's")
    return anchor


def hash_at(db: LedgerConnection, lane: str, journal: str, seq: int) -> tuple[bool, bytes | None]:
    """Of a row that is not here: whether it is in the archive, and its hash where an anchor names that very row."""
    found = db.execute(
        "SELECT seq, hash FROM anchors WHERE lane=%s AND journal=%s AND seq>=%s ORDER BY seq LIMIT 1",
        (lane, journal, seq),
    ).fetchone()
    if found is None:
        return False, None
    return True, bytes(found[1]) if found[0] == seq else None
