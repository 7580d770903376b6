"""Every row of the decision table (domain §4) by its number: the scenarios of `tools.proof.scenarios`."""

from __future__ import annotations

import pytest

from tools.proof.scenarios import SCENARIOS, ProofScenario, outcome


def _of(row: int) -> pytest.MarkDecorator:
    found = [pytest.param(scenario, id=scenario.says) for scenario in SCENARIOS if scenario.row == row]
    return pytest.mark.parametrize("scenario", found)


@_of(9)
def test_row_09_inspect(scenario: ProofScenario) -> None:
    """An exact stop shows 4 after Immigration, whatever else is so."""
    assert outcome(scenario) == scenario


@_of(10)
def test_row_10_unladen(scenario: ProofScenario) -> None:
    """An unladen vehicle is released only on the press, with no neighbour, and if approved."""
    assert outcome(scenario) == scenario


@_of(11)
def test_row_11_unladen_against_a_bundle(scenario: ProofScenario) -> None:
    """Unladen pressed against a pending bundle is a contradiction for the officer."""
    assert outcome(scenario) == scenario


@_of(12)
def test_row_12_no_bundle(scenario: ProofScenario) -> None:
    """Without a bundle the driver is asked for the button, then it is the officer's."""
    assert outcome(scenario) == scenario


@_of(13)
def test_row_13_bundle_ended(scenario: ProofScenario) -> None:
    """An ended bundle is as none."""
    assert outcome(scenario) == scenario


@_of(14)
def test_row_14_early(scenario: ProofScenario) -> None:
    """An early vehicle is told its hour and is the officer's."""
    assert outcome(scenario) == scenario


@_of(15)
def test_row_15_other_point(scenario: ProofScenario) -> None:
    """A bundle for another point waits, then is the officer's, unless local policy accepts it."""
    assert outcome(scenario) == scenario


@_of(16)
def test_row_16_other_direction(scenario: ProofScenario) -> None:
    """A bundle for the other direction is as none."""
    assert outcome(scenario) == scenario


@_of(17)
def test_row_17_laden(scenario: ProofScenario) -> None:
    """A laden vehicle with every code release is released, with all that design §2.2 asks."""
    assert outcome(scenario) == scenario


@_of(18)
def test_row_18_scheme(scenario: ProofScenario) -> None:
    """A scheme consignment shows nothing special."""
    assert outcome(scenario) == scenario


@_of(19)
def test_row_19_socket_lost_proof_holds(scenario: ProofScenario) -> None:
    """A lost socket changes nothing while the last proof holds."""
    assert outcome(scenario) == scenario


@_of(20)
def test_row_20_not_fresh(scenario: ProofScenario) -> None:
    """While not fresh nothing is released and absence is unknown."""
    assert outcome(scenario) == scenario


@_of(21)
def test_row_21_fault(scenario: ProofScenario) -> None:
    """A fault fails to the officer, never to 3."""
    assert outcome(scenario) == scenario


@_of(22)
def test_row_22_leaving(scenario: ProofScenario) -> None:
    """A vehicle that leaves against the signal, or without one, is a run-through."""
    assert outcome(scenario) == scenario
