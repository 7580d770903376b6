"""When a bundled vehicle may cross, and why then: a test for each clause of the policy."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.earliest import WORDS, Because, BundledCargo, CrossingPolicy, Earliest, OpeningHours, earliest
from domain import times

MIN = 60_000
DAY = times.start_of(date(2009, 10, 24))
NOW = DAY + 12 * 60 * MIN
WAIT = NOW + 30 * MIN


def cargo(*schemes: str, lodged: int = NOW - MIN) -> list[BundledCargo]:
    """A consignment for each scheme."""
    return [BundledCargo(lodged, scheme) for scheme in schemes]


def asked(policy: Any = None, lines: Any = None, **more: Any) -> tuple[int, Because, bool]:
    """What a vehicle bundled at noon is told."""
    made = earliest(CrossingPolicy(**(policy or {})), cargo("") if lines is None else lines, **{"now_ms": NOW, **more})
    return made.at_ms, made.because, made.at_once


def test_the_slides_sample_is_thirty_minutes_to_the_second() -> None:
    """Seed 004: bundled at 22:56:44, to cross at 23:26:44."""
    now = DAY + (22 * 60 + 56) * MIN + 44_000
    assert earliest(CrossingPolicy(), cargo(""), now_ms=now) == Earliest(now + 30 * MIN, Because.WAIT, at_once=False)


def test_the_wait_is_what_configuration_says() -> None:
    """0 is "cross immediately"."""
    assert asked({"wait_minutes": 45}) == (NOW + 45 * MIN, Because.WAIT, False)
    assert asked({"wait_minutes": 0}) == (NOW, Because.WAIT, True)


@pytest.mark.parametrize(("until", "because"), [(NOW + 1, Because.NOTICE), (NOW, Because.WAIT), (0, Because.WAIT)])
def test_while_a_notice_is_in_force_nobody_waits(until: int, because: Because) -> None:
    """Seed 002: exemption by notice; it ends at its moment."""
    assert asked({"notice_until_ms": until})[:2] == (NOW if because is Because.NOTICE else WAIT, because)


@pytest.mark.parametrize(
    ("schemes", "because"),
    [(("SELS",), Because.SCHEME), (("SELS", "ITFS"), Because.WAIT), (("",), Because.WAIT), ((), Because.WAIT)],
)
def test_cargo_of_a_scheme_need_not_wait_if_all_of_it_is(schemes: Any, because: Because) -> None:
    """One consignment without the scheme makes the vehicle wait; an empty vehicle is no vehicle of a scheme."""
    assert asked({"at_once_schemes": frozenset({"SELS"})}, cargo(*schemes))[1] is because


def test_no_scheme_is_let_off_unless_configuration_says_so() -> None:
    """As shipped everybody waits."""
    assert asked(None, cargo("SELS"))[1] is Because.WAIT


@pytest.mark.parametrize(
    ("ages", "because"),
    [
        ((120,), Because.LODGED_EARLY),
        ((121, 120), Because.LODGED_EARLY),
        ((119,), Because.WAIT),
        ((500, 119), Because.WAIT),
    ],
)
def test_cargo_lodged_long_before_need_not_wait_if_all_of_it_was(ages: Any, because: Because) -> None:
    """To the minute, and all of it."""
    lines = [BundledCargo(NOW - age * MIN, "") for age in ages]
    assert asked({"lodged_minutes": 120}, lines)[1] is because
    assert asked({"lodged_minutes": 0}, lines)[1] is Because.WAIT
    assert asked({"lodged_minutes": 120}, [])[1] is Because.WAIT


@pytest.mark.parametrize(
    ("waited", "at"), [(NOW - MIN, NOW), (NOW + 10 * MIN, NOW + 10 * MIN), (NOW + 50 * MIN, WAIT), (0, WAIT)]
)
def test_another_vehicle_takes_the_wait_over_only_where_that_is_policy(waited: int, at: int) -> None:
    """Never earlier than now, never later than a new wait; as shipped it waits anew."""
    kept = asked({"swap_keeps": True}, waited_ms=waited)
    assert kept[:2] == (at, Because.SWAPPED if waited else Because.WAIT)
    assert asked(None, waited_ms=waited) == (WAIT, Because.WAIT, False)


HOURS = {
    "MKT": OpeningHours(7 * 60, 22 * 60),
    "NIGHT": OpeningHours(22 * 60, 6 * 60),
    "ALL": OpeningHours(7 * 60, 7 * 60),
}


@pytest.mark.parametrize(
    ("point", "bundled", "crosses"),
    [
        ("MKT", 6 * 60, 7 * 60),
        ("MKT", 6 * 60 + 30, 7 * 60),
        ("MKT", 12 * 60, 12 * 60 + 30),
        ("MKT", 21 * 60 + 29, 21 * 60 + 59),
        ("MKT", 21 * 60 + 30, 31 * 60),
        ("MKT", 23 * 60 + 50, 31 * 60),
        ("NIGHT", 12 * 60, 22 * 60),
        ("NIGHT", 22 * 60, 22 * 60 + 30),
        ("NIGHT", 2 * 60, 2 * 60 + 30),
        ("NIGHT", 5 * 60 + 30, 22 * 60),
        ("ALL", 6 * 60, 6 * 60 + 30),
        ("ALL", 23 * 60, 23 * 60 + 30),
        ("", 6 * 60, 6 * 60 + 30),
        ("SBC", 6 * 60, 6 * 60 + 30),
    ],
)
def test_a_point_that_is_closed_then_moves_it_to_its_opening(point: str, bundled: int, crosses: int) -> None:
    """Man Kam To is open from 07:00 to 22:00; a point without hours always is; whoever names no point is told none."""
    made = earliest(CrossingPolicy(hours=HOURS), cargo(""), now_ms=DAY + bundled * MIN, point=point)
    assert made.at_ms == DAY + crosses * MIN
    assert (made.because is Because.OPENS) is (crosses != bundled + 30)
    assert not made.at_once


def test_an_immediate_crossing_waits_for_the_opening_too() -> None:
    """A notice opens no gate."""
    policy = CrossingPolicy(hours=HOURS, notice_until_ms=NOW + 1_000 * MIN)
    made = earliest(policy, cargo(""), now_ms=DAY + 23 * 60 * MIN, point="MKT")
    assert (made.because, made.at_once) == (Because.OPENS, False)


def test_clauses_are_asked_in_their_order() -> None:
    """Notice, scheme, lodged early, swapped, wait."""
    every = {
        "notice_until_ms": NOW + 1,
        "at_once_schemes": frozenset({"S"}),
        "lodged_minutes": 1,
        "swap_keeps": True,
    }
    off = {"notice_until_ms": 0, "at_once_schemes": frozenset(), "lodged_minutes": 0, "swap_keeps": False}
    lines = cargo("S", lodged=NOW - 5 * MIN)
    told = []
    for name, value in off.items():
        told.append(asked(every, lines, waited_ms=NOW + MIN)[1])
        every[name] = value
    told.append(asked(every, lines, waited_ms=NOW + MIN)[1])
    assert told == [Because.NOTICE, Because.SCHEME, Because.LODGED_EARLY, Because.SWAPPED, Because.WAIT]


def test_every_reason_can_be_told_in_three_languages() -> None:
    """To the driver, with the time."""
    assert set(WORDS) == set(Because)
    assert all(len(words) == 3 and all(words) for words in WORDS.values())


@given(st.integers(0, 2_000), st.sampled_from(["", "MKT", "NIGHT"]), st.integers(0, 3 * 24 * 60), st.booleans())
def test_nobody_is_told_a_time_before_now_or_at_which_the_point_is_closed(
    wait: int, point: str, minute: int, keeps: bool
) -> None:
    """Whatever the policy."""
    now = DAY + minute * MIN
    policy = CrossingPolicy(wait_minutes=wait, hours=HOURS, swap_keeps=keeps)
    made = earliest(policy, cargo(""), now_ms=now, point=point, waited_ms=now - MIN)
    assert made.at_ms >= now
    of_day = (made.at_ms - DAY) // MIN % (24 * 60)
    assert point != "MKT" or 7 * 60 <= of_day < 22 * 60
    assert point != "NIGHT" or not 6 * 60 <= of_day < 22 * 60
