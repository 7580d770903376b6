"""Kinds of alarm have one name each, in one place; journals that use a former name are still understood."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console import words
from domain.alarms import FORMER, CoreAlarmKind, LaneAlarmKind, lane_alarm_kind
from lane_agent import events as e
from lane_agent.effects import Alarm
from lane_agent.model import Moment
from lane_agent.replay import entry, replay
from lane_agent.state import Lane
from lane_agent.step import step
from tests.rigs.places import ROOT

PRODUCT = ("lane_agent", "sync", "devices", "display", "console", "edge", "core", "simulation", "wire", "runtime")
ASSURANCE = ("tools/proof", "tools/torture", "tools/bench")
"""The conformance kit and the contract's own text hold `MessageRefused` as a word of the contract, not as our name."""
NAMES = {*LaneAlarmKind, *CoreAlarmKind, *FORMER}
ALSO = {name for name in NAMES if hasattr(e, name) or (name.isalpha() and name[1:].islower())} | {"core_keys"}
"""Names that are those of events too, plain words such as "Help", or a setting."""
RAISING = {"Alarm", "TroubleReported", "LinkAlarm", "alarm", "_alarm", "on_alarm", "_tell", "add", "raise_once"}


def _sources(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, ast.parse(path.read_text())


def _literals(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every text that is a kind's name; one that names something else as well, only where an alarm is raised."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in NAMES - ALSO:
            yield node
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [*node.args, *(one.value for one in node.keywords if one.arg == "kind")]
            if called in RAISING:
                yield from (one for one in given if isinstance(one, ast.Constant) and one.value in ALSO & NAMES)


def test_no_kind_is_spelled_out_where_it_is_used() -> None:
    """A misspelt kind would have no words, and nobody would notice."""
    found = {
        f"{path.relative_to(ROOT)}:{literal.lineno}: {literal.value!r}"
        for path, tree in _sources(*PRODUCT, *ASSURANCE)
        for literal in _literals(tree)
    }
    assert found == set()


@pytest.mark.parametrize(
    "kind", [*LaneAlarmKind, *CoreAlarmKind], ids=lambda kind: f"{type(kind).__name__}.{kind.name}"
)
def test_every_kind_has_a_name_of_one_style_and_a_meaning(kind: LaneAlarmKind | CoreAlarmKind) -> None:
    """The member's name and the journal's are the same words."""
    assert re.fullmatch(r"([A-Z][a-z]+)+", kind.value)
    assert re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.value).upper() == kind.name
    assert kind.meaning.endswith(".")


def test_every_kind_is_raised_by_somebody() -> None:
    """A kind that nobody raises any more is removed, or kept in `FORMER`."""
    used = {
        (node.value.id, node.attr)
        for path, tree in _sources(*PRODUCT)
        if path != ROOT / "console" / "words.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert {(type(kind).__name__, kind.name) for kind in (*LaneAlarmKind, *CoreAlarmKind)} <= used


@pytest.mark.parametrize(("name", "kind"), FORMER.items())
def test_a_former_name_is_understood(name: str, kind: LaneAlarmKind) -> None:
    """An officer reads the words of today for an alarm of yesterday."""
    assert lane_alarm_kind(name) is kind
    assert words.alarm(name) == words.ALARMS[kind]


@pytest.mark.parametrize("name", [*FORMER, "NoLongerKnown"])
def test_a_journal_with_a_name_that_is_gone_replays(name: str) -> None:
    """The lane repeats what the journal says; bytes and states are those of the release that wrote it."""
    trouble, at = e.TroubleReported(name, "900 MB left"), Moment(10, 10)
    after, effects = step(Lane(), trouble, at)
    body = entry(trouble, at, effects, Lane(), after, "0.1.0")
    assert f'"kind":"{name}"'.encode() in body
    (replayed,) = replay([body])
    assert replayed.effects == effects
    assert [one.kind for one in replayed.effects if isinstance(one, Alarm)] == [name]
