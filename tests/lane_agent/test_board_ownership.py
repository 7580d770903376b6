"""Whose the board is (seed 004): Immigration's while it deals with the vehicle, Customs' otherwise; the journal says which, always."""

from __future__ import annotations

import pytest

from lane_agent.codec import to_plain
from lane_agent.effects import Show
from lane_agent.wording import Scene
from tools.proof.moves import play

IMMIGRATION, CUSTOMS = "Immigration", "Customs"


def owners(script: str) -> list[str]:
    """Whose turn each order for the board was, from the journal's own form of the effects."""
    told = [to_plain(effect) for effect in play(script).told if isinstance(effect, Show)]
    turns = [IMMIGRATION if effect["xdb"] == Scene.IMMIGRATION_TURN.value else CUSTOMS for effect in told]
    return [owner for place, owner in enumerate(turns) if place == 0 or owner != turns[place - 1]]


def test_immigration_first_then_customs() -> None:
    """One truck: the board is handed over when Immigration begins, and back when it has cleared; twice, and no more."""
    assert owners("ready records:live arrive immigration read cleared") == [CUSTOMS, IMMIGRATION, CUSTOMS]


@pytest.mark.parametrize(
    "meanwhile",
    ["press", "help", "read", "change:hold", "inspect", "link:stale", "doubted", "drop", "help answer-help end-help"],
)
def test_nothing_of_ours_comes_on_the_board_in_its_turn(meanwhile: str) -> None:
    """A press, a help call, a read, a hold, an officer's order: the panel may say so, the board waits."""
    script = f"ready records:live arrive immigration {meanwhile}"
    assert owners(script) == [CUSTOMS, IMMIGRATION]


def test_a_vehicle_that_is_referred_leaves_the_board_with_immigration() -> None:
    """It answers for that vehicle itself; the panel says that an officer comes."""
    world = play("ready records:live arrive immigration read referred")
    assert world.face == "IMMIGRATION_TURN/OFFICER"


def test_a_fault_or_a_departure_takes_the_board_back() -> None:
    """By name, the two exceptions: with a fault of ours the driver is sent to an officer; and nobody shows the board to an empty lane."""
    assert owners("ready records:live arrive immigration fault:camera")[-1] == CUSTOMS
    assert owners("ready records:live arrive immigration leave")[-1] == CUSTOMS
