"""Pauses between attempts: longer each time, never in step."""

from __future__ import annotations

from runtime.backoff import Backoff


def test_pauses_double_up_to_the_limit_and_begin_again_after_a_success() -> None:
    """Without jitter the lengths are plain."""
    backoff = Backoff(0.25, 3.0, chance=lambda: 1.0)
    assert [backoff.next_s() for _ in range(6)] == [0.25, 0.5, 1.0, 2.0, 3.0, 3.0]
    backoff.reset()
    assert backoff.next_s() == 0.25


def test_each_pause_is_between_half_and_the_whole_of_its_length() -> None:
    """However chance falls, nobody waits longer than the limit or hammers a server that has just come back."""
    pauses = [Backoff(2.0, 8.0, chance=lambda share=share: share).next_s() for share in (0.0, 0.5, 0.999)]
    assert pauses[0] == 1.0
    assert 1.0 < pauses[1] < pauses[2] < 2.0


def test_two_that_failed_together_do_not_come_back_together() -> None:
    """The system's chance differs from one to the next."""
    first, second = Backoff(1.0, 60.0), Backoff(1.0, 60.0)
    pairs = [(first.next_s(), second.next_s()) for _ in range(8)]
    assert all(one != other for one, other in pairs)
