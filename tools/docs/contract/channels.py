"""What the contract says of each topic in words, and the durations both sides keep (design §3).

Rules of this file:
- One entry a topic, none missing: a test compares it with `wire.channels`, which has everything that is not words.
- What is said here is what a second implementation has to do.
- `VERSION` is the contract's: 0.y.z while v1 is a draft, 1.y.z once it is frozen (`policy`).
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from wire.channels import Channel, tag

VERSION = "0.3.0"
"""Of the contract, not of the software; see `policy` for what has to raise which number."""


class ChannelWords(Struct, frozen=True, kw_only=True):
    """A topic in words.

    Attributes:
        when: when it is published.
        good: for how long it means anything. No broker's message expiry is relied on, and none is set.
    """

    when: str
    good: str


class Times(Struct, frozen=True, kw_only=True):
    """Durations and sizes that both sides rely on; milliseconds. A test compares them with `sync.link.limits`."""

    nonce_ms: int = 1_000
    fresh_ms: int = 3_000
    offline_ms: int = 5_000
    answer_ms: int = 1_000
    window_rows: int = 64
    resend_ms: int = 1_000
    range_rows: int = 500
    ahead_ms: int = 1_000
    command_ms: int = 3_600_000
    clock_ms: int = 10_000
    claim_ms: int = 500


TIMES = Times()

WORDS: dict[str, ChannelWords] = {
    "presence": ChannelWords(
        when=(
            'On every connection ("online"), on an orderly end ("stopped"), and as the connection\'s Will ("lost"). The '
            "session is drawn at random for each connection; an end of another session than the last one online is old."
        ),
        good="Until the next one.",
    ),
    "nonce": ChannelWords(
        when=f"Every {TIMES.nonce_ms} ms while connected.",
        good="For one proof, and never after an answer to a later nonce.",
    ),
    "heartbeat": ChannelWords(
        when=(
            f"In answer to each nonce, within {TIMES.answer_ms} ms; never unasked. Not while the core listens after its start, "
            "not while its list may not be what it signed, and not to a lane with whose key two boxes speak."
        ),
        good=f"For {TIMES.fresh_ms} ms from when the lane sent the nonce, on the lane's monotonic clock.",
    ),
    "event": ChannelWords(
        when=(
            f"As soon as the row is in the lane's journal, in order, at most {TIMES.window_rows} rows ahead of the core's "
            "acknowledgement; from the first unacknowledged row again after each connect and after "
            f"{TIMES.resend_ms} ms without progress; any range again when the core asks."
        ),
        good="For ever: the lane keeps the journal.",
    ),
    "ack": ChannelWords(
        when="After the commit of rows, and whenever a row comes that is committed already.",
        good="For ever; an older one says less and undoes nothing.",
    ),
    "state": ChannelWords(
        when="When what it shows has changed, and on every connection; complete each time.",
        good="Until the next one.",
    ),
    "request": ChannelWords(
        when=(
            "When the lane is behind, has found a gap, or doubts what it holds; again after 2 s without progress, doubling "
            "up to 16 s. One request is open at a time."
        ),
        good="Until it is answered or another is made.",
    ),
    "shown": ChannelWords(
        when=(
            "In answer to a wish for deltas: those that the lane keeps, in order, as many as fit. A lane keeps them for as "
            "long as a backup of the core's may be old (35 days)."
        ),
        good="While the wish it names is the last one.",
    ),
    "log": ChannelWords(
        when=(
            "In answer to a request; to ask a lane for journal rows; and, where a lane names a later version than is here or "
            "other rows, to ask for the signed deltas that it keeps."
        ),
        good="Deltas and parts of a snapshot: while the request they name is open. A wish: at once.",
    ),
    "claim": ChannelWords(
        when=(
            "As soon as a vehicle's exact mark has live bundles that all release, once for all of them; again every "
            f"{TIMES.claim_ms} ms until it is answered, and on every connect."
        ),
        good="Until the journal's row that uses the bundles or gives them back, or a later claim of the visit.",
    ),
    "claim_answer": ChannelWords(
        when="In answer to each claim, from what is committed.",
        good="For the claim that it names, while that stands, and in the epoch that it names.",
    ),
    "command": ChannelWords(
        when="When somebody at the centre orders something.",
        good="From issued_ms until before expires_ms, by the core's time as the lane knows it from its last proof; once.",
    ),
    "reply": ChannelWords(
        when="Once for each command that was judged; not for a retained, foreign or repeated one.",
        good="For ever.",
    ),
    "telemetry": ChannelWords(
        when="From time to time while the link is good and no row waits to be sent; given up and counted while it is not.",
        good="Until the next one; a gap in `serial` is what was given up or lost.",
    ),
    "picture": ChannelWords(
        when=(
            "An offer, while no row of the journal waits to be sent, for each picture of evidence to be sent and after every connect; "
            "then one part at a time, the next when the core has said how much it holds."
        ),
        good="While the offer it names is the last one.",
    ),
    "picture_held": ChannelWords(
        when="In answer to an offer and to each part, from what is on the disk.",
        good="While the offer it names is the last one.",
    ),
    "plate": ChannelWords(
        when=(
            "Where the lane has a second plate reader: a plate once a second while a vehicle stands, and a sign of life "
            "once a second."
        ),
        good="For 3 s by the sender's clock. Evidence only: a lane may stop for it and never releases for it.",
    ),
    "deltas": ChannelWords(
        when="After the commit of a change of the list, in order of version, to all lanes at once.",
        good="For ever: it is the log. A lane that missed one asks.",
    ),
}


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
