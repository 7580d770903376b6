"""Freshness by itself: what a proof proves, and for how long."""

from __future__ import annotations

import pytest

from lane_agent.model import Link
from sync.link.freshness import Freshness, Judgement
from sync.link.limits import Limits
from sync.link.log_result import CodeLogHead
from wire.messages import Heartbeat


def at(epoch: str = "e1", version: int = 5, salt: str = "") -> CodeLogHead:
    """A head for tests; its state hash follows from its place."""
    return CodeLogHead(epoch, version, state_hash=f"{epoch}/{version}/{salt}".encode().ljust(32, b"."))


def nonce(number: int) -> bytes:
    """16 bytes."""
    return number.to_bytes(16, "big")


def beat(number: int, head: CodeLogHead) -> Heartbeat:
    """The core's answer to a nonce."""
    return Heartbeat(
        lane="lane-1",
        nonce=nonce(number),
        epoch=head.epoch,
        version=head.version,
        state_hash=head.state_hash,
        core_ms=1_000_000,
        committed=0,
        committed_hash=bytes(32),
    )


@pytest.fixture
def fresh() -> Freshness:
    """A lane that holds version 5 since time 0."""
    return Freshness(Limits(), at(), 0)


def test_without_a_proof_the_lane_is_offline(fresh: Freshness) -> None:
    """Asking alone proves nothing."""
    assert fresh.verdict(0) is Link.OFFLINE
    fresh.on_nonce_sent(nonce(1), 0)
    assert fresh.verdict(1) is Link.OFFLINE


def test_an_equal_proof_is_good_for_three_seconds_from_when_its_nonce_was_sent(fresh: Freshness) -> None:
    """The time the proof took is taken off; 3 s and 5 s are the design's."""
    fresh.on_nonce_sent(nonce(1), 1_000)
    assert fresh.on_heartbeat(beat(1, at()), 2_500) is Judgement.EQUAL
    assert [fresh.verdict(at) for at in (2_500, 3_999, 4_000, 5_999, 6_000)] == [
        Link.FRESH,
        Link.FRESH,
        Link.STALE,
        Link.STALE,
        Link.OFFLINE,
    ]


def test_a_proof_that_took_too_long_proves_nothing(fresh: Freshness) -> None:
    """Held back for 3 s by a broker, it does not make anything fresh; for 5 s, it is not even a proof."""
    fresh.on_nonce_sent(nonce(1), 0)
    fresh.on_nonce_sent(nonce(2), 1_000)
    assert fresh.on_heartbeat(beat(1, at()), 3_500) is Judgement.EQUAL
    assert fresh.verdict(3_500) is Link.STALE
    assert fresh.on_heartbeat(beat(2, at()), 6_000) is Judgement.UNASKED
    assert fresh.verdict(6_000) is Link.OFFLINE


def test_a_nonce_is_good_once_and_not_after_a_newer_one(fresh: Freshness) -> None:
    """Replayed and overtaken proofs are worthless."""
    fresh.on_nonce_sent(nonce(1), 0)
    fresh.on_nonce_sent(nonce(2), 1_000)
    assert fresh.on_heartbeat(beat(2, at()), 1_100) is Judgement.EQUAL
    assert fresh.on_heartbeat(beat(2, at()), 1_200) is Judgement.UNASKED
    assert fresh.on_heartbeat(beat(1, at()), 1_200) is Judgement.UNASKED
    assert fresh.on_heartbeat(beat(9, at()), 1_200) is Judgement.UNASKED
    assert [fresh.awaits(nonce(number), 1_200) for number in (1, 2, 9)] == [False, False, False]


def test_other_values_never_make_fresh(fresh: Freshness) -> None:
    """Another epoch, a later version, the same version with other rows."""
    for number, (head, judgement) in enumerate(
        [
            (at("e2"), Judgement.OTHER_EPOCH),
            (at(version=6), Judgement.BEHIND),
            (at(salt="other"), Judgement.DIFFERENT),
            (at(version=4), Judgement.WENT_BACK),
        ]
    ):
        fresh.on_nonce_sent(nonce(number), number)
        assert fresh.on_heartbeat(beat(number, head), number) is judgement
        assert fresh.verdict(number) is Link.STALE


def test_a_proof_of_a_head_to_come_counts_once_it_is_there(fresh: Freshness) -> None:
    """The proof overtook its delta; its age still counts from its nonce."""
    fresh.on_nonce_sent(nonce(1), 0)
    assert fresh.on_heartbeat(beat(1, at(version=7)), 100) is Judgement.BEHIND
    assert fresh.on_applied(at(version=6), 200) == [(Judgement.BEHIND, 7)]
    assert fresh.verdict(200) is Link.STALE
    assert fresh.on_applied(at(version=7), 300) == [(Judgement.EQUAL, 7)]
    assert fresh.verdict(2_999) is Link.FRESH
    assert fresh.verdict(3_000) is Link.STALE


def test_a_proof_that_waited_for_its_head_too_long_is_no_proof() -> None:
    """Five seconds after its nonce it says nothing any more, of whatever head."""
    for waited, weighed in ((4_999, [(Judgement.EQUAL, 6)]), (5_000, [])):
        again = Freshness(Limits(), at(), 0)
        again.on_nonce_sent(nonce(1), 0)
        assert again.on_heartbeat(beat(1, at(version=6)), 100) is Judgement.BEHIND
        assert again.on_applied(at(version=6), waited) == weighed


def test_moving_on_from_a_proven_head_keeps_it_fresh(fresh: Freshness) -> None:
    """A delta between two proofs is no reason to stop the lane."""
    fresh.on_nonce_sent(nonce(1), 0)
    fresh.on_heartbeat(beat(1, at()), 100)
    fresh.on_applied(at(version=6), 200)
    assert fresh.verdict(300) is Link.FRESH


def test_a_proof_of_the_head_held_when_the_nonce_was_sent_is_equal(fresh: Freshness) -> None:
    """The delta overtook the proof."""
    fresh.on_nonce_sent(nonce(1), 0)
    fresh.on_applied(at(version=6), 50)
    assert fresh.on_heartbeat(beat(1, at(version=5)), 100) is Judgement.EQUAL


def test_a_head_left_in_the_millisecond_in_which_the_nonce_was_sent_was_held_then(fresh: Freshness) -> None:
    """Which of the two was first nobody can say; a sound core is not called one that went back."""
    fresh.on_applied(at(version=6), 50)
    fresh.on_nonce_sent(nonce(1), 50)
    assert fresh.on_heartbeat(beat(1, at(version=5)), 100) is Judgement.EQUAL


def test_a_proof_that_waited_for_its_head_takes_nothing_from_a_younger_one(fresh: Freshness) -> None:
    """Freshness counts from the latest nonce over which equality was proved, whatever was weighed last."""
    fresh.on_nonce_sent(nonce(1), 0)
    assert fresh.on_heartbeat(beat(1, at(version=6)), 100) is Judgement.BEHIND
    fresh.on_nonce_sent(nonce(2), 1_000)
    assert fresh.on_heartbeat(beat(2, at(version=5)), 1_100) is Judgement.EQUAL
    assert fresh.on_applied(at(version=6), 1_200) == [(Judgement.EQUAL, 6)]
    assert fresh.verdict(3_900) is Link.FRESH


def test_a_core_that_names_a_head_we_had_left_went_back(fresh: Freshness) -> None:
    """It had already signed a later one when we asked."""
    fresh.on_applied(at(version=6), 50)
    fresh.on_nonce_sent(nonce(1), 60)
    assert fresh.on_heartbeat(beat(1, at(version=5)), 100) is Judgement.WENT_BACK


def test_a_proof_from_before_a_snapshot_says_nothing_about_it(fresh: Freshness) -> None:
    """Neither fresh nor an alarm: it is of another time."""
    fresh.on_nonce_sent(nonce(1), 0)
    fresh.on_swapped(at(version=9), 50)
    assert fresh.on_heartbeat(beat(1, at(version=8)), 100) is Judgement.EARLIER
    assert fresh.verdict(100) is Link.STALE


def test_a_snapshot_ends_what_was_proven_before_it(fresh: Freshness) -> None:
    """It must be proven itself."""
    fresh.on_nonce_sent(nonce(1), 0)
    fresh.on_heartbeat(beat(1, at()), 100)
    fresh.on_swapped(at("e2", 1), 200)
    assert fresh.verdict(200) is Link.STALE
    fresh.on_nonce_sent(nonce(2), 300)
    fresh.on_heartbeat(beat(2, at("e2", 1)), 400)
    assert fresh.verdict(400) is Link.FRESH


def test_doubt_ends_what_was_proven_before_it(fresh: Freshness) -> None:
    """Distrusted, the lane needs a new proof."""
    fresh.on_nonce_sent(nonce(1), 0)
    fresh.on_heartbeat(beat(1, at()), 100)
    fresh.distrust()
    assert fresh.verdict(100) is Link.STALE


def test_limits_that_cannot_work_are_refused() -> None:
    """A nonce slower than its own limit, for example."""
    with pytest.raises(ValueError, match="nonce_ms 3000 < fresh_ms 3000"):
        Limits(nonce_ms=3_000)
