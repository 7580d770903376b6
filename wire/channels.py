"""The topics under `rocars/v1/` as one table: who writes each, which bodies it carries, QoS, retained, signed.

Both ends and the contract's documents read it from here; `topics` has the names themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_args

from msgspec import Struct

from wire import messages as wire
from wire.envelope import LIMIT
from wire.plate import LARGEST, PlateMessage
from wire.topics import LOG, LaneTopics

_MARK = "LANE"

SHORT = 16 << 10
"""Bytes of a payload that holds no list, no picture and no row of a journal: several times what one needs."""


class Party(Enum):
    """Who speaks."""

    CORE = "core"
    LANE = "lane"
    IMMIGRATION = "immigration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One topic.

    Attributes:
        name: short and unique; the attribute of `topics.LaneTopics`, "deltas" for `topics.LOG`.
        writer: whose key signs what is published there; the other side reads.
        kind: the body that it carries, or a union of them, as `codec.decode` takes it.
        qos: of the publication; the subscription asks for QoS 1.
        retained: whether the publisher sets the retain flag; a message that carries it against this is refused.
        signed: whether the payload is an envelope with a msgpack body; if not, it is a JSON body as it is.
        largest: bytes of the largest payload; a larger one is refused before anything in it is looked at.
    """

    name: str
    writer: Party
    kind: Any
    qos: int = 1
    retained: bool = False
    signed: bool = True
    largest: int = SHORT

    @property
    def bodies(self) -> tuple[type[Struct], ...]:
        """The bodies that it carries."""
        return get_args(self.kind) or (self.kind,)

    def topic(self, lane: LaneTopics) -> str:
        """Its full name for one lane."""
        return LOG if self.name == "deltas" else str(getattr(lane, self.name))

    @property
    def address(self) -> str:
        """Its full name, with `{lane}` in place of the lane's."""
        return self.topic(LaneTopics(_MARK)).replace(f"/{_MARK}/", "/{lane}/")


CHANNELS = (
    Channel(name="presence", writer=Party.LANE, kind=wire.Presence, retained=True),
    Channel(name="nonce", writer=Party.LANE, kind=wire.Nonce, qos=0),
    Channel(name="heartbeat", writer=Party.CORE, kind=wire.Heartbeat, qos=0),
    Channel(name="event", writer=Party.LANE, kind=wire.EventMessage, largest=LIMIT),
    Channel(name="ack", writer=Party.CORE, kind=wire.Ack),
    Channel(name="state", writer=Party.LANE, kind=wire.LaneState, retained=True, largest=64 << 10),
    Channel(name="request", writer=Party.LANE, kind=wire.Request),
    Channel(name="shown", writer=Party.LANE, kind=wire.DeltasShown, largest=LIMIT),
    Channel(name="log", writer=Party.CORE, kind=wire.LogReply, largest=LIMIT),
    Channel(name="claim", writer=Party.LANE, kind=wire.ClaimWanted, qos=0),
    Channel(name="claim_answer", writer=Party.CORE, kind=wire.ClaimAnswer, qos=0),
    Channel(name="command", writer=Party.CORE, kind=wire.Command),
    Channel(name="reply", writer=Party.LANE, kind=wire.Reply),
    Channel(name="telemetry", writer=Party.LANE, kind=wire.Telemetry, qos=0),
    Channel(name="picture", writer=Party.LANE, kind=wire.PictureUp, largest=wire.PART_LIMIT + SHORT),
    Channel(name="picture_held", writer=Party.CORE, kind=wire.PictureHeld),
    Channel(name="plate", writer=Party.IMMIGRATION, kind=PlateMessage, signed=False, largest=LARGEST),
    Channel(name="deltas", writer=Party.CORE, kind=wire.Delta, largest=LIMIT),
)

FROM_LANE = {channel.name: channel for channel in CHANNELS if channel.writer is Party.LANE}
"""What lanes write, by the word that `topics.read_up` finds in a topic."""

_BY_BODY = {body: channel for channel in CHANNELS for body in channel.bodies}


def from_core(lane: LaneTopics) -> dict[str, Channel]:
    """What a lane reads of the core, by the topic's full name."""
    return {channel.topic(lane): channel for channel in CHANNELS if channel.writer is Party.CORE}


def bodies() -> Iterable[type[Struct]]:
    """Every body that some topic carries, in the table's order, each once."""
    return _BY_BODY.keys()


def channel_of(body: type[Struct]) -> Channel:
    """The topic that carries a body.

    Raises:
        KeyError: none does.
    """
    return _BY_BODY[body]


def tag(body: type[Struct]) -> str:
    """The "type" of a body, or the first place of a row."""
    return str(body.__struct_config__.tag or body.__name__.lower())
