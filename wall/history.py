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

    def close(self) -> None:
        """Nothing more is written."""
