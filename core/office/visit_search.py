"""Past visits, found in the core's records: by mark with near-misses, UBR, CCRN, time, lane, outcome, officer.

Rules of this file: it only reads, on a connection of its own, so that no lane's proof waits for it. Which lanes may be looked at is
given by whoever asks, never by the request.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from core.ledger.audit_log import CONTAINS, within
from core.ledger.row_by_row import row_by_row
from core.ledger.store import LedgerConnection
from core.link.projection import Crossing, read_crossing
from core.office.cargo import REFERENCE
from core.office.wall_requests import (
    IN_LANE,
    MOST_FIGURES,
    CountVisits,
    SearchVisits,
    VisitFigures,
    VisitHit,
    VisitsFound,
)
from domain.marks import neighbours, normalise
from domain.visit_record import VisitEnded

_NAMES = ", ".join(Crossing.__struct_fields__)
_OF_MARKS = (
    "(SELECT lane, journal, visit FROM crossings WHERE vrn = ANY(%s) "
    "UNION SELECT lane, journal, visit FROM marks WHERE mark = ANY(%s)) AS marked "
    "JOIN crossings USING (lane, journal, visit)"
)
"""The crossings of some marks, which are looked up by their indexes."""


class VisitSearch:
    """Searches the crossings of one store.

    Args:
        connection: to it, for reading.
        lanes: those that may be looked at.
    """

    def __init__(self, connection: LedgerConnection, lanes: Collection[str]) -> None:
        self._db = connection
        self._lanes = list(lanes)

    def find(self, wanted: SearchVisits) -> VisitsFound:
        """The visits that fit, newest first."""
        mark = "" if REFERENCE.fullmatch(wanted.text) else normalise(wanted.text)
        found: dict[str, VisitHit] = {}
        for crossing in self._candidates(wanted, mark):
            if crossing.key in found or not _fits(crossing, wanted):
                continue
            if len(found) == wanted.most:
                return VisitsFound(tuple(found.values()), more=True)
            found[crossing.key] = self._past(crossing, mark)
        return VisitsFound(tuple(sorted(found.values(), key=lambda one: one.first_ms, reverse=True)))

    def _candidates(self, wanted: SearchVisits, mark: str) -> Iterator[Crossing]:
        lanes = [lane for lane in self._lanes if wanted.lane in {"", lane}]
        where = "lane = ANY(%s) AND first_ms BETWEEN %s AND %s"
        values: list[object] = [lanes, wanted.since_ms, wanted.until_ms]
        of = "crossings"
        if mark:
            marks = [mark, *(sorted(neighbours(mark)) if wanted.near else ())]
            of, values = _OF_MARKS, [marks, marks, *values]
        elif wanted.text:
            yield from self._of_reference(wanted.text, lanes)
            where += f" AND (base {CONTAINS} OR ubrs {CONTAINS})"
            values += [within(wanted.text)] * 2
        if wanted.officer:
            where += f" AND (base {CONTAINS} OR records {CONTAINS})"
            values += [f'%"officer":"{within(wanted.officer)}'] * 2
        if wanted.outcome:
            where += f" AND base {CONTAINS}"
            values.append("{}" if wanted.outcome == IN_LANE else within(f'"outcome":"{wanted.outcome}"'))
        yield from self._crossings(where, values, of)

    def _of_reference(self, text: str, lanes: list[str]) -> Iterator[Crossing]:
        """The visits that used the bundle of that UBR or CCRN, whenever that was."""
        bundled = self._db.execute("SELECT ubr FROM cargo WHERE ccrn=%s AND ubr!=''", (text,)).fetchone()
        ubr = bundled[0] if bundled else text
        yield from self._crossings(f"lane = ANY(%s) AND ubrs {CONTAINS}", [lanes, within(f'"{ubr}"')])

    def _crossings(self, where: str, values: list[object], of: str = "crossings") -> Iterator[Crossing]:
        query = f"SELECT {_NAMES} FROM {of} WHERE {where} ORDER BY first_ms DESC, visit DESC"  # noqa: S608 (fixed texts)
        yield from map(read_crossing, row_by_row(self._db, query, values))

    def _past(self, crossing: Crossing, mark: str) -> VisitHit:
        ended = crossing.ended
        return VisitHit(
            key=crossing.key,
            lane=crossing.lane,
            first_ms=crossing.first_ms,
            left_ms=ended.left_ms or 0,
            vrn=crossing.vrn,
            near=bool(mark) and mark != crossing.vrn and mark not in marks_of(self._db, crossing),
            ended=bool(crossing.base),
            row=ended.row or 0,
            outcome=ended.outcome,
            doubt=ended.doubt,
            officer=ended.officer,
            reason=ended.reason,
            ubrs=crossing.ubrs,
        )

    def figures(self, wanted: CountVisits) -> list[VisitFigures]:
        """What there is to count of the visits that have ended, in the order in which they began; `MOST_FIGURES` at most."""
        rows = self._db.execute(
            "SELECT lane, first_ms, base FROM crossings WHERE lane = ANY(%s) "
            "AND first_ms >= %s AND first_ms < %s AND base != '{}' ORDER BY first_ms LIMIT %s",
            (self._lanes, wanted.since_ms, wanted.until_ms, MOST_FIGURES),
        )
        return [_figures(lane, first, VisitEnded.from_facts(msgspec.json.decode(base))) for lane, first, base in rows]


def marks_of(connection: LedgerConnection, crossing: Crossing) -> tuple[str, ...]:
    """The marks that were read or typed in a visit."""
    where = (crossing.lane, crossing.journal, crossing.visit)
    rows = connection.execute("SELECT mark FROM marks WHERE lane=%s AND journal=%s AND visit=%s ORDER BY mark", where)
    return tuple(mark for (mark,) in rows)


def _fits(crossing: Crossing, wanted: SearchVisits) -> bool:
    ended, is_over = crossing.ended, bool(crossing.base)
    outcome = ended.outcome if is_over else IN_LANE
    if wanted.outcome and outcome != wanted.outcome:
        return False
    if not wanted.officer:
        return True
    people = [ended.officer, *(record.facts.get("officer", "") for record in crossing.records)]
    return any(wanted.officer.casefold() in one.casefold() for one in people)


def _figures(lane: str, first_ms: int, ended: VisitEnded) -> VisitFigures:
    return VisitFigures(
        lane=lane,
        arrived_ms=ended.arrived_ms or first_ms,
        decided_ms=ended.decided_ms or 0,
        left_ms=ended.left_ms or 0,
        how=ended.how,
        outcome=ended.outcome,
        doubt=ended.doubt,
        unread=ended.unread,
        manual=ended.mode == "manual",
        person=bool(ended.officer) or ended.source == "officer",
        confidence=-1.0 if ended.confidence is None else ended.confidence,
    )
