"""Every topic under `rocars/v1/`: who writes it, what may stand in it, how it travels (design §3).

Rules of this file:
- One row a topic, none missing: a test compares it with `topics.LaneTopics` and with every body of `messages`.
- The address comes from `topics`; what is said here is what a second implementation has to do.
- `VERSION` is the contract's: 0.y.z while v1 is a draft, 1.y.z once it is frozen (`policy`).
"""

from __future__ import annotations

from enum import Enum
from typing import Any, get_args

from msgspec import Struct

from wire import messages as wire
from wire.plate import PlateMessage
from wire.topics import LOG, ROOT, LaneTopics

VERSION = "0.2.1"
"""Of the contract, not of the software; see `policy` for what has to raise which number."""


class Party(Enum):
    """Who speaks."""

    CORE = "core"
    LANE = "lane"
    IMMIGRATION = "immigration"


class Channel(Struct, frozen=True, kw_only=True):
    """One topic.

    Attributes:
        name: short and unique; the attribute of `topics.LaneTopics`.
        address: the topic's name, with `{lane}` where a lane's name stands.
        writer: whose key signs what is published there; the other side reads.
        signed: whether the payload is an envelope with a msgpack body; if not, it is a JSON body as it stands.
        bodies: the bodies that may stand there.
        qos: of the publication; the subscription asks for QoS 1.
        retained: whether the publisher sets the retain flag; a message that carries it against this is refused.
        when: when it is published.
        good: for how long it means anything. No broker's message expiry is relied on, and none is set.
    """

    name: str
    address: str
    writer: Party
    bodies: tuple[type[Struct], ...]
    qos: int
    retained: bool = False
    signed: bool = True
    when: str
    good: str


class Times(Struct, frozen=True, kw_only=True):
    """Durations and sizes that both sides rely on; milliseconds. A test compares them with `sync.link.limits`."""

    nonce_ms: int = 1_000
    fresh_ms: int = 3_000
    offline_ms: int = 5_000
    answer_ms: int = 1_000
    window_rows: int = 64
    resend_ms: int = 3_000
    range_rows: int = 500
    ahead_ms: int = 1_000
    command_ms: int = 3_600_000
    clock_ms: int = 10_000


COMMANDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "manual": ((), ("text", "revert_ms"), "manual mode; it ends by itself after revert_ms, or an hour"),
    "automatic": ((), ("text",), "ends manual mode that was set from afar"),
    "answered": ((), ("text", "visit"), "the help call was answered"),
    "message": (("text",), ("visit",), "words for the officer at the lane"),
    "release_visit": (
        ("visit", "text"),
        (),
        "as an officer at the lane, with the lane's own checks, and only while fresh",
    ),
    "inspect_visit": (("visit", "text"), (), "sends the vehicle to the compound"),
    "restart_reader": ((), ("text",), "ends the reader's process, which is started anew"),
    "upload": (("picture",), ("text",), "sends an evidence picture"),
    "fetch": (("journal", "first", "last"), ("text",), "sends journal rows again"),
}
"""What may be ordered: the arguments it needs, those it may have, what it does. A test compares it with the lane's."""

TIMES = Times()

DELTAS = "deltas"
"""The name of the one topic for all lanes."""

_MARK = "LANE"
_topics = LaneTopics(_MARK)


def _address(topic: str) -> str:
    return topic.replace(f"/{_MARK}/", "/{lane}/")


def _bodies(kind: Any) -> tuple[type[Struct], ...]:
    """The types of a union; of a type, itself."""
    return get_args(kind) or (kind,)


def _row(name: str, writer: Party, kind: Any, **how: Any) -> Channel:
    address = LOG if name == DELTAS else _address(getattr(_topics, name))
    return Channel(name=name, address=address, writer=writer, bodies=_bodies(kind), **how)


CHANNELS: tuple[Channel, ...] = (
    _row(
        "presence",
        Party.LANE,
        wire.Presence,
        qos=1,
        when=(
            'On every connection ("online"), on an orderly end ("stopped"), and as the connection\'s Will ("lost"). The '
            "session is drawn at random for each connection; an end of another session than the last one online is old."
        ),
        good="Until the next one.",
        retained=True,
    ),
    _row(
        "nonce",
        Party.LANE,
        wire.Nonce,
        qos=0,
        when=f"Every {TIMES.nonce_ms} ms while connected.",
        good="For one proof, and never after an answer to a later nonce.",
    ),
    _row(
        "heartbeat",
        Party.CORE,
        wire.Heartbeat,
        qos=0,
        when=f"In answer to each nonce, within {TIMES.answer_ms} ms; never unasked.",
        good=f"For {TIMES.fresh_ms} ms from when the lane sent the nonce, on the lane's monotonic clock.",
    ),
    _row(
        "event",
        Party.LANE,
        wire.EventMessage,
        qos=1,
        when=(
            f"As soon as the row is in the lane's journal, in order, at most {TIMES.window_rows} rows ahead of the core's "
            "acknowledgement; from the first unacknowledged row again after each connect and after "
            f"{TIMES.resend_ms} ms without progress; any range again when the core asks."
        ),
        good="For ever: the lane keeps the journal.",
    ),
    _row(
        "ack",
        Party.CORE,
        wire.Ack,
        qos=1,
        when="After the commit of rows, and whenever a row comes that is committed already.",
        good="For ever; an older one says less and undoes nothing.",
    ),
    _row(
        "state",
        Party.LANE,
        wire.LaneState,
        qos=1,
        when="When what it shows has changed, and on every connection; complete each time.",
        good="Until the next one.",
        retained=True,
    ),
    _row(
        "request",
        Party.LANE,
        wire.Request,
        qos=1,
        when=(
            "When the lane is behind, has found a gap, or doubts what it holds; again after 2 s without progress, doubling "
            "up to 16 s. One request is open at a time."
        ),
        good="Until it is answered or another is made.",
    ),
    _row(
        "log",
        Party.CORE,
        wire.LogReply,
        qos=1,
        when="In answer to a request; and to ask a lane for journal rows.",
        good="Deltas and parts of a snapshot: while the request they name is open. A wish for rows: at once.",
    ),
    _row(
        "command",
        Party.CORE,
        wire.Command,
        qos=1,
        when="When somebody at the centre orders something.",
        good="From issued_ms until before expires_ms, by the core's time as the lane knows it from its last proof; once.",
    ),
    _row(
        "reply",
        Party.LANE,
        wire.Reply,
        qos=1,
        when="Once for each command that was judged; not for a retained, foreign or repeated one.",
        good="For ever.",
    ),
    _row(
        "telemetry",
        Party.LANE,
        wire.Telemetry,
        qos=0,
        when="From time to time while the link is good and no row waits to be sent; given up and counted while it is not.",
        good="Until the next one; a gap in `serial` is what was given up or lost.",
    ),
    _row(
        "picture",
        Party.LANE,
        wire.PictureUp,
        qos=1,
        when=(
            "An offer, while no row of the journal waits to be sent, for each picture of evidence to be sent and after every connect; "
            "then one part at a time, the next when the core has said how much it holds."
        ),
        good="While the offer it names is the last one.",
    ),
    _row(
        "picture_held",
        Party.CORE,
        wire.PictureHeld,
        qos=1,
        when="In answer to an offer and to each part, from what is on the disk.",
        good="While the offer it names is the last one.",
    ),
    _row(
        "plate",
        Party.IMMIGRATION,
        PlateMessage,
        qos=1,
        when=(
            "Where the lane has a second plate reader: a plate once a second while a vehicle stands, and a sign of life "
            "once a second."
        ),
        good="For 3 s by the sender's clock. Evidence only: a lane may stop for it and never releases for it.",
        signed=False,
    ),
    _row(
        DELTAS,
        Party.CORE,
        wire.Delta,
        qos=1,
        when="After the commit of a change of the list, in order of version, to all lanes at once.",
        good="For ever: it is the log. A lane that missed one asks.",
    ),
)


def bodies() -> tuple[type[Struct], ...]:
    """Every body that some topic carries, in the table's order, each once."""
    return tuple(dict.fromkeys(body for channel in CHANNELS for body in channel.bodies))


def channel_of(body: type[Struct]) -> Channel:
    """The topic that carries a body.

    Raises:
        KeyError: none does.
    """
    for channel in CHANNELS:
        if body in channel.bodies:
            return channel
    raise KeyError(body.__name__)


def tag(body: type[Struct]) -> str:
    """What stands under "type" in a body, or first in a row."""
    return str(body.__struct_config__.tag or body.__name__.lower())


def summary(channel: Channel) -> dict[str, Any]:
    """The channel as plain data, for the index and for comparing."""
    return {
        "address": channel.address,
        "writer": channel.writer.value,
        "bodies": [tag(body) for body in channel.bodies],
        "qos": channel.qos,
        "retained": channel.retained,
        "signed": channel.signed,
    }


__all__ = [
    "CHANNELS",
    "COMMANDS",
    "ROOT",
    "TIMES",
    "VERSION",
    "Channel",
    "Party",
    "Times",
    "bodies",
    "channel_of",
    "summary",
    "tag",
]
