"""What is said of a kind of alarm besides its name: how urgent it is, whose it is, and how it ends (ISA-18.2).

`domain.alarms` and `domain.core_alarms` are the table, `domain.alarm_lifecycle` acts by it, and `docs/alarms.md` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Self


class Priority(Enum):
    """How soon somebody has to act; the value orders them, the most urgent first."""

    URGENT = 1  # at once: a vehicle is gone that should not be, or somebody forges
    HIGH = 2  # within minutes: the lane cannot clear vehicles as it should
    MEDIUM = 3  # in the course of the visit, or of the shift
    LOW = 4  # worth knowing; a technician plans by it

    @property
    def word(self) -> str:
        """As people and metrics read it."""
        return self.name.lower()


class Desk(StrEnum):
    """Who deals with it."""

    OFFICER = "officer at the lane"
    CONTROL = "control room"
    TECHNICIAN = "technician"
    SECURITY = "security officer"


class Ends(StrEnum):
    """What ends an alarm of this kind."""

    CAUSE = "when its cause is gone"
    VISIT = "with the visit, or when the lane has gone on to another row"
    QUIET = "by itself, after a time without another"
    PERSON = "when a person closes it"


@dataclass(frozen=True, slots=True)
class Care:
    """How a kind of alarm is dealt with.

    Attributes:
        priority: how soon.
        desk: by whom.
        ends: how. A lane's alarm that ends with the visit, or by a person, is one a visit; every other is one a cause.
        quiet_ms: for `Ends.QUIET`, how long it must not have been raised.
        called: a person raises it: after its end it is another person's, and no chatter.
    """

    priority: Priority
    desk: Desk
    ends: Ends
    quiet_ms: int = 0
    called: bool = False

    @property
    def stays_listed(self) -> bool:
        """Whether one that ended unseen stays in the list until somebody has seen that it was there."""
        return self.priority in {Priority.URGENT, Priority.HIGH}


def quiet(priority: Priority, desk: Desk, *, minutes: int = 10) -> Care:
    """Of a kind without an end that anybody could see: it is over when it has not been raised for so long."""
    return Care(priority, desk, Ends.QUIET, minutes * 60_000)


UNKNOWN: Final = Care(Priority.MEDIUM, Desk.OFFICER, Ends.PERSON)
"""Of a kind that a newer or older release raised, and this one does not know."""


class AlarmKind(StrEnum):
    """A kind of alarm whose members are written as (value, care, meaning, remedy).

    Attributes:
        care: how it is dealt with.
        meaning: when it is raised, in one sentence.
        remedy: the next thing that whoever it is for does.
    """

    care: Care
    meaning: str
    remedy: str

    def __new__(cls, value: str, care: Care, meaning: str, remedy: str) -> Self:
        """One line of the table."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.care = care
        member.meaning = meaning
        member.remedy = remedy
        return member
