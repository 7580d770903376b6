"""A core's clauses: proofs, and what is refused."""

from __future__ import annotations

import secrets
import time
from collections import Counter

import msgspec

from tools.conformance.clauses import Chapter, must
from tools.conformance.fake_lane import LanePlayed, with_field
from wire.codec import encode
from wire.envelope import LIMIT, Signer
from wire.hashes import ZERO
from wire.messages import Heartbeat, Nonce

chapter: Chapter[LanePlayed] = Chapter("Proofs")


@chapter("C01", "Each nonce is answered within a second by a signed proof over that nonce: QoS 0, never retained.")
def answered(lane: LanePlayed) -> None:
    """Five nonces, one after the other."""
    for _ in range(5):
        lane.proof()
    slowest = max(seconds for _, seconds in lane.proofs[-5:])
    must(slowest <= max(1.0, lane.pace.nonce), f"a proof took {slowest:.2f} s")
    beats = [one for one in lane.said if isinstance(one.body, Heartbeat)]
    must(all(one.heard.qos == 0 and not one.heard.retained for one in beats), "a proof has another QoS or is retained")


@chapter("C02", "No nonce is answered twice, and nothing is proved that was not asked.")
def once(lane: LanePlayed) -> None:
    """Every proof heard in this run."""
    lane.quiet()
    counts = Counter(beat.nonce for beat, _ in lane.proofs)
    must(max(counts.values()) == 1, "a nonce was answered twice")
    must(counts.keys() <= lane.sent.keys(), "a proof came over a nonce that this lane never sent")


@chapter("C03", "The core's time in its proofs goes forward as time does.")
def clock(lane: LanePlayed) -> None:
    """Two proofs, a second apart."""
    start, first = time.monotonic(), lane.proof()
    lane.pump(max(1.0, lane.pace.nonce))
    second, took = lane.proof(), (time.monotonic() - start) * 1_000
    passed = second.core_ms - first.core_ms
    must(0 < passed <= took + 250, f"between two proofs {took:.0f} ms passed here, and {passed} ms for the core")


def _unanswered(lane: LanePlayed, nonce: Nonce, payload: bytes, what: str, *, retain: bool = False) -> None:
    lane.send(lane.topics.nonce, payload, qos=0, retain=retain)
    lane.quiet()
    must(lane.answer_to(nonce) is None, f"{what} was answered")


@chapter("C04", "A nonce by a key that is not this lane's is not answered.")
def forged(lane: LanePlayed) -> None:
    """An unknown key, and another key under the lane's key's name."""
    topic = lane.topics.nonce
    for signer in (Signer.generate("kit-nobody"), lane.stranger):
        nonce = lane.nonce()
        _unanswered(lane, nonce, signer.seal(topic, encode(nonce)), "a forged nonce")


@chapter("C05", "What was signed for another topic or names another lane is not answered.")
def foreign(lane: LanePlayed) -> None:
    """A nonce signed for another topic of this lane, and one that names another lane."""
    nonce = lane.nonce()
    _unanswered(lane, nonce, lane.signer.seal(lane.topics.event, encode(nonce)), "a nonce signed for another topic")
    other = lane.nonce(lane="kit-other-lane")
    _unanswered(lane, other, lane.signer.seal(lane.topics.nonce, encode(other)), "a nonce naming another lane")


@chapter("C06", "A body with a field that the contract does not know is refused.")
def unknown_field(lane: LanePlayed) -> None:
    """In the body, and in the envelope."""
    topic, nonce = lane.topics.nonce, lane.nonce()
    _unanswered(lane, nonce, lane.signer.seal(topic, with_field(nonce)), "a nonce with an unknown field")
    envelope = msgspec.msgpack.decode(lane.signer.seal(topic, encode(nonce)))
    _unanswered(lane, nonce, msgspec.msgpack.encode(envelope | {"extra": 1}), "an envelope with an unknown field")


@chapter("C07", "A retained nonce is not answered: it is not of now.")
def retained(lane: LanePlayed) -> None:
    """Right in all but the flag."""
    nonce = lane.nonce()
    try:
        payload = lane.signer.seal(lane.topics.nonce, encode(nonce))
        _unanswered(lane, nonce, payload, "a retained nonce", retain=True)
    finally:
        lane.send(lane.topics.nonce, b"", retain=True)


@chapter("C08", "Rubbish on any of a lane's topics is refused, and the core goes on.")
def rubbish(lane: LanePlayed) -> None:
    """Nothing, random bytes, deep nesting, too much, and signed rubbish."""
    topics = lane.topics
    up = (topics.presence, topics.nonce, topics.event, topics.state, topics.request, topics.reply, topics.telemetry)
    nested = b"\x91" * 5_000 + b"\xc0"
    for topic in (*up, topics.picture):
        for payload in (b"\x00", secrets.token_bytes(200), nested):
            lane.send(topic, payload)
            lane.send(topic, lane.signer.seal(topic, payload))
    lane.send(topics.event, bytes(LIMIT + 1))
    lane.quiet()


@chapter("C09", "Nothing that the core publishes carries the retain flag.")
def never_retained(lane: LanePlayed) -> None:
    """Everything heard in this run."""
    lane.quiet()
    must(not lane.retained, f"retained: {', '.join(sorted(lane.retained))}")


@chapter("C10", "Everything a core publishes is an envelope signed by its key, of a type of its topic, for that lane.")
def all_fits(lane: LanePlayed) -> None:
    """Everything heard in this run."""
    lane.quiet()
    must(not lane.misfits, "; ".join(lane.misfits[:3]))


@chapter(
    "C11", "A proof names the last row of the nonce's journal that is committed, and its hash; 0 and zeros for none."
)
def names_row(lane: LanePlayed) -> None:
    """By it a lane knows that it runs on an older copy of its store, before the proof counts."""
    beat = lane.proof()
    must((beat.committed, beat.committed_hash) == (0, ZERO), "a proof names a row of a journal that has none")
    rows = lane.write(3)
    lane.send_rows(rows)
    lane.acknowledged(rows)
    beat = lane.proof()
    must((beat.committed, beat.committed_hash) == (3, rows[-1].hash), "a proof does not name the last row committed")
