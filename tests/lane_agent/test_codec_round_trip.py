"""The codec: everything of the lane survives being written, is written in one way only, and nothing is guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lane_agent.codec import (
    CodecError,
    decode,
    effect_from,
    encode,
    event_from,
    from_plain,
    lane_from,
    moment_from,
    to_plain,
)
from lane_agent.effects import Effect, StopReading
from lane_agent.events import Event, HelpAnswered, PlateSettled, TimerFired
from lane_agent.model import Codes, Moment, Read, ReadSource
from lane_agent.state import Lane

st.register_type_strategy(float, st.floats(0, 1, allow_nan=False))
EVENTS = st.from_type(Event)  # type: ignore[arg-type]
EFFECTS = st.from_type(Effect)  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_every_event_is_read_back_as_written(event: Any) -> None:
    """Event to bytes and back is the same event, of the same type."""
    assert event_from(decode(encode(event))) == event


@settings(max_examples=100, deadline=None)
@given(EFFECTS)
def test_every_effect_is_read_back_as_written(effect: Any) -> None:
    """Effect to bytes and back is the same effect."""
    assert effect_from(decode(encode(effect))) == effect


@settings(max_examples=60, deadline=None)
@given(st.from_type(Lane))
def test_every_lane_is_read_back_as_written(lane: Lane) -> None:
    """Lane to bytes and back is the same lane, an open visit and its codes included."""
    assert lane_from(decode(encode(lane))) == lane


@settings(max_examples=60, deadline=None)
@given(st.from_type(Lane))
def test_there_is_one_way_to_write_a_lane(lane: Lane) -> None:
    """Canonical: keys sorted, no blanks, and writing what was read gives the same bytes."""
    body = encode(lane)
    assert encode(lane_from(decode(body))) == body
    assert json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == body


@settings(max_examples=60, deadline=None)
@given(st.from_type(Codes))
def test_codes_are_read_back_as_written(codes: Codes) -> None:
    """The answer of the code book is journaled whole (design §2.3)."""
    assert from_plain(decode(encode(codes)), Codes) == codes


def test_a_moment_is_read_back_as_written() -> None:
    """Time stamps keep their quality."""
    assert moment_from(decode(encode(Moment(1, 2)))) == Moment(1, 2)


def test_chinese_stays_readable() -> None:
    """UTF-8 as it is: a person may read the journal."""
    assert "粤Z1234港".encode() in encode(PlateSettled(1, Read("AB1", "粤Z1234港", 0.5, ReadSource.READER)))


def _plain(**changes: Any) -> dict[str, Any]:
    return to_plain(TimerFired("stage", 3)) | changes


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        "TimerFired",
        {},
        {"type": "TimerFired"},
        {"type": "Explosion", "timer": "stage", "serial": 3},
        _plain(serial="3"),
        _plain(serial=True),
        _plain(serial=3.5),
        _plain(serial=None),
        _plain(timer=7),
        _plain(more=1),
        to_plain(HelpAnswered("chan")) | {"type": "TimerFired"},
        to_plain(StopReading(1)),
        {"type": "FaultRaised", "fault": "gremlins", "detail": ""},
        {"type": "PlateUnread", "visit": 1, "reason": "mud", "candidates": "AB1", "evidence": []},
        {"type": "PlateUnread", "visit": 1, "reason": "mud", "candidates": [1], "evidence": []},
    ],
)
def test_what_does_not_fit_is_an_error_never_a_guess(plain: Any) -> None:
    """Unknown types, missing or unknown fields and wrong values are refused."""
    with pytest.raises(CodecError):
        event_from(plain)


def test_a_pair_of_the_wrong_length_is_refused() -> None:
    """Tuples of fixed length have that length."""
    with pytest.raises(CodecError):
        from_plain([["stage"]], tuple[tuple[str, int], ...])


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"{'a': 1}"])
def test_bytes_that_are_not_json_are_refused(body: bytes) -> None:
    """`CodecError`, not whatever the parser raises."""
    with pytest.raises(CodecError):
        decode(body)
