"""Journal entries, and the proof that they are what `step` says: re-run them and compare (design §4).

An entry is canonical JSON: {"at", "boot", "effects", "event", "after", "software"} and, where a visit has just ended or the
agent has just started, the whole lane under "lane", so that a restart need not read far back. "after" is the SHA-256
of the lane's canonical JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lane_agent.codec import CodecError, decode, encode, event_from, lane_from, moment_from, to_plain
from lane_agent.effects import Effect
from lane_agent.events import AgentStarted, Event
from lane_agent.model import Moment
from lane_agent.state import Lane
from lane_agent.step import step


class DivergenceError(ValueError):
    """An entry is not what `step` makes of the entries before it. Says which and what differs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One replayed entry: its place (1 is the first given), what happened, and the lane after it."""

    place: int
    event: Event
    at: Moment
    effects: tuple[Effect, ...]
    lane: Lane


def digest(lane: Lane) -> str:
    """SHA-256 hex of the lane's canonical JSON."""
    return hashlib.sha256(encode(lane)).hexdigest()


def entry(  # noqa: PLR0917 -- an entry has six parts
    event: Event, at: Moment, effects: tuple[Effect, ...], before: Lane, after: Lane, software: str
) -> bytes:
    """The journal entry of one step."""
    fields: dict[str, Any] = {
        "at": at,
        "boot": after.boot,
        "event": event,
        "effects": effects,
        "after": digest(after),
        "software": software,
    }
    if isinstance(event, AgentStarted) or (before.visit is not None and after.visit is None):
        fields["lane"] = after
    return encode(fields)


def replay(bodies: Iterable[bytes], lane: Lane | None = None) -> Iterator[Step]:
    """Re-runs entries from `lane` (a new lane if not given) and compares everything they recorded.

    Raises:
        DivergenceError: effects or state differ, or an entry is not one of ours.
    """
    lane = lane or Lane()
    for place, body in enumerate(bodies, 1):
        try:
            found = decode(body)
            event, at, software = event_from(found["event"]), moment_from(found["at"]), str(found["software"])
        except (CodecError, KeyError, TypeError) as error:
            raise DivergenceError(f"entry {place}: not a journal entry of this version: {error}") from None
        before = lane
        lane, effects = step(before, event, at)
        _compare(place, found, lane, effects)
        if entry(event, at, effects, before, lane, software) != body:
            raise DivergenceError(f"entry {place}: not written as this version writes it")
        yield Step(place, event, at, effects, lane)


def _compare(place: int, found: dict[str, Any], lane: Lane, effects: tuple[Effect, ...]) -> None:
    if to_plain(effects) != found.get("effects"):
        raise DivergenceError(f"entry {place}: the effects differ from what step gives")
    if digest(lane) != found.get("after"):
        raise DivergenceError(f"entry {place}: the state differs from what step gives")
    if "lane" in found and to_plain(lane) != found["lane"]:
        raise DivergenceError(f"entry {place}: the lane written out differs from what step gives")


def restore(newest_first: Iterable[bytes]) -> Lane:
    """The lane after the newest entry: from the last entry that contains the whole lane, replayed forward.

    Another version of the software may have written those entries, and `step` may decide otherwise now. Then the last lane
    written is taken, closed and without a visit. A vehicle on the stop loop then counts as one that was there before the
    agent, which is the officer's, and an officer has to open the lane.
    """
    lane, later = Lane(), list[bytes]()
    for body in newest_first:
        found = decode(body)
        if "lane" in found:
            try:
                lane = lane_from(found["lane"])
            except CodecError:  # its form has changed; the number of visits has not
                return _emptied(Lane(visits=int(found["lane"]["visits"])), later)
            break
        later.append(body)
    written = lane
    try:
        for done in replay(reversed(later), lane):
            lane = done.lane
    except DivergenceError:
        return _emptied(written, later)
    return lane


def _emptied(lane: Lane, later: list[bytes]) -> Lane:
    arrived = sum(b'"VehicleArrived"' in body for body in later)
    return replace(lane, opened=False, visit=None, visits=lane.visits + arrived)
