"""Many calls in a row: what is judged a leak, and that some calls of each way carry both voices and leave nothing."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from tools.bench.voice import sip
from tools.bench.voice.calls import judge, many
from tools.bench.voice.page import CHROMIUM

NO_PHONE, NO_PAGE = sip.missing("/usr/bin/baresip"), sip.missing(CHROMIUM)


def held(calls: int, **leaks: float) -> list[dict[str, Any]]:
    """Eleven samples of a run of so many calls, in which these values grow by so much a call."""
    still: dict[str, float] = {
        "voice_fds": 9,
        "voice_tasks": 8,
        "children": 2,
        "voice_own_mb": 26.0,
        "sound_own_mb": 3.0,
    }
    samples: list[dict[str, Any]] = []
    for at in range(0, calls + 1, calls // 10):
        samples.append({"call": at} | {name: value + leaks.get(name, 0) * at for name, value in still.items()})
    return samples


@pytest.mark.parametrize("what", ["voice_fds", "voice_tasks", "children"])
def test_whatever_a_call_leaves_open_is_a_leak(what: str) -> None:
    """One in five calls is enough."""
    assert judge(held(100)) == (0.0, [])
    assert judge(held(100, **{what: 0.2}))[1] == [what]


def test_memory_that_grows_with_the_calls_is_a_leak_once_there_were_enough_of_them() -> None:
    """Of ten calls baresip still holds each: it keeps their transactions for half a minute."""
    growth, leaks = judge(held(1_000, voice_own_mb=0.02))
    assert (growth, leaks) == (20.0, ["memory"])
    assert judge(held(1_000, voice_own_mb=0.002)) == (2.0, [])
    assert judge(held(10, voice_own_mb=0.02))[1] == []


@pytest.mark.skipif(bool(NO_PHONE), reason=NO_PHONE)
def test_three_calls_in_a_row_carry_both_voices_and_leave_nothing() -> None:
    """Over SIP; `rocars-bench voice --calls 1000` makes as many as one wants, of both ways."""
    found = asyncio.run(many("sip", 3, every=3))
    assert (found["carried"], found["failures"]) == (3, [])
    first, last = found["held"][0], found["held"][-1]
    assert last["children"] == first["children"]
    assert last["voice_tasks"] == first["voice_tasks"]
    assert last["voice_fds"] == first["voice_fds"]


@pytest.mark.long
@pytest.mark.parametrize(
    "way",
    [
        pytest.param("sip", marks=pytest.mark.skipif(bool(NO_PHONE), reason=NO_PHONE)),
        pytest.param("webrtc", marks=pytest.mark.skipif(bool(NO_PAGE), reason=NO_PAGE)),
    ],
)
def test_forty_calls_in_a_row_leak_nothing(way: str) -> None:
    """A descriptor, task or process that each call left would be seen, and codecs that stay with their threads."""
    found = asyncio.run(many(way, 40, every=10))
    assert (found["carried"], found["leaks"]) == (40, [])
    pool = (os.cpu_count() or 1) + 4
    assert found["held"][-1]["voice_threads"] <= found["held"][0]["voice_threads"] + pool
