"""What the walls are told of the past: searches, the whole story of a visit, its proof, its pictures, and a signed copy of it all.

Rules of this file:
- It reads the store on a connection of its own, in a thread, one request at a time: no lane's proof and no order waits for it.
- A visit is told to a wall only if its lane is the wall's. Who looked at what is in the audit log before anything is read
  (`CoreService`).
- Nothing is put in words here, and nothing is left out that the journal has: what a row says is told as it was received.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import closing
from typing import Any, assert_never

import msgspec
import psycopg

from core.errors import CoreSettingsError, RefusedError
from core.ledger.decision_audit import AuditedDecision, Decisions
from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.link.alarms import CoreAlarm
from core.link.pictures import Kept, PictureStore
from core.link.projection import Crossing, read_crossing
from core.model.people import Actor
from core.model.refusals import refusal
from core.office.answers import CommandState
from core.office.sealed_file import seal_file
from core.office.sealed_story import ExportedRecords, seal_pages
from core.office.trouble_count import count_troubles
from core.office.visit_search import VisitSearch, marks_of
from core.office.wall_requests import (
    MOST_ROWS,
    STORY_FORM,
    CountTroubles,
    CountVisits,
    ExportStory,
    LookRequest,
    PastRequest,
    ProveStory,
    SealPages,
    SearchVisits,
    ShowPicture,
    StoryFile,
    StoryProof,
    StoryRow,
    TellStory,
    VisitStory,
)
from domain.times import UtcClock
from runtime.store_errors import StoreError
from wire.envelope import KeyRing, Signer

_GRACE_MS = 60_000
"""Before and after a visit: what was ordered of the lane then is in its story."""


class LookingBack:
    """Answers what walls ask of the past.

    Args:
        open_store: opens the core's store for reading.
        signer: signs exported files, with the core's key.
        ring: the core's keys, which may have signed the list.
        rings: for each lane its keys.
        gallery: the pictures.
    """

    def __init__(
        self,
        open_store: Callable[[], CoreStore],
        *,
        signer: Signer,
        ring: KeyRing,
        rings: Callable[[], dict[str, KeyRing]],
        gallery: PictureStore,
        clock: UtcClock,
    ) -> None:
        self._open_store, self._signer, self._ring = open_store, signer, ring
        self._rings, self._gallery, self._clock = rings, gallery, clock
        self._exported = ExportedRecords()

    def answer(self, request: LookRequest, who: Actor, lanes: Collection[str]) -> Any:
        """The answer, which msgspec can encode.

        Args:
            request: what is asked.
            who: by which person; a signed file names them.
            lanes: those of the wall that asks.

        Raises:
            RefusedError: there is no such visit or picture among these lanes', or the records cannot be read.
        """
        if isinstance(request, SealPages):
            return self._sealed(request, who)
        try:
            with closing(self._open_store()) as store:
                return _Reading(self, store, lanes).answer(request, who)
        except (psycopg.Error, StoreError, CoreSettingsError, OSError) as error:
            raise RefusedError(refusal("records_unreadable", error=error)) from error

    def now_ms(self) -> int:
        """UTC ms."""
        return self._clock()

    def decisions(self, store: CoreStore) -> Decisions:
        """Proves decisions from that store."""
        return Decisions(store, ReplicatedLog(store, self._signer, self._ring), self._rings())

    def kept(self, lane: str, names: Collection[str]) -> tuple[Kept, ...]:
        """Those of a visit's pictures that are kept here."""
        return tuple(found for name in names if (found := self._gallery.find(lane, name)) is not None)

    def picture(self, lane: str, name: str) -> bytes:
        """A picture of a lane; raises RefusedError where it is not here."""
        return self._gallery.read(name, lane=lane)

    def _sealed(self, request: SealPages, who: Actor) -> str:
        """The seal of pages that were made of a record which this person has just been given."""
        now = self._clock()
        if not self._exported.take(request.record, visit=request.visit, by=who.words, now_ms=now):
            raise RefusedError(refusal("pages_of_no_record"))
        return seal_pages(self._signer, request, who, now_ms=now).decode()

    def seal(self, story: VisitStory, proof: StoryProof, *, purpose: str, who: Actor) -> str:
        """The signed file; its pages may be sealed from now on."""
        told = StoryFile(
            form=STORY_FORM,
            exported_ms=self._clock(),
            by=who.words,
            purpose=purpose,
            story=story,
            proof=proof,
            pictures={one.picture: self.picture(one.lane, one.picture) for one in story.pictures},
        )
        file = seal_file(self._signer, msgspec.json.encode(told))
        self._exported.add(file, visit=story.key, by=who.words, now_ms=told.exported_ms)
        return file.decode()


class _Reading:
    """One request, on a store that is open for it."""

    def __init__(self, desk: LookingBack, store: CoreStore, lanes: Collection[str]) -> None:
        self._desk, self._store, self._db, self._lanes = desk, store, store.connection, lanes

    def answer(self, request: PastRequest, who: Actor) -> Any:
        match request:
            case SearchVisits():
                return VisitSearch(self._db, self._lanes).find(request)
            case CountVisits() | CountTroubles():
                return self._counted(request)
            case TellStory():
                return self._story(self._crossing(request.visit))
            case ProveStory():
                return self._proof(self._crossing(request.visit))
            case ShowPicture():
                crossing = self._crossing(request.visit)
                if request.picture not in crossing.ended.evidence:
                    raise RefusedError(refusal("picture_of_another", picture=request.picture, visit=request.visit))
                return self._desk.picture(crossing.lane, request.picture)
            case ExportStory():
                crossing = self._crossing(request.visit)
                story, proof = self._story(crossing), self._proof(crossing)
                return self._desk.seal(story, proof, purpose=request.purpose, who=who)
            case _:
                assert_never(request)

    def _counted(self, request: CountVisits | CountTroubles) -> Any:
        if isinstance(request, CountVisits):
            return VisitSearch(self._db, self._lanes).figures(request)
        return count_troubles(self._db, self._lanes, request, self._desk.now_ms())

    def _crossing(self, key: str) -> Crossing:
        lane, journal, number = (*key.split("/"), "", "")[:3]
        if lane not in self._lanes:
            raise RefusedError(refusal("wall_sees", lane=lane))
        names = ", ".join(Crossing.__struct_fields__)
        row = self._db.execute(
            f"SELECT {names} FROM crossings WHERE lane=%s AND journal=%s AND visit=%s",  # noqa: S608 (fixed names)
            (lane, journal, int(number) if number.isdecimal() and len(number) < 17 else 0),
        ).fetchone()
        if row is None:
            raise RefusedError(refusal("visit_unknown", visit=key))
        return read_crossing(row)

    def _story(self, crossing: Crossing) -> VisitStory:
        decision = self._desk.decisions(self._store).of_visit(crossing.lane, crossing.journal, crossing.visit)
        lookup: dict[str, Any] = {}
        if isinstance(decision, AuditedDecision):
            lookup = {**decision.codes, "at_ms": decision.at_ms, "quality": decision.quality, "seq": decision.seq}
        rows = self._rows(crossing)
        pictures = self._desk.kept(crossing.lane, crossing.ended.evidence)
        return VisitStory(
            key=crossing.key,
            crossing=crossing,
            marks=marks_of(self._db, crossing),
            rows=rows[:MOST_ROWS],
            cut=len(rows) > MOST_ROWS,
            lookup=lookup,
            cargo=self._cargo(crossing),
            alarms=self._alarms(crossing),
            commands=self._commands(crossing),
            pictures=pictures,
            missing=tuple(sorted(set(crossing.ended.evidence) - {one.picture for one in pictures})),
            problems=self._problems(crossing, rows),
        )

    def _rows(self, crossing: Crossing) -> tuple[StoryRow, ...]:
        where = (crossing.lane, crossing.journal)
        first, last = self._desk.decisions(self._store).span(*where, crossing.visit)
        rows = self._db.execute(
            "SELECT seq, boot, hash, received_ms, body FROM events WHERE lane=%s AND journal=%s AND seq BETWEEN %s AND %s "
            "ORDER BY seq LIMIT %s",
            (*where, first, last, MOST_ROWS + 1),
        )
        return tuple(
            StoryRow(seq=seq, boot=boot, hash=digest.hex(), received_ms=at, body=body.decode(errors="backslashreplace"))
            for seq, boot, digest, at, body in rows
        )

    def _cargo(self, crossing: Crossing) -> tuple[dict[str, Any], ...]:
        ccrns = tuple(dict.fromkeys(crossing.ended.ccrns))[:200]
        rows = self._db.execute(
            "SELECT ccrn, ubr, code, code_by, code_reason, info FROM cargo WHERE ccrn = ANY(%s) ORDER BY ccrn",
            (list(ccrns),),
        )
        names = ("ccrn", "ubr", "code", "code_by", "code_reason")
        return tuple({**dict(zip(names, row, strict=False)), "info": msgspec.json.decode(row[5])} for row in rows)

    def _alarms(self, crossing: Crossing) -> tuple[CoreAlarm, ...]:
        names = (
            "id",
            "at_ms",
            "lane",
            "journal",
            "visit",
            "kind",
            "detail",
            "cleared_by",
            "cause",
            "count",
            "taken_by",
        )
        rows = self._db.execute(
            f"SELECT {', '.join(names)} FROM alarms WHERE lane=%s AND journal=%s AND visit=%s ORDER BY id LIMIT 200",  # noqa: S608
            (crossing.lane, crossing.journal, crossing.visit),
        )
        return tuple(CoreAlarm(**dict(zip(names, row, strict=True))) for row in rows)

    def _commands(self, crossing: Crossing) -> tuple[CommandState, ...]:
        names = CommandState.__struct_fields__
        until = (crossing.ended.left_ms or crossing.last_ms) + _GRACE_MS
        rows = self._db.execute(
            f"SELECT {', '.join(names)} FROM commands WHERE lane=%s AND (visit=%s OR issued_ms BETWEEN %s AND %s) "  # noqa: S608
            "ORDER BY issued_ms LIMIT 200",
            (crossing.lane, crossing.key, crossing.first_ms - _GRACE_MS, until),
        )
        return tuple(CommandState(**dict(zip(names, row, strict=True))) for row in rows)

    def _problems(self, crossing: Crossing, rows: tuple[StoryRow, ...]) -> tuple[str, ...]:
        first, last = (rows[0].seq, rows[-1].seq) if rows else (1, 0)
        found = self._db.execute(
            "SELECT seq, why FROM quarantine WHERE lane=%s AND journal=%s AND seq BETWEEN %s AND %s ORDER BY seq",
            (crossing.lane, crossing.journal, first, last),
        )
        return tuple(f"row {seq} cannot be read whole: {why}" for seq, why in found)

    def _proof(self, crossing: Crossing) -> StoryProof:
        decisions = self._desk.decisions(self._store)
        verdict = decisions.prove(decisions.of_visit(crossing.lane, crossing.journal, crossing.visit))
        return StoryProof(verdict.checks, verdict.problems)
