"""Breadth-first search of everything the shipped `step` can do over a stated alphabet, with the law checked at each step.

Rules of this file: a state is (lane, history), both with counters renamed; every step, and every step of the history, is
made once and remembered for all slices, so that slices may overlap freely.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from lane_agent import events as e
from lane_agent.effects import Effect
from lane_agent.model import Link, Policy
from lane_agent.rules import RULES, Rules
from lane_agent.state import Lane
from lane_agent.step import step
from lane_agent.wording import Scene
from tools.proof.alphabet import BOTH_PAINT, GRANTED, GROUPS, OFFICER, OFFICERS_ONLY, Letter, answers, boot
from tools.proof.canonical import canonical_effects, changes_nothing
from tools.proof.counting import counts
from tools.proof.history import NOW, InputHistory
from tools.proof.law import broken, sight
from tools.proof.numbers import FewNumbers, HistoryNumbers, LaneNumbers, Numbers
from tools.proof.observer import after

State = tuple[int, int]

RAISES = (ArithmeticError, AssertionError, AttributeError, LookupError, StopIteration, TypeError, ValueError)
RAISED = -1
"""Stands for the effects of a step that raised."""
MOST = 1 << 32
"""More than there are lanes, histories, events or effects: keys of what is remembered are one number each, which is small."""


ORDINARY_LANE = Policy(unseen_limit=2)
"""Its way-out loop is at fault after two vehicles unseen: a longer count would only repeat the first of them."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A stated part of the whole: which letters, which answers of the code book, which lane.

    Attributes:
        late_answers: other inputs may come between a question and its answer; otherwise the shell's promise holds that
            the answer comes first.
        late_screens: other inputs may come before both screens have confirmed; otherwise they confirm at once.
        late_claims: other inputs may come before the core has answered a claim; otherwise it grants it at once.
        doubtful: the code book may answer as of a stale link, or fail.
        live: the lane has been opened and the link is fresh when the search begins.
    """

    name: str
    groups: tuple[str, ...]
    answers: tuple[str, ...]
    policy: Policy = ORDINARY_LANE
    late_answers: bool = False
    late_screens: bool = False
    late_claims: bool = False
    doubtful: bool = False
    live: bool = True


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant, and the shortest way to it."""

    law: str
    slice: str
    path: tuple[str, ...]


@dataclass(slots=True)
class SliceResult:
    """What was found in one slice; `rows` are the names of rows that followed each other; `whole`: every state was visited."""

    name: str
    states: int = 0
    transitions: int = 0
    violations: list[Violation] = field(default_factory=list)
    rows: set[tuple[str, str]] = field(default_factory=set)
    whole: bool = True


class RememberedStep:
    """`step` by some rules, and the onlooker, each remembered."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules = rules
        self.lanes = LaneNumbers()
        self.histories = HistoryNumbers()
        self.events: FewNumbers[e.Event] = FewNumbers()
        self._effects: Numbers[tuple[Effect, ...]] = Numbers()
        self._steps: dict[int, tuple[int, int, bool]] = {}
        self._sights: dict[int, tuple[int, tuple[str, ...]]] = {}

    def move(self, state: State, letter: Letter) -> tuple[State, tuple[str, ...]] | None:
        """Plays a letter; None where it cannot happen, else the state after it and the invariants it broke."""
        events = letter.make(self.histories.values[state[1]])
        return self._play(state, events) if events else None

    def tell(self, state: State, *events: e.Event) -> tuple[State, tuple[str, ...]]:
        """Plays events."""
        return self._play(state, events)

    def _play(self, state: State, events: tuple[e.Event, ...]) -> tuple[State, tuple[str, ...]]:
        found: tuple[str, ...] = ()
        steps, sights, number_of = self._steps, self._sights, self.events.of
        lane, history = state
        for told in events:
            event = number_of(told)
            taken = lane * MOST + event
            done = steps.get(taken)
            if done is None:
                done = steps[taken] = self._step_anew((lane, history), event)
            later, effects, bare = done
            same = bare and later == lane
            look = ((history * MOST + event) * MOST + effects) * 2 + same
            seen = sights.get(look)
            if seen is None:
                seen = sights[look] = self._see_anew(history, event, effects, same)
            lane, history = later, seen[0]
            if seen[1]:
                found += seen[1]
        return (lane, history), found

    def _step_anew(self, state: State, event: int) -> tuple[int, int, bool]:
        lane = self.lanes.values[state[0]]
        try:
            later, effects = step(lane, self.events.values[event], NOW, self.rules)
        except RAISES:
            return state[0], RAISED, False
        number = state[0] if later is lane else self.lanes.of(later)
        return number, self._effects.of(canonical_effects(effects)), changes_nothing(effects)

    def _see_anew(self, history: int, event: int, effects: int, same: bool) -> tuple[int, tuple[str, ...]]:
        if effects == RAISED:
            return history, ("step_never_raises",)
        before, told, seen = self.histories.values[history], self.events.values[event], self._effects.values[effects]
        now = after(before, told, seen)
        return self.histories.of(now), broken(sight(before, told, seen, now, counted=counts(before, told), same=same))


def begin(machine: RememberedStep, slice_: Slice) -> State:
    """The state a slice starts from: booted, and opened with a fresh link if the slice says so."""
    state = (machine.lanes.of(Lane()), machine.histories.of(InputHistory(slice_.policy)))
    state, _ = machine.tell(state, *boot(slice_.policy))
    if slice_.live:
        state, _ = machine.tell(state, e.LaneOpened(OFFICER), e.LinkChanged(Link.FRESH))
    return state


def search(machine: RememberedStep, slice_: Slice, *, stop: bool = False, limit: int = 0) -> SliceResult:
    """Visits every state a slice can reach, breadth first.

    Args:
        machine: what is remembered from other slices; made of the rules under test.
        slice_: what may happen.
        stop: return at the first violation.
        limit: return after this many transitions, 0 for never.
    """
    start = begin(machine, slice_)
    return search_from(machine, slice_, start, stop=stop, limit=limit)


def search_from(
    machine: RememberedStep, slice_: Slice, start: State, *, stop: bool = False, limit: int = 0
) -> SliceResult:
    """As `search`, from any state."""
    found = SliceResult(slice_.name)
    way: dict[State, tuple[State, str] | None] = {start: None}
    queue = deque([start])
    rows = machine.lanes.values
    while queue:
        state = queue.popleft()
        row = rows[state[0]].row
        for letter, later, wrong in moves(machine, slice_, state):
            found.transitions += 1
            found.rows.add((row, rows[later[0]].row))
            if later not in way:
                way[later] = (state, letter)
                queue.append(later)
            if wrong:
                _report(found, wrong, way, state, letter)
        if (stop and found.violations) or (limit and found.transitions >= limit):
            found.whole = not queue
            break
    found.states = len(way)
    return found


def moves(machine: RememberedStep, slice_: Slice, state: State) -> Iterator[tuple[str, State, tuple[str, ...]]]:
    """Every letter that can come next: its name, the state it leads to, the invariants it broke."""
    for letter in _letters(slice_, machine.histories.values[state[1]]):
        moved = machine.move(state, letter)
        if moved is not None:
            yield letter.name, *moved
    wrong = _officers_free_the_lane(machine, state)
    if wrong:
        yield OFFICERS_ONLY.name, state, wrong


def _letters(slice_: Slice, history: InputHistory) -> tuple[Letter, ...]:
    replies, others = _alphabet(slice_)
    if history.asked and not slice_.late_answers:
        return replies
    if _claims(history) and not slice_.late_claims:
        return (GRANTED,)
    if not history.confirmed and not slice_.late_screens:
        return (BOTH_PAINT,)
    return replies + others


def _claims(history: InputHistory) -> bool:
    return history.vehicle is not None and history.vehicle.asks_for


@cache
def _alphabet(slice_: Slice) -> tuple[tuple[Letter, ...], tuple[Letter, ...]]:
    others = tuple(letter for group in slice_.groups for letter in GROUPS[group])
    others += (GRANTED,) if slice_.late_claims else ()
    return answers(slice_.answers, doubtful=slice_.doubtful), others


def _officers_free_the_lane(machine: RememberedStep, state: State) -> tuple[str, ...]:
    """§2.9: from every state officer's actions alone lead to a lane that waits for the next vehicle."""
    later, wrong = machine.move(state, OFFICERS_ONLY) or (state, ())
    now = machine.histories.values[later[1]]
    waits = now.vehicle is None and now.xdb is (Scene.OFFICER if now.faults else Scene.WELCOME)
    return wrong if waits else (*wrong, "officers_free_the_lane")


def _report(
    found: SliceResult, wrong: tuple[str, ...], way: dict[State, tuple[State, str] | None], state: State, letter: str
) -> None:
    known = {violation.law for violation in found.violations}
    path = [letter]
    while (come := way[state]) is not None:
        state, name = come
        path.append(name)
    for law in dict.fromkeys(wrong):
        if law not in known:
            found.violations.append(Violation(law, found.name, tuple(reversed(path))))
