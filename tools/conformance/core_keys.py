"""A core's clauses: a lane's key is replaced, in three steps, without a pause."""

from __future__ import annotations

import time
from collections.abc import Callable

from tools.conformance.clauses import Chapter, must
from tools.conformance.fake_lane import LanePlayed
from wire.codec import encode
from wire.envelope import Signer

chapter: Chapter[LanePlayed] = Chapter("Keys that are replaced")


def _heeds(lane: LanePlayed, signer: Signer, *, yes: bool) -> bool:
    """Whether a nonce by that key is answered; if it is to be, the answer is waited for."""
    nonce, topic = lane.nonce(), lane.topics.nonce
    lane.sent[nonce.nonce] = time.monotonic()
    lane.send(topic, signer.seal(topic, encode(nonce)), qos=0)
    lane.wait(lambda: lane.answer_to(nonce), lane.pace.nonce if yes else lane.pace.quiet + lane.pace.nonce)
    return lane.answer_to(nonce) is not None


def _comes_to(lane: LanePlayed, signer: Signer, *, yes: bool) -> bool:
    """Whether it comes to be so; the command that gives or takes keys may need a while to have its effect."""
    end = time.monotonic() + lane.pace.patience
    while _heeds(lane, signer, yes=yes) is not yes:
        if time.monotonic() > end:
            return False
    return True


def _with_keys(lane: LanePlayed, test: Callable[[Signer, Signer], None]) -> None:
    first, further = lane.signer, lane.further.signer
    try:
        lane.further.have(1)
        must(_comes_to(lane, further, yes=True), "a further key that the core was given does not count")
        must(_heeds(lane, first, yes=True), "the first key does not count any more beside the further one")
        test(first, further)
    finally:
        lane.signer = first
        lane.further.have(1)
        lane.further.have(3)


@chapter("C70", "A further key of a lane's, once the core has it, counts like the first, and the first still counts.")
def added(lane: LanePlayed) -> None:
    """One journal, its rows signed by the one and by the other."""
    must(not _heeds(lane, lane.further.signer, yes=False), "a nonce by a key that the core was not given is answered")

    def both(first: Signer, further: Signer) -> None:
        for signer in (first, further, first):
            lane.signer = signer
            start, rows = lane.mark(), lane.write(1)
            lane.send_rows(rows)
            lane.acknowledged(rows, start)

    _with_keys(lane, both)


@chapter("C71", "A key of a lane's that was taken away counts no more.")
def taken_away(lane: LanePlayed) -> None:
    """The further one has taken its place."""

    def only(first: Signer, further: Signer) -> None:
        lane.further.have(2)
        must(_comes_to(lane, first, yes=False), "a nonce by a key that was taken away is answered")
        rows = lane.write(1)
        lane.signer = first
        lane.send_rows(rows)
        lane.signer = further
        lane.not_beyond(0, "a row signed by a key that was taken away")
        lane.send_rows(rows)
        lane.acknowledged(rows)

    _with_keys(lane, only)
