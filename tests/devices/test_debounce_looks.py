"""Looks of a polled board: no press is told twice, at any pace; none is lost while two looks fall into it."""

from __future__ import annotations

import bisect
import itertools
import random
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.debounce import BoardLook, Chatter, Debounce, Edge

STABLE_MS, BOUNCING_MS, PRESS_MS = 30, 20, 100


def seen(line: Debounce, *looks: tuple[bool, BoardLook]) -> list[Edge]:
    """What these looks settle."""
    return [edge for active, look in looks for edge in line.look(active, look)]


def at(asked_ms: int, took_ms: int = 2, counted_ms: int | None = None) -> BoardLook:
    """A look that was answered so soon."""
    return BoardLook(asked_ms, asked_ms + took_ms, counted_ms)


def rested() -> Debounce:
    """A line at rest, last looked at at 40 ms."""
    line = Debounce(stable_ms=STABLE_MS)
    assert seen(line, (False, at(0)), (False, at(20)), (False, at(40))) == [Edge(active=False, at_ms=0)]
    return line


def test_one_look_settles_nothing_however_late_the_next_comes() -> None:
    """A bounce that is looked at once, and a second later the true level: nobody looked in between."""
    line = rested()
    assert line.look(True, at(60)) == ()
    assert (line.settle(1_000), line.due_ms()) == (None, None)
    assert seen(line, (False, at(1_000)), (False, at(1_040))) == []
    assert line.glitches == 1


def test_an_answer_that_takes_long_may_have_looked_at_its_end() -> None:
    """Two requests 50 ms apart may be two looks 10 ms apart."""
    line = rested()
    assert seen(line, (True, at(60, 40)), (True, at(110))) == []
    assert seen(line, (True, at(130))) == [Edge(active=True, at_ms=40)]


def test_a_press_has_the_time_of_the_look_before_it() -> None:
    """It may look older than it is, never newer."""
    assert seen(rested(), (True, at(60)), (True, at(80)), (True, at(100))) == [Edge(active=True, at_ms=40)]


def test_a_counter_tells_a_press_that_no_look_showed_once_it_is_over() -> None:
    """Its own further bounces are counted until the line is certainly at rest."""
    line = rested()
    looks = [at(60, 100, 200), at(300, 100, 450), at(500, 100), at(700, 100), at(900, 100)]
    assert seen(line, *((False, look) for look in looks)) == [Edge(active=True, at_ms=40), Edge(active=False, at_ms=40)]


def test_a_press_that_is_seen_and_counted_is_one() -> None:
    """And what its end bounces is none."""
    line = rested()
    edges = seen(line, (True, at(60, 2, 63)), (True, at(80, 2, 83)), (True, at(100)), (True, at(160)))
    edges += seen(line, (False, at(180, 2, 183)), (True, at(190, 2, 193)), (False, at(200)))
    edges += seen(line, *((False, at(220 + 20 * number)) for number in range(10)))
    assert [edge.active for edge in edges] == [True, False]


def test_a_line_that_counts_without_end_chatters() -> None:
    """A cable that picks up noise between two looks presses nothing unnoticed."""
    line = Debounce(stable_ms=STABLE_MS, chatter=Chatter(edges=10))
    seen(line, *((False, at(20 * number, 2, 20 * number + 3)) for number in range(20)))
    assert line.chattering


@dataclass(frozen=True)
class Wire:
    """Presses as the wire carries them: the level from each time on, and each press' first and last raw edge."""

    moves: tuple[tuple[float, bool], ...]
    presses: tuple[tuple[float, float], ...]

    def level(self, ms: float) -> bool:
        """At that time."""
        return self._moved(ms) % 2 == 1

    def risen(self, ms: float) -> int:
        """What a counter without a filter shows."""
        return (self._moved(ms) + 1) // 2

    def _moved(self, ms: float) -> int:
        return bisect.bisect_right(self.moves, (ms, True))


def wire(chance: random.Random, presses: int, pause_ms: float) -> Wire:
    """Bounces of up to `BOUNCING_MS` at each end of each press."""
    now, moves, when = 5_000.0, list[tuple[float, bool]](), list[tuple[float, float]]()
    for _ in range(presses):
        began = now
        for level, lasts in ((True, chance.uniform(PRESS_MS, 3 * PRESS_MS)), (False, chance.uniform(1, 3) * pause_ms)):
            bounces = 2 * chance.randrange(4)
            times = sorted(chance.uniform(0, BOUNCING_MS) for _ in range(bounces))
            moves += [(now + ms, level == (number % 2 == 0)) for number, ms in enumerate([0.0, *times])]
            ended = now + (times[-1] if times else 0)
            now = ended + lasts
        when.append((began, ended))
    return Wire(tuple(moves), tuple(when))


def polled(chance: random.Random, it: Wire, longest_ms: tuple[float, float], *, counted: bool) -> list[Edge]:
    """What the filter makes of it: requests and answers up to so many ms apart, the module looks and counts in between."""
    line, now, before, edges = Debounce(stable_ms=STABLE_MS), 0.0, 0, list[Edge]()
    while now < it.presses[-1][1] + 20 * sum(longest_ms) + 1_000:
        looked = now + chance.uniform(0, longest_ms[1])
        answered = looked + chance.uniform(0, longest_ms[1] - (looked - now))
        count = it.risen(chance.uniform(looked, answered)) if counted else 0
        read = int(answered) + 1 if count > before else None
        edges += line.look(it.level(looked), BoardLook(int(now), int(answered) + 1, read))
        before, now = count, max(answered, now + chance.uniform(0, longest_ms[0])) + chance.uniform(0, 2)
    assert all(one.active != other.active and one.at_ms <= other.at_ms for one, other in itertools.pairwise(edges))
    return [edge for edge in edges if edge.active]


SEEDS = st.integers(0, 2**32)


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.floats(20, 4_000), st.floats(1, 2_000), st.booleans())
def test_no_press_is_ever_doubled(seed: int, poll_ms: float, answer_ms: float, counted: bool) -> None:
    """However late the answers are, however the wire bounces: never more presses than there were."""
    chance = random.Random(seed)
    it = wire(chance, 6, chance.choice((100, 400, 1_000)))
    told = polled(chance, it, (poll_ms, answer_ms), counted=counted)
    assert len(told) <= len(it.presses)
    for number, edge in enumerate(told, start=1):  # nor told before it was made, nor as newer than it is
        assert edge.at_ms <= it.presses[number - 1 + len(it.presses) - len(told)][1]


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_none_is_lost_at_a_healthy_pace(seed: int) -> None:
    """Requests up to 20 ms apart, answers within 15: each press once, not later than it was made."""
    chance = random.Random(seed)
    it = wire(chance, 6, 100)
    told = polled(chance, it, (18, 13), counted=False)
    assert len(told) == len(it.presses)
    assert all(
        began - 60 <= edge.at_ms <= began + BOUNCING_MS for edge, (began, _) in zip(told, it.presses, strict=True)
    )


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.floats(20, 700))
def test_none_is_lost_at_a_slow_pace_where_they_are_counted(seed: int, answer_ms: float) -> None:
    """Presses that are farther apart than six answers."""
    chance = random.Random(seed)
    it = wire(chance, 4, 6 * (answer_ms + 40))
    assert len(polled(chance, it, (30, answer_ms), counted=True)) == len(it.presses)
