"""Keeping up with the log: which part to ask for, when to ask again, and when the codes are in doubt (design §3).

Rules of this file:
- Behind or a gap: deltas from the version held. Another epoch, a fork, other rows under the same version, a core that
  went back, or a core that no longer has what follows: the codes are in doubt, and only a whole snapshot *and* a proof
  equal to it end the doubt. Nothing heals silently.
- A snapshot that contradicts what the core signed before (`Refuted`) ends no doubt, however often it comes; it is asked
  again, ever more rarely, for the core may be put right. A proof equal to the list held here shows that it was.
- A lane that never had any codes asks for a snapshot; that is no doubt.
- An answer counts only for the request that is open. An answer to an older request is ignored, even if correctly signed.
- A request that is made again for want of an answer keeps its name: on a slow line, or from a core that many lanes ask at
  once, the answer may be under way, and must count when it comes. What was answered wrongly gets a new name.
- Once parts arrive, wait 8 times the longest gap so far before asking again: a part that is asked for twice is sent twice.
- Whether a delta fits is decided by the code log, in its transaction; it answers with a `LogResult`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from sync.link.freshness import Judgement
from sync.link.limits import Limits
from sync.link.log_result import (
    Applied,
    Behind,
    CodeLogHead,
    Failed,
    Fork,
    Gap,
    Known,
    Loading,
    LogResult,
    Mismatch,
    OtherEpoch,
    Refuted,
    Swapped,
)
from wire.messages import DeltasWanted, Request, SnapshotWanted

_DOUBTS: dict[type[LogResult], str] = {
    OtherEpoch: "the core's log began anew",
    Fork: "a delta follows on another history than this lane's",
    Mismatch: "the rows after a delta or snapshot do not have the signed state hash",
}

_JUDGED = {
    Judgement.OTHER_EPOCH: "the core proves another epoch",
    Judgement.DIFFERENT: "the core proves other rows under the version held here",
    Judgement.WENT_BACK: "the core proves a version this lane had left behind",
}

_PAUSES = 8  # times the longest gap between two parts so far; then the missing ones are asked for again


@dataclass(slots=True)
class _OpenRequest:
    """The request that is open: for a whole snapshot, or for deltas.

    Attributes:
        moved_ms: when it was first made, or when a part of its answer last arrived.
        pause_ms: the longest gap between two parts so far.
        since_ms, wait_ms: if nothing arrives for `wait_ms` after `since_ms`, the request is made again.
        spoilt: an answer to it did not match its signed hash, so the next attempt gets a new name.
        instead: deltas were asked for, and a snapshot came.
    """

    name: str
    whole: bool
    moved_ms: int
    since_ms: int
    wait_ms: int
    pause_ms: int = 0
    spoilt: bool = False
    instead: bool = False


class Follower:
    """Decides what to ask the core for.

    Attributes:
        head: the code log's position when it last answered.
        doubt: why the codes are in doubt, "" if they are not.
    """

    def __init__(self, lane: str, limits: Limits, head: CodeLogHead, entropy: Callable[[int], bytes]) -> None:
        self._lane = lane
        self._limits = limits
        self._entropy = entropy
        self._open: _OpenRequest | None = None
        self._target = 0
        self._ask_ms: int | None = None
        self._swapped = False
        self._refuted = False
        self._pause_ms = 0
        self._paused_until = 0
        self.head = head
        self.doubt = ""

    def on_judgement(self, judgement: Judgement, version: int, now: int) -> None:
        """A proof of `version` was judged."""
        match judgement:
            case Judgement.EQUAL:
                if self._swapped or self._refuted:
                    self.doubt = ""
                    self._swapped = self._refuted = False
                    self._pause_ms = self._paused_until = 0
            case Judgement.BEHIND:
                self._behind(version, now + self._limits.grace_ms)
            case Judgement.OTHER_EPOCH | Judgement.DIFFERENT | Judgement.WENT_BACK:
                if self._swapped:  # a snapshot was taken or compared, and nothing is better
                    self._pause(now)
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

    def _pause(self, now: int) -> None:
        """The core's list is of no use as it is: ask again later, each time later."""
        self._pause_ms = min(max(2 * self._pause_ms, self._limits.refuted_ms), self._limits.refuted_max_ms)
        self._paused_until = now + self._pause_ms

    def on_log_result(self, result: LogResult, now: int) -> None:
        """The code log answered a delta or a part of a snapshot."""
        self.head = result.head
        match result:
            case Applied() | Loading():
                self._progress(now, whole=isinstance(result, Loading))
            case Swapped():
                self._open = None
                self._target = 0
                self._swapped = bool(self.doubt)
            case Behind() | Refuted():
                self._compared(result, now)
            case Gap():
                self._behind(result.offered, now)
            case OtherEpoch() | Fork() | Mismatch():
                self.distrust(_DOUBTS[type(result)])
                if self._open is not None and isinstance(result, Mismatch):
                    self._open.spoilt = True
            case Known() | Failed():
                pass
            case _:
                assert_never(result)
        if self.head.version >= self._target:
            self._caught_up()

    def _compared(self, result: Behind | Refuted, now: int) -> None:
        """A snapshot was only compared with a list that is sound."""
        instead, self._open = self._open is not None and self._open.instead, None
        if isinstance(result, Behind) and not instead:
            self._swapped = bool(self.doubt)
            self._behind(result.offered, now)
            return
        why = (
            result.why if isinstance(result, Refuted) else "the core has no deltas that follow from the list held here"
        )
        self.distrust(why)
        self.doubt, self._refuted = why, True
        self._pause(now)

    def _progress(self, now: int, *, whole: bool) -> None:
        """The answer progresses: a snapshot's by its parts, not by deltas that arrive by themselves meanwhile."""
        open_ = self._open
        if open_ is not None and open_.whole is whole:
            open_.pause_ms = max(open_.pause_ms, now - open_.moved_ms)
            open_.moved_ms = open_.since_ms = now
            open_.wait_ms = min(max(_PAUSES * open_.pause_ms, self._limits.request_ms), self._limits.parts_ms)

    def _caught_up(self) -> None:
        self._ask_ms = None
        if self._open is not None and not self._open.whole:
            self._open = None

    def accepts(self, request: str, *, whole: bool) -> bool:
        """Whether this answers the open request. A whole snapshot in answer to a request for deltas is a doubt too."""
        open_ = self._open
        if open_ is None or open_.name != request or (open_.whole and not whole):
            return False
        if whole and not open_.whole:
            self.distrust("the core no longer has, or never had, the history held here")
            open_.whole = open_.instead = True
            self._open = open_
        return True

    def on_disconnected(self) -> None:
        """The connection is gone, and the open request with it."""
        self._open = None

    def due(self, now: int) -> Request | None:
        """The request to make now, if any."""
        whole = not self.head.epoch or (bool(self.doubt) and not self._swapped)
        if whole and now < self._paused_until:
            return None
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
