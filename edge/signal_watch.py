"""Contacts that are stuck on or dead, by what should have moved them. It decides nothing: people are told.

| found | how |
|---|---|
| stuck on | active for longer than anybody presses it or stands on it (`STUCK_MS`); Help has an alarm of its own |
| stop loop dead | vehicles pass the way out and no visit was open; or the camera reads a plate at the line and no visit is open |
| Immigration's *started* dead | visit after visit was released by hand or left without it |

A way-out loop that sees nobody is a fault of the lane's own (`lane_agent.passage`), and so is a line that chatters
(`devices.debounce`).
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.alarms import LaneAlarmKind
from domain.visit_record import RecordKind
from lane_agent.contacts import CONTACTS, WAYS_OUT
from lane_agent.effects import Effect, Record
from lane_agent.events import AgentStarted, ContactChanged, Event, ImmigrationSignalled, TroubleEnded, TroubleReported
from lane_agent.model import Contact
from lane_agent.state import Lane

Trouble = TroubleReported | TroubleEnded

PRESSED_MS = 30_000
STOOD_MS = 600_000
STUCK_MS = {Contact.STOP_LOOP: 2 * STOOD_MS, Contact.ARRIVAL_LOOP: 2 * STOOD_MS} | dict.fromkeys(WAYS_OUT, STOOD_MS)
"""How long a vehicle may stand on a loop; any other contact is a press or a pulse. Own values, to be set at a real lane."""
STANDS_MS = 20_000
"""So long a plate is read at the line without a visit before the stop loop is called dead."""
UNSEEN = 3
"""So many vehicles in a row that the stop loop did not see, or with which Immigration never began."""

_WATCHED = frozenset(contact for contact, traits in CONTACTS.items() if traits.alarm is None) - {Contact.HELP}


class SignalWatch:
    """One lane's contacts. Pure: times come in, in monotonic ms."""

    def __init__(self) -> None:
        self._since: dict[Contact, int] = {}
        self._told: set[tuple[LaneAlarmKind, Contact]] = set()
        self._known: set[Contact] = set()
        self._unseen = 0
        self._unbegun = 0
        self._begun = False

    def stepped(self, event: Event, effects: tuple[Effect, ...], lane: Lane, now_ms: int) -> Iterator[Trouble]:
        """One step of the lane; `lane` is as after it."""
        if isinstance(event, AgentStarted):
            self._known.clear()
        ended = [dict(one.facts) for one in effects if isinstance(one, Record) and one.kind == RecordKind.VISIT_ENDED]
        if isinstance(event, ContactChanged):
            yield from self._moved(event, lane, now_ms, nobody=lane.visit is None and not ended)
        if isinstance(event, ImmigrationSignalled):
            self._begun = self._begun or event.signal is Contact.IMMIGRATION_STARTED
        for facts in ended:
            yield from self._visit_ended(facts)

    def look(self, lane: Lane, now_ms: int, *, plate_since_ms: int | None) -> Iterator[Trouble]:
        """Lets time pass. `plate_since_ms`: since when a plate is read at the line while no visit is open, if one is."""
        for contact, since in self._since.items():
            if now_ms - since >= STUCK_MS.get(contact, PRESSED_MS):
                seconds = (now_ms - since) // 1_000
                yield from self._tell(LaneAlarmKind.SIGNAL_STUCK, contact, f"on for {seconds} s")
        waits = plate_since_ms is not None and now_ms - plate_since_ms >= STANDS_MS
        if waits and lane.opened and lane.visit is None and Contact.STOP_LOOP not in lane.contacts | lane.bypassed:
            text = "the camera reads a plate at the line, and the loop says that nobody is there"
            yield from self._tell(LaneAlarmKind.SIGNAL_DEAD, Contact.STOP_LOOP, text)

    def _moved(self, event: ContactChanged, lane: Lane, now_ms: int, *, nobody: bool) -> Iterator[Trouble]:
        contact, first = event.contact, event.contact not in self._known
        self._known.add(contact)
        if contact not in _WATCHED:
            return
        if not event.active:
            self._since.pop(contact, None)
            yield from self._over(LaneAlarmKind.SIGNAL_STUCK, contact)
            return
        self._since.setdefault(contact, now_ms)
        if first:
            return
        if contact is Contact.IMMIGRATION_STARTED:
            self._begun = True
        if contact is Contact.STOP_LOOP:
            self._unseen = 0
            yield from self._over(LaneAlarmKind.SIGNAL_DEAD, contact)
        elif contact in WAYS_OUT and nobody:
            self._unseen = min(self._unseen + 1, UNSEEN)
            if self._unseen == UNSEEN and Contact.STOP_LOOP not in lane.bypassed:
                text = f"{UNSEEN} vehicles passed the way out, and it saw none of them"
                yield from self._tell(LaneAlarmKind.SIGNAL_DEAD, Contact.STOP_LOOP, text)

    def _visit_ended(self, facts: dict[str, str]) -> Iterator[Trouble]:
        begun, self._begun = self._begun, False
        if begun:
            self._unbegun = 0
            yield from self._over(LaneAlarmKind.SIGNAL_DEAD, Contact.IMMIGRATION_STARTED)
        elif facts.get("mode") == "automatic":
            self._unbegun = min(self._unbegun + 1, UNSEEN)
            if self._unbegun == UNSEEN:
                text = f"{UNSEEN} vehicles left, and Immigration began with none of them"
                yield from self._tell(LaneAlarmKind.SIGNAL_DEAD, Contact.IMMIGRATION_STARTED, text)

    def _tell(self, kind: LaneAlarmKind, contact: Contact, text: str) -> Iterator[Trouble]:
        if (kind, contact) not in self._told:
            self._told.add((kind, contact))
            yield TroubleReported(kind, f"{CONTACTS[contact].says}: {text}", contact.value)

    def _over(self, kind: LaneAlarmKind, contact: Contact) -> Iterator[Trouble]:
        if (kind, contact) in self._told:
            self._told.discard((kind, contact))
            yield TroubleEnded(kind, contact.value)
