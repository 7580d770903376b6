"""Told apart: a camera that gives nothing, one that gives the same again, one that starts slowly, and a living one."""

from __future__ import annotations

import numpy as np

from devices.camera import Frame
from devices.dated_picture import Picture
from devices.stall import MOVING_MS, REMEMBERED, Stall

LIMIT = 2000


def grey(level: int) -> Picture:
    """A plain picture."""
    return np.full((48, 64, 3), level, np.uint8)


def shown(stall: Stall, levels: list[int], *, at: int, step: int = 100) -> int:
    """Pictures of these grey levels, `step` ms apart; returns the time after the last."""
    for number, level in enumerate(levels):
        stall.saw(Frame(grey(level), at + step * number, number))
    return at + step * (len(levels) - 1)


def test_a_stall_is_told_apart_from_a_freeze_and_from_a_slow_start() -> None:
    """No picture, the same picture, and a first picture that takes its time."""
    stall = Stall(LIMIT, remembered=REMEMBERED, now_ms=0)
    assert not stall.detail(7900)
    assert "no picture" in stall.detail(8100)
    shown(stall, [7] * 30, at=8100)
    assert "the same picture" in stall.detail(11_100)
    shown(stall, [8], at=11_100)
    assert not stall.detail(11_200)
    folder = Stall(LIMIT, remembered=0, now_ms=0)
    shown(folder, [7] * 30, at=0)
    assert not folder.detail(3000)


def test_a_camera_that_stops_soon_after_it_began_is_a_stall_after_its_limit() -> None:
    """What a first picture may take is no more time for the second: 5 s were, and the fault came so much later."""
    stall = Stall(LIMIT, remembered=REMEMBERED, now_ms=0)
    stall.heard(0)
    last = shown(stall, [1, 2, 3], at=1_000)
    assert not stall.detail(last + LIMIT)
    assert "no picture for 2.0 s" in stall.detail(last + LIMIT + 1)


def test_a_frozen_picture_that_is_coded_anew_with_every_key_frame_is_frozen_all_the_same() -> None:
    """Three pictures that come again and again are not three new ones."""
    stall = Stall(LIMIT, remembered=REMEMBERED, now_ms=0)
    last = shown(stall, [7, 8, 9] * 20, at=0)
    assert "frozen" in stall.detail(last)


def test_a_frozen_picture_stays_frozen_over_a_restart_until_it_moves() -> None:
    """The next process knows the picture at which the last one gave up; a single other one is no life."""
    first = Stall(LIMIT, remembered=REMEMBERED, now_ms=0)
    last = shown(first, [7] * 30, at=0)
    assert first.hopeless(last)
    second = Stall(LIMIT, remembered=REMEMBERED, now_ms=last, frozen=first.frozen(last))
    assert "frozen" in second.detail(last)
    last = shown(second, [7, 7, 8, 7, 7], at=last + 100)
    assert "frozen" in second.detail(last)
    assert not second.hopeless(last)  # it has just been started
    last = shown(second, list(range(10, 10 + MOVING_MS // 100)), at=last + 100)
    assert "frozen" in second.detail(last)
    last = shown(second, [250], at=last + 100)
    assert not second.detail(last)


def test_only_a_frozen_camera_leaves_its_pictures_to_the_next_process() -> None:
    """One that moves, or gives nothing at all, does not."""
    stall = Stall(LIMIT, remembered=REMEMBERED, now_ms=0)
    last = shown(stall, list(range(30)), at=0)
    assert stall.frozen(last) == ()
    assert stall.frozen(last + LIMIT + 1) == ()
