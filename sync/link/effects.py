"""What the link machine asks for. Imperatives; whoever drains them carries them out in order and reports back."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from lane_agent.events import Event
from sync.wire.messages import Delta, SnapshotPart


@dataclass(frozen=True, slots=True)
class Publish:
    """Sign this body for its topic and publish it. One that does not get away is not missed: it comes again."""

    topic: str
    body: Struct
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True, slots=True)
class SendEvents:
    """Publish journal rows `first` to `last` (both included), in order."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Move the outbox's cursor to `seq`, whose row the core says hashes to `digest`; then `LinkMachine.acknowledged`."""

    seq: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class ApplyDelta:
    """Offer this delta to the code log, whatever its version: its holds stop vehicles even ahead of their turn.

    Then `LinkMachine.stands`. `body` is what the chain of the log is over.
    """

    body: bytes
    delta: Delta


@dataclass(frozen=True, slots=True)
class LoadPart:
    """Put this part of a snapshot beside the live rows, and swap when it is the last; then `LinkMachine.stands`."""

    part: SnapshotPart


@dataclass(frozen=True, slots=True)
class Tell:
    """An event for the lane."""

    event: Event


@dataclass(frozen=True, slots=True)
class Message:
    """Words from the centre for whoever is at the lane; shown on the officers' page, decides nothing."""

    issuer: str
    text: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Tell people, here and at the core. The same kind is raised once a minute at most (lessons 31)."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class WalkOn:
    """Connected, and yet no proof comes: try the next broker."""

    reason: str


Effect = Publish | SendEvents | Acknowledge | ApplyDelta | LoadPart | Tell | Message | Alarm | WalkOn
