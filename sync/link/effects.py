"""What the link machine asks for, as imperatives. Whoever drains them carries them out in order and reports back."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from domain.alarms import LaneAlarmKind
from lane_agent.events import Event
from sync.link.core_clock import Ahead
from wire.messages import Delta, SnapshotPart


@dataclass(frozen=True, slots=True)
class Publish:
    """Sign this body and publish it on its topic (`wire.channels`).

    One that could not be published is not reported: everything published here is repeated by itself.
    """

    body: Struct


@dataclass(frozen=True, slots=True)
class SendEvents:
    """Publish journal rows `first` to `last` (both included), in order."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Move the outbox's cursor to `seq`, whose row at the core hashes to `digest`; then `LinkMachine.on_acknowledged`.

    `payload` is the core's signed word as it came, to be kept.
    """

    seq: int
    digest: bytes
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class ApplyDelta:
    """Offer this delta to the code log, whatever its version: its holds stop vehicles even ahead of their turn.

    Then `LinkMachine.on_log_result`. `body` are the signed bytes, which the log's chain is made of; `payload` is the
    envelope they came in, which is kept.
    """

    body: bytes
    delta: Delta
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class ShowDeltas:
    """Publish the signed deltas that are kept of `epoch` after `version`, as many as fit one message."""

    request: str
    epoch: str
    version: int


@dataclass(frozen=True, slots=True)
class BeginJournal:
    """The core contradicts this journal: give it another name; the agent then starts anew. `why` is for people."""

    why: str


@dataclass(frozen=True, slots=True)
class LoadPart:
    """Put this part of a snapshot beside the live rows, and swap when it is the last; then `on_log_result`."""

    part: SnapshotPart


@dataclass(frozen=True, slots=True)
class Tell:
    """An event for the lane."""

    event: Event


@dataclass(frozen=True, slots=True)
class Revert:
    """A mode set from the centre ends by itself at `until_ms`, the core's time; `issuer` had set it."""

    issuer: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class KeepOrder:
    """Remember durably that this command was taken, and what is to revert (None: nothing).

    Then `LinkMachine.on_order_kept`. Nothing of the command is done before that, so that no restart can make it done
    twice. `forget_ms`: identifiers of commands that expired before this, the core's time, need not be remembered.
    """

    command: str
    expires_ms: int
    forget_ms: int
    revert: Revert | None


@dataclass(frozen=True, slots=True)
class DropRevert:
    """Nothing is to revert any more; forget it durably."""


@dataclass(frozen=True, slots=True)
class KeepClock:
    """Remember durably, for as long as this machine runs, what is expected of the core's clock.

    Then `LinkMachine.on_clock_kept`; if it failed, it is asked for again with the next proof.
    """

    ahead: Ahead


@dataclass(frozen=True, slots=True)
class Order:
    """An event for the lane by command; its answer ("" or why it did not count) goes to `LinkMachine.on_order_done`."""

    command: str
    event: Event


@dataclass(frozen=True, slots=True)
class RestartReader:
    """End the reader's process and start it anew; then `LinkMachine.on_order_done`."""

    command: str
    issuer: str
    reason: str


@dataclass(frozen=True, slots=True)
class FetchPicture:
    """Queue this picture for sending, and keep it as long as one of a complaint; then `LinkMachine.on_order_done`."""

    command: str
    picture: str


@dataclass(frozen=True, slots=True)
class SendPart:
    """Publish `length` bytes (fewer at its end) of this picture from `offset`; `on_picture_gone` if it is gone."""

    offer: str
    picture: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class PictureDone:
    """The core holds this picture, or refuses it (`refused` says why): it need not be sent any more."""

    picture: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class LinkAlarm:
    """Tell people, here and at the core. The same kind is raised once a minute at most (lessons 31)."""

    kind: LaneAlarmKind
    detail: str


@dataclass(frozen=True, slots=True)
class LinkAlarmEnded:
    """The cause of that alarm is gone."""

    kind: LaneAlarmKind


@dataclass(frozen=True, slots=True)
class TryNextBroker:
    """Connected, yet no proof arrives: try the next broker."""

    reason: str


Effect = (
    Publish
    | SendEvents
    | Acknowledge
    | ApplyDelta
    | ShowDeltas
    | BeginJournal
    | LoadPart
    | Tell
    | KeepOrder
    | DropRevert
    | KeepClock
    | Order
    | RestartReader
    | FetchPicture
    | SendPart
    | PictureDone
    | LinkAlarm
    | LinkAlarmEnded
    | TryNextBroker
)
