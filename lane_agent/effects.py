"""What the lane asks for, named in the imperative. Effects run only once the event that caused them is in the journal."""

from __future__ import annotations

from dataclasses import dataclass

from lane_agent.wording import Scene


@dataclass(frozen=True, slots=True)
class Show:
    """Paint both screens. `parameter` fills `{earliest}`: `hh:mm`, or `MM-DD hh:mm` ("" if none)."""

    serial: int
    xdb: Scene
    aiop: Scene
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class StartReading:
    """The reader is to settle a plate for this visit."""

    visit: int


@dataclass(frozen=True, slots=True)
class StopReading:
    """The visit is over; a read of it is no longer wanted."""

    visit: int


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Is this plate still in view? Only a picture taken from now on answers, with `PlateSeenAgain`; a no is silence."""

    visit: int
    look: int
    vrn: str


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
    """This visit uses these bundles; this lane knows it at once, before the core says so (design §3, overlays)."""

    visit: int
    ubrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask the core for its signed receipt that these bundles are this visit's alone; the answer is `ClaimAnswered`.

    It takes the place of an earlier claim of the visit, which holds no longer.
    """

    visit: int
    claim: int
    ubrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GiveBack:
    """This visit will not use these bundles: its claim number `claim` is over, and so is every earlier one of the visit."""

    visit: int
    claim: int
    ubrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """The intercom: "ring", "answer", "end"."""

    call: str


@dataclass(frozen=True, slots=True)
class TellDriver:
    """The panel is to say this besides its message, where that message may carry it (`wording.CARRIES_NOTICE`).

    Attributes:
        notice: a `domain.notices.DriverNotice`, or `NO_NOTICE`.
        issuer: who ordered it.
        visit: with which it ends, 0 for none.
        ms: after how long it ends.
    """

    notice: str
    issuer: str
    visit: int
    ms: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """Tell people, at the lane and at the core.

    Attributes:
        kind: a `domain.alarms.LaneAlarmKind`; text, since a journal may hold one that this version no longer has.
        visit: 0 where no vehicle is concerned.
        cause: what tells it from others of its kind, "" where there is nothing: `camera`, a file.
    """

    kind: str
    visit: int
    detail: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class AlarmEnded:
    """The cause of an alarm is gone; the attributes are those of `Alarm`. What only a person ends stays (`domain.alarms`)."""

    kind: str
    visit: int
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Something for the core's records: a `domain.visit_record.RecordKind` and (name, text) pairs, sorted by name."""

    kind: str
    visit: int
    facts: tuple[tuple[str, str], ...] = ()


Effect = (
    Show
    | StartReading
    | StopReading
    | LookAgain
    | LookUp
    | StartTimer
    | CancelTimer
    | Consume
    | Claim
    | GiveBack
    | Ring
    | TellDriver
    | Alarm
    | AlarmEnded
    | Record
)
