"""Lanes and effects with their counters renamed, and without what is only written down, so that the states are finite and few.

`step` compares serials and visit numbers for equality only and makes new ones by counting up, so two lanes that differ
in those numbers alone behave alike. Every kind of serial gets a number of its own; the open visit is visit 1.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from lane_agent.effects import (
    Alarm,
    CancelTimer,
    Claim,
    Consume,
    Effect,
    GiveBack,
    LookAgain,
    LookUp,
    Record,
    Show,
    StartReading,
    StartTimer,
)
from lane_agent.frozen import replace
from lane_agent.model import Face
from lane_agent.state import Lane, Visit

VISIT = 1
FACE = 1
QUESTION = 2
TIMERS = {"paint": 3, "stage": 4, "help": 5, "gone": 6, "debt": 7, "held_up": 8, "look": 9}
CLAIM = 11
COUNTED = 12
"""Serials given out so far, as every renamed lane has it."""
OLDER = 10
"""A serial that no renamed lane waits for."""

FOR_THE_RECORD: dict[str, Any] = {
    "prompts": 0,
    "officer": "",
    "reason": "",
    "paper": "",
    "decided": 0,
    "decided_at": None,
    "immigration_over": None,
    "candidates": (),
    "evidence": (),
}
"""Facts of a visit that are kept for its record and that no rule asks for (a test holds them to it), as never said."""
UNREAD = "unread"
"""Why a plate was not read is for the officer; that it was not is for the rules."""
NOTHING_SAID = tuple(FOR_THE_RECORD.values())
_said = attrgetter(*FOR_THE_RECORD)


def canonical(lane: Lane) -> Lane:
    """The lane with its counters renamed; the lane itself, and its visit and face, where they have these names already."""
    visit, face, visits = _visit(lane.visit), _face(lane.face), VISIT if lane.visit else 0
    timers = tuple([(name, TIMERS[name]) for name, _ in lane.timers])
    named = lane.serial == COUNTED and lane.visits == visits and lane.timers == timers
    if named and visit is lane.visit and face is lane.face:
        return lane
    return replace(lane, visit=visit, visits=visits, serial=COUNTED, face=face, timers=timers)


def _visit(visit: Visit | None) -> Visit | None:
    if visit is None:
        return visit
    plain = _said(visit) == NOTHING_SAID and visit.unread in ("", UNREAD)
    lookup, claim = QUESTION if visit.lookup else 0, CLAIM if visit.claim else 0
    if plain and (visit.number, visit.lookup, visit.claim) == (VISIT, lookup, claim):
        return visit
    unread = UNREAD if visit.unread else ""
    return replace(visit, number=VISIT, lookup=lookup, claim=claim, unread=unread, **FOR_THE_RECORD)


def _face(face: Face) -> Face:
    return face if face.serial in (0, FACE) else replace(face, serial=FACE)


def canonical_effects(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """What the monitor goes by: all but records and the intercom, with counters renamed and details dropped."""
    return tuple([_RENAMED[type(effect)](effect) for effect in effects if type(effect) in _RENAMED])


_RENAMED: dict[type, Callable[[Any], Effect]] = {
    Show: lambda effect: replace(effect, serial=FACE),
    LookUp: lambda effect: replace(effect, visit=VISIT, lookup=QUESTION),
    LookAgain: lambda effect: replace(effect, visit=VISIT, look=TIMERS["look"]),
    StartTimer: lambda effect: replace(effect, serial=TIMERS[effect.timer]),
    Alarm: lambda effect: Alarm(effect.kind, VISIT if effect.visit else 0),
    Consume: lambda effect: replace(effect, visit=VISIT),
    Claim: lambda effect: replace(effect, visit=VISIT, claim=CLAIM),
    GiveBack: lambda effect: replace(effect, visit=VISIT, claim=CLAIM),
    StartReading: lambda _: StartReading(VISIT),
    CancelTimer: lambda effect: effect,
}
"""Effects that the monitor goes by, each with how it is renamed."""


def changes_nothing(effects: tuple[Effect, ...]) -> bool:
    """Whether effects are records only, as those of an ignored event must be."""
    return all(type(effect) is Record for effect in effects)
