"""Whether this core's list may be proved: what lanes hold of its own signed deltas, and it lacks (design §2.16).

Rules of this file:
- A core cannot know by itself that it runs on a backup. After each start it therefore listens first: for `listen_ms`
  it proves nothing, takes no rows and lets nobody change the list, so that every lane on the line is heard. A lane whose
  presence says that it is on the line, and that has not asked yet, keeps the others waiting, for `PATIENCE_MS` at most:
  on a starved machine a nonce takes longer than `listen_ms`. Time in which the core itself stood still is no time of listening: what waits
  to be heard, and what waits to change the list, would be taken in any order after it. Two need not: a core that stood by and saw the one
  before serve to its end has seen that its database is the one that was served from (`ledger.lease`); one that listened, served, lost its database and has it again
  before another core could have served knows by hash all that was ever told (`serving`).
- A lane that names a later version is asked to show the deltas. What it claims proves nothing and holds nobody else up
  for longer than `PATIENCE_MS`, once; it is itself proved nothing until it has shown them.
- A delta with this core's own signature that is not here proves that the core is behind. Those that follow the head
  become part of the log as they are. All others are of another branch, or of an epoch that was left: of them the
  strictest counts. Their holds are held here too, what they withdrew or used is withdrawn or used; nothing is released
  and no hold is lifted by them.
- A lane that names another state hash for a version that is here may be on a branch that this core has left: it is asked,
  too, and where it is, the branch is looked through down to where it began.
- After a branch, or a gap that nobody can fill, nothing is proved any more in this epoch: only a new one, begun by
  people (`rocars-core restart-log`), ends it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.errors import HistoryError
from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.ledger.strictest import strictest
from core.link.alarm_watch import AlarmWatch
from domain.alarms import CoreAlarmKind
from runtime.clocks import TurnClock
from wire.codec import decode
from wire.hashes import log_next
from wire.messages import Delta, DeltasAsked, DeltasShown, Nonce
from wire.topics import LOG

PATIENCE_MS = 10_000
"""How long the claim of one lane, or the silence of one that is on the line, keeps the others waiting after a start."""

TURN_MS = 1_000
"""The core turns each second at the least; of what it stood still for longer (a starved machine, a slow answer of its database), no more counts:
lanes that spoke meanwhile are still to be heard."""

AGAIN_MS = 2_000
"""A lane that does not answer is asked again after this."""

LOOK_AGAIN_MS = 60_000
"""A lane whose list differs, though its deltas do not, is asked again after this."""

BACK = 64
"""Deltas before the version that a lane names, to be shown first where it may be on a branch; four times as many next."""


@dataclass(slots=True)
class _Claim:
    """A lane names a later version than is here, or another list.

    Attributes:
        awaited: it was heard while the core listened, which goes on for its sake.
        after: deltas after this version are asked for.
        back: how far before what is shown to look next, on a branch.
        bottomed: the beginning of the branch was seen.
        empty: the lane has shown that it keeps nothing of that.
    """

    epoch: str
    version: int
    since_ms: int
    asked_ms: int
    after: int
    awaited: bool = False
    request: str = ""
    back: int = BACK
    bottomed: bool = False
    empty: bool = False


class ListWholeness:
    """What is known of deltas that lanes hold and this core lacks.

    Args:
        store, log, alarms: the core's.
        listen_ms: how long to listen after the start; 0 not to.
        ticks: a clock for durations, ms; nobody sets it.

    Attributes:
        broken: why nothing is proved any more in this epoch; "" if all is well.
    """

    def __init__(
        self, store: CoreStore, log: ReplicatedLog, alarms: AlarmWatch, *, listen_ms: int, ticks: Callable[[], int]
    ) -> None:
        self._store = store
        self._log = log
        self._alarms = alarms
        self._listen_ms = listen_ms
        self._ticks = TurnClock(ticks, step_ms=TURN_MS)
        self._until_ms = self._ticks() + listen_ms
        self._can_hear = not listen_ms
        self._claims: dict[str, _Claim] = {}
        self._silent: set[str] = set()
        self._merged: dict[str, int] = {}
        self._looked: dict[str, tuple[int, tuple[str, int, bytes]]] = {}
        self.broken = ""

    def on_connected(self) -> None:
        """The first broker is there: from now on lanes can be heard."""
        self._until_ms = self._ticks() + self._listen_ms
        self._can_hear = True

    def listening(self) -> bool:
        """Whether lanes are still listened to before anything is said or changed."""
        now = self._ticks()
        if now < self._until_ms:
            return True
        if self._silent and self._listen_ms and now - (self._until_ms - self._listen_ms) < PATIENCE_MS:
            return True
        waiting = (claim.since_ms for claim in self._claims.values() if claim.awaited)
        return not self.broken and any(now - since < PATIENCE_MS for since in waiting)

    def is_whole(self) -> bool:
        """Whether lanes were listened to, and none of them has said anything that is not here."""
        return self._can_hear and not (self.broken or self._claims or self.listening())

    def on_presence(self, lane: str, *, online: bool) -> None:
        """A lane says, or its connection's Will, whether it is on the line; while the core listens it is waited for."""
        if not online:
            self._silent.discard(lane)
        elif self.listening():
            self._silent.add(lane)

    def why_not(self, lane: str) -> str:
        """Why this lane is proved nothing now; "" if it may be."""
        if self.broken:
            return self.broken
        if self.listening():
            return "the core listens to its lanes first"
        claim = self._claims.get(lane)
        if claim is None or claim.version <= self._here(claim.epoch):
            return ""
        if claim.epoch != self._log.head().epoch and (claim.empty or self._ticks() - claim.since_ms >= PATIENCE_MS):
            return ""  # it loads this epoch's list, in which it misses no hold that it knows, or stays as it is
        return f"it names version {claim.version} of epoch {claim.epoch}, which is not here"

    def on_nonce(self, nonce: Nonce) -> Iterator[DeltasAsked]:
        """What a nonce claims; asks to be shown it."""
        here, now, listening = self._here(nonce.epoch), self._ticks(), self.listening()
        self._silent.discard(nonce.lane)
        claim = self._claims.get(nonce.lane)
        if not nonce.epoch or nonce.version <= here:
            if claim is not None and not self.broken:
                del self._claims[nonce.lane]
            if self._may_be_branch(nonce, now):
                claim = _Claim(nonce.epoch, nonce.version, now - PATIENCE_MS, now, max(0, nonce.version - BACK))
                self._claims[nonce.lane] = claim
                yield self._ask(nonce.lane, claim)
            return
        if claim is None or claim.epoch != nonce.epoch:
            claim = _Claim(nonce.epoch, nonce.version, now, now - AGAIN_MS, here, awaited=listening)
            self._claims[nonce.lane] = claim
            detail = (
                f"lane {nonce.lane} names version {nonce.version} of epoch {nonce.epoch}, the newest here is {here}; was a "
                "backup restored? The lane is asked to show what it has; if no lane can, run rocars-core restart-log"
            )
            self._raise(nonce.lane, detail)
        claim.version = nonce.version
        if self._ticks() - claim.asked_ms >= AGAIN_MS:
            yield self._ask(nonce.lane, claim)

    def _may_be_branch(self, nonce: Nonce, now: int) -> bool:
        """Whether a lane names another list for a version that is here, and was not asked about it lately."""
        ours = self._log.state_at(nonce.epoch, nonce.version)
        if ours is None or ours == nonce.state_hash:
            return False
        named = (nonce.epoch, nonce.version, nonce.state_hash)
        at_ms, before = self._looked.get(nonce.lane, (now - LOOK_AGAIN_MS, named))
        if before == named and now - at_ms < LOOK_AGAIN_MS:
            return False
        self._looked[nonce.lane] = (now, named)
        return True

    def _ask(self, lane: str, claim: _Claim) -> DeltasAsked:
        claim.asked_ms, claim.request = self._ticks(), secrets.token_hex(8)
        return DeltasAsked(lane=lane, request=claim.request, epoch=claim.epoch, version=claim.after)

    def _here(self, epoch: str) -> int:
        """The newest version of an epoch that is here, or was shown and taken into account."""
        head = self._log.head()
        here = head.version if epoch == head.epoch else self._log.newest(epoch)
        return max(here, self._merged.get(epoch, 0))

    def on_shown(self, shown: DeltasShown, now_ms: int) -> Iterator[DeltasAsked]:
        """A lane shows signed deltas; asks for those that follow, if it claims more.

        Raises:
            WireError: what it shows is not signed by this core.
        """
        claim = self._claims.get(shown.lane)
        if claim is None or (claim.request, claim.epoch) != (shown.request, shown.epoch):
            return
        opened = [(payload, self._log.ring.open(LOG, payload)) for payload in shown.payloads]
        deltas = [(payload, body, decode(Delta, body)) for payload, body in opened]
        if not deltas:
            claim.empty = True
            return
        first, first_body, last = deltas[0][2], deltas[0][1], deltas[-1][2]
        oldest = first.version > claim.after + 1  # the lane keeps nothing between what was asked for and this
        claim.bottomed = claim.bottomed or oldest or first.version <= 1 or self._is_ours(first, first_body)
        with self._store.transaction():
            for payload, body, delta in deltas:
                self._take(shown.lane, payload, body, delta, now_ms)
        if last.version < claim.version:
            claim.after = last.version
        elif self.broken and not claim.bottomed:
            claim.after, claim.back = max(0, first.version - 1 - claim.back), 4 * claim.back
        else:
            del self._claims[shown.lane]
            return
        yield self._ask(shown.lane, claim)

    def _is_ours(self, delta: Delta, body: bytes) -> bool:
        """Whether a delta is in this log, as it is."""
        return self._log.hash_at(delta.epoch, delta.version) == log_next(delta.previous, body)

    def _take(self, lane: str, payload: bytes, body: bytes, delta: Delta, now_ms: int) -> None:
        head = self._log.head()
        if delta.version <= self._here(delta.epoch):
            if self._log.hash_at(delta.epoch, delta.version) is not None and not self._is_ours(delta, body):
                self._branch(lane, delta, f"two deltas were signed as version {delta.version} of {delta.epoch}", now_ms)
            return
        if (delta.epoch, delta.version, delta.previous) == (head.epoch, head.version + 1, head.log_hash):
            try:
                self._log.adopt(delta, body, payload, at_ms=now_ms)
            except HistoryError as error:
                self._branch(lane, delta, str(error), now_ms)
            return
        if delta.epoch == head.epoch:
            what = f"version {delta.version} does not follow version {head.version} as it is here"
            self._branch(lane, delta, what, now_ms)
        elif self._log.knows(delta.epoch):
            self._merge(lane, delta, now_ms)
        else:
            self._branch(lane, delta, f"epoch {delta.epoch} is not known here", now_ms)

    def _branch(self, lane: str, delta: Delta, what: str, now_ms: int) -> None:
        """Nothing more is proved in this epoch; what is stricter there counts here."""
        self.broken = self.broken or f"lane {lane} shows a delta that this core has signed and does not have: {what}"
        detail = f"{self.broken}. Nothing is proved any more; stop the core and run rocars-core restart-log"
        self._raise(lane, detail)
        self._merge(lane, delta, now_ms)

    def _merge(self, lane: str, delta: Delta, now_ms: int) -> None:
        rows = list(strictest(delta.changes, self._log))
        if rows:
            self._log.append(rows, at_ms=now_ms)
            names = ", ".join(f"{row.key[0]} {row.key[1]}" for row in rows)
            what = f"version {delta.version} of {delta.epoch}, shown by lane {lane}: {names}"
            self._store.write_diary(at_ms=now_ms, who="core", what="took over what was stricter", detail=what)
        self._merged[delta.epoch] = max(delta.version, self._merged.get(delta.epoch, 0))

    def _raise(self, lane: str, detail: str) -> None:
        self._alarms.seen(lane, CoreAlarmKind.CORE_FORKED if self.broken else CoreAlarmKind.CORE_WENT_BACK, detail)
