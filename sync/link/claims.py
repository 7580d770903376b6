"""The claim of the visit in the lane, asked for again and again until the core has answered it (design §3).

Rules of this file:
- One claim is open at a time; a newer one takes its place, and one that is given back is asked for no more.
- An answer counts only if it names the open claim whole, and was given in the epoch that is held here: one from
  another life of the core's log says nothing of this one.
- "wait" leaves it open. Nothing is kept here: after a restart the visit is the officer's, and its claim was given back.
"""

from __future__ import annotations

from dataclasses import dataclass

from lane_agent.events import ClaimAnswered
from sync.link.limits import Limits
from wire.messages import ClaimAnswer, ClaimWanted


@dataclass(slots=True)
class _OpenClaim:
    wanted: ClaimWanted
    next_ms: int


class Claims:
    """Which claim to make now.

    Attributes:
        waiting: why the core has answered "wait", "" if it has not.
    """

    def __init__(self, lane: str, journal: str, limits: Limits) -> None:
        self._lane = lane
        self._journal = journal
        self._limits = limits
        self._open: _OpenClaim | None = None
        self.waiting = ""

    def want(self, visit: int, claim: int, ubrs: tuple[str, ...], now: int) -> None:
        """The visit claims these bundles from now on."""
        wanted = ClaimWanted(lane=self._lane, journal=self._journal, visit=visit, claim=claim, ubrs=ubrs)
        self._open = _OpenClaim(wanted, now)
        self.waiting = ""

    def drop(self, visit: int, claim: int) -> None:
        """That claim is given back."""
        if self._open is not None and (self._open.wanted.visit, self._open.wanted.claim) == (visit, claim):
            self._close()

    def _close(self) -> None:
        self._open, self.waiting = None, ""

    def on_connected(self, now: int) -> None:
        """A new connection: at once."""
        if self._open is not None:
            self._open.next_ms = now

    def due(self, now: int) -> list[ClaimWanted]:
        """The claim to make now, if any; ask only while connected."""
        if self._open is None or now < self._open.next_ms:
            return []
        self._open.next_ms = now + self._limits.claim_ms
        return [self._open.wanted]

    def on_answer(self, answer: ClaimAnswer, epoch: str) -> ClaimAnswered | None:
        """The core's answer, `epoch` being held here; what the lane is to be told, None for an answer that counts for nothing yet."""
        if self._open is None or not _names(answer, self._open.wanted) or answer.epoch != epoch:
            return None
        if answer.state == "wait":
            self.waiting = answer.detail
            return None
        self._close()
        why = "" if answer.state == "granted" else answer.detail or "the core gives no reason"
        return ClaimAnswered(answer.visit, answer.claim, answer.ubrs, answer.epoch, answer.version, why)


def _names(answer: ClaimAnswer, wanted: ClaimWanted) -> bool:
    """Whether it is about this very claim."""
    asked = (wanted.lane, wanted.journal, wanted.visit, wanted.claim, wanted.ubrs)
    return (answer.lane, answer.journal, answer.visit, answer.claim, answer.ubrs) == asked
