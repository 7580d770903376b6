"""Whether the lane's codes are the core's, as of when: nonces, proofs, the verdict (design §3).

Rules of this file:
- A proof is the core's signature over a nonce of ours. It proves the head at some moment after the nonce was *sent*;
  its age is therefore counted from then, on this box's monotonic clock, and nothing else makes anything fresh.
- A proof counts as equal when the lane holds, or held when the nonce was sent or later, exactly the head that was
  signed. The lane may since have moved on through signed deltas in their order: it then holds more than was proven.
  (Without this, each delta between two proofs would make the lane stale for up to a second.)
- A proof of a head that the lane had already left behind when it sent the nonce means that the core went back.
- A proof of a head still to come makes nothing fresh until that head is there.
- Each nonce is good for one proof, and a proof invalidates all older nonces: a replayed or late one is unasked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lane_agent.model import Link
from sync.link.limits import Limits
from sync.link.log_result import CodeLogHead
from wire.messages import Heartbeat


class Judgement(Enum):
    """What a proof says about the lane's own head."""

    EQUAL = "equal"
    BEHIND = "behind"  # the head it names is still to come
    OTHER_EPOCH = "other_epoch"
    DIFFERENT = "different"  # the same version, other rows
    WENT_BACK = "went_back"  # the lane had left that head behind when it asked
    EARLIER = "earlier"  # from before the lane loaded its snapshot: says nothing
    UNASKED = "unasked"  # no nonce of ours, or one already answered


Weighed = tuple[Judgement, int]
"""What a proof says, and about which version."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A heartbeat that answered a nonce of ours."""

    sent_ms: int
    received_ms: int
    heartbeat: Heartbeat


@dataclass(slots=True)
class _Held:
    state_hash: bytes
    left_ms: int | None = None


class Freshness:
    """Keeps the nonces, the proofs and the heads of the last seconds."""

    def __init__(self, limits: Limits, head: CodeLogHead, now: int) -> None:
        self._limits = limits
        self._nonces: dict[bytes, int] = {}
        self._waiting: list[Proof] = []
        self._proof: Proof | None = None
        self._equal_ms: int | None = None
        self._start(head, now)

    def _start(self, head: CodeLogHead, now: int) -> None:
        self._head = head
        self._since = now
        self._held = {head.version: _Held(head.state_hash)}

    def on_nonce_sent(self, nonce: bytes, now: int) -> None:
        """A nonce goes out."""
        oldest = now - self._limits.offline_ms
        self._nonces = {old: sent for old, sent in self._nonces.items() if sent > oldest}
        self._nonces[nonce] = now

    def awaits(self, nonce: bytes, now: int) -> bool:
        """Whether a proof over this nonce would count."""
        sent = self._nonces.get(nonce)
        return sent is not None and now - sent < self._limits.offline_ms

    def on_heartbeat(self, heartbeat: Heartbeat, now: int) -> Judgement:
        """A heartbeat came, its signature checked and meant for this lane."""
        sent = self._nonces.get(heartbeat.nonce)
        if sent is None or not self.awaits(heartbeat.nonce, now):
            return Judgement.UNASKED
        self._nonces = {nonce: other for nonce, other in self._nonces.items() if other > sent}
        self._proof = Proof(sent, now, heartbeat)
        return self._weigh(self._proof)

    def _weigh(self, proof: Proof) -> Judgement:
        judgement = self._judge(proof)
        if judgement is Judgement.EQUAL:
            self._equal_ms = max(proof.sent_ms, self._equal_ms or proof.sent_ms)
        elif judgement is Judgement.BEHIND:
            self._waiting.append(proof)
        return judgement

    def _judge(self, proof: Proof) -> Judgement:
        beat = proof.heartbeat
        if beat.epoch != self._head.epoch:
            return Judgement.OTHER_EPOCH
        if beat.version > self._head.version:
            return Judgement.BEHIND
        held = self._held.get(beat.version)
        if held is not None and held.state_hash != beat.state_hash:
            return Judgement.DIFFERENT
        if held is not None and (held.left_ms is None or held.left_ms >= proof.sent_ms):
            return Judgement.EQUAL
        return Judgement.EARLIER if proof.sent_ms < self._since else Judgement.WENT_BACK

    def on_applied(self, head: CodeLogHead, now: int) -> list[Weighed]:
        """The lane applied one delta in its turn. Returns the judgement of proofs that waited for this head."""
        self._held[self._head.version].left_ms = now
        self._held[head.version] = _Held(head.state_hash)
        self._head = head
        oldest = now - self._limits.offline_ms
        self._held = {v: held for v, held in self._held.items() if held.left_ms is None or held.left_ms > oldest}
        return self._reweigh(now)

    def on_swapped(self, head: CodeLogHead, now: int) -> list[Weighed]:
        """The lane loaded a snapshot: no earlier equality counts. Returns the judgement of waiting proofs."""
        self._equal_ms = None
        self._start(head, now)
        return self._reweigh(now)

    def _reweigh(self, now: int) -> list[Weighed]:
        waiting, self._waiting = self._waiting, []
        oldest = now - self._limits.offline_ms
        return [(self._weigh(proof), proof.heartbeat.version) for proof in waiting if proof.sent_ms > oldest]

    def distrust(self) -> None:
        """The codes are in doubt: no equality until now counts."""
        self._equal_ms = None

    def verdict(self, now: int) -> Link:
        """Design §3: FRESH, STALE or OFFLINE at this moment."""
        if self._proof is None or now - self._proof.sent_ms >= self._limits.offline_ms:
            return Link.OFFLINE
        if self._equal_ms is not None and now - self._equal_ms < self._limits.fresh_ms:
            return Link.FRESH
        return Link.STALE

    @property
    def proof(self) -> Proof | None:
        """The last proof, however old."""
        return self._proof
