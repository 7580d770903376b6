"""Every row of the decision table (domain §4) by its number: the scenarios of `tools.proof.scenarios`."""

from __future__ import annotations

import pytest

from tools.proof.scenarios import SCENARIOS, ProofScenario, outcome


def _of(row: int) -> pytest.MarkDecorator:
    found = [pytest.param(scenario, id=scenario.says) for scenario in SCENARIOS if scenario.row == row]
    return pytest.mark.parametrize("scenario", found)


@_of(1)
def test_row_01_closed(scenario: ProofScenario) -> None:
    """A closed lane says so, and a vehicle that comes to it is the officer's."""
    assert outcome(scenario) == scenario


@_of(2)
def test_row_02_waiting(scenario: ProofScenario) -> None:
    """An open lane with no vehicle welcomes, and nothing else counts."""
    assert outcome(scenario) == scenario


@_of(3)
def test_row_03_please_stop(scenario: ProofScenario) -> None:
    """A vehicle that arrives is asked to stop, and does not wait for ever."""
    assert outcome(scenario) == scenario


@_of(4)
def test_row_04_immigration(scenario: ProofScenario) -> None:
    """While Immigration runs the XDB is Immigration's, and nothing of Customs is revealed."""
    assert outcome(scenario) == scenario


@_of(5)
def test_row_05_referred(scenario: ProofScenario) -> None:
    """A referral is never followed by 3, unless Immigration clears and an officer releases."""
    assert outcome(scenario) == scenario


@_of(6)
def test_row_06_help(scenario: ProofScenario) -> None:
    """Help works in every state, pauses prompts only, and takes 3 back."""
    assert outcome(scenario) == scenario


@_of(7)
def test_row_07_manual_and_officer(scenario: ProofScenario) -> None:
    """In manual mode, and wherever the visit is his, the officer decides within the law."""
    assert outcome(scenario) == scenario


@_of(8)
def test_row_08_plate(scenario: ProofScenario) -> None:
    """An unread, doubtful or neighbouring plate waits for the officer."""
    assert outcome(scenario) == scenario
