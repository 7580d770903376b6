"""Every word of the wall in both languages."""

from __future__ import annotations

import pytest

from console.tongues import chinese_of
from domain.alarms import CoreAlarmKind
from wall.point import Heard
from wall.words import HEARD, OF_CORE


@pytest.mark.parametrize("heard", Heard)
def test_what_is_heard_of_a_lane_and_what_to_do_about_it_have_chinese_words(heard: Heard) -> None:
    """A remedy had stood in English in the Chinese queue."""
    words = HEARD[heard]
    assert words.chinese != words.says
    assert not words.todo or chinese_of(words.next) != words.todo


def test_every_alarm_of_the_core_has_words_of_its_own() -> None:
    """In Chinese all of them had been called alarm alone."""
    assert set(OF_CORE) == set(CoreAlarmKind)
    assert len({words.chinese for words in OF_CORE.values()}) == len({*OF_CORE.values()}) == len(OF_CORE)
