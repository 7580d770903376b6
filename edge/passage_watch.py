"""Which way vehicles go, by the order of their loops. It decides nothing: people are told what the loops add up to.

| seen | told |
|---|---|
| a vehicle cleared the stop line and no way out saw it in time, and the arrival loop was driven over since | `ReversedOut` |
| the way-out loop is driven over while nobody is in the lane, and the stop loop is next | `WrongWay` |
| the way-out loop is driven over twice before the visit ends: two vehicles on one release | `Tailgated` |

The decision is never made here: a visit that nobody saw leave ends unseen, and any edge on the way out ends 3 (design §2.14).
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.alarms import LaneAlarmKind
from domain.visit_record import RecordKind
from lane_agent.contacts import CONTACTS, WAYS_OUT
from lane_agent.effects import Effect, Record
from lane_agent.events import AgentStarted, ContactChanged, Event, TroubleReported
from lane_agent.model import Contact
from lane_agent.passage import UNSEEN
from lane_agent.state import Lane

COMES_MS = 10_000
"""A vehicle that comes the wrong way takes no longer from the way out to the stop line; own value."""


class PassageWatch:
    """One lane's loops. Pure: the times are those of the edges, in monotonic ms."""

    def __init__(self) -> None:
        self._known: set[Contact] = set()
        self._arrived_behind = False  # the arrival loop was driven over since the vehicle left the stop line
        self._odd_way_out_ms: int | None = None
        self._ways_out = 0

    def stepped(
        self, event: Event, effects: tuple[Effect, ...], before: Lane, after: Lane
    ) -> Iterator[TroubleReported]:
        """One step of the lane."""
        if isinstance(event, AgentStarted):
            self._known.clear()
        if isinstance(event, ContactChanged):
            first = event.contact not in self._known
            self._known.add(event.contact)
            if not first and event.contact not in before.bypassed:
                yield from self._edge(event, before, after)
        for effect in effects:
            if isinstance(effect, Record) and effect.kind == RecordKind.VISIT_ENDED:
                yield from self._visit_ended(effect)

    def _edge(self, event: ContactChanged, before: Lane, after: Lane) -> Iterator[TroubleReported]:
        visit = before.visit
        match event.contact:
            case Contact.STOP_LOOP if event.active:
                odd, self._odd_way_out_ms = self._odd_way_out_ms, None
                if visit is None and odd is not None and 0 <= event.edge_ms - odd <= COMES_MS:
                    yield _told(LaneAlarmKind.WRONG_WAY, after.visits, "over the way-out loop to the stop line")
            case Contact.ARRIVAL_LOOP if event.active:
                self._arrived_behind = visit is not None and visit.leaving and visit.way is None
            case contact if contact in WAYS_OUT and event.active:
                self._odd_way_out_ms = event.edge_ms if visit is None else None
                if visit is not None and visit.way is not None:
                    self._ways_out += 1
                    if self._ways_out == 1:
                        text = f"twice over the {CONTACTS[contact].says.lower()}"
                        yield _told(LaneAlarmKind.TAILGATED, visit.number, text)
            case _:
                pass

    def _visit_ended(self, record: Record) -> Iterator[TroubleReported]:
        backed = self._arrived_behind and dict(record.facts).get("how") == UNSEEN
        self._arrived_behind, self._ways_out = False, 0
        if backed:
            text = "left the stop line, was seen on no way out, and the arrival loop was driven over"
            yield _told(LaneAlarmKind.REVERSED_OUT, record.visit, text)


def _told(kind: LaneAlarmKind, number: int, text: str) -> TroubleReported:
    return TroubleReported(kind, f"visit {number}: {text}", str(number))
