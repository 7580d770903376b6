"""Numbers in place of lanes and histories: the same for those that are equal once their counters are renamed.

Rules of this file: a lane or history is looked up by a flat key of its facts, and written in its canonical form only when it is
new; making and hashing that form for each of some millions of steps would take a quarter of their time. A key holds every
field of its dataclass, unless the field is named here and said how it is held, or is only for the record.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from operator import attrgetter
from typing import Any, Generic, TypeVar

from lane_agent.frozen import replace
from lane_agent.model import Read
from lane_agent.state import Lane, Visit
from tools.proof.canonical import FOR_THE_RECORD, canonical
from tools.proof.history import InputHistory, VehicleInputs

T = TypeVar("T", bound=Hashable)


class Numbers(Generic[T]):
    """Gives every value a number, the same for equal values."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._numbers: dict[T, int] = {}

    def of(self, value: T) -> int:
        """The number of a value."""
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


class FewNumbers(Generic[T]):
    """As `Numbers`, for few values that come again and again as the same objects: equality is asked once an object."""

    def __init__(self) -> None:
        self._numbers: Numbers[T] = Numbers()
        self._met: dict[int, tuple[int, T]] = {}
        self.values = self._numbers.values

    def of(self, value: T) -> int:
        """The number of a value, which is kept, so that no other object gets its identity."""
        met = self._met.get(id(value))
        if met is None:
            met = self._met[id(value)] = (self._numbers.of(value), value)
        return met[0]


class LaneNumbers:
    """Numbers of lanes. `values` are the lanes themselves, with their counters renamed (`canonical`)."""

    def __init__(self) -> None:
        self.values: list[Lane] = []
        self._numbers: dict[tuple[object, ...], int] = {}
        self._visits: dict[tuple[object, ...], int] = {}
        self._renamed_visits: list[Visit] = []
        self._same_visit: dict[int, int] = {}
        self._few: FewNumbers[Any] = FewNumbers()

    def of(self, lane: Lane) -> int:
        """The number of a lane, its counters renamed or not."""
        visit, face = lane.visit, lane.face
        visits = -1 if visit is None else self._visit(lane, visit)
        names = tuple([name for name, _ in lane.timers])
        shown = (face.serial != 0, *_of_face(face))
        key = (visits, self._few.of(lane.policy), names, shown, *_of_lane(lane))
        number = self._numbers.setdefault(key, len(self.values))
        if number == len(self.values):
            renamed = lane if visit is None else replace(lane, visit=self._renamed_visits[visits])
            self.values.append(canonical(renamed))
        return number

    def _visit(self, lane: Lane, visit: Visit) -> int:
        same = self._same_visit.get(id(visit))  # most steps leave it alone
        if same is not None:
            return same
        few, read = self._few, visit.read
        asks = (visit.lookup != 0, visit.claim != 0, visit.unread != "")
        seen = None if read is None else _of_read(read)
        key = (few.of(visit.codes), few.of(visit.arrived), seen, asks, *_of_visit(visit))
        number = self._visits.setdefault(key, len(self._renamed_visits))
        if number == len(self._renamed_visits):
            renamed = canonical(lane).visit
            assert renamed is not None
            self._renamed_visits.append(renamed)
            self._same_visit[id(renamed)] = number
        return number


class HistoryNumbers:
    """Numbers of histories."""

    def __init__(self) -> None:
        self.values: list[InputHistory] = []
        self._numbers: dict[tuple[object, ...], int] = {}
        self._vehicles: dict[tuple[object, ...], int] = {}
        self._same_vehicle: dict[int, tuple[int, VehicleInputs]] = {}
        self._few: FewNumbers[Any] = FewNumbers()

    def of(self, history: InputHistory) -> int:
        """The number of a history."""
        vehicles = -1 if history.vehicle is None else self._vehicle(history.vehicle)
        key = (vehicles, self._few.of(history.policy), *_of_history(history))
        number = self._numbers.setdefault(key, len(self.values))
        if number == len(self.values):
            self.values.append(history)
        return number

    def _vehicle(self, vehicle: VehicleInputs) -> int:
        same = self._same_vehicle.get(id(vehicle))
        if same is not None:
            return same[0]
        key = (self._few.of(vehicle.meaning), *_of_vehicle(vehicle))
        number = self._vehicles.setdefault(key, len(self._vehicles))
        if number == len(self._same_vehicle):
            self._same_vehicle[id(vehicle)] = (number, vehicle)
        return number


def _all_but(kind: Any, *names: str) -> Callable[[Any], tuple[object, ...]]:
    return attrgetter(*(field.name for field in dataclasses.fields(kind) if field.name not in names))


_of_lane = _all_but(Lane, "policy", "visit", "face", "timers", "visits", "serial")
_of_face = attrgetter("xdb", "aiop", "parameter", "painted")
_of_visit = _all_but(Visit, "number", "lookup", "claim", "unread", "codes", "arrived", "read", *FOR_THE_RECORD)
_of_read = _all_but(Read)
_of_vehicle = _all_but(VehicleInputs, "meaning")
_of_history = _all_but(InputHistory, "policy", "vehicle")
