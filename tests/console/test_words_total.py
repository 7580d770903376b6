"""The words of the page are total over what the lane can say."""

from __future__ import annotations

import re
from enum import Enum

import pytest

from console import row_words, words
from console.row_words import NAMES, NUMBERS, row
from domain.alarms import LaneAlarmKind
from domain.crossing import Direction
from lane_agent.matching import Standing
from lane_agent.model import Contact, Doubt, Fault, HelpCall, Immigration, Link, ManualReason, Outcome, Ruling, Screen
from lane_agent.table import TABLE
from lane_agent.wording import Scene
from tests.rigs.places import ROOT

TABLES: list[tuple[type[Enum], dict[Enum, words.Words]]] = [
    (Doubt, words.DOUBTS),
    (ManualReason, words.MANUAL),
    (Fault, words.FAULTS),
    (Outcome, words.OUTCOMES),
    (Ruling, words.RULINGS),
    (Immigration, words.IMMIGRATION),
    (Link, words.LINKS),
    (HelpCall, words.HELP),
    (Direction, words.DIRECTIONS),
    (Screen, words.SCREENS),
    (Scene, words.SCENES),
    (LaneAlarmKind, words.ALARMS),
]


@pytest.mark.parametrize(("kind", "table"), TABLES, ids=[kind.__name__ for kind, _ in TABLES])
def test_every_value_has_words_in_both_languages(kind: type[Enum], table: dict[Enum, words.Words]) -> None:
    """No officer ever reads a code."""
    assert set(table) == set(kind)
    assert all(told.says and told.chinese for told in table.values())


@pytest.mark.parametrize("kind", [Doubt, Fault, ManualReason, LaneAlarmKind])
def test_whatever_needs_an_officer_says_what_to_do(kind: type[Enum]) -> None:
    """A doubt, a fault, manual mode or an alarm is never told without the next thing to do."""
    tables: dict[type[Enum], dict[Enum, words.Words]] = dict(TABLES)
    assert all(told.todo for told in tables[kind].values())


def test_every_row_of_the_decision_table_has_words() -> None:
    """Rows 1 to 22 of domain §4, and every row that the shipped table has."""
    assert set(NUMBERS) == set(range(1, 23))
    assert all(row(one.number, one.name).says != row(0, "").says for one in TABLE)


def test_no_words_are_kept_for_rows_that_are_gone() -> None:
    """A row renamed in the table is renamed here."""
    assert set(NAMES) <= {one.name for one in TABLE}


def test_an_unknown_alarm_is_made_readable() -> None:
    """An alarm that is newer than this page is still shown, with something to do."""
    told = words.alarm("DiskNearlyFull")
    assert told.says == "Disk nearly full"
    assert told.todo
    assert words.alarm("fan_slow").says == "Fan slow"


def test_only_loops_can_be_bypassed() -> None:
    """Buttons and Immigration's signals are never taken out of the reckoning."""
    assert set(words.LOOPS) == {Contact.STOP_LOOP, Contact.EXIT_LOOP, Contact.COMPOUND_LOOP}


def test_every_standing_of_a_bundle_has_a_word() -> None:
    """No officer reads an empty state."""
    assert set(words.STANDINGS) == set(Standing)
    assert len(set(words.STANDINGS.values())) == len(Standing)


def test_a_row_not_known_yet_says_so() -> None:
    """Before the first decision the page does not make one up."""
    assert row_words.row(0, "").says == "No decision yet"


def test_the_manifest_has_one_name_on_the_page() -> None:
    """載貨清單, as on the drivers' screens (domain §5); an officer must not wonder whether 艙單 is another paper."""
    files = [file for file in (ROOT / "console").rglob("*") if file.suffix in {".py", ".html", ".js"}]
    other = re.compile(r"艙單|(?<!載貨)清單")
    assert [file.name for file in files if other.search(file.read_text(encoding="utf-8"))] == []
