"""A lane's clauses: what is not signed, not for this lane, or not of the contract is refused."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec

from tools.conformance.clauses import Chapter, ClauseTimes, Unseen, must
from tools.conformance.fake_core import CorePlayed
from tools.conformance.fake_log import bundle
from tools.docs.contract.plain import AlarmRaised
from wire.codec import encode
from wire.envelope import LIMIT, Envelope, Signer
from wire.messages import Delta, EventMessage, Heartbeat, SnapshotWanted
from wire.topics import LOG, LaneTopics

chapter: Chapter[CorePlayed] = Chapter("Signatures, audience, form")

_REFUSED = "MessageRefused"


def _delta(core: CorePlayed) -> Delta:
    """The next delta, right in itself; the log has not grown by it."""
    return core.log.next(bundle(core.number()))


@chapter("L30", "A message by a key that the lane does not have is refused.")
def unknown_key(core: CorePlayed) -> None:
    """A delta by a key of another name."""
    core.send(LOG, Signer.generate(f"kit-{secrets.token_hex(4)}").seal(LOG, encode(_delta(core))))
    core.stays("a delta signed by an unknown key was applied")


@chapter("L31", "A message by another key under the core's key's name is refused.")
def wrong_key(core: CorePlayed) -> None:
    """The name is no proof."""
    core.send(LOG, core.stranger.seal(LOG, encode(_delta(core))))
    core.stays("a delta signed by another key under the core's name was applied")


@chapter("L32", "A message of which a single bit was changed is refused.")
def changed_bit(core: CorePlayed) -> None:
    """In the body, where it changes a digit of a mark."""
    payload = bytearray(core.signer.seal(LOG, encode(_delta(core))))
    place, start = payload.rindex(b"KT") + 2, core.mark()
    payload[place] ^= 1
    core.send(LOG, bytes(payload))
    core.stays("a delta that was changed on its way was applied")
    must(
        not core.all_of(SnapshotWanted, start),
        "a delta that was changed on its way was looked at: the lane asks for all",
    )


@chapter("L33", "What was signed for another lane or another topic is refused.")
def foreign_topic(core: CorePlayed) -> None:
    """A delta signed for this lane's down/log, and for another lane's, handed on as the log."""
    body = encode(_delta(core))
    for topic in (core.topics.log, LaneTopics("kit-other-lane").log, "rocars/v2/log"):
        core.send(LOG, core.signer.seal(topic, body))
    core.stays("a delta signed for another topic was applied")


@chapter("L34", "A body with a field that the contract does not know is refused, whoever signed it.")
def unknown_field(core: CorePlayed) -> None:
    """In a delta, in a row of a delta, and in the envelope."""
    plain = msgspec.msgpack.decode(encode(_delta(core)))
    longer = plain | {"changes": [[*row, "extra"] for row in plain["changes"]]}
    for body in (plain | {"extra": 1}, longer):
        core.send(LOG, core.signer.seal(LOG, msgspec.msgpack.encode(body)))
    envelope = msgspec.msgpack.decode(core.signer.seal(LOG, encode(_delta(core))))
    core.send(LOG, msgspec.msgpack.encode(envelope | {"extra": 1}))
    core.stays("a message with an unknown field was taken")


@chapter("L35", "A retained delta is refused: nothing that the core says to lanes is ever retained.")
def retained(core: CorePlayed) -> None:
    """Right in all but the flag."""
    core.publish(_delta(core), retain=True)
    try:
        core.stays("a retained delta was applied")
    finally:
        core.send(LOG, b"", retain=True)


@chapter("L36", "Rubbish on any of its topics is refused, and the lane goes on.")
def rubbish(core: CorePlayed) -> None:
    """Nothing, random bytes, deep nesting, too much, signed rubbish, and bodies on topics where they do not belong."""
    topics = core.topics
    down = (topics.heartbeat, topics.ack, topics.log, topics.command, topics.picture_held, LOG)
    for topic in down:
        for payload in _rubbish(core, topic):
            core.send(topic, payload)
    core.send(topics.log, bytes(LIMIT + 1))
    core.stays("after rubbish the lane is not what it was")
    core.grow(bundle(core.number()))
    core.level("after rubbish the lane does not follow")


def _rubbish(core: CorePlayed, topic: str) -> list[bytes]:
    """Payloads that fit no topic of the lane's."""
    nested = b"\x91" * 5_000 + b"\xc0"
    signed: list[Any] = [nested, b"", b"\xc1", secrets.token_bytes(64), encode(Envelope("k", b"", b""))]
    wrong = core.signer.seal(topic, msgspec.msgpack.encode({"type": "presence", "lane": core.lane}))
    return [b"\x00", secrets.token_bytes(200), nested, wrong, *(core.signer.seal(topic, body) for body in signed)]


@chapter("L37", "A proof that names another lane proves nothing, though it is signed for this one.")
def other_lane(core: CorePlayed) -> None:
    """Another epoch in it would make the lane ask for a snapshot, if it believed."""
    core.proving, start = False, core.mark()
    nonce = core.next_nonce(0)
    core.say(core.topics.heartbeat, core.beat(nonce, lane="kit-other-lane", epoch="kit-other-epoch"), qos=0)
    core.heard_out()
    core.next_nonce()
    must(not core.all_of(SnapshotWanted, start), "the lane believed a proof that names another lane")


@chapter("L38", "A refused message is told to people: the lane's journal has an alarm of it.")
def alarm(core: CorePlayed) -> None:
    """Another key under the core's key's name."""
    told(core, core.stranger)


def told(core: CorePlayed, signer: Signer) -> None:
    """Forges by that key until an alarm comes: the same one is not raised again within a minute."""
    core.rows()
    start, pace = 0 if _alarms(core, 0) else core.mark(), core.pace
    for _ in range(int(pace.alarm / _between(pace)) + 1):
        if _alarms(core, start):
            return
        core.send(core.topics.heartbeat, signer.seal(core.topics.heartbeat, encode(_some_beat(core))), qos=0)
        core.wait(lambda: _alarms(core, start), _between(pace))
    must(_alarms(core, start), f"forged messages for {pace.alarm:g} s, and no alarm {_REFUSED} in the journal")


def _between(pace: ClauseTimes) -> float:
    return max(pace.nonce, pace.alarm / 20)


def _some_beat(core: CorePlayed) -> Heartbeat:
    return core.beat(core.nonces()[-1])


def _alarms(core: CorePlayed, since: int) -> list[AlarmRaised]:
    """The alarms about refused messages in the rows heard since."""
    found = [one for row in core.all_of(EventMessage, since) for one in _effects(row.body) if one.kind == _REFUSED]
    if not found and not any(row.body.startswith(b"{") for row in core.all_of(EventMessage)):
        raise Unseen("the journal's rows are not JSON; what they say cannot be seen")
    return found


def _effects(body: bytes) -> list[AlarmRaised]:
    try:
        plain = msgspec.json.decode(body)
        effects = plain["effects"]
        return [msgspec.convert(one, AlarmRaised) for one in effects if one.get("type") == "Alarm"]
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, TypeError, AttributeError):
        return []
