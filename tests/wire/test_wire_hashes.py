"""The chains and the state's hash; and the names of topics."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.hashes import EMPTY_STATE, StateHash, journal_next, journal_start, log_next, log_start
from wire.records import HoldRecord
from wire.topics import LOG, LaneTopics, check_lane, read_up

rows = st.lists(st.binary(min_size=1, max_size=20), max_size=12, unique=True)


def hash_of(some: Iterable[bytes]) -> bytes:
    """The state hash of these rows."""
    state = StateHash()
    for row in some:
        state.add(row)
    return state.digest()


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(some: list[bytes], random: Random) -> None:
    """Two lanes that heard the same rows in another order hold the same state."""
    shuffled = list(some)
    random.shuffle(shuffled)
    assert hash_of(shuffled) == hash_of(some)


@given(rows, rows)
def test_rows_added_together_count_as_one_by_one(first: list[bytes], then: list[bytes]) -> None:
    """In one go, or after others."""
    state = StateHash()
    state.add_all(first)
    state.add_all(iter(then))
    assert state.digest() == hash_of([*first, *then])


@given(rows, rows)
def test_equal_hashes_mean_equal_rows(one: list[bytes], other: list[bytes]) -> None:
    """Any difference in the rows shows."""
    assert (hash_of(one) == hash_of(other)) == (set(one) == set(other))


@given(rows, st.data())
def test_a_row_added_and_taken_away_leaves_no_trace(some: list[bytes], data: st.DataObject) -> None:
    """The hash is kept up to date row by row, through its stored form too."""
    state = StateHash()
    for row in some:
        state.add(row)
    gone = data.draw(st.lists(st.sampled_from(some), unique=True)) if some else []
    for row in gone:
        state = StateHash(state.total())
        state.remove(row)
    assert state.digest() == hash_of(set(some) - set(gone))


def test_no_rows_have_a_hash_of_their_own() -> None:
    """An empty lane can say so."""
    assert StateHash().digest() == EMPTY_STATE == StateHash.of([]).digest()
    assert len(StateHash().total()) == 512


def test_a_tombstone_is_not_the_row_it_replaces() -> None:
    """A lifted hold and a hold differ, and both differ from none."""
    states = {StateHash.of(r).digest() for r in ([], [HoldRecord("AB1")], [HoldRecord("AB1", deleted=True)])}
    assert len(states) == 3


def test_the_chains_depend_on_every_part() -> None:
    """Each part changes the value, and a part cannot slide into its neighbour."""
    base = journal_start("j")
    values = [
        log_start("a"),
        log_start("b"),
        log_next(log_start("a"), b"x"),
        log_next(log_start("a"), b"y"),
        log_next(log_start("b"), b"x"),
        base,
        journal_next(base, 1, "boot", b"x"),
        journal_next(base, 2, "boot", b"x"),
        journal_next(base, 1, "boo", b"tx"),
        journal_next(base, 1, "boot", b"y"),
        journal_next(journal_start("k"), 1, "boot", b"x"),
    ]
    assert len(set(values)) == len(values)
    assert {len(value) for value in values} == {32}


def test_topics_are_those_of_the_contract() -> None:
    """The names of design §3."""
    topics = LaneTopics("mkt-in-03")
    assert topics.event == "rocars/v1/lane/mkt-in-03/up/event"
    assert topics.command == "rocars/v1/lane/mkt-in-03/down/command"
    assert topics.all_down == "rocars/v1/lane/mkt-in-03/down/#"
    assert LOG == "rocars/v1/log"


def test_the_core_reads_lane_and_kind_from_a_topic() -> None:
    """And nothing from a topic that lanes do not write."""
    assert read_up("rocars/v1/lane/mkt-in-03/up/nonce") == ("mkt-in-03", "nonce")
    for topic in (LOG, "rocars/v1/lane/a/down/ack", "rocars/v1/lane/a/up/b/c", "x/rocars/v1/lane/a/up/b", ""):
        assert read_up(topic) is None


@pytest.mark.parametrize("lane", ["", "+", "a/b", "#", "-a", "a" * 33, "a b", "線"])
def test_a_lane_name_that_could_widen_a_topic_is_refused(lane: str) -> None:
    """A lane's name stands in topic filters and access lists."""
    with pytest.raises(ValueError, match="lane name"):
        check_lane(lane)
