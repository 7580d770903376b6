"""What the lane shows, told as little stories: one list that the tests and the mutants' runner both play.

A scenario is written so:

    12 no bundle asks for the button, then goes to the officer
        lane:   manifest                    (a name in `LANES`; left out for an ordinary lane)
        do:     ready arrive immigration read cleared wait:20      (words of `prove.words`)
        shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE (XDB/AIOP, or one word for both; after "ready")
        alarms: Overdue NoBundle
        uses:   (bundles consumed, by UBR)
        notes:  (kinds of the acts recorded, see `NOTED`)
        ends:   12 no bundle                (the row that holds at the end)

The number is the row of domain §4 it is about. 3 is screen 3, Clearance Completed; 4 is screen 4, to the examination compound.
"""

from __future__ import annotations

from dataclasses import dataclass

from lane_agent.effects import Record
from lane_agent.model import Policy
from lane_agent.rules import RULES, Rules
from tools.proof import moves
from tools.proof.scenarios import (
    held_up,
    row_06,
    row_07,
    row_08,
    rows_01_to_05,
    rows_09_to_11,
    rows_12_to_16,
    rows_17_to_22,
    single_conditions,
    terminal,
)
from tools.proof.world import ScenarioWorld

LANES: dict[str, Policy] = {
    "": Policy(),
    "manifest": Policy(manifest_sensor=True),
    "compound": Policy(compound_loop=True),
    "other": Policy(other_point_accepted=True),
    "identifier": Policy(identifier_required=True),
    "slow": Policy(paint_ms=60_000),
    "patient": Policy(held_up_ms=60_000),
    "two": Policy(second_release=True, second_bypass=True, manifest_sensor=True),
}
"""The lanes that scenarios play in: ordinary, with a drop-in sensor, with a compound loop, lenient about the point, one
that requires a second identifier, one whose screens are given a minute, one that lets 3 wait for the queue in front, and one where two
officers must agree."""


NOTED = (
    "UnladenDeclared",
    "ReleasedByOfficer",
    "Corrected",
    "SentToCompound",
    "LaneOpened",
    "LaneClosed",
    "ManualOrdered",
    "ManualEnded",
    "LoopBypassed",
    "DriverNotified",
    "HeldUp",
    "HelpRequested",
    "HelpAnswered",
    "HelpEnded",
    "OfficerSent",
    "WayOutOfVehicleBefore",
    "ImmigrationDebtPaid",
    "ImmigrationDebtLapsed",
    "ImmigrationDebtWrittenOff",
)
"""Records of what somebody did; the opening that belongs to "ready" is left out."""


@dataclass(frozen=True, slots=True)
class ProofScenario:
    """One story and what must come of it. Fields as in the module's text."""

    row: int
    says: str
    lane: str
    do: str
    shows: str
    alarms: str
    uses: str
    notes: str
    ends: str


def play(scenario: ProofScenario, rules: Rules = RULES) -> ScenarioWorld:
    """Plays the scenario in a new world."""
    return moves.play(scenario.do, ScenarioWorld(policy=LANES[scenario.lane], rules=rules))


def outcome(scenario: ProofScenario, rules: Rules = RULES) -> ProofScenario:
    """The scenario with what really came of it; equal to the scenario if all is well."""
    world = play(scenario, rules)
    ready = scenario.do.startswith("ready")
    notes = [effect.kind for effect in world.told if isinstance(effect, Record) and effect.kind in NOTED]
    return ProofScenario(
        scenario.row,
        scenario.says,
        scenario.lane,
        scenario.do,
        " ".join(world.shows[2 * ready :]),
        " ".join(world.alarms()),
        " ".join(world.consumed()),
        " ".join(notes[ready:]),
        world.lane.row,
    )


def _parse(text: str) -> tuple[ProofScenario, ...]:
    found: list[dict[str, str]] = []
    for line in filter(None, text.splitlines()):
        if line[0] != " ":
            number, _, says = line.partition(" ")
            found.append({"row": number, "says": says})
        else:
            name, _, value = line.partition(":")
            found[-1][name.strip()] = value.strip()
    names = ("lane", "do", "shows", "alarms", "uses", "notes", "ends")
    return tuple(ProofScenario(int(one["row"]), one["says"], *(one.get(name, "") for name in names)) for one in found)


SCENARIOS: tuple[ProofScenario, ...] = tuple(
    scenario
    for part in (
        rows_01_to_05,
        row_06,
        row_07,
        row_08,
        rows_09_to_11,
        rows_12_to_16,
        rows_17_to_22,
        terminal,
        held_up,
        single_conditions,
    )
    for scenario in _parse(part.TEXT)
)
