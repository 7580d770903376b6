"""What is left undecoded while nobody is in the lane, and what is decoded when somebody comes. Times in milliseconds."""

from __future__ import annotations

from devices.key_frames import CATCH_UP_MS, KeyFrames


def heard(*, every: int, until: int, longest_ms: int = 2_100, lost: int | None = None) -> KeyFrames[int]:
    """A stream with a packet each 40 ms, a key frame with `every` one; the packet `lost` came damaged."""
    keys = KeyFrames[int](longest_ms)
    for number in range(until + 1):
        keys.came(number, 1_000, 40 * number, key=number % every == 0, damaged=number == lost)
    return keys


def test_key_frames_are_enough_once_they_have_come_in_time_three_times() -> None:
    """And no longer when the next one is missing."""
    assert not heard(every=25, until=74).regular(40 * 74)
    assert heard(every=25, until=75).regular(40 * 75)
    assert not heard(every=25, until=75).regular(40 * 75 + 2_101)


def test_key_frames_that_are_far_apart_are_too_few() -> None:
    """Four seconds apart: the lane would be seen too seldom."""
    assert not heard(every=100, until=400).regular(40 * 400)


def test_what_came_since_the_last_key_frame_is_decoded_for_one_who_arrives() -> None:
    """In order, the key frame first."""
    assert heard(every=25, until=85).behind(40 * 85) == (list(range(75, 86)), CATCH_UP_MS)


def test_a_damaged_packet_makes_one_who_arrives_wait_for_the_next_key_frame() -> None:
    """What stands on it is wrong, too."""
    assert heard(every=25, until=85, lost=80).behind(40 * 85) == ([], 0)
    assert heard(every=25, until=100, lost=80).behind(40 * 100) == ([100], CATCH_UP_MS)


def test_what_was_left_out_is_decoded_no_longer_than_until_the_next_key_frame() -> None:
    """Shortly before one, waiting is quicker; and where it took too long, the next one is waited for."""
    keys = heard(every=25, until=98)
    assert keys.behind(40 * 98) == (list(range(75, 99)), 80)
    assert keys.behind(40 * 101) == (list(range(75, 99)), 0)
    keys.spent()
    keys.came(99, 1_000, 40 * 99, key=False, damaged=False)
    assert keys.behind(40 * 99) == ([], 0)
    keys.came(100, 1_000, 40 * 100, key=True, damaged=False)
    assert keys.behind(40 * 100) == ([100], CATCH_UP_MS)


def test_what_is_kept_is_bounded() -> None:
    """A stream without key frames, or of absurd size, does not fill the memory."""
    keys = KeyFrames[int](2_100)
    for number in range(400):
        keys.came(number, 100_000, 40 * number, key=number in {0, 10}, damaged=False)
    assert keys.behind(40 * 400) == ([], 0)
