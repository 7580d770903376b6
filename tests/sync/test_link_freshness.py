"""Freshness by itself: what a proof proves, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lane_agent.model import Link
from sync.link.freshness import Freshness, Judgement
from sync.link.limits import Limits
from wire.messages import Heartbeat


@dataclass(frozen=True, slots=True)
class Head:
    """A head for tests; its hashes follow from its place."""

    epoch: str = "e1"
    version: int = 5
    salt: str = ""

    @property
    def state_hash(self) -> bytes:
        """32 bytes of its own."""
        return f"{self.epoch}/{self.version}/{self.salt}".encode().ljust(32, b".")

    @property
    def log_hash(self) -> bytes:
        """Not looked at here."""
        return bytes(32)


def nonce(number: int) -> bytes:
    """16 bytes."""
    return number.to_bytes(16, "big")


def beat(number: int, head: Head) -> Heartbeat:
    """The core's answer to a nonce."""
    return Heartbeat(
        lane="lane-1",
        nonce=nonce(number),
        epoch=head.epoch,
        version=head.version,
        state_hash=head.state_hash,
        core_ms=1_000_000,
    )


@pytest.fixture
def fresh() -> Freshness:
    """A lane that holds version 5 since time 0."""
    return Freshness(Limits(), Head(), 0)


def test_without_a_proof_the_lane_is_offline(fresh: Freshness) -> None:
    """Asking alone proves nothing."""
    assert fresh.verdict(0) is Link.OFFLINE
    fresh.asked(nonce(1), 0)
    assert fresh.verdict(1) is Link.OFFLINE


def test_an_equal_proof_is_good_for_three_seconds_from_when_its_nonce_was_sent(fresh: Freshness) -> None:
    """The time the proof took is taken off; 3 s and 5 s are the design's."""
    fresh.asked(nonce(1), 1_000)
    assert fresh.answered(beat(1, Head()), 2_500) is Judgement.EQUAL
    assert [fresh.verdict(at) for at in (2_500, 3_999, 4_000, 5_999, 6_000)] == [
        Link.FRESH,
        Link.FRESH,
        Link.STALE,
        Link.STALE,
        Link.OFFLINE,
    ]


def test_a_proof_that_took_too_long_proves_nothing(fresh: Freshness) -> None:
    """Held back for 3 s by a broker, it does not make anything fresh; for 5 s, it is not even a proof."""
    fresh.asked(nonce(1), 0)
    fresh.asked(nonce(2), 1_000)
    assert fresh.answered(beat(1, Head()), 3_500) is Judgement.EQUAL
    assert fresh.verdict(3_500) is Link.STALE
    assert fresh.answered(beat(2, Head()), 6_000) is Judgement.UNASKED
    assert fresh.verdict(6_000) is Link.OFFLINE


def test_a_nonce_is_good_once_and_not_after_a_newer_one(fresh: Freshness) -> None:
    """Replayed and overtaken proofs are worthless."""
    fresh.asked(nonce(1), 0)
    fresh.asked(nonce(2), 1_000)
    assert fresh.answered(beat(2, Head()), 1_100) is Judgement.EQUAL
    assert fresh.answered(beat(2, Head()), 1_200) is Judgement.UNASKED
    assert fresh.answered(beat(1, Head()), 1_200) is Judgement.UNASKED
    assert fresh.answered(beat(9, Head()), 1_200) is Judgement.UNASKED


def test_other_values_never_make_fresh(fresh: Freshness) -> None:
    """Another epoch, a later version, the same version with other rows."""
    for number, (head, judgement) in enumerate(
        [
            (Head("e2"), Judgement.OTHER_EPOCH),
            (Head(version=6), Judgement.BEHIND),
            (Head(salt="other"), Judgement.DIFFERENT),
            (Head(version=4), Judgement.WENT_BACK),
        ]
    ):
        fresh.asked(nonce(number), number)
        assert fresh.answered(beat(number, head), number) is judgement
        assert fresh.verdict(number) is Link.STALE


def test_a_proof_of_a_head_to_come_counts_once_it_is_there(fresh: Freshness) -> None:
    """The proof overtook its delta; its age still counts from its nonce."""
    fresh.asked(nonce(1), 0)
    assert fresh.answered(beat(1, Head(version=7)), 100) is Judgement.BEHIND
    assert fresh.moved(Head(version=6), 200) == [(Judgement.BEHIND, 7)]
    assert fresh.verdict(200) is Link.STALE
    assert fresh.moved(Head(version=7), 300) == [(Judgement.EQUAL, 7)]
    assert fresh.verdict(2_999) is Link.FRESH
    assert fresh.verdict(3_000) is Link.STALE


def test_moving_on_from_a_proven_head_keeps_it_fresh(fresh: Freshness) -> None:
    """A delta between two proofs is no reason to stop the lane."""
    fresh.asked(nonce(1), 0)
    fresh.answered(beat(1, Head()), 100)
    fresh.moved(Head(version=6), 200)
    assert fresh.verdict(300) is Link.FRESH


def test_a_proof_of_the_head_held_when_the_nonce_was_sent_is_equal(fresh: Freshness) -> None:
    """The delta overtook the proof."""
    fresh.asked(nonce(1), 0)
    fresh.moved(Head(version=6), 50)
    assert fresh.answered(beat(1, Head(version=5)), 100) is Judgement.EQUAL


def test_a_core_that_names_a_head_we_had_left_went_back(fresh: Freshness) -> None:
    """It had already signed a later one when we asked."""
    fresh.moved(Head(version=6), 50)
    fresh.asked(nonce(1), 60)
    assert fresh.answered(beat(1, Head(version=5)), 100) is Judgement.WENT_BACK


def test_a_proof_from_before_a_snapshot_says_nothing_about_it(fresh: Freshness) -> None:
    """Neither fresh nor an alarm: it is of another time."""
    fresh.asked(nonce(1), 0)
    fresh.replaced(Head(version=9), 50)
    assert fresh.answered(beat(1, Head(version=8)), 100) is Judgement.EARLIER
    assert fresh.verdict(100) is Link.STALE


def test_a_snapshot_ends_what_was_proven_before_it(fresh: Freshness) -> None:
    """It must be proven itself."""
    fresh.asked(nonce(1), 0)
    fresh.answered(beat(1, Head()), 100)
    fresh.replaced(Head("e2", 1), 200)
    assert fresh.verdict(200) is Link.STALE
    fresh.asked(nonce(2), 300)
    fresh.answered(beat(2, Head("e2", 1)), 400)
    assert fresh.verdict(400) is Link.FRESH


def test_doubt_ends_what_was_proven_before_it(fresh: Freshness) -> None:
    """Distrusted, the lane needs a new proof."""
    fresh.asked(nonce(1), 0)
    fresh.answered(beat(1, Head()), 100)
    fresh.distrust()
    assert fresh.verdict(100) is Link.STALE


def test_limits_that_cannot_work_are_refused() -> None:
    """A nonce slower than its own limit, for example."""
    with pytest.raises(ValueError, match="nonce_ms 3000 < fresh_ms 3000"):
        Limits(nonce_ms=3_000)
