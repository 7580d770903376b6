"""Trying mutants: in which of the proof's own steps a mutant decides otherwise, and whether the law notices.

Slices are explored once by the shipped rules, and every lane the table was read for is kept. The table of a mutant
differs only where its changed row is reached and the changed condition answers otherwise: bit sets over all kept lanes
say where, in no time. Only those steps are made again by the mutant's rules, and the search goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lane_agent.acceptance import refusal
from lane_agent.guards import Guard
from lane_agent.rules import RULES, Rules
from lane_agent.state import Lane
from lane_agent.table import Row
from tools.proof.mutants import Mutant
from tools.proof.numbers import Numbers
from tools.proof.scenarios import SCENARIOS, ProofScenario, outcome
from tools.proof.search import RAISES, RememberedStep, Slice, State, search, search_from
from tools.proof.slices import SLICES

EXPLORED = (
    "referral and officer",
    "referral and restart",
    "unladen and link",
    "plates and officer",
    "tailgating and help",
    "tailgating and screens",
    "officer and camera",
    "officer and help",
    "officer and doors",
    "officer and modes",
    "officer and changes",
    "every record",
    "every record, manifest",
    "manifest and help",
    "driving off",
    "driving off, compound",
    "witness",
    "neighbours",
    "identifier required, officer",
    "store and officer",
    "early and officer",
    "stuck lines",
    "bypass and officer",
    "unladen and help",
    "claims and officer",
    "late answers, help",
    "late answers, others",
    "stuck lines and restart",
    "unnamed, doors and modes",
    "inputs of others",
    "inputs of others, compound",
    "unnamed and help",
    "way out occupied",
    "bypass, way out",
)
"""Slices in which mutants are tried: every row and every check comes up in them."""

PLACES = 240
"""Steps tried of those that a mutant decides otherwise, the shortest to reach first."""
CONTINUED = 2_500
"""Transitions searched from there on."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant.

    Attributes:
        differs: some explored step comes out otherwise by its rules.
        because: where none does, what makes the change idle, "" if the explored steps cannot say.
        law: the invariant it broke, "" for none; `after` is the event that did it.
        scenario: what the first scenario it failed says, "" for none.
    """

    name: str
    differs: bool
    because: str
    law: str
    after: str
    scenario: str

    @property
    def survives(self) -> bool:
        """Neither the law nor a scenario noticed."""
        return not self.law and not self.scenario


class _Watched(Rules):
    """The shipped rules, keeping every lane they were asked about."""

    def __init__(self) -> None:
        super().__init__(RULES.table, RULES.accept, RULES.contacts)
        object.__setattr__(self, "asked", [])

    asked: list[Lane]

    def first_row(self, lane: Lane) -> Row:
        self.asked.append(lane)
        return super().first_row(lane)


@dataclass(frozen=True, slots=True)
class _Place:
    """An explored step: in which slice, from which state, by which event."""

    slice: Slice
    state: State
    event: int


class ExploredSteps(RememberedStep):
    """Every step of the shipped rules in the slices of `EXPLORED`."""

    def __init__(self, names: tuple[str, ...] = EXPLORED) -> None:
        self._watched = _Watched()
        super().__init__(self._watched)
        self.places: list[_Place] = []
        self._questions: Numbers[Lane] = Numbers()
        self._asked_at: list[list[int]] = []
        by_name = {slice_.name: slice_ for slice_ in SLICES}
        for name in names:
            self._slice = by_name[name]
            search(self, self._slice)
        self._holds: dict[str, int] = {}

    def _step_anew(self, state: State, event: int) -> tuple[int, int, bool]:
        self._watched.asked.clear()
        done = super()._step_anew(state, event)
        self.places.append(_Place(self._slice, state, event))
        for lane in self._watched.asked:
            self._keep(self._questions.of(lane), event)
        return done

    def _keep(self, question: int, event: int) -> None:
        """Keeps the first step of each kind of event in which the table was read for a lane, three at most."""
        if question == len(self._asked_at):
            self._asked_at.append([])
        kept = self._asked_at[question]
        kinds = {type(self.events.values[self.places[place].event]) for place in kept}
        if len(kept) < 3 and type(self.events.values[event]) not in kinds:
            kept.append(len(self.places) - 1)

    def decided_otherwise(self, mutant: Mutant) -> list[_Place]:
        """Steps in which the mutant's table decides otherwise, the shortest to reach first."""
        reached = self._all()
        for row in RULES.table[: mutant.row]:
            reached &= ~self._row(row)
        differ = reached & (self._row(RULES.table[mutant.row]) ^ self._row(mutant.rules.table[mutant.row]))
        found = dict.fromkeys(place for number in _bits(differ) for place in self._asked_at[number])
        return [self.places[place] for place in found]

    def why_alike(self, mutant: Mutant) -> str:
        """What makes a dropped condition idle: the other conditions of its row, or the rows that hold before it."""
        ours, theirs = self._row(RULES.table[mutant.row]), self._row(mutant.rules.table[mutant.row])
        left, before = ours ^ theirs, []
        for row in RULES.table[: mutant.row]:
            caught = left & self._row(row)
            if caught:
                before.append(row.name)
            left &= ~caught
        if not before:
            return "its row's other conditions never hold without it"
        more = f" and {len(before) - 4} more" if len(before) > 4 else ""
        return f"where it alone would fail, a row above holds: {', '.join(before[-4:])}{more}"

    def heard_otherwise(self, mutant: Mutant) -> list[_Place]:
        """Every step whose event counts by the mutant's checks and not by ours, or the other way."""
        concerned = {number for number, event in enumerate(self.events.values) if mutant.concerns(event)}
        return [place for place in self.places if place.event in concerned and self._differs(place, mutant.rules)]

    def _differs(self, place: _Place, rules: Rules) -> bool:
        lane, event = self.lanes.values[place.state[0]], self.events.values[place.event]
        ours = refusal(lane, event)
        return bool(refusal(lane, event, rules.accept, rules.contacts)) is not bool(ours)

    def _all(self) -> int:
        return (1 << len(self._questions.values)) - 1

    def _row(self, row: Row) -> int:
        found = self._all()
        for guard in row.guards:
            found &= self._guard(guard)
        return found

    def _guard(self, guard: Guard) -> int:
        known = self._holds.get(guard.name)
        if known is None:
            answers = "".join("1" if guard.holds(lane) else "0" for lane in reversed(self._questions.values))
            known = self._holds[guard.name] = int(answers, 2)
        return known


def _bits(number: int) -> Iterator[int]:
    text = bin(number)[:1:-1]
    place = text.find("1")
    while place >= 0:
        yield place
        place = text.find("1", place + 1)


def try_mutant(explored: ExploredSteps, mutant: Mutant) -> Fate:
    """Finds where the mutant differs, searches on from there by its rules, then plays the scenarios."""
    places = explored.decided_otherwise(mutant) if mutant.row >= 0 else explored.heard_otherwise(mutant)
    law, after = _against_the_law(explored, mutant, _spread(places))
    because = "" if places or mutant.row < 0 else explored.why_alike(mutant)
    return Fate(mutant.name, bool(places), because, law, after, scenario_against(mutant))


def _spread(places: list[_Place]) -> list[_Place]:
    """The first third of the allowed places, and the rest evenly from all over."""
    first = PLACES // 3
    rest = places[first :: max(1, (len(places) - first) // (PLACES - first))]
    return [*places[:first], *rest][:PLACES]


def _against_the_law(explored: ExploredSteps, mutant: Mutant, places: list[_Place]) -> tuple[str, str]:
    machine = RememberedStep(mutant.rules)
    later: list[tuple[Slice, State]] = []
    for place in places:
        event = explored.events.values[place.event]
        lane = machine.lanes.of(explored.lanes.values[place.state[0]])
        history = machine.histories.of(explored.histories.values[place.state[1]])
        state, wrong = machine.tell((lane, history), event)
        if wrong:
            return wrong[0], type(event).__name__
        later.append((place.slice, state))
    return _continue(machine, later)


def _continue(machine: RememberedStep, starts: list[tuple[Slice, State]]) -> tuple[str, str]:
    each = CONTINUED // max(1, min(len(starts), 12))
    for slice_, state in starts[:: max(1, len(starts) // 12)][:12]:
        found = search_from(machine, slice_, state, stop=True, limit=each)
        if found.violations:
            return found.violations[0].law, " > ".join(found.violations[0].path)
    return "", ""


def scenario_against(mutant: Mutant) -> str:
    """The first scenario that ends otherwise by the mutant's rules, its own row's first; "" if none does."""
    own = [scenario for scenario in SCENARIOS if scenario.row == mutant.about]
    rest = [scenario for scenario in SCENARIOS if scenario.row != mutant.about]
    for scenario in (*own, *rest):
        if _fails(scenario, mutant.rules):
            return f"{scenario.row} {scenario.says}"
    return ""


def _fails(scenario: ProofScenario, rules: Rules) -> bool:
    try:
        return outcome(scenario, rules) != scenario
    except RAISES:
        return True
