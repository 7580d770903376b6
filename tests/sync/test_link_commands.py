"""Commands from afar: which are obeyed, which are refused, and that modes revert."""

from __future__ import annotations

import pytest

from lane_agent.events import HelpAnswered, ManualEnded, ManualOrdered
from sync.link.commands import Commands, Obeyed, Refusal
from sync.link.freshness import CoreTime
from sync.link.limits import Limits
from sync.wire.messages import Command

START = CoreTime(1_000_000, 100)
NOW = CoreTime(1_010_000, 100)


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


@pytest.fixture
def commands() -> Commands:
    """A lane whose first proof is ten seconds old."""
    made = Commands("lane-1", Limits())
    made.proven(START)
    made.proven(NOW)
    return made


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"name": "manual"}, ManualOrdered("wong", "exercise")),
        ({"name": "automatic"}, ManualEnded("wong")),
        ({"name": "answered"}, HelpAnswered("wong")),
        ({"name": "message"}, None),
    ],
)
def test_what_may_be_ordered_from_afar(commands: Commands, fields: dict[str, object], event: object) -> None:
    """A short list; a release is not on it."""
    assert commands.take(command(**fields), NOW, 0, retained=False) == Obeyed(event)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": "release"}, Refusal.UNKNOWN),
        ({"name": ""}, Refusal.UNKNOWN),
        ({"lane": "lane-2"}, Refusal.FOREIGN),
        ({"expires_ms": 1_010_100}, Refusal.EXPIRED),
        ({"issued_ms": 1_011_101}, Refusal.TOO_EARLY),
        ({"issued_ms": 999_999}, Refusal.BEFORE_START),
    ],
)
def test_what_is_refused(commands: Commands, fields: dict[str, object], refusal: Refusal) -> None:
    """Unknown, foreign, expired, from the future, or possibly executed before a restart."""
    assert commands.take(command(**fields), NOW, 0, retained=False) is refusal


def test_a_retained_command_is_refused(commands: Commands) -> None:
    """A broker's store gives no orders (lessons 13)."""
    assert commands.take(command(), NOW, 0, retained=True) is Refusal.RETAINED


def test_without_the_cores_time_no_command_is_good(commands: Commands) -> None:
    """Nobody could say whether it has expired."""
    assert commands.take(command(), None, 0, retained=False) is Refusal.NO_TIME
    assert Commands("lane-1", Limits()).take(command(), NOW, 0, retained=False) is Refusal.NO_TIME


def test_a_command_is_good_once(commands: Commands) -> None:
    """Whatever it was, and also long after."""
    assert isinstance(commands.take(command(), NOW, 0, retained=False), Obeyed)
    assert commands.take(command(), NOW, 0, retained=False) is Refusal.REPLAYED
    later = CoreTime(1_030_000, 100)
    commands.take(command(command="c2", expires_ms=1_040_000), later, 0, retained=False)
    assert commands.take(command(), later, 0, retained=False) is Refusal.EXPIRED


def test_manual_mode_set_from_afar_reverts_by_itself(commands: Commands) -> None:
    """After the time it was set for, once."""
    commands.take(command(revert_ms=60_000), NOW, 5_000, retained=False)
    assert commands.due(64_999) is None
    assert commands.due(65_000) == ManualEnded("wong")
    assert commands.due(65_001) is None


def test_manual_mode_without_a_limit_gets_one(commands: Commands) -> None:
    """An hour, unless configured otherwise."""
    commands.take(command(), NOW, 0, retained=False)
    assert commands.due(Limits().revert_ms) == ManualEnded("wong")


def test_manual_mode_ended_from_afar_does_not_revert_again(commands: Commands) -> None:
    """The end takes the timer with it."""
    commands.take(command(), NOW, 0, retained=False)
    commands.take(command(command="c2", name="automatic"), NOW, 0, retained=False)
    assert commands.due(10**9) is None
