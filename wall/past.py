"""The past, as the core tells it to this wall: searches, the story of a visit, its pictures, a signed copy, and figures.

Rules of this file: it has a line to the core of its own, so that no order waits for a search. Who asks is in each request, and the
core writes it down before it answers. Nothing of it is kept here.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from wall.errors import PastRefusedError
from wall.orders import CoreLine
from wall.present import Plain

T = TypeVar("T")

IN_LANE = "in_lane"
"""The outcome of a visit that has not ended, in a search."""


MOST_COUNTED = 100_000
"""Visits that the core counts at once (`core.office.wall_requests.MOST_FIGURES`)."""


class PastWanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched for; the fields are those of the core's request (`core.office.wall_requests.SearchVisits`)."""

    text: str = ""
    near: bool = True
    lane: str = ""
    since_ms: int = 0
    until_ms: int = 0
    outcome: str = ""
    officer: str = ""


class FoundVisit(msgspec.Struct, frozen=True, kw_only=True):
    """One visit that was found; `near`: its mark is a near-miss of the one that was asked for."""

    key: str
    lane: str
    first_ms: int
    left_ms: int
    vrn: str
    near: bool
    ended: bool
    row: int
    outcome: str
    doubt: str
    officer: str
    reason: str
    ubrs: tuple[str, ...]


class FoundVisits(msgspec.Struct, frozen=True):
    """What a search found, newest first; `more` where it was cut off."""

    visits: tuple[FoundVisit, ...]
    more: bool = False


class ProofTold(msgspec.Struct, frozen=True):
    """What the core checked of a visit, and what does not agree."""

    checks: tuple[str, ...]
    problems: tuple[str, ...]


class VisitCounted(msgspec.Struct, frozen=True, array_like=True):
    """What there is to count of one visit that has ended; times in UTC ms, 0 for what did not happen.

    Attributes:
        person: an officer decided something in it, or typed the mark.
        confidence: of the read, 0 to 1; below 0 where nothing was read.
    """

    lane: str
    arrived_ms: int
    decided_ms: int
    left_ms: int
    how: str
    outcome: str
    doubt: str
    unread: str
    manual: bool
    person: bool
    confidence: float


class AlarmCounted(msgspec.Struct, frozen=True, array_like=True):
    """What there is to count of one alarm; times in UTC ms, 0 for what did not happen.

    Attributes:
        taken_ms: by whoever took it last; over_ms: since when its cause is gone, or somebody closed it.
    """

    lane: str
    kind: str
    of_core: bool
    at_ms: int
    taken_ms: int
    over_ms: int


class OutageCounted(msgspec.Struct, frozen=True, array_like=True):
    """When a lane was not automatic because of its link, UTC ms; `ended_ms` 0 while it lasts."""

    lane: str
    began_ms: int
    ended_ms: int


class TroublesCounted(msgspec.Struct, frozen=True):
    """Alarms that were raised in some time, and outages that lasted at some moment of it."""

    alarms: tuple[AlarmCounted, ...] = ()
    outages: tuple[OutageCounted, ...] = ()


class PastDesk:
    """Asks the core of the past.

    Args:
        line: to the core; its answers may take long.

    Every method raises `CoreAwayError` where the core does not answer, and `PastRefusedError` where it tells nothing.
    """

    def __init__(self, line: CoreLine) -> None:
        self.line = line

    async def search(self, who: str, wanted: PastWanted) -> FoundVisits:
        """Past visits that fit."""
        return await self._asked(who, "search_visits", FoundVisits, **msgspec.structs.asdict(wanted))

    async def story(self, who: str, visit: str) -> Plain:
        """Everything about one visit, as plain data (`core.office.wall_requests.VisitStory`)."""
        return await self._asked(who, "tell_story", dict[str, Any], visit=visit)

    async def proof(self, who: str, visit: str) -> ProofTold:
        """Whether signatures, hashes and the list agree."""
        return await self._asked(who, "prove_story", ProofTold, visit=visit)

    async def picture(self, who: str, visit: str, picture: str) -> bytes:
        """One picture of a visit, JPEG."""
        return await self._asked(who, "show_picture", bytes, visit=visit, picture=picture)

    async def export(self, who: str, visit: str, purpose: str) -> str:
        """The story as a file that the core has signed."""
        return await self._asked(who, "export_story", str, visit=visit, purpose=purpose)

    async def seal(self, who: str, visit: str, *, record: str, pages: str) -> str:
        """The core's seal on pages made of a record that this person was just given; `record` and `pages` are SHA-256 of both, in hex."""
        return await self._asked(who, "seal_pages", str, visit=visit, record=record, pages=pages)

    async def figures(self, who: str, since_ms: int, until_ms: int) -> list[VisitCounted]:
        """What there is to count of the visits that began in that time and have ended."""
        return await self._asked(who, "count_visits", list[VisitCounted], since_ms=since_ms, until_ms=until_ms)

    async def troubles(self, who: str, since_ms: int, until_ms: int) -> TroublesCounted:
        """What there is to count of alarms and links of that time."""
        return await self._asked(who, "count_troubles", TroublesCounted, since_ms=since_ms, until_ms=until_ms)

    async def _asked(self, who: str, do: str, kind: type[T], **about: object) -> T:
        answer = await self.line.ask({"do": do, "who": who, **about})
        if answer.problems:
            raise PastRefusedError("; ".join(answer.problems))
        return msgspec.json.decode(answer.result, type=kind)
