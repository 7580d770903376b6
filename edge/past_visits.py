"""What the journal says of the visits that have ended: for the page after a restart, and for `rocars-lane visits`.

Rules of this file: the journal is only read, from its end, in pieces short enough that a running agent never waits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from console import row_words, times, words
from console.ports import PastVisit
from domain.marks import normalise
from domain.visit_record import RecordKind
from edge.lane_feed import past_visit
from lane_agent.codec import CodecError, effect_from, moment_from
from lane_agent.effects import Effect, Record
from lane_agent.model import Moment
from sync.journal import Chain
from sync.store import LaneStore

REMEMBERED = frozenset({RecordKind.ROW_ENTERED, RecordKind.VISIT_ENDED, RecordKind.WORDS_RECEIVED})
ROWS_REMEMBERED = 4_000
"""Journal rows read back at the start for the page's list of past visits: about a hundred visits."""


def newest_first(chain: Chain) -> Iterator[bytes]:
    """Journal bodies, newest first, read in pieces."""
    last = chain.head()[0]
    while last > 0:
        first = max(1, last - 199)
        yield from (row.body for row in reversed(list(chain.rows(first, last))))
        last = first - 1


def past_records(chain: Chain) -> list[tuple[Record, Moment]]:
    """What the newest rows say of past visits, oldest first: rows they were in, how they ended; and words received."""
    return [*_records(islice(newest_first(chain), ROWS_REMEMBERED), REMEMBERED)][::-1]


def call_records(chain: Chain) -> Iterator[Record]:
    """What the newest rows say of calls and of listening, newest first."""
    kinds = frozenset({RecordKind.CALL_REPORTED})
    return (record for record, _ in _records(islice(newest_first(chain), ROWS_REMEMBERED), kinds))


def _records(bodies: Iterator[bytes], kinds: frozenset[RecordKind]) -> Iterator[tuple[Record, Moment]]:
    """The records of these kinds, newest first; bodies without one are not decoded."""
    marks = [b'"%s"' % kind.encode() for kind in kinds]
    for body in bodies:
        if not any(mark in body for mark in marks):
            continue
        plain: dict[str, Any] = json.loads(body)
        at = moment_from(plain["at"])
        effects = (_readable(effect) for effect in reversed(plain["effects"]))
        yield from ((one, at) for one in effects if isinstance(one, Record) and one.kind in kinds)


def _readable(plain: Any) -> Effect | None:
    """None for what a newer version wrote before this box went back to this one: it stays in the journal as it is."""
    try:
        return effect_from(plain)
    except CodecError:
        return None


def last_visits(path: Path, *, vrn: str = "", most: int = 20) -> list[PastVisit]:
    """The visits that ended last, newest first, of a store that an agent may be writing to.

    Args:
        path: a lane's store; only read.
        vrn: only visits in which this mark was read.
        most: how many at most. Fewer than there are makes the whole journal be read.

    Raises:
        StoreError: it cannot be read; the text says what to do.
    """
    store = LaneStore(path, read_only=True)
    try:
        return list(_visits(Chain(store), normalise(vrn), most))
    finally:
        store.close()


def _visits(chain: Chain, vrn: str, most: int) -> Iterator[PastVisit]:
    """A visit's rows come, read backwards, between its own end and the end of the visit before it."""
    ended: Record | None = None
    rows: dict[int, str] = {}
    told = 0
    for record, _ in _records(newest_first(chain), frozenset({RecordKind.ROW_ENTERED, RecordKind.VISIT_ENDED})):
        facts = dict(record.facts)
        if record.kind == RecordKind.ROW_ENTERED:
            if ended is not None and record.visit == ended.visit:
                rows.setdefault(int(facts["row"]), facts["name"])
            continue
        if ended is not None:
            yield past_visit(ended, dict(reversed(rows.items())))
            told += 1
        if told == most:
            return
        ended, rows = (record if not vrn or facts.get("vrn") == vrn else None), {}
    if ended is not None:
        yield past_visit(ended, dict(reversed(rows.items())))


def print_visits(found: list[PastVisit]) -> None:
    """A table for people: the row of the decision table, why an officer had to decide, and what the officer said."""
    table = Table()
    for name in ("visit", "arrived", "VRN", "row", "outcome", "doubt", "reason", "officer"):
        table.add_column(name, overflow="fold")
    for one in found:
        told = f"{one.row}: {row_words.row(one.row, one.row_name).says}" if one.row else ""
        doubt = words.DOUBTS[one.doubt].says if one.doubt else ""
        outcome = words.OUTCOMES[one.outcome].says
        vrn = one.vrn or "not read"
        table.add_row(str(one.id), times.stamp(one.arrived_ms), vrn, told, outcome, doubt, one.reason, one.officer)
    Console().print(table)


def plain(visit: PastVisit) -> dict[str, object]:
    """A visit for programs, in the lane's own words."""
    return {
        "visit": visit.id,
        "arrived_ms": visit.arrived_ms,
        "left_ms": visit.left_ms,
        "vrn": visit.vrn,
        "row": visit.row,
        "row_name": visit.row_name,
        "outcome": visit.outcome.value,
        "doubt": visit.doubt.value if visit.doubt else "",
        "ruling": visit.ruling.value,
        "reason": visit.reason,
        "officer": visit.officer,
        "evidence": list(visit.evidence),
    }
