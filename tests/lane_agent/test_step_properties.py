"""`step` on any run of events whatever: total, repeatable, canonical, and replayable to the byte."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lane_agent import events as e
from lane_agent.codec import decode, encode, event_from, lane_from
from lane_agent.effects import Show
from lane_agent.model import Contact, Fault, Moment, Screen
from lane_agent.replay import digest, entry, replay
from lane_agent.state import Lane
from lane_agent.step import step
from lane_agent.wording import Scene
from tools.proof.alphabet import GROUPS, answers
from tools.proof.answers import MEANINGS
from tools.proof.history import InputHistory
from tools.proof.moves import play
from tools.proof.observer import after
from tools.proof.scenarios import LANES
from tools.proof.world import ScenarioWorld

SAID = (
    *("arrive", "clear-stop", "way-out", "to-compound", "leave", "immigration", "cleared", "referred", "press", "drop"),
    *("read", "read:stranger", "read:+own", "read:+other", "unread", "second", "identifier:XY77", "correct:AB1234"),
    *("read-of-before", "late:unladen", "late:exit_loop", "paint-before", "release-before", "late-identifier:XY77"),
    *("records:live", "records:approved", "change:hold", "change:early", "clock:5", "wait:1", "wait:70", "wait:200"),
    *("help", "on:help", "off:help", "answer-help", "end-help", "on:unladen", "off:unladen", "neighbour-hold"),
    *(
        "link:fresh",
        "link:stale",
        "link:offline",
        "verified",
        "book:broken",
        "book:works",
        "fault:codes",
        "works:codes",
    ),
    *("fault:camera", "works:camera", "fault:store", "works:store", "screens:xdb", "screens:xdb+aiop", "paint:aiop"),
    *("release", "inspect", "take-over", "open", "close", "manual", "automatic", "bypass:stop_loop", "announce"),
    *("unbypass:stop_loop", "boot:stop_loop", "boot"),
)
SCRIPTS = st.lists(st.sampled_from(SAID), max_size=25)


def _world(script: list[str], lane: str) -> ScenarioWorld:
    return play(" ".join(("ready", *script)), ScenarioWorld(policy=LANES[lane]))


@settings(max_examples=60, deadline=None)
@given(SCRIPTS, st.sampled_from(sorted(LANES)))
def test_any_story_ends_in_a_lane_that_a_journal_can_hold(script: list[str], lane: str) -> None:
    """No order of words makes `step` raise, and the lane it leaves survives being written and read."""
    world = _world(script, lane)
    assert lane_from(decode(encode(world.lane))) == world.lane


@settings(max_examples=60, deadline=None)
@given(SCRIPTS)
def test_the_same_story_twice_is_the_same_to_the_byte(script: list[str]) -> None:
    """`step` knows no chance and no clock: a journal of the story replays to the same effects and states."""
    world = _world(script, "")
    before, bodies = Lane(), []
    for event, at, effects in world.steps:
        later, again = step(before, event, at)
        assert again == effects
        bodies.append(entry(event, at, effects, before, later, "test"))
        before = later
    assert digest(before) == digest(world.lane)
    assert [done.event for done in replay(bodies)] == [event for event, _, _ in world.steps]


@settings(max_examples=60, deadline=None)
@given(SCRIPTS)
def test_no_story_shows_3_while_the_store_or_a_screen_is_at_fault(script: list[str]) -> None:
    """Design §2.8, over whole stories: no `Show` of 3 leaves a step that ends with such a fault."""
    lane = Lane()
    for event, at, effects in _world(script, "").steps:
        lane, _ = step(lane, event, at)
        shown = any(isinstance(effect, Show) and Scene.DONE in (effect.xdb, effect.aiop) for effect in effects)
        assert not (shown and lane.faults & {Fault.STORE, Fault.SCREEN})


LETTERS = [letter for group in GROUPS.values() for letter in group] + list(answers(tuple(MEANINGS), doubtful=True))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_event_on_any_lane_is_taken(data: st.DataObject) -> None:
    """Letters of the prover's whole alphabet, in any order and number: `step` takes each and the counters only grow."""
    lane, history = Lane(), InputHistory(LANES[""])
    for letter in data.draw(st.lists(st.sampled_from(LETTERS), max_size=40)):
        for event in letter.make(history):
            later, effects = step(lane, event, Moment(1_000, 1_000))
            assert later.serial >= lane.serial
            assert later.visits >= lane.visits
            assert event_from(decode(encode(event))) == event
            lane, history = later, after(history, event, effects)


def test_an_event_of_an_unknown_timer_is_ignored() -> None:
    """A timer nobody started may fire without harm."""
    lane, effects = step(Lane(), e.TimerFired("no such timer", 3), Moment(1, 1))
    assert [type(effect).__name__ for effect in effects][:1] == ["Record"]
    assert lane.timers == tuple(timer for timer in lane.timers if timer[0] == "paint")


def test_levels_alone_never_begin_a_visit_but_a_vehicle_on_the_loop() -> None:
    """After a start every contact reports once; only the stop loop says that somebody is there."""
    lane = ScenarioWorld().lane
    for contact in Contact:
        lane, _ = step(lane, e.ContactChanged(contact, contact is not Contact.STOP_LOOP, 5), Moment(5, 5))
    assert lane.visit is None
    assert Screen.XDB not in lane.face.painted
