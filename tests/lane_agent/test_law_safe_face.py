"""A screen that fell back to its safe face by itself while 3 stood: the other must not go on saying 3 (design §2.2, §2.11)."""

from __future__ import annotations

from domain.crossing import Direction
from lane_agent import events as e
from lane_agent.effects import Claim, LookUp, Show
from lane_agent.model import (
    Bundle,
    Cargo,
    Codes,
    Contact,
    Doubt,
    Link,
    Moment,
    Outcome,
    Policy,
    Read,
    ReadSource,
    Screen,
)
from lane_agent.state import Lane
from lane_agent.step import step
from lane_agent.wording import Scene
from simulation.granting_core import granted

BUNDLE = Bundle("1" * 10, "AB1234", Direction.INBOUND, "", 0, 10**9, (Cargo("2" * 10, "release"),))
CODES = Codes("AB1234", Link.FRESH, 10_000, 5, "e", 3, "h", bundles=(BUNDLE,))


def _told(lane: Lane, event: e.Event) -> Lane:
    """One step, its questions answered and its scenes painted."""
    lane, effects = step(lane, event, Moment(100, 100))
    for effect in effects:
        if isinstance(effect, LookUp):
            lane = _told(lane, e.CodesFound(effect.visit, effect.lookup, CODES))
        if isinstance(effect, Claim):
            lane = _told(lane, granted(effect, epoch=CODES.epoch))
    for effect in effects:
        if isinstance(effect, Show):
            lane = _told(lane, e.ScenePainted(Screen.XDB, effect.xdb, effect.serial))
            lane = _told(lane, e.ScenePainted(Screen.AIOP, effect.aiop, effect.serial))
    return lane


def _released() -> Lane:
    lane = _told(Lane(), e.AgentStarted(Policy(), "boot", "1"))
    for contact in Contact:
        lane = _told(lane, e.ContactChanged(contact, False, 0))
    for event in (
        e.LaneOpened("chan"),
        e.LinkChanged(Link.FRESH),
        e.ContactChanged(Contact.STOP_LOOP, True, 100),
        e.PlateSettled(1, Read("AB1234", None, 0.99, ReadSource.READER)),
        e.ContactChanged(Contact.IMMIGRATION_STARTED, True, 100),
        e.ContactChanged(Contact.IMMIGRATION_CLEARED, True, 100),
    ):
        lane = _told(lane, event)
    assert lane.face.xdb is Scene.DONE
    return lane


def test_3_is_withdrawn_when_a_screen_shows_its_safe_face() -> None:
    """The visit is the officer's, and both screens say so."""
    lane = _told(_released(), e.ScenePainted(Screen.XDB, Scene.WAIT, 0))
    assert lane.visit is not None
    assert lane.visit.outcome is Outcome.WITHDRAWN
    assert lane.visit.doubt is Doubt.NOT_CONFIRMED
    assert (lane.face.xdb, lane.face.aiop) == (Scene.OFFICER, Scene.OFFICER)


def test_a_safe_face_before_the_screens_were_told_anything_is_no_fault() -> None:
    """Every screen begins with it."""
    lane = _told(Lane(), e.AgentStarted(Policy(), "boot", "1"))
    lane, _ = step(lane, e.ScenePainted(Screen.XDB, Scene.WAIT, 0), Moment(1, 1))
    assert lane.faults == frozenset()
