"""What a wall asks of the past, and tells of its people, as types: one request, one answer, each a line of JSON (`wall_door`).

Rules of this file: a request is named by its "do"; the person is beside it ("who"), and which lanes it may be about is the wall's
by its certificate. Times are UTC ms.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from core.link.alarms import CoreAlarm
from core.link.pictures import Kept
from core.link.projection import Crossing
from core.office.answers import CommandState
from core.office.requests import Why
from domain.times import LAST_MS

MOST_FIGURES = 100_000
"""Visits that one answer may count: six days of the whole territory."""

MOST_ROWS = 2_000
"""Rows of a journal in one story; a visit of an hour has some hundreds."""

Time = Annotated[int, Meta(ge=0, le=LAST_MS)]
VisitKey = Annotated[str, Meta(max_length=128)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class _Look(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """A request is a JSON object whose "do" names it."""


class SearchVisits(_Look, frozen=True, tag="search_visits"):
    """Past visits that fit; answered by `VisitsFound`.

    Attributes:
        text: a registration mark, or the ten digits of a UBR or CCRN; "" for any.
        near: near-misses of the mark too.
        lane: one of the wall's; "" for all of them.
        since_ms, until_ms: when the visit began. A UBR's own visit is found whenever it was.
        outcome: as the base record has it, `IN_LANE` for one that has not ended; "" for any.
        officer: part of the name of somebody who did something in it; "" for any.
    """

    text: Annotated[str, Meta(max_length=32)] = ""
    near: bool = True
    lane: str = ""
    since_ms: Time = 0
    until_ms: Time = LAST_MS
    outcome: Annotated[str, Meta(max_length=32)] = ""
    officer: Annotated[str, Meta(max_length=64)] = ""
    most: Annotated[int, Meta(ge=1, le=500)] = 100


class TellStory(_Look, frozen=True, tag="tell_story"):
    """Everything about one visit; answered by `VisitStory`."""

    visit: VisitKey


class ProveStory(_Look, frozen=True, tag="prove_story"):
    """Whether signatures, hashes and the list it was decided from agree; answered by `StoryProof`. Takes long."""

    visit: VisitKey


class ShowPicture(_Look, frozen=True, tag="show_picture"):
    """One picture of a visit (in base64)."""

    visit: VisitKey
    picture: Digest


class ExportStory(_Look, frozen=True, tag="export_story"):
    """A visit's story, proof and pictures as one signed file; answered by its text (`sealed_file`)."""

    visit: VisitKey
    purpose: Why


class SealPages(_Look, frozen=True, tag="seal_pages"):
    """The wall has drawn a story that this person exported as a PDF: a seal on that; answered by its line (`sealed_story`).

    Attributes:
        record: SHA-256 of the signed file that was exported, in hex. Each is sealed once, and within some minutes.
        pages: SHA-256 of the PDF, in hex.
    """

    visit: VisitKey
    record: Digest
    pages: Digest


class CountVisits(_Look, frozen=True, tag="count_visits"):
    """What there is to count of the visits that began in this time and have ended; answered by `VisitFigures` of each."""

    since_ms: Time
    until_ms: Time


class CountTroubles(_Look, frozen=True, tag="count_troubles"):
    """What there is to count of alarms that were raised in this time, and of links that were out; answered by `TroubleFigures`."""

    since_ms: Time
    until_ms: Time


class ShiftTold(_Look, frozen=True, tag="tell_shift"):
    """Somebody has begun or ended a shift at this wall: a line of the audit log, and nothing else; answered by true.

    Attributes:
        act: which of both; at_ms: when, by the wall's clock. The core may have been away then: what is told twice says so by it.
        shown: the name that others see.
        note: for whoever comes next, of a shift that has ended.
    """

    act: Literal["begun", "ended"]
    at_ms: Time
    shown: Annotated[str, Meta(max_length=128)] = ""
    note: Annotated[str, Meta(max_length=300)] = ""


PastRequest = SearchVisits | TellStory | ProveStory | ShowPicture | ExportStory | CountVisits | CountTroubles
"""What is answered from the store."""

LookRequest = PastRequest | SealPages

IN_LANE = "in_lane"
"""The outcome of a visit that has not ended, in a search."""


class VisitHit(msgspec.Struct, frozen=True, kw_only=True):
    """One visit that was found.

    Attributes:
        key: lane/journal/number.
        near: its mark is a near-miss of the one that was asked for, and was never read as that one.
        ended: its base record is there; without it nothing but times, mark and bundles is known.
    """

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


class VisitsFound(msgspec.Struct, frozen=True):
    """The answer to a search, newest first; `more` where it was cut off."""

    visits: tuple[VisitHit, ...]
    more: bool = False


class StoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the lane's journal as it was received: its entry word for word, and the hash of its chain in hex."""

    seq: int
    boot: str
    hash: str
    received_ms: int
    body: str


class VisitStory(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the core has about one visit.

    Attributes:
        crossing: its records.
        marks: every mark that was read or typed in it, normalised.
        rows: of the lane's journal, from the first to the last that names the visit; `cut` where there are more.
        lookup: what the list said, as the lane found it (`lane_agent.model.Codes`), with `at_ms`, `quality` and `seq` of the
            row; empty where nothing was looked up.
        cargo: the consignments of its bundles, as the core has them now.
        alarms, commands: of this visit, and what was ordered of the lane meanwhile.
        pictures: those named by the visit that are kept here; `missing` are the others.
        problems: what of the journal could not be read.
    """

    key: str
    crossing: Crossing
    marks: tuple[str, ...]
    rows: tuple[StoryRow, ...]
    cut: bool
    lookup: dict[str, Any]
    cargo: tuple[dict[str, Any], ...]
    alarms: tuple[CoreAlarm, ...]
    commands: tuple[CommandState, ...]
    pictures: tuple[Kept, ...]
    missing: tuple[str, ...]
    problems: tuple[str, ...] = ()


class StoryProof(msgspec.Struct, frozen=True):
    """What was checked of a visit, in words, and what does not agree; proved where there is nothing of the latter."""

    checks: tuple[str, ...]
    problems: tuple[str, ...]


class StoryFile(msgspec.Struct, frozen=True, kw_only=True):
    """An exported story, as it is signed: who wanted it, when and what for; `pictures` by their hashes."""

    form: str
    exported_ms: int
    by: str
    purpose: str
    story: VisitStory
    proof: StoryProof
    pictures: dict[str, bytes]


STORY_FORM = "rocars-story-1"


class PagesSeal(msgspec.Struct, frozen=True, kw_only=True):
    """What the core vouches for about pages that a wall made of a record: who made them and for whom, and which bytes they are.

    Their words it has not read.

    Attributes:
        wall: by its certificate; by: the person, as in the record.
        record, pages: SHA-256 of the signed record inside, and of the PDF without this seal.
    """

    form: str
    wall: str
    by: str
    sealed_ms: int
    visit: str
    record: str
    pages: str


PAGES_FORM = "rocars-pages-1"


class VisitFigures(msgspec.Struct, frozen=True, array_like=True):
    """What there is to count of one visit that has ended, without mark or name.

    Attributes:
        decided_ms, left_ms: 0 where it did not happen.
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


class AlarmFigures(msgspec.Struct, frozen=True, array_like=True):
    """What there is to count of one alarm. Times are UTC ms, 0 for what has not happened.

    Attributes:
        of_core: the core raised it, and not the lane.
        at_ms: raised first.
        taken_ms: by whoever took it last.
        over_ms: since when its cause is gone, or somebody closed it.
    """

    lane: str
    kind: str
    of_core: bool
    at_ms: int
    taken_ms: int
    over_ms: int


class OutageFigures(msgspec.Struct, frozen=True, array_like=True):
    """One time in which a lane was not automatic because of its link (`core.link.outages`), UTC ms; `ended_ms` 0 while it lasts."""

    lane: str
    began_ms: int
    ended_ms: int


class TroubleFigures(msgspec.Struct, frozen=True):
    """The answer to `CountTroubles`, each in order of time, `MOST_FIGURES` at most."""

    alarms: tuple[AlarmFigures, ...]
    outages: tuple[OutageFigures, ...]
