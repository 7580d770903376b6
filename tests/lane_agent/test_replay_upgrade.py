"""A start after the software changed: entries that step no longer gives must not keep the lane from starting."""

from __future__ import annotations

import json

from lane_agent import events as e
from lane_agent.codec import encode
from lane_agent.model import Contact, Moment, Policy
from lane_agent.replay import entry, restore
from lane_agent.state import Lane
from lane_agent.step import step


def _journal() -> tuple[list[bytes], Lane]:
    """A lane that is open, with a vehicle in it."""
    lane, bodies = Lane(), list[bytes]()
    events: list[e.Event] = [
        e.AgentStarted(Policy(), "boot", "1"),
        e.ContactChanged(Contact.STOP_LOOP, False, 0),
        e.LaneOpened("chan"),
        e.ContactChanged(Contact.STOP_LOOP, True, 50),
    ]
    for number, event in enumerate(events):
        at = Moment(number * 10, number * 10)
        after, effects = step(lane, event, at)
        bodies.append(entry(event, at, effects, lane, after, "1"))
        lane = after
    return bodies, lane


def test_the_lane_is_as_the_journal_left_it() -> None:
    """The same software: the visit is still open, and known."""
    bodies, lane = _journal()
    assert restore(reversed(bodies)) == lane
    assert lane.visit is not None


def test_entries_of_other_software_leave_a_closed_lane_and_no_number_is_given_twice() -> None:
    """What step says has changed: nothing is guessed about the vehicle, and its number is spent."""
    bodies, _ = _journal()
    changed = json.loads(bodies[-1]) | {"after": "0" * 64}
    lane = restore([encode(changed), *reversed(bodies[:-1])])
    assert lane.visit is None
    assert not lane.opened
    assert lane.visits == 1


def test_a_vehicle_that_was_there_before_the_agent_is_the_officers() -> None:
    """After such a start the loop's first report is a level: the visit begins in the officer's hands."""
    bodies, _ = _journal()
    changed = json.loads(bodies[-1]) | {"after": "0" * 64}
    lane = restore([encode(changed), *reversed(bodies[:-1])])
    for event in (e.AgentStarted(Policy(), "next", "2"), e.ContactChanged(Contact.STOP_LOOP, True, 99)):
        lane, _ = step(lane, event, Moment(100, 100))
    assert lane.visit is not None
    assert lane.visit.number == 2
    assert lane.visit.officers


def test_a_lane_written_in_an_older_form_keeps_its_count_of_visits() -> None:
    """A field was added or dropped since: the lane starts closed and empty, and numbers go on."""
    bodies, _ = _journal()
    changed = json.loads(bodies[0])
    changed["lane"] |= {"visits": 41, "a field of yesterday": 1}
    lane = restore([*reversed(bodies[1:]), encode(changed)])
    assert lane.visits == 42
    assert lane.visit is None
