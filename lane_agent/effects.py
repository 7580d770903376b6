"""What the lane asks for: imperatives. Effects run only after the event that caused them is in the journal."""

from __future__ import annotations

from dataclasses import dataclass

from lane_agent.wording import Scene


@dataclass(frozen=True, slots=True)
class Show:
    """Paint both screens. `parameter` fills `{hhmm}` ("" if none)."""

    serial: int
    xdb: Scene
    aiop: Scene
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class StartReading:
    """The reader begins to settle a read for this visit."""

    visit: int


@dataclass(frozen=True, slots=True)
class StopReading:
    """The visit is over; a read of it is no longer wanted."""

    visit: int


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask the code book for this VRN; the answer is `CodesFound`."""

    visit: int
    lookup: int
    vrn: str


@dataclass(frozen=True, slots=True)
class StartTimer:
    """`TimerFired(timer, serial)` after `ms` milliseconds; replaces a running timer of that name."""

    timer: str
    serial: int
    ms: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """The timer of that name is no longer wanted."""

    timer: str


@dataclass(frozen=True, slots=True)
class Consume:
    """These bundles are used by this visit, from now on and at this lane at once (design §3, overlays)."""

    visit: int
    ubrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """The intercom: "ring", "answer", "end"."""

    call: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Tell people: the console and the core. `visit` is 0 where none is concerned."""

    kind: str
    visit: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A fact for the core's records: `kind` is a past participle, `facts` are (name, value) pairs, sorted by name."""

    kind: str
    visit: int
    facts: tuple[tuple[str, str], ...] = ()


Effect = Show | StartReading | StopReading | LookUp | StartTimer | CancelTimer | Consume | Ring | Alarm | Record
