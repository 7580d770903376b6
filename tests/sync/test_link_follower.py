"""Keeping up with the log by itself: what is asked for, when again, and how a doubt ends (`sync.link.follower`)."""

from __future__ import annotations

from itertools import count

import pytest

from sync.link.follower import Follower
from sync.link.freshness import Judgement
from sync.link.limits import Limits
from sync.link.log_result import (
    Applied,
    Behind,
    CodeLogHead,
    Fork,
    Gap,
    Loading,
    Mismatch,
    OtherEpoch,
    Refuted,
    Swapped,
)
from wire.messages import DeltasWanted, Request, SnapshotWanted

LIMITS = Limits()
HEAD = CodeLogHead("e1", 5)
OTHER_ROWS = Mismatch(HEAD, 6, bytes(32), bytes(32))
OTHER_HISTORY = Fork(HEAD, bytes(32))


def lane(head: CodeLogHead = HEAD) -> Follower:
    """A lane that holds this; each of its requests has a name of its own."""
    numbers = count(1)
    return Follower("lane-1", LIMITS, head, lambda size: next(numbers).to_bytes(size, "big"))


def asks(follower: Follower, now: int) -> Request:
    """What it asks for now, which must be something."""
    request = follower.due(now)
    assert request is not None
    return request


def in_doubt() -> tuple[Follower, str]:
    """A lane whose codes are in doubt since 0, and the name of the snapshot that it has asked for then."""
    follower = lane()
    follower.distrust("for this test")
    request = asks(follower, 0)
    assert isinstance(request, SnapshotWanted)
    assert request.reason == "for this test"
    return follower, request.request


def refuted(now: int = 0) -> Follower:
    """A lane whose snapshot contradicted what the core had signed before."""
    follower, name = in_doubt()
    assert follower.accepts(name, whole=True)
    follower.on_log_result(Refuted(HEAD, "e1", 5, "it lacks a hold"), now)
    return follower


def behind(version: int = 7) -> tuple[Follower, str]:
    """A lane that lacks deltas up to `version`, and the name under which it has asked for them at `grace_ms`."""
    follower = lane()
    follower.on_judgement(Judgement.BEHIND, version, 0)
    assert follower.due(LIMITS.grace_ms - 1) is None
    request = asks(follower, LIMITS.grace_ms)
    assert isinstance(request, DeltasWanted)
    return follower, request.request


def test_an_equal_proof_shows_that_a_core_whose_list_was_refuted_has_been_put_right() -> None:
    """Without it the lane would stay in manual mode for ever, for it takes no snapshot."""
    follower = refuted()
    assert follower.doubt == "it lacks a hold"
    follower.on_judgement(Judgement.EQUAL, 5, 100)
    assert follower.doubt == ""


def test_a_refuted_list_is_asked_for_again_after_a_pause_that_doubles() -> None:
    """To the millisecond, so that a lane neither asks all the time nor never again."""
    follower, pause = refuted(), LIMITS.refuted_ms
    assert follower.due(pause - 1) is None
    name = asks(follower, pause).request
    assert follower.accepts(name, whole=True)
    follower.on_log_result(Refuted(HEAD, "e1", 5, "still"), pause)
    assert follower.due(3 * pause - 1) is None
    assert isinstance(follower.due(3 * pause), SnapshotWanted)


def test_once_a_proof_has_ended_the_doubt_a_snapshot_that_is_still_open_keeps_nobody_from_asking_for_deltas() -> None:
    """The two are different requests."""
    follower = refuted()
    asks(follower, LIMITS.refuted_ms)
    follower.on_judgement(Judgement.EQUAL, 5, LIMITS.refuted_ms)
    follower.on_judgement(Judgement.BEHIND, 6, LIMITS.refuted_ms)
    assert isinstance(follower.due(LIMITS.refuted_ms + LIMITS.grace_ms), DeltasWanted)


def test_more_reasons_to_doubt_do_not_give_up_the_snapshot_that_is_under_way() -> None:
    """Proofs say so each second; a list that takes a minute would never be whole. The first reason stays."""
    follower, name = in_doubt()
    for judgement in (Judgement.OTHER_EPOCH, Judgement.DIFFERENT, Judgement.WENT_BACK):
        follower.on_judgement(judgement, 5, 1_000)
    assert follower.due(1_000) is None
    assert follower.accepts(name, whole=True)
    assert follower.doubt == "for this test"


@pytest.mark.parametrize("judgement", [Judgement.OTHER_EPOCH, Judgement.DIFFERENT, Judgement.WENT_BACK])
def test_a_snapshot_that_the_next_proof_contradicts_ends_no_doubt_and_is_asked_for_again(judgement: Judgement) -> None:
    """Only after a while: nothing better is there yet. The first reason stays."""
    follower, name = in_doubt()
    assert follower.accepts(name, whole=True)
    follower.on_log_result(Swapped(HEAD), 100)
    assert follower.due(10_000) is None
    follower.on_judgement(judgement, 5, 10_000)
    assert follower.doubt == "for this test"
    assert follower.due(10_000 + LIMITS.refuted_ms - 1) is None
    assert isinstance(follower.due(10_000 + LIMITS.refuted_ms), SnapshotWanted)


def test_deltas_are_asked_for_until_all_are_there_and_no_longer() -> None:
    """One of two that are missing is not both."""
    follower, name = behind(7)
    follower.on_log_result(Applied(CodeLogHead("e1", 6)), 500)
    assert follower.accepts(name, whole=False)
    assert isinstance(follower.due(500 + LIMITS.request_ms), DeltasWanted)
    follower.on_log_result(Applied(CodeLogHead("e1", 7)), 3_000)
    assert follower.due(60_000) is None
    assert not follower.accepts(name, whole=False)


def test_a_request_is_made_again_to_the_millisecond_and_under_its_name() -> None:
    """An answer that is late must count."""
    follower, name = in_doubt()
    assert follower.due(LIMITS.request_ms - 1) is None
    assert asks(follower, LIMITS.request_ms).request == name


def test_an_answer_that_does_not_match_its_hash_gets_a_new_name_and_another_history_does_not() -> None:
    """A delta of another history came by itself; the snapshot that was asked for may still come."""
    follower, name = in_doubt()
    for result in (OTHER_HISTORY, OtherEpoch(HEAD, "e2")):
        follower.on_log_result(result, 100)
    assert asks(follower, LIMITS.request_ms).request == name
    follower.on_log_result(OTHER_ROWS, LIMITS.request_ms)
    assert asks(follower, 60_000).request != name


def test_a_delta_that_does_not_match_its_hash_is_a_doubt_also_where_nothing_was_asked() -> None:
    """It came by itself, as most do."""
    follower = lane()
    follower.on_log_result(OTHER_ROWS, 0)
    assert follower.doubt
    assert isinstance(follower.due(0), SnapshotWanted)


def test_a_newer_snapshot_in_answer_to_a_doubt_sends_the_lane_for_the_deltas_between() -> None:
    """Its own list was found sound beside it; an equal proof then ends the doubt."""
    follower, name = in_doubt()
    for _ in range(2):
        assert follower.accepts(name, whole=True)
    follower.on_log_result(Behind(HEAD, 9), 100)
    assert isinstance(follower.due(100), DeltasWanted)
    follower.on_log_result(Applied(CodeLogHead("e1", 9)), 200)
    follower.on_judgement(Judgement.EQUAL, 9, 300)
    assert follower.doubt == ""


def test_a_newer_snapshot_in_place_of_the_deltas_that_were_asked_for_is_a_doubt_that_lasts() -> None:
    """A core that has no deltas after the list held here may have another history: a pause, then again."""
    follower, name = behind()
    assert follower.accepts(name, whole=True)
    follower.on_log_result(Behind(HEAD, 9), 1_000)
    assert follower.doubt == "the core has no deltas that follow from the list held here"
    assert follower.due(1_000 + LIMITS.refuted_ms - 1) is None
    assert isinstance(follower.due(1_000 + LIMITS.refuted_ms), SnapshotWanted)


def test_deltas_are_no_answer_to_a_request_for_a_snapshot() -> None:
    """Whoever repeats an old answer under a new name."""
    follower, name = in_doubt()
    assert not follower.accepts(name, whole=False)
    assert follower.accepts(name, whole=True)


def test_deltas_that_arrive_by_themselves_are_no_progress_of_a_snapshot() -> None:
    """The core signs one a second, and has forgotten the request: it is made again all the same."""
    follower, name = in_doubt()
    for now in range(500, LIMITS.request_ms, 500):
        follower.on_log_result(Applied(CodeLogHead("e1", 5 + now // 500)), now)
    assert asks(follower, LIMITS.request_ms).request == name


def test_parts_of_a_snapshot_are_progress_by_the_longest_pause_between_them() -> None:
    """Eight times that, and no longer than the limit for parts."""
    follower, name = in_doubt()
    for now in (1_000, 1_500):
        assert follower.accepts(name, whole=True)
        follower.on_log_result(Loading(HEAD, 1, 3), now)
    assert follower.due(1_500 + 8_000 - 1) is None
    assert asks(follower, 1_500 + 8_000).request == name


def test_what_is_missing_before_a_delta_is_asked_for_at_once_also_where_a_proof_gave_it_time() -> None:
    """A proof ahead of its delta is ordinary; a gap is not. The latest version that is known of counts."""
    follower = lane()
    follower.on_judgement(Judgement.BEHIND, 9, 0)
    follower.on_log_result(Gap(HEAD, 7), 100)
    assert isinstance(follower.due(100), DeltasWanted)
    follower.on_log_result(Applied(CodeLogHead("e1", 7)), 200)
    assert isinstance(follower.due(200 + LIMITS.request_ms), DeltasWanted)
