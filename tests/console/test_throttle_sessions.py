"""Guessing is slowed, never stopped; sessions lock, then end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.sessions import MOST as MOST_SESSIONS
from console.sessions import Sessions
from console.throttle import FREE, LONGEST_MS, MOST, Throttle


class Hand:
    """A clock set by hand."""

    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> int:
        """The time it shows."""
        return self.ms


def test_the_wait_doubles_after_three_failures() -> None:
    """One second, two, four."""
    clock = Hand()
    throttle = Throttle(clock)
    waits = []
    for _ in range(FREE + 3):
        throttle.failed("name:chan")
        waits.append(throttle.wait_ms("name:chan"))
        clock.ms += waits[-1]
    assert waits == [0, 0, 1_000, 2_000, 4_000, 8_000]


@given(st.integers(0, 200))
def test_nobody_waits_for_more_than_a_minute(failures: int) -> None:
    """A lock-out would let anybody keep an officer out of the lane."""
    clock = Hand()
    throttle = Throttle(clock)
    for _ in range(failures):
        throttle.failed("name:chan")
    assert throttle.wait_ms("name:chan") <= LONGEST_MS
    clock.ms += LONGEST_MS
    assert throttle.wait_ms("name:chan") == 0


def test_either_key_makes_one_wait_and_success_forgets() -> None:
    """Guessing many names from one place is slowed too."""
    throttle = Throttle(Hand())
    for name in ("a", "b", "c", "d"):
        throttle.failed(f"name:{name}", "from:10.0.0.9")
    assert throttle.wait_ms("name:a") == 0
    assert throttle.wait_ms("name:e", "from:10.0.0.9") > 0
    throttle.succeeded("from:10.0.0.9")
    assert throttle.wait_ms("name:e", "from:10.0.0.9") == 0


def test_failures_are_forgotten_and_memory_is_bounded() -> None:
    """A flood of names costs no more than its limit."""
    clock = Hand()
    throttle = Throttle(clock)
    for _ in range(5):
        throttle.failed("name:chan")
    for number in range(MOST + 5):
        clock.ms += 1
        throttle.failed(f"name:{number}")
    assert throttle.wait_ms("name:chan") == 0


def test_an_idle_session_locks_and_unlocks_and_a_shift_ends_it() -> None:
    """It may watch while locked, so that a help call still rings."""
    clock = Hand()
    sessions = Sessions(clock, idle_ms=1_000, shift_ms=10_000)
    token = sessions.open("chan", "print")
    session = sessions.find(token)
    assert session is not None
    clock.ms = 999
    sessions.touch(session)
    clock.ms = 1_999
    assert sessions.locked(session)
    sessions.touch(session)
    assert sessions.locked(session)
    sessions.unlock(session)
    assert not sessions.locked(session)
    clock.ms = 10_000
    assert sessions.find(token) is None


@pytest.mark.parametrize("token", ["", "x", "0" * 64])
def test_an_unknown_token_is_nobody(token: str) -> None:
    """Tokens are random; none is special."""
    sessions = Sessions(Hand(), idle_ms=1, shift_ms=1)
    assert sessions.find(token) is None
    sessions.close(token)


def test_one_session_too_many_ends_the_one_idle_longest() -> None:
    """Memory is bounded, and the newest login always works."""
    clock = Hand()
    sessions = Sessions(clock, idle_ms=10_000, shift_ms=100_000)
    tokens = []
    for _ in range(MOST_SESSIONS + 1):
        clock.ms += 1
        tokens.append(sessions.open("chan", "print"))
    assert sessions.find(tokens[0]) is None
    assert sessions.find(tokens[-1]) is not None
