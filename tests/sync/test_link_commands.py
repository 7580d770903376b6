"""Commands from afar: which are obeyed, which are refused, and that modes revert."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from lane_agent.events import (
    AlarmHandled,
    DriverNotified,
    HelpAnswered,
    LaneClosed,
    LaneOpened,
    ManualEnded,
    ManualOrdered,
    OfficerInspected,
    OfficerReleased,
    WordsReceived,
)
from lane_agent.model import Link
from sync.link import FetchPicture, Order, RestartReader
from sync.link.commands import Commands, Refusal, Situation, Taken
from sync.link.core_clock import CoreTime
from sync.link.effects import Revert
from sync.link.limits import Limits
from wire.commands import COMMANDS
from wire.messages import Command, EventsWanted

START = CoreTime(1_000_000, 100)
NOW = CoreTime(1_010_000, 100)
VISIT = "lane-1/j1/7"
HERE = Situation(core=NOW, link=Link.FRESH, visit=VISIT, ordered=False, journal="j1", last=50)
PICTURE = "ab" * 32


def command(**fields: object) -> Command:
    """A good command, but for `fields`."""
    good: dict[str, object] = {
        "lane": "lane-1",
        "command": "c1",
        "issuer": "wong",
        "issued_ms": 1_009_000,
        "expires_ms": 1_020_000,
        "name": "manual",
        "text": "exercise",
    }
    return Command(**(good | fields))  # type: ignore[arg-type]


def at(**changes: Any) -> Situation:
    """The lane's situation, with these changes."""
    return dataclasses.replace(HERE, **changes)


@pytest.fixture
def commands() -> Commands:
    """A lane whose first proof is ten seconds old."""
    made = Commands("lane-1", Limits())
    made.on_proof(START)
    made.on_proof(NOW)
    return made


OBEYED: list[tuple[dict[str, object], object]] = [
    ({"name": "manual"}, Order("c1", ManualOrdered("wong@centre", "exercise"))),
    ({"name": "automatic"}, Order("c1", ManualEnded("wong@centre"))),
    ({"name": "open", "text": ""}, Order("c1", LaneOpened("wong@centre"))),
    ({"name": "close"}, Order("c1", LaneClosed("wong@centre", "exercise"))),
    ({"name": "answered"}, Order("c1", HelpAnswered("wong@centre"))),
    ({"name": "message"}, Order("c1", WordsReceived("wong@centre", "exercise"))),
    ({"name": "message", "visit": VISIT}, Order("c1", WordsReceived("wong@centre", "exercise"))),
    ({"name": "notice", "text": "delay"}, Order("c1", DriverNotified("delay", "wong@centre", 0, 120_000))),
    (
        {"name": "notice", "text": "none", "visit": VISIT, "revert_ms": 60_000},
        Order("c1", DriverNotified("none", "wong@centre", 7, 60_000)),
    ),
    ({"name": "release_visit", "visit": VISIT}, Order("c1", OfficerReleased(7, "wong@centre", "exercise"))),
    ({"name": "inspect_visit", "visit": VISIT}, Order("c1", OfficerInspected(7, "wong@centre", "exercise"))),
    ({"name": "take_alarm"}, Order("c1", AlarmHandled("exercise", "taken", "wong@centre"))),
    (
        {"name": "close_alarm", "text": "RunThrough/7/|found | at last"},
        Order("c1", AlarmHandled("RunThrough/7/", "closed", "wong@centre", "found | at last")),
    ),
    ({"name": "restart_reader"}, RestartReader("c1", "wong@centre", "exercise")),
    ({"name": "upload", "picture": PICTURE}, FetchPicture("c1", PICTURE)),
    (
        {"name": "fetch", "journal": "j1", "first": 3, "last": 50},
        EventsWanted(lane="lane-1", journal="j1", first=3, last=50),
    ),
]


@pytest.mark.parametrize(("fields", "effect"), OBEYED)
def test_what_may_be_ordered_from_afar(commands: Commands, fields: dict[str, object], effect: object) -> None:
    """A short list, made durable before it is done; who ordered it cannot be taken for an officer at the lane."""
    taken = commands.judge(command(**fields), HERE, retained=False)
    assert isinstance(taken, Taken)
    assert taken.effect == effect
    assert (taken.keep.command, taken.keep.expires_ms) == ("c1", 1_020_000)


def test_every_command_is_in_the_test_above() -> None:
    """Nobody adds one in passing."""
    assert {fields["name"] for fields, _ in OBEYED} == set(COMMANDS)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": "release"}, Refusal.UNKNOWN),
        ({"name": ""}, Refusal.UNKNOWN),
        ({"name": "fly"}, Refusal.UNKNOWN),
        ({"lane": "lane-2"}, Refusal.FOREIGN),
        ({"expires_ms": 1_010_100}, Refusal.EXPIRED),
        ({"issued_ms": 1_011_101}, Refusal.TOO_EARLY),
        ({"issued_ms": 999_999}, Refusal.BEFORE_START),
        ({"expires_ms": 1_009_000 + 3_600_001}, Refusal.LONG_LIVED),
        ({"name": "release_visit"}, Refusal.INCOMPLETE),
        ({"name": "release_visit", "visit": VISIT, "text": ""}, Refusal.INCOMPLETE),
        ({"name": "inspect_visit", "visit": VISIT, "text": "  "}, Refusal.INCOMPLETE),
        ({"name": "message", "text": ""}, Refusal.INCOMPLETE),
        ({"name": "manual", "visit": VISIT}, Refusal.INCOMPLETE),
        ({"name": "automatic", "revert_ms": 5}, Refusal.INCOMPLETE),
        ({"name": "notice", "text": "Go on, quick"}, Refusal.NO_SUCH_NOTICE),
        ({"name": "notice", "text": "delay", "revert_ms": 1_800_001}, Refusal.NO_SUCH_NOTICE),
        ({"name": "notice", "text": ""}, Refusal.INCOMPLETE),
        ({"name": "notice", "text": "delay", "visit": "lane-1/j1/8"}, Refusal.OTHER_VISIT),
        ({"name": "upload"}, Refusal.INCOMPLETE),
        ({"name": "fetch", "journal": "j1", "first": 1}, Refusal.INCOMPLETE),
        ({"name": "release_visit", "visit": "lane-1/j1/8"}, Refusal.OTHER_VISIT),
        ({"name": "message", "visit": "lane-1/j0/7"}, Refusal.OTHER_VISIT),
        ({"name": "fetch", "journal": "j0", "first": 1, "last": 2}, Refusal.OTHER_ROWS),
        ({"name": "fetch", "journal": "j1", "first": 2, "last": 51}, Refusal.OTHER_ROWS),
        ({"name": "fetch", "journal": "j1", "first": 3, "last": 2}, Refusal.OTHER_ROWS),
    ],
)
def test_what_is_refused(commands: Commands, fields: dict[str, object], refusal: Refusal) -> None:
    """Unknown, foreign, out of time, possibly executed before a restart, not complete, for another vehicle."""
    assert commands.judge(command(**fields), HERE, retained=False) is refusal


def test_a_release_from_afar_needs_a_fresh_link(commands: Commands) -> None:
    """The centre decides by what it knows; the lane must hold the same. A stop needs nothing."""
    release, inspect = ({"name": f"{word}_visit", "visit": VISIT} for word in ("release", "inspect"))
    assert commands.judge(command(**release), at(link=Link.STALE), retained=False) is Refusal.NOT_FRESH
    assert isinstance(commands.judge(command(**inspect, command="c2"), at(link=Link.STALE), retained=False), Taken)


def test_a_retained_command_is_refused(commands: Commands) -> None:
    """A broker's store gives no orders (lessons 13)."""
    assert commands.judge(command(), HERE, retained=True) is Refusal.RETAINED


def test_without_the_cores_time_no_command_is_good(commands: Commands) -> None:
    """Nobody could say whether it has expired."""
    assert commands.judge(command(), at(core=None), retained=False) is Refusal.NO_TIME
    assert Commands("lane-1", Limits()).judge(command(), HERE, retained=False) is Refusal.NO_TIME


def test_a_command_is_good_once(commands: Commands) -> None:
    """Whatever it was, and also long after; an order that was refused for its visit is not good later either."""
    assert isinstance(commands.judge(command(), HERE, retained=False), Taken)
    assert commands.judge(command(), HERE, retained=False) is Refusal.REPLAYED
    later = at(core=CoreTime(1_030_000, 100))
    assert commands.judge(command(), later, retained=False) is Refusal.REPLAYED
    release = command(name="release_visit", visit=VISIT, command="c2")
    assert commands.judge(release, at(visit=""), retained=False) is Refusal.OTHER_VISIT
    assert commands.judge(release, HERE, retained=False) is Refusal.REPLAYED


def test_a_command_taken_before_a_restart_is_not_taken_again_though_the_cores_clock_went_back() -> None:
    """The store remembers it; the rule about the first proof alone would let it through."""
    restarted = Commands("lane-1", Limits(), taken={"c1": 1_020_000})
    restarted.on_proof(CoreTime(900_000, 0))
    assert restarted.judge(command(), HERE, retained=False) is Refusal.REPLAYED


def test_what_is_remembered_is_forgotten_a_day_after_it_expired(commands: Commands) -> None:
    """So that the list stays short."""
    commands.judge(command(), HERE, retained=False)
    late = CoreTime(1_020_000 + 86_400_000, 0)
    taken = commands.judge(
        command(command="c2", issued_ms=late.ms, expires_ms=late.ms + 1), at(core=late), retained=False
    )
    assert isinstance(taken, Taken)
    assert taken.keep.forget_ms == 1_020_000
    assert commands.judge(command(), at(core=late), retained=False) is Refusal.EXPIRED


def test_manual_mode_set_from_afar_reverts_by_itself(commands: Commands) -> None:
    """After the time it was set for, by the core's time; told once, until the lane has stepped."""
    taken = commands.judge(command(revert_ms=60_000), HERE, retained=False)
    assert isinstance(taken, Taken)
    assert taken.keep.revert == Revert("wong@centre", 1_070_000)
    assert commands.due(None) is None
    assert commands.due(CoreTime(1_069_999, 0)) is None
    assert commands.due(CoreTime(1_070_000, 0)) == ManualEnded("wong@centre")
    assert commands.due(CoreTime(1_070_001, 0)) is None
    assert commands.on_mode_stepped(ManualEnded("wong@centre"))
    assert not commands.on_mode_stepped(ManualEnded("wong@centre"))


def test_a_revert_survives_a_restart_and_any_length_of_absence() -> None:
    """It was kept with the command; what became due meanwhile is done with the first proof."""
    restarted = Commands("lane-1", Limits(), revert=Revert("wong@centre", 1_070_000))
    assert restarted.due(None) is None
    assert restarted.due(CoreTime(9_000_000, 0)) == ManualEnded("wong@centre")


def test_manual_mode_without_a_limit_gets_one(commands: Commands) -> None:
    """An hour, unless configured otherwise."""
    taken = commands.judge(command(), HERE, retained=False)
    assert isinstance(taken, Taken)
    assert taken.detail == "reverts by itself after 3600 s"
    assert commands.due(CoreTime(NOW.ms + Limits().revert_ms, 0)) == ManualEnded("wong@centre")


def test_what_a_lane_officer_orders_is_not_ended_by_a_time_out_from_afar(commands: Commands) -> None:
    """He has seen something; his order replaces the one from the centre."""
    commands.judge(command(revert_ms=60_000), HERE, retained=False)
    assert not commands.on_mode_stepped(ManualOrdered("wong@centre", "exercise"))
    assert commands.on_mode_stepped(ManualOrdered("chan", "the reader is wrong"))
    assert commands.due(CoreTime(9_000_000, 0)) is None
    assert commands.judge(command(command="c2", name="automatic"), at(ordered=True), retained=False) is (
        Refusal.LANES_OWN
    )


def test_manual_mode_over_a_lane_officers_order_does_not_revert(commands: Commands) -> None:
    """It would take the officer's order with it."""
    taken = commands.judge(command(revert_ms=60_000), at(ordered=True), retained=False)
    assert isinstance(taken, Taken)
    assert taken.keep.revert is None
    assert taken.detail == "manual mode was ordered at the lane already, and ends there"
    assert commands.due(CoreTime(9_000_000, 0)) is None


def test_an_order_that_could_not_be_kept_leaves_what_was_to_revert(commands: Commands) -> None:
    """The store failed: nothing is done."""
    commands.judge(command(revert_ms=60_000), HERE, retained=False)
    second = commands.judge(command(command="c2", revert_ms=1_000), at(ordered=True), retained=False)
    assert isinstance(second, Taken)
    commands.on_not_kept(second)
    assert commands.due(CoreTime(1_069_999, 0)) is None
    assert commands.due(CoreTime(1_070_000, 0)) == ManualEnded("wong@centre")


@pytest.mark.parametrize(
    "fields",
    [
        {"issued_ms": 1_011_100},  # as far ahead as two clocks may be apart
        {"issued_ms": START.ms},  # in the moment of the first proof
        {"expires_ms": 1_009_000 + 3_600_000},
        {"expires_ms": NOW.ms + NOW.slack_ms + 1},
        {"name": "notice", "text": "delay", "revert_ms": 1_800_000},
        {"name": "fetch", "journal": "j1", "first": 1, "last": 500},
    ],
)
def test_what_lies_on_a_bound_is_obeyed(commands: Commands, fields: dict[str, object]) -> None:
    """To the millisecond and to the row."""
    assert isinstance(commands.judge(command(**fields), at(last=1_000), retained=False), Taken)


@pytest.mark.parametrize(
    ("journal", "last", "refusal"),
    [("j1", 501, Refusal.TOO_MANY_ROWS), ("j0", 501, Refusal.OTHER_ROWS), ("j1", 1_001, Refusal.OTHER_ROWS)],
)
def test_a_command_for_more_rows_than_go_at_once_is_refused(
    commands: Commands, journal: str, last: int, refusal: Refusal
) -> None:
    """And by the graver reason, where there are two."""
    fetch = command(name="fetch", journal=journal, first=1, last=last)
    assert commands.judge(fetch, at(last=1_000), retained=False) is refusal


def test_manual_mode_from_afar_ends_though_other_commands_came_meanwhile(commands: Commands) -> None:
    """They neither put its end off nor make it end twice."""
    commands.judge(command(revert_ms=60_000), HERE, retained=False)
    commands.judge(command(command="c2", name="answered"), at(ordered=True), retained=False)
    assert commands.due(CoreTime(1_070_000, 0)) == ManualEnded("wong@centre")
    commands.judge(command(command="c3", name="answered"), at(ordered=True), retained=False)
    assert commands.due(CoreTime(1_070_001, 0)) is None


def test_manual_mode_from_afar_can_be_renewed_and_ended_from_afar(commands: Commands) -> None:
    """The lane is in manual mode by an order then, which is the centre's own; also while its end is under way."""
    commands.judge(command(revert_ms=60_000), HERE, retained=False)
    assert commands.due(CoreTime(1_070_000, 0)) is not None
    renewed = commands.judge(command(command="c2", revert_ms=90_000), at(ordered=True), retained=False)
    assert isinstance(renewed, Taken)
    assert renewed.keep.revert == Revert("wong@centre", 1_100_000)
    assert commands.due(CoreTime(1_100_000, 0)) == ManualEnded("wong@centre")
    assert isinstance(commands.judge(command(command="c3", name="automatic"), at(ordered=True), retained=False), Taken)
