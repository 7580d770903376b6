"""The generated pages are what the source says now, and no mutant survives without a reason."""

from __future__ import annotations

import re

import pytest

from lane_agent.model import Doubt
from tests.rigs.places import ROOT
from tools.docs.lane_pages import doubting_events, doubting_rows, lane_page, mutants_page
from tools.proof.mutants import Mutant, mutants
from tools.proof.mutation import Fate, ExploredSteps, try_mutant, scenario_against
from tools.proof.source_mutants import names
from tools.proof.survivors import SOURCE_REASONS, source_reason, unexplained

DOCS = ROOT / "docs"
ALL = tuple(mutants())
WRITE = "write it again with: python -m tools.docs.pages"


def test_the_lane_page_is_what_the_source_says() -> None:
    """Table, limits, checks, diagram and law in `docs/lane.md`."""
    assert (DOCS / "lane.md").read_text(encoding="utf-8") == lane_page(), WRITE


def test_every_doubt_is_set_by_something_that_is_named() -> None:
    """An officer who reads why a truck was stopped finds what stopped it; a doubt that nothing sets is dead."""
    events = doubting_events()
    assert [doubt for doubt in Doubt if not any(doubting_rows(doubt)) and doubt not in events] == []
    assert doubting_rows(Doubt.EARLY) == (["*14 early*"], [])
    assert doubting_rows(Doubt.WRONG_POINT) == ([], ["*15 other point*"])
    assert events[Doubt.CONTACT_STUCK] == ["contact `stop_loop`"]


def test_mutants_have_names_of_their_own() -> None:
    """A survivor is explained by its name."""
    assert len({mutant.name for mutant in ALL}) == len(ALL)


def test_every_guard_and_check_is_mutated_twice() -> None:
    """Dropped, and negated."""
    assert sum(" without " in mutant.name for mutant in ALL) * 2 == len(ALL)


def test_the_page_of_mutants_counts_those_there_are() -> None:
    """A new guard or check means that mutants must be tried anew."""
    assert f"| generated | {len(ALL)} |" in _page(), f"{WRITE} --mutants"


def test_the_page_of_mutants_names_no_other() -> None:
    """Renamed rows or guards mean that mutants must be tried anew."""
    assert _listed() <= {mutant.name for mutant in ALL}, f"{WRITE} --mutants"


@pytest.mark.parametrize("mutant", ALL[5::29], ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed_by_a_scenario_or_accounted_for(mutant: Mutant) -> None:
    """A sample: what no scenario notices is on the page, as a survivor with its reason or as killed by the proof."""
    assert scenario_against(mutant) or mutant.name in _listed()


@pytest.mark.long
def test_trying_finds_what_is_wrong_with_a_mutant() -> None:
    """In one slice: a guard whose loss shows 4 too early, and one whose loss nobody can tell."""
    explored = ExploredSteps(("every record",))
    by_name = {mutant.name: mutant for mutant in ALL}
    killed = try_mutant(explored, by_name["row '9 inspect' without 'immigration_cleared'"])
    assert killed.differs
    assert killed.law
    assert not killed.survives
    alike = try_mutant(explored, by_name["row '17 deciding' without 'visit_open'"])
    assert alike.survives
    assert not alike.differs


def test_a_survivor_that_differs_needs_a_reason() -> None:
    """Only one that no state tells apart explains itself."""
    told_apart = Fate("row 'x' without 'y'", differs=True, because="", law="", after="", scenario="")
    alike = Fate("row 'x' without 'z'", differs=False, because="a row above holds", law="", after="", scenario="")
    assert unexplained([told_apart, alike]) == [told_apart.name]
    assert "| survivors | 2 |" in mutants_page([told_apart, alike])


def test_no_survivor_on_the_page_is_without_a_reason() -> None:
    """Every line of the survivors' table has its second cell filled."""
    table = _page().split("## Survivors")[1].split("## Killed")[0]
    lines = [line for line in table.splitlines() if line.endswith(" |") and "'" in line]
    assert lines
    assert all(line.split(" | ")[1].strip(" |") for line in lines)


def test_every_reason_for_a_change_of_the_source_is_on_the_page_and_of_one_that_can_be_made() -> None:
    """A reason whose condition is gone explains nothing; it is found whatever line the condition is in."""
    made = [name for module in {key.split()[0] for key in SOURCE_REASONS} for name in names(module)]
    assert {re.sub(r":\d+ ", " ", name, count=1) for name in made if source_reason(name)} == set(SOURCE_REASONS)
    assert all(f"| {name} | {why} |" in _page() for name, why in SOURCE_REASONS.items()), f"{WRITE} --mutants"


def _page() -> str:
    return (DOCS / "mutants.md").read_text(encoding="utf-8")


def _listed() -> set[str]:
    names = {
        line.split(" | ")[0].removeprefix("| ") for line in _page().splitlines() if " with" in line or "against" in line
    }
    return {name for name in names if name.endswith("'")}
