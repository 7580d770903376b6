"""How late a picture is, by stamps or by pace, and which pictures a loss has spoilt. Times in milliseconds."""

from __future__ import annotations

from runtime.picture_age import CALM_MS, LATE_MS, PacedAge, StampedAge, Wholeness


def test_the_picture_with_the_least_delay_is_the_measure() -> None:
    """What another one takes longer, it is late by, whenever the connection began."""
    age = StampedAge()
    lags = [age.lag_ms(100 * n, 5_000 + 100 * n + delay) for n, delay in enumerate([40] * 10 + [0, 0, 700, 0])]
    assert lags[:5] == [None] * 5  # of the first half second no age is known
    assert lags[-4:] == [0, 0, 700, 0]


def test_what_a_camera_had_in_store_when_the_connection_began_has_no_age() -> None:
    """Ten seconds of pictures in a fifth of a second, then the present: nothing counts before that is known."""
    age = StampedAge()
    stored = [age.lag_ms(100 * n, 2 * n) for n in range(100)]
    present = [age.lag_ms(10_000 + 100 * n, 200 + 100 * n) for n in range(20)]
    assert stored == [None] * 100
    assert present[: CALM_MS // 100] == [None] * 5
    assert present[-1] == 0


def test_a_picture_without_a_stamp_has_no_age() -> None:
    """It is not taken for a new one."""
    assert StampedAge().lag_ms(None, 9_000) is None


def test_two_clocks_that_drift_apart_are_no_slow_line_for_hours() -> None:
    """A hundred parts in a million over two hours; the drift is known, so that the stream can be opened again."""
    age = StampedAge()
    lag = max(age.lag_ms(1000 * n, 1000 * n + n // 10) or 0 for n in range(7_200))
    assert lag < LATE_MS / 10
    assert 600 < age.crept_ms < 800


def test_a_stream_without_stamps_is_late_when_it_falls_behind_its_own_pace() -> None:
    """Sixty per cent of it, until half a second is missing; a little jitter is nothing."""
    age, at, lag = PacedAge(), 0, 0
    for n in range(100):
        at += 100 + (n % 3 - 1) * 8
        assert (age.lag_ms(at) or 0) < 50
    steps = 0
    while lag < LATE_MS:
        at, steps = at + 167, steps + 1
        lag = age.lag_ms(at) or 0
    assert steps < 20


def test_nothing_is_trusted_after_a_gap_until_the_next_key_frame() -> None:
    """One of ten pictures a second is missing: what follows is the difference to a picture that never came."""
    whole = Wholeness()
    assert not whole.trusts(-100, key=False)  # joined in the middle
    assert whole.trusts(0, key=True)
    assert all(whole.trusts(100 * n, key=False) for n in range(1, 10))
    assert not any(whole.trusts(100 * n, key=False) for n in range(11, 20))
    assert whole.trusts(2_000, key=True)
    assert whole.trusts(2_100, key=False)


def test_a_damaged_packet_and_a_picture_that_the_decoder_filled_in_spoil_what_follows() -> None:
    """Whether the transport says so or the decoder."""
    whole = Wholeness()
    assert whole.trusts(0, key=True)
    whole.lost()
    assert not whole.trusts(100, key=False)
    assert whole.trusts(200, key=True)
    assert not whole.trusts(300, key=False, damaged=True)
    assert not whole.trusts(400, key=False)
    assert not whole.trusts(500, key=True, damaged=True)
