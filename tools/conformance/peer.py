"""Hearing, opening and waiting: what the played core and the played lane have in common.

Rules of this file:
- Everything that comes is opened with the keys of the side under test and read as one of the types of its topic; what
  cannot be is kept as a misfit, for the clause about that.
- One thread: messages are taken, and reacted to, only inside `pump`, `wait` and `until`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec import Struct

from tools.conformance.clauses import ClauseBroken, ClauseTimes
from tools.conformance.connection import HeardMessage, KitConnection
from tools.conformance.keys import Trust
from wire.channels import CHANNELS
from wire.codec import decode, encode
from wire.envelope import Signer
from wire.errors import WireError
from wire.topics import LaneTopics

B = TypeVar("B", bound=Struct)


@dataclass(frozen=True, slots=True)
class PeerSaid:
    """A body that the side under test has said, and how it came."""

    body: Any
    heard: HeardMessage


class KitPeer:
    """One side, played.

    Args:
        line: open.
        lane: the lane's name.
        signer: the key to sign with.
        trust: the keys of the side under test.
        pace: durations.

    Attributes:
        said: everything said so far, in order.
        misfits: what could not be opened or read, each with the reason.
    """

    def __init__(self, line: KitConnection, lane: str, *, signer: Signer, trust: Trust, pace: ClauseTimes) -> None:
        self.line = line
        self.lane = lane
        self.topics = LaneTopics(lane)
        self.signer = signer
        self.stranger = Signer.generate(signer.kid)
        self.pace = pace
        self.said: list[PeerSaid] = []
        self.misfits: list[str] = []
        self._trust = trust
        self._kinds = {channel.address.replace("{lane}", lane): channel.kind for channel in CHANNELS}

    # -- saying -------------------------------------------------------------------------------------------------------

    def say(self, topic: str, body: Struct, *, qos: int = 1, retain: bool = False) -> None:
        """Publishes a body, signed."""
        self.send(topic, self.signer.seal(topic, encode(body)), qos=qos, retain=retain)

    def send(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publishes bytes as they are."""
        self.line.publish(topic, payload, qos=qos, retain=retain)

    # -- hearing ------------------------------------------------------------------------------------------------------

    def pump(self, seconds: float) -> None:
        """Takes what comes, and reacts, for so long."""
        end = time.monotonic() + seconds
        while (next_ := self.line.next(end)) is not None:
            self._take(next_)

    def wait(self, holds: Callable[[], object], patience: float | None = None) -> bool:
        """Takes what comes until something holds; whether it did in time."""
        end = time.monotonic() + (self.pace.patience if patience is None else patience)
        while not holds():
            next_ = self.line.next(end)
            if next_ is None:
                return bool(holds())
            self._take(next_)
        return True

    def until(self, holds: Callable[[], object], otherwise: str, patience: float | None = None) -> None:
        """Waits until something holds; Broken with `otherwise` if it does not come to."""
        if not self.wait(holds, patience):
            raise ClauseBroken(f"{otherwise} within {self.pace.patience if patience is None else patience:g} s")

    def all_of(self, kind: type[B], since: int = 0) -> list[B]:
        """The bodies of a type said since the place `since` of `said`."""
        return [said.body for said in self.said[since:] if isinstance(said.body, kind)]

    def mark(self) -> int:
        """The present place in `said`; nothing that waits to be taken is before it."""
        self.pump(0)
        return len(self.said)

    def _take(self, next_: HeardMessage | Callable[[], None]) -> None:
        if not isinstance(next_, HeardMessage):
            next_()
            return
        if not next_.payload:
            return  # the kit itself clears what it had retained
        try:
            body = decode(self._kind(next_.topic), self._trust.open(next_.topic, next_.payload))
            self._own(body)
        except WireError as error:
            self.misfit(next_, str(error))
            return
        self.said.append(PeerSaid(body, next_))
        self.react(body)

    def _kind(self, topic: str) -> Any:
        kind = self._kinds.get(topic)
        if kind is None:
            raise WireError("the contract has no such topic")
        return kind

    def _own(self, body: Any) -> None:
        named = getattr(body, "lane", self.lane)
        if named != self.lane:
            raise WireError(f"a body that names lane {named}")

    def misfit(self, heard: HeardMessage, why: str) -> None:
        """Something came that cannot be believed or read."""
        self.misfits.append(f"{heard.topic}: {why}")

    def react(self, body: Any) -> None:
        """What this side does when it hears a body; nothing, unless a played side does."""
