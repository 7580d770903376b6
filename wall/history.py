"""What the wall writes down, as a port: needs and who took them, who looked at what, shifts.

The history of crossings is the core's. What is here is about the people at the wall; an adapter to the core's own store can
take the place of `wall.store` without any other file changing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from wall.needs import Deed


@dataclass(frozen=True, slots=True)
class WallLook:
    """Somebody looked at something, or did something: `what` is a word (picture, live, signed in, shift, order)."""

    at_ms: int
    who: str
    what: str
    lane: str = ""
    detail: str = ""


MOST_DEEDS = 200


@dataclass(frozen=True, slots=True)
class NeedDeed:
    """What became of a need, with what it was about."""

    at_ms: int
    lane: str
    kind: str
    title: str
    vrn: str
    what: str
    who: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedShift:
    """One person's shift at the wall. Times are UTC ms.

    Attributes:
        number: of its row, in the order in which they began.
        who, shown: the login, and the name that others saw then.
        ended_ms: 0 while it lasts.
        note: for whoever comes next.
    """

    number: int
    who: str
    shown: str
    began_ms: int
    ended_ms: int = 0
    note: str = ""


class WallHistory(Protocol):
    """Where it is written; each call is durable when it returns, and raises OSError (StoreError) when it is not."""

    def write_deeds(self, deeds: Iterable[Deed]) -> None:
        """What became of needs."""

    def write_look(self, look: WallLook) -> None:
        """Who looked at what, or did what."""

    def takers(self) -> dict[str, tuple[str, int]]:
        """Of needs that were not over when the wall ended: key to whose they are and since when."""

    def deeds(self, *, lane: str = "", most: int = 200) -> list[tuple[int, str, str, str, str]]:
        """The latest deeds: (when, need, what, who, detail), newest first."""

    def past_needs(self, *, lane: str = "", mark: str = "", since_ms: int = 0, until_ms: int = 0) -> list[NeedDeed]:
        """Deeds of needs of that time, newest first, `MOST_DEEDS` at most; `mark` as the lane wrote it."""

    def looks(self, *, most: int = 200) -> list[WallLook]:
        """The latest looks, newest first."""

    def begin_shift(self, who: str, shown: str, at_ms: int) -> WorkedShift:
        """Somebody begins a shift."""

    def end_shift(self, number: int, at_ms: int, note: str) -> None:
        """That shift is over."""

    def shifts(self, since_ms: int, until_ms: int) -> list[WorkedShift]:
        """Shifts that lasted at some moment of that time, in the order in which they began."""

    def shifts_on(self) -> list[WorkedShift]:
        """Shifts that last."""

    def last_shifts(self, *, most: int = 5) -> list[WorkedShift]:
        """Shifts that have ended, the last first."""

    def untold_shifts(self, *, most: int = 20) -> list[WorkedShift]:
        """Of which the core does not know yet that they began, as they were then (without an end), or that they ended; the oldest first."""

    def shift_told(self, shift: WorkedShift) -> None:
        """The core has written this down: that it began, or where it has an end that it ended."""

    def close(self) -> None:
        """Nothing more is written."""
