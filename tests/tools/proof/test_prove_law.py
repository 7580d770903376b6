"""The proof itself: what it finds when there is something to find, and that the shipped rules pass it.

The whole proof is a command of its own (`rocars-lane prove`, in CI); here a part of it runs that takes seconds.
"""

from __future__ import annotations

import pytest

from domain.crossing import Direction
from lane_agent import events as e
from lane_agent import passage
from lane_agent.acceptance import ACCEPT
from lane_agent.model import Contact, Fault, Immigration, Link, Policy
from lane_agent.rules import RULES, Rules
from lane_agent.state import Lane
from lane_agent.step import step
from lane_agent.table import TABLE, Row
from tools.proof import SLICES, run, search_slice, total
from tools.proof.alphabet import GROUPS, Letter, boot
from tools.proof.answers import MEANINGS, OUTBOUND, answer, meaning_of
from tools.proof.canonical import FOR_THE_RECORD, canonical, canonical_effects
from tools.proof.code_book import VRN
from tools.proof.history import NOW, InputHistory
from tools.proof.law import LAW
from tools.proof.moves import play
from tools.proof.observer import after
from tools.proof.scenarios import LANES, SCENARIOS
from tools.proof.search import RememberedStep, Slice, begin, search
from tools.proof.slices import DISTURBANCES, ORDINARY
from tools.proof.world import ScenarioWorld

BY_NAME = {slice_.name: slice_ for slice_ in SLICES}
QUICK = (
    "referral and unladen",
    "unladen and doors",
    "tailgating and camera",
    "officer and changes",
    "doors and modes",
    "every record",
    "every record, manifest",
    "neighbours",
    "store and camera",
    "inputs of others",
    "early and help",
)


@pytest.mark.parametrize("name", QUICK)
def test_the_law_holds(name: str) -> None:
    """No step from any reachable state of the slice breaks any invariant."""
    found = search_slice(BY_NAME[name])
    assert found.violations == []
    assert found.states > 100


def test_the_sums_are_sums() -> None:
    """States, transitions and violations of all slices together."""
    both = list(run([BY_NAME["neighbours"], BY_NAME["store and camera"]]))
    assert total(both).states == sum(found.states for found in both)
    assert total(both).transitions == sum(found.transitions for found in both)
    assert total(both).violations == ()


def test_every_two_disturbances_are_proved_together() -> None:
    """The statement of what is covered is true."""
    together = {frozenset(slice_.groups) & set(DISTURBANCES) for slice_ in SLICES}
    wanted = {frozenset((one, other)) for one in DISTURBANCES for other in DISTURBANCES if one != other}
    assert wanted <= together


def test_every_letter_and_every_answer_occurs_in_some_slice() -> None:
    """Nothing of the stated alphabet is left out."""
    assert {group for slice_ in SLICES for group in slice_.groups} == set(GROUPS)
    assert {name for slice_ in SLICES for name in slice_.answers} == set(MEANINGS)


def test_every_kind_of_event_that_has_checks_is_in_the_alphabet() -> None:
    """Each can be refused, so each must be tried."""
    history = InputHistory(LANES[""])
    lane = Lane()
    for event in (*boot(LANES[""]), e.LaneOpened("chan"), e.ContactChanged(Contact.STOP_LOOP, True, NOW.mono_ms)):
        lane, effects = step(lane, event, NOW)
        history = after(history, event, effects)
    letters = [letter for group in GROUPS.values() for letter in group]
    kinds = {type(event) for letter in letters for event in letter.make(history)}
    assert set(ACCEPT) <= kinds


def _without(row_name: str, guard_name: str) -> Rules:
    def cut(row: Row) -> Row:
        guards = tuple(guard for guard in row.guards if guard.name != guard_name)
        return Row(row.number, row.name, guards, row.xdb, row.aiop, row.limit, outcome=row.outcome)

    table = tuple(cut(row) if row.name == row_name else row for row in TABLE)
    return Rules(table, RULES.accept, RULES.contacts)


@pytest.mark.parametrize(
    ("row", "guard", "slice_", "law"),
    [
        ("17 laden released", "confirmed", "officer and screens", "three_has_grounds"),
        ("17 laden released", "answered_now", "every record", "three_has_grounds"),
        ("10 unladen released", "approved", "every record", "three_has_grounds"),
        ("10 unladen released", "not near_any", "neighbours", "three_has_grounds"),
        ("9 inspect", "immigration_cleared", "every record", "four_has_grounds"),
        ("17 stands", "not doubtful", "tailgating and camera", "three_is_taken_back"),
        ("12 no bundle: press if empty", "codes_known", "unladen and link", "unknown_is_not_absent"),
    ],
)
def test_a_rule_left_out_is_found_with_the_shortest_way_to_it(row: str, guard: str, slice_: str, law: str) -> None:
    """A guard dropped: the search stops at an invariant of the right name and says how to get there."""
    found = search(RememberedStep(_without(row, guard)), BY_NAME[slice_], stop=True)
    assert law in {violation.law for violation in found.violations}
    assert all(violation.path for violation in found.violations)


def test_a_search_that_was_cut_short_says_so() -> None:
    """What was not looked at is not claimed; the shortest stories come first."""
    slice_ = Slice("short", ORDINARY, ("live",))
    machine = RememberedStep()
    all_of_it = search(machine, slice_)
    cut = search(machine, slice_, limit=100)
    assert (all_of_it.whole, cut.whole) == (True, False)
    assert 100 <= cut.transitions < all_of_it.transitions
    assert search(machine, slice_, limit=all_of_it.transitions).whole


def test_a_release_without_the_cores_receipt_is_found() -> None:
    """Two places ask for the receipt (design §3); with both gone the law notices, in a world that claims and is answered late."""
    table = tuple(row for row in _without("17 laden released", "claimed").table if row.name != "17 claiming")
    found = search(
        RememberedStep(Rules(table, RULES.accept, RULES.contacts)), BY_NAME["claims, two bundles"], stop=True
    )
    assert "three_has_grounds" in {violation.law for violation in found.violations}


def test_an_answer_to_an_older_claim_that_counts_is_found() -> None:
    """The check left out: an answer for another claim, or for other bundles, would be believed."""
    accept = {kind: checks for kind, checks in RULES.accept.items() if kind is not e.ClaimAnswered}
    rules = Rules(RULES.table, accept, RULES.contacts)
    found = search(RememberedStep(rules), BY_NAME["claims, others"], stop=True)
    assert "others_change_nothing" in {violation.law for violation in found.violations}


def test_a_claim_that_is_not_given_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a visit, and the hand-over to the officer, give it back in their own step."""
    monkeypatch.setattr(passage, "give_back", lambda _: ())
    found = search(RememberedStep(), BY_NAME["claims, driving off"], stop=True)
    assert "claims_are_given_back" in {violation.law for violation in found.violations}


def test_a_path_can_be_walked_again() -> None:
    """The letters of a violation's path, played from the start, lead to the same broken invariant."""
    rules, slice_ = _without("9 inspect", "immigration_cleared"), BY_NAME["every record"]
    violation = search(RememberedStep(rules), slice_, stop=True).violations[0]
    machine = RememberedStep(rules)
    state = begin(machine, slice_)
    wrong: tuple[str, ...] = ()
    letters = _letters(slice_)
    for name in violation.path:
        moved = machine.move(state, letters[name])
        assert moved is not None
        state, wrong = moved
    assert violation.law in wrong


def _letters(slice_: Slice) -> dict[str, Letter]:
    from tools.proof.alphabet import BOTH_PAINT, answers

    groups = [letter for group in slice_.groups for letter in GROUPS[group]]
    return {letter.name: letter for letter in (*groups, BOTH_PAINT, *answers(slice_.answers, doubtful=False))}


def test_a_table_that_is_not_total_is_found() -> None:
    """A step that raises is a violation, not a crash of the proof."""
    rules = Rules(TABLE[:-1], RULES.accept, RULES.contacts)
    found = search(RememberedStep(rules), Slice("short", (*ORDINARY, "tailgating"), ("early",)))
    assert {violation.law for violation in found.violations} <= {"step_never_raises", *(law.__name__ for law in LAW)}
    rules = Rules(TABLE[:3], RULES.accept, RULES.contacts)
    found = search(RememberedStep(rules), Slice("short", ORDINARY, ("live",)), stop=True)
    assert {violation.law for violation in found.violations} >= {"step_never_raises"}


def test_every_law_has_a_sentence() -> None:
    """Reports print it, and it names the point of design §2 or §3, or the row it stands for."""
    for law in LAW:
        assert law.__doc__
        assert law.__doc__.startswith(("§2.", "§3:", "Row")), law.__name__


def test_an_answer_is_judged_by_hand_as_matching_judges_it() -> None:
    """The prover's own table of meanings and `matching` agree on every answer: neither can change alone."""
    from lane_agent.matching import must_stop, sort_bundles

    for lenient in (False, True):
        policy = LANES["other" if lenient else ""]
        for name in MEANINGS:
            codes = answer(name, vrn=VRN, link=Link.FRESH)
            meaning, standing = meaning_of(codes, lenient=lenient), sort_bundles(codes, policy, "lane/journal/1")
            assert tuple(one.ubr for one in standing.live) == meaning.live, name
            assert {one.ubr for one in standing.early + standing.elsewhere} == set(meaning.later), name
            assert must_stop(codes, policy, "lane/journal/1") is meaning.stop, name
    outbound = Policy(direction=Direction.OUTBOUND)
    for name, meaning in OUTBOUND.items():
        codes = answer(name, vrn=VRN, link=Link.FRESH)
        assert tuple(one.ubr for one in sort_bundles(codes, outbound, "lane/journal/1").live) == meaning.live, name
        assert must_stop(codes, outbound, "lane/journal/1") is meaning.stop, name


def test_renaming_counters_changes_no_behaviour() -> None:
    """A lane and its renamed simulated say the same: the states are finite without leaving anything out."""
    for scenario in SCENARIOS[::7]:
        world = play(scenario.do, ScenarioWorld(policy=LANES[scenario.lane]))
        simulated = canonical(world.lane)
        event = e.LinkChanged(Link.STALE)
        one, _ = step(world.lane, event, NOW)
        other, _ = step(simulated, event, NOW)
        assert (one.row, one.face.xdb, one.face.aiop) == (other.row, other.face.xdb, other.face.aiop)
        assert canonical(simulated) == simulated


def test_what_is_kept_for_the_record_decides_nothing() -> None:
    """The prover forgets those facts of a visit; a lane that remembers them does the same in every step."""
    events = (
        e.LinkChanged(Link.STALE),
        e.ContactChanged(Contact.STOP_LOOP, False, NOW.mono_ms),
        e.ContactChanged(Contact.HELP, True, NOW.mono_ms),
        e.CodesChanged(VRN, True),
        e.FaultRaised(Fault.CAMERA),
        e.AgentStarted(LANES[""], "boot", "proof"),
    )
    remembering = 0
    for scenario in SCENARIOS:
        world = play(scenario.do, ScenarioWorld(policy=LANES[scenario.lane]))
        known = canonical(world.lane)
        visit = world.lane.visit
        remembering += visit is not None and any(getattr(visit, name) != fact for name, fact in FOR_THE_RECORD.items())
        for event in events:
            one, asked = step(world.lane, event, NOW)
            other, asked_too = step(known, event, NOW)
            assert canonical(one) == canonical(other), (scenario.says, event)
            assert canonical_effects(asked) == canonical_effects(asked_too), (scenario.says, event)
    assert remembering > 50


def test_the_observer_knows_a_visit_without_looking_into_the_lane() -> None:
    """Arrival, Immigration and the read, from inputs alone."""
    history = InputHistory(LANES[""])
    for event in (*boot(LANES[""]), e.ContactChanged(Contact.STOP_LOOP, True, NOW.mono_ms)):
        history = after(history, event, ())
    cleared = e.ContactChanged(Contact.IMMIGRATION_CLEARED, True, NOW.mono_ms)
    history = after(history, cleared, ())
    assert history.vehicle is not None
    assert history.vehicle.immigration is Immigration.NOT_STARTED  # *cleared* without *started* answers nothing (§2.13)
    for event in (
        e.ContactChanged(Contact.IMMIGRATION_CLEARED, False, NOW.mono_ms),
        e.ContactChanged(Contact.IMMIGRATION_STARTED, True, NOW.mono_ms),
        cleared,
    ):
        history = after(history, event, ())
    assert history.vehicle is not None
    assert history.vehicle.immigration is Immigration.CLEARED
    assert history.vehicle.closed
