"""The stable-for filter: what counts as an edge, and when it happened."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from devices.debounce import Chatter, Debounce, Edge


def feed(line: Debounce, *samples: tuple[bool, int]) -> list[Edge]:
    """Feeds (level, ms) samples and returns the settled edges."""
    return [edge for level, at in samples if (edge := line.feed(level, at))]


def rested(stable_ms: int = 30) -> Debounce:
    """A line that has settled as inactive at 0 ms."""
    line = Debounce(stable_ms=stable_ms)
    line.feed(False, 0)
    assert line.settle(stable_ms) == Edge(active=False, at_ms=0)
    return line


def test_the_first_level_is_reported_even_when_it_is_inactive() -> None:
    """The lane must know the present level of every contact at start."""
    line = Debounce(stable_ms=30)
    assert line.feed(False, 100) is None
    assert line.settle(129) is None
    assert line.settle(130) == Edge(active=False, at_ms=100)


def test_a_bouncing_press_is_one_edge_at_the_time_of_its_first_raw_edge() -> None:
    """What counts for the visit is when the button moved, not when it came to rest."""
    line = rested()
    assert feed(line, (True, 1_000), (False, 1_003), (True, 1_007), (False, 1_012), (True, 1_015)) == []
    assert line.due_ms() == 1_045
    assert line.settle(1_045) == Edge(active=True, at_ms=1_000)


def test_a_glitch_shorter_than_the_filter_is_dropped_and_counted() -> None:
    """A spark on the cable presses nothing."""
    line = rested()
    assert feed(line, (True, 500), (False, 510)) == []
    assert line.settle(600) is None
    assert (line.glitches, line.active, line.due_ms()) == (1, False, None)


def test_a_press_and_its_release_are_both_kept_when_the_timer_comes_late() -> None:
    """A busy machine may settle late; the press is settled before the release begins."""
    line = rested()
    assert line.feed(True, 1_000) is None
    assert line.feed(False, 1_200) == Edge(active=True, at_ms=1_000)
    assert line.settle(1_230) == Edge(active=False, at_ms=1_200)


def test_a_lost_raw_edge_is_repaired_by_the_next_sample() -> None:
    """The filter compares levels: a release whose edge was lost is seen at the next sampling."""
    line = rested()
    assert feed(line, (True, 1_000), (True, 1_250)) == [Edge(active=True, at_ms=1_000)]
    assert feed(line, (False, 1_500), (False, 1_750)) == [Edge(active=False, at_ms=1_500)]


def test_a_sample_from_the_past_counts_as_simultaneous() -> None:
    """Time never runs backwards inside a burst."""
    line = rested()
    line.feed(True, 1_000)
    line.feed(False, 900)
    assert line.settle(1_030) is None
    assert line.glitches == 1


def test_without_a_filter_time_every_sample_is_an_edge() -> None:
    """A solid-state signal line may be wired with stable_ms = 0."""
    line = Debounce(stable_ms=0)
    assert feed(line, (False, 1), (True, 2), (False, 3)) == [Edge(False, 1), Edge(True, 2), Edge(False, 3)]


def test_a_line_that_toggles_faster_than_the_filter_is_chattering_until_it_calms_down() -> None:
    """A worn contact is said to be worn; its last level still comes through."""
    line = rested()
    last = 1_000
    for count in range(40):
        last = 1_000 + 10 * count
        line.feed(count % 2 == 0, last)
    assert line.chattering
    line.feed(True, last + 10)
    assert line.settle(last + 40) == Edge(active=True, at_ms=1_000)
    assert line.chattering
    assert line.due_ms() == last + 10 + 5_000
    assert line.settle(last + 10 + 5_000) is None
    assert not line.chattering


def test_a_burst_that_never_rests_is_chatter_even_when_it_is_slow() -> None:
    """With a long filter a slow toggling hides every press: that is chatter too."""
    line = Debounce(stable_ms=200, chatter=Chatter(edges=1_000, window_ms=1_000))
    for count in range(16):
        line.feed(count % 2 == 0, 150 * count)
    assert line.chattering


def test_a_driver_who_hammers_the_button_is_not_chatter() -> None:
    """Five clean presses a second for two seconds are impatience."""
    line = rested()
    edges = feed(line, *((count % 2 == 0, 1_000 + 100 * count) for count in range(20)))
    assert len(edges) == 19
    assert not line.chattering


SAMPLES = st.lists(st.tuples(st.integers(0, 120), st.booleans()), max_size=60)


@given(SAMPLES, st.integers(0, 60))
def test_no_release_is_ever_lost(samples: list[tuple[int, bool]], stable_ms: int) -> None:
    """Whatever the cable does, after a rest the filter stands at the true level, and its edges alternate."""
    line, now, edges, raw = Debounce(stable_ms=stable_ms), 0, [], set[int]()
    for wait, level in samples:
        now += wait
        raw.add(now)
        if edge := line.feed(level, now):
            edges.append(edge)
    if edge := line.settle(now + stable_ms):
        edges.append(edge)
    if samples:
        assert line.active == samples[-1][1]
    assert all(one.active != other.active and one.at_ms <= other.at_ms for one, other in itertools.pairwise(edges))
    assert all(edge.at_ms in raw for edge in edges)


@given(SAMPLES)
def test_a_level_that_stood_long_enough_is_always_reported(samples: list[tuple[int, bool]]) -> None:
    """A change that stands for the whole filter time cannot be swallowed, however the line behaved before."""
    line, now = rested(), 1_000
    for wait, level in samples:
        now += wait
        line.feed(level, now)
    before = line.active
    line.settle(now + 30)
    settled = line.active
    edge = line.feed(not settled, now + 100) or line.settle(now + 130)
    assert edge == Edge(active=not settled, at_ms=now + 100)
    assert before in (True, False)
