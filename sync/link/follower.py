"""Keeping up with the log: which part to ask for, when to ask again, and when the codes are in doubt (design §3).

Rules of this file:
- Behind or a gap: deltas from the version held. Another epoch, a fork, other rows under the same version, a core that
  went back, or a core that no longer has what follows: the codes are in doubt, and only a whole snapshot *and* a proof
  equal to it end the doubt. Nothing heals silently.
- A lane that never had any codes asks for a snapshot; that is no doubt.
- An answer counts only for the request that is open: an old answer, signed as it may be, is unasked.
- A request that is made again for want of an answer keeps its name: on a slow line, or from a core that many lanes ask at
  once, the answer may be under way, and must count when it comes. What was answered wrongly gets a new name.
- Once parts come, patience goes by the longest pause between them: each part asked for twice is sent twice.
- Whether a delta fits is the code log's to say, in its transaction; its word is `LogAnswer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from sync.link.freshness import Judgement, ListPosition
from sync.link.limits import Limits
from wire.messages import DeltasWanted, Request, SnapshotWanted

__all__ = ["Follower", "ListPosition", "LogAnswer"]


class LogAnswer(Enum):
    """What the code log said to a delta or a part of a snapshot."""

    APPLIED = "applied"
    KNOWN = "known"
    GAP = "gap"
    OTHER_EPOCH = "other_epoch"
    FORK = "fork"
    MISMATCH = "mismatch"
    LOADING = "loading"
    SWAPPED = "swapped"
    FAILED = "failed"  # the store itself failed; whoever called has raised that fault


_DOUBTS = {
    LogAnswer.OTHER_EPOCH: "the core's log began anew",
    LogAnswer.FORK: "a delta follows on another history than this lane's",
    LogAnswer.MISMATCH: "the rows after a delta or snapshot do not have the signed state hash",
}

_JUDGED = {
    Judgement.OTHER_EPOCH: "the core proves another epoch",
    Judgement.DIFFERENT: "the core proves other rows under the version held here",
    Judgement.WENT_BACK: "the core proves a version this lane had left behind",
}


_PAUSES = 8  # of the longest so far: then the parts do not come any more


@dataclass(slots=True)
class _OpenRequest:
    """The request that is open: for a whole snapshot, or for deltas.

    Attributes:
        moved_ms: when it was first made, or its answer last got on; `pause_ms`: the longest time between.
        since_ms, wait_ms: nothing for so long since then, and it is made again.
        spoilt: what answered to this name was not what was signed.
    """

    name: str
    whole: bool
    moved_ms: int
    since_ms: int
    wait_ms: int
    pause_ms: int = 0
    spoilt: bool = False


class Follower:
    """Decides what to ask the core for.

    Attributes:
        head: where the code log stood when it last said so.
        doubt: why the codes are in doubt, "" if they are not.
    """

    def __init__(self, lane: str, limits: Limits, head: ListPosition, entropy: Callable[[int], bytes]) -> None:
        self._lane = lane
        self._limits = limits
        self._entropy = entropy
        self._open: _OpenRequest | None = None
        self._target = 0
        self._ask_ms: int | None = None
        self._swapped = False
        self.head = head
        self.doubt = ""

    def judged(self, judgement: Judgement, version: int, now: int) -> None:
        """A proof of `version` was weighed."""
        match judgement:
            case Judgement.EQUAL:
                if self._swapped:
                    self.doubt = ""
                    self._swapped = False
            case Judgement.BEHIND:
                self._behind(version, now + self._limits.grace_ms)
            case Judgement.OTHER_EPOCH | Judgement.DIFFERENT | Judgement.WENT_BACK:
                self.distrust(_JUDGED[judgement])
            case Judgement.EARLIER | Judgement.UNASKED:
                pass

    def _behind(self, version: int, ask_ms: int) -> None:
        self._target = max(version, self._target)
        self._ask_ms = ask_ms if self._ask_ms is None else min(ask_ms, self._ask_ms)

    def distrust(self, why: str) -> None:
        """The codes are in doubt from now on, until a snapshot is loaded and proven."""
        if self.head.epoch and (self._swapped or not self.doubt):
            self.doubt = self.doubt or why
            self._swapped = False
            self._open = None

    def log_result(self, outcome: LogAnswer, head: ListPosition, offered: int, now: int) -> None:
        """The code log answered to what was offered as version `offered`, and stands at `head` now."""
        self.head = head
        match outcome:
            case LogAnswer.APPLIED | LogAnswer.LOADING:
                self._progress(now, whole=outcome is LogAnswer.LOADING)
            case LogAnswer.SWAPPED:
                self._open = None
                self._target = 0
                self._swapped = bool(self.doubt)
            case LogAnswer.GAP:
                self._behind(offered, now)
            case LogAnswer.OTHER_EPOCH | LogAnswer.FORK | LogAnswer.MISMATCH:
                self.distrust(_DOUBTS[outcome])
                if self._open is not None and outcome is LogAnswer.MISMATCH:
                    self._open.spoilt = True
            case LogAnswer.KNOWN | LogAnswer.FAILED:
                pass
            case _:
                assert_never(outcome)
        if head.version >= self._target:
            self._caught_up()

    def _progress(self, now: int, *, whole: bool) -> None:
        """The answer gets on: a snapshot's by its parts, not by deltas that come by themselves meanwhile."""
        open_ = self._open
        if open_ is not None and open_.whole is whole:
            open_.pause_ms = max(open_.pause_ms, now - open_.moved_ms)
            open_.moved_ms = open_.since_ms = now
            open_.wait_ms = min(max(_PAUSES * open_.pause_ms, self._limits.request_ms), self._limits.parts_ms)

    def _caught_up(self) -> None:
        self._ask_ms = None
        if self._open is not None and not self._open.whole:
            self._open = None

    def takes(self, request: str, *, whole: bool) -> bool:
        """Whether this answers the open request. A whole snapshot in answer to a request for deltas is a doubt too."""
        open_ = self._open
        if open_ is None or open_.name != request or (open_.whole and not whole):
            return False
        if whole and not open_.whole:
            self.distrust("the core no longer has, or never had, the history held here")
            open_.whole = True
            self._open = open_
        return True

    def lost(self) -> None:
        """The connection is gone, and the open request with it."""
        self._open = None

    def due(self, now: int) -> Request | None:
        """The request to make now, if any."""
        whole = not self.head.epoch or (bool(self.doubt) and not self._swapped)
        if not whole and (self._ask_ms is None or now < self._ask_ms):
            return None
        open_ = self._open
        if open_ is None or open_.whole is not whole:
            self._open = _OpenRequest(self._entropy(8).hex(), whole, now, now, self._limits.request_ms)
            return self._request(self._open)
        if now - open_.since_ms < open_.wait_ms:
            return None
        open_.since_ms, open_.wait_ms = now, min(2 * open_.wait_ms, self._limits.request_max_ms)
        if open_.spoilt:
            open_.name, open_.spoilt = self._entropy(8).hex(), False
        return self._request(open_)

    def _request(self, open_: _OpenRequest) -> Request:
        if open_.whole:
            return SnapshotWanted(lane=self._lane, request=open_.name, reason=self.doubt or "no codes yet")
        head = self.head
        return DeltasWanted(
            lane=self._lane, request=open_.name, epoch=head.epoch, version=head.version, log_hash=head.log_hash
        )
