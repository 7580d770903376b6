"""The journal held against the core's last signed acknowledgement (design §2.16).

A journal's chain has no key: whoever may write the file can change a row and compute all hashes after it anew. The core's
signature under the hash of the last acknowledged row covers that row and, through the chain, all rows before it. Rows
that no acknowledgement covers yet are only chained.
"""

from __future__ import annotations

from sync.journal import Chain
from wire.codec import decode
from wire.envelope import KeyRing
from wire.errors import WireError
from wire.messages import Ack
from wire.topics import LaneTopics


def contradiction(chain: Chain, ring: KeyRing, lane: str) -> str:
    """Why this journal is not the one that the core acknowledged; "" if it is, or if nothing is kept to tell by."""
    ack = _opened(chain.receipt(), ring, lane)
    return "" if ack is None else _difference(chain, ack)


def flaws(chain: Chain, ring: KeyRing, lane: str) -> list[str]:
    """As `contradiction`, for a technician: also what is missing to tell by."""
    acknowledged = chain.acknowledged
    if not acknowledged - chain.names()[-1].base:
        return []
    payload = chain.receipt()
    if not payload:
        return [f"rows up to {acknowledged} are acknowledged, and the core's signed word for it is not in the store"]
    ack = _opened(payload, ring, lane)
    if ack is None:
        return ["the core's acknowledgement kept in the store is not signed by a key given here"]
    found = _difference(chain, ack)
    return [found] if found else []


def _opened(payload: bytes, ring: KeyRing, lane: str) -> Ack | None:
    try:
        return decode(Ack, ring.open(LaneTopics(lane).ack, payload)) if payload else None
    except WireError:
        return None


def _difference(chain: Chain, ack: Ack) -> str:
    if ack.journal != chain.journal_id:
        return f"the core's acknowledgement is for journal {ack.journal}, and this is {chain.journal_id}"
    own = chain.hash_at(ack.seq)
    if not own:
        return f"the core acknowledged row {ack.seq}, and it is not here"
    if own != ack.hash:
        return f"rows up to {ack.seq} are not those that the core acknowledged: they were changed, hashes and all"
    base = chain.names()[-1].base
    if chain.acknowledged - base != ack.seq:
        return f"the core acknowledged row {ack.seq}, and the store says {chain.acknowledged - base}"
    return ""
