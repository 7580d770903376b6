"""Which list a lane decided from: the event, the list rebuilt from signed deltas, and whether the two agree.

Rules of this file:
- Nothing is believed because it is stored. The journal's chain is recomputed from its start, or from the anchor that the core
  signed when the rows before were archived (`journal_rows`), the lane's signature over
  a later row is checked, and every signature, link and state hash of the log on the way to that version is checked.
- What the lane says it found of the vehicle is compared with the rebuilt list, field by field. It may have known more
  that stops (a hold ahead of its turn, a bundle used at this lane), and then what it knew it from must be here.
- Everything that does not agree is named, and then the whole is not proved. So is every row of the visit in which not
  everything can be read: a lane can write anything, and no row of its ends the proof with an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from core.errors import HistoryError, RefusedError
from core.ledger.anchors import JournalAnchor
from core.ledger.archive_file import ArchiveFile
from core.ledger.journal_rows import JournalChain, JournalRows
from core.ledger.list_history import HistoricList
from core.ledger.log import ReplicatedLog
from core.ledger.row_by_row import row_by_row
from core.ledger.store import CoreStore, the_row
from domain.marks import normalise
from domain.times import LAST_MS, hong_kong_text
from wire.codec import decode
from wire.envelope import KeyRing
from wire.errors import WireError
from wire.messages import Delta, EventMessage
from wire.records import BundleRecord, HoldRecord, Record, VehicleRecord
from wire.topics import LOG, LaneTopics

RESULTS = frozenset({"DONE", "EXAMINE"})
"""The scenes that tell the driver Customs' result: screen 3, Clearance Completed, and screen 4, to the compound."""


class _FoundCargo(msgspec.Struct, frozen=True):
    ccrn: str
    code: str
    scheme: str


class _FoundBundle(msgspec.Struct, frozen=True):
    ubr: str
    vrn: str
    direction: str
    point: str
    earliest_ms: int | str
    valid_until_ms: int | str
    used_by: str
    withdrawn: bool
    cargo: list[_FoundCargo]


class _NearMark(msgspec.Struct, frozen=True):
    vrn: str


class _FoundCodes(msgspec.Struct, frozen=True):
    """What of the answer of the code book is looked at here (`lane_agent.model.Codes`)."""

    vrn: str
    link: str
    epoch: str
    version: int
    state_hash: str
    held: bool
    approved: bool
    near: list[_NearMark]
    bundles: list[_FoundBundle]


class AuditLine(msgspec.Struct, frozen=True):
    """One thing that happened in the visit: its row, when (UTC ms by the lane), and in words."""

    seq: int
    at_ms: int
    words: str


class AuditedVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit in which the code book never answered, as the lane's journal has it: nothing was decided from any list.

    Attributes:
        visit: the visit's number.
        seq: its last row.
        course: all that happened in it.
    """

    lane: str
    journal: str
    visit: int
    seq: int
    course: tuple[AuditLine, ...]


class AuditedDecision(AuditedVisit, frozen=True, kw_only=True):
    """A deciding lookup, as the lane's journal has it.

    Attributes:
        seq: the row in which the answer of the code book came.
        at_ms, quality: when, by the lane, and how far that can be trusted.
        codes: the answer, as `lane_agent.model.Codes` in JSON.
        course: what happened in the visit, from this row on.
    """

    at_ms: int
    quality: str
    codes: dict[str, Any]


class AuditVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the proof came to.

    Attributes:
        decision: what was decided, or the visit in which nothing was.
        found: the list it was decided from, if any; its rows of the vehicle are in `rows`.
        rows: what that list said of the vehicle.
        checks: each thing that was checked, in words.
        problems: everything that does not agree; proved where there is none.
    """

    decision: AuditedVisit
    found: HistoricList | None
    rows: tuple[Record, ...]
    checks: tuple[str, ...]
    problems: tuple[str, ...]


class Decisions:
    """Looks decisions up and proves them; works on a store that is only read.

    Args:
        store: the core's store.
        log: its log, with every key that may have signed it.
        rings: for each lane its keys.
        brought: files from the archive, for rows that are not in the store any more.
    """

    def __init__(
        self, store: CoreStore, log: ReplicatedLog, rings: dict[str, KeyRing], brought: Sequence[ArchiveFile] = ()
    ) -> None:
        self._db = store.connection
        self._rows = JournalRows(store.connection, log.ring, brought)
        self._log = log
        self._rings = rings

    def at_row(self, lane: str, journal: str, seq: int) -> AuditedVisit:
        """The decision that row `seq` belongs to: the last lookup of its visit up to there, or the first after it.

        Raises:
            RefusedError: there is no such row, it is about no visit, or rows are in a file of the archive.
        """
        journal = journal or self._latest(lane)
        self._rows.need_row(lane, journal, seq)
        entry = next((entry for _, entry in self._entries(lane, journal, seq, seq)), None)
        if entry is None:
            raise RefusedError(
                f"row {seq} of journal {journal} of lane {lane} is not here, or cannot be read; see rocars-core lanes"
            )
        visit = _visit_of(entry)
        if not visit:
            raise RefusedError(f"row {seq} of journal {journal} of lane {lane} is about no visit")
        return self.of_visit(lane, journal, visit, upto=seq)

    def of_visit(self, lane: str, journal: str, visit: int, *, upto: int | None = None) -> AuditedVisit:
        """The decision of a visit: its last lookup before screen 3 or 4 was shown, or up to a row; else the first after it.

        Returns:
            An `AuditedDecision`; the visit alone where nothing was looked up in it.

        Raises:
            RefusedError: no row is about that visit, or rows are in a file of the archive.
        """
        self._rows.need_visit(lane, journal, visit)
        rows = list(self._entries(lane, journal, *self.span(lane, journal, visit)))
        limit = upto or next((seq for seq, entry in rows if _shows_result(entry)), 0)
        found: tuple[int, dict[str, Any]] | None = None
        course: list[AuditLine] = []
        for seq, entry in rows:
            if _answers(entry, visit) and (found is None or not limit or seq <= limit):
                found, course = (seq, entry), []
            course += _lines(seq, entry, visit)
        if not rows:
            raise RefusedError(f"visit {lane}/{journal}/{visit} is not here; see rocars-core crossings")
        if found is None:
            return AuditedVisit(lane=lane, journal=journal, visit=visit, seq=rows[-1][0], course=tuple(course))
        seq, entry = found
        at = entry["at"]
        return AuditedDecision(
            lane=lane,
            journal=journal,
            visit=visit,
            seq=seq,
            at_ms=at["utc_ms"],
            quality=at["quality"],
            codes=entry["event"]["codes"],
            course=tuple(course),
        )

    def of_bundle(self, ubr: str) -> AuditedVisit:
        """The decision by which a bundle was used.

        Raises:
            RefusedError: it is not known, or no crossing has used it.
        """
        record = self._log.known_bundle(ubr)
        if record is None or not record.used_by:
            raise RefusedError(f"UBR {ubr} has been used by no crossing")
        lane, journal, number = record.used_by.split("/")
        return self.of_visit(lane, journal, int(number))

    def _latest(self, lane: str) -> str:
        row = self._db.execute("SELECT journal FROM streams WHERE lane=%s ORDER BY since_ms DESC", (lane,)).fetchone()
        if row is None:
            raise RefusedError(f"lane {lane} has sent no journal")
        return str(row[0])

    def span(self, lane: str, journal: str, visit: int) -> tuple[int, int]:
        """First and last row that can be of a visit: those that name it."""
        return self._rows.span(lane, journal, visit)

    def _entries(self, lane: str, journal: str, first: int, last: int) -> Iterator[tuple[int, dict[str, Any]]]:
        for seq, body in self._rows.bodies(lane, journal, first, last):
            entry = _readable(body)
            if entry is not None:
                yield seq, entry

    def prove(self, decision: AuditedVisit) -> AuditVerdict:
        """Checks everything there is to check about a decision; of a visit without one, the journal alone."""
        checks: list[str] = []
        problems = list(self._journal_problems(decision, checks))
        if not isinstance(decision, AuditedDecision):
            return AuditVerdict(decision=decision, found=None, rows=(), checks=tuple(checks), problems=tuple(problems))
        codes = decision.codes
        found: HistoricList | None = None
        rows: tuple[Record, ...] = ()
        try:
            found = self._log.list_at(codes["epoch"], codes["version"])
        except HistoryError as error:
            problems.append(f"the list: {error}")
        if found is not None:
            checks.append(f"version {found.version} of epoch {found.epoch} rebuilt from its signed deltas")
            rows = tuple(row for row in found.rows.values() if normalise(row.vrn) == codes["vrn"])
            problems += self._list_problems(decision, found, rows, checks)
        return AuditVerdict(decision=decision, found=found, rows=rows, checks=tuple(checks), problems=tuple(problems))

    def _journal_problems(self, decision: AuditedVisit, checks: list[str]) -> Iterator[str]:
        lane, journal = decision.lane, decision.journal
        first, last = self.span(lane, journal, decision.visit)
        chain = self._rows.chain(lane, journal, first)
        if chain.problem:
            yield chain.problem
        elif chain.last < last:
            yield f"row {last} is of this visit, too, and some before it are in the archive: bring {chain.lacks} as well"
        else:
            checks.append(f"{len(chain.hashes)} rows of journal {journal} follow one another from {_beginning(chain)}")
        yield from self._seal_problems(decision, chain, checks)
        yield from self._unread(decision)

    def _unread(self, decision: AuditedVisit) -> Iterator[str]:
        """The rows around this visit that are quarantined (`core.link.intake`)."""
        span = self.span(decision.lane, decision.journal, decision.visit)
        rows = self._db.execute(
            "SELECT seq, why FROM quarantine WHERE lane=%s AND journal=%s AND seq BETWEEN %s AND %s ORDER BY seq",
            (decision.lane, decision.journal, *span),
        ).fetchall()
        yield from (f"row {seq} cannot be read whole: {why}" for seq, why in rows)

    def _seal_problems(self, decision: AuditedVisit, chain: JournalChain, checks: list[str]) -> Iterator[str]:
        """The lane's own signature over this row or, by the chain, over a later one."""
        lane, journal = decision.lane, decision.journal
        if chain.end is not None and not chain.problem:
            yield from _signed_then(chain.end, checks)
            return
        payload, ring = self._seal(lane, journal), self._rings.get(lane)
        if payload is None or ring is None:
            what = "no signed row of its journal is kept" if payload is None else "its key is not registered any more"
            yield f"lane {lane}: {what}, so that it said this cannot be proved"
            return
        try:
            message = decode(EventMessage, ring.open(LaneTopics(lane).event, payload))
        except WireError as error:
            yield f"lane {lane}: the signature over its journal is not good: {error}"
            return
        if not decision.seq <= message.seq <= chain.last:
            yield f"lane {lane}: its signature is over row {message.seq}, of {chain.last} rows that hold together here"
        elif message.hash != chain.hashes[message.seq - chain.after - 1]:
            yield f"lane {lane}: it signed another row {message.seq} than the one here"
        else:
            checks.append(f"signed by lane {lane} over row {message.seq}, and so over every row before it")

    def _seal(self, lane: str, journal: str) -> bytes | None:
        row = self._db.execute("SELECT payload FROM seals WHERE lane=%s AND journal=%s", (lane, journal)).fetchone()
        return row[0] if row else None

    def _list_problems(
        self, decision: AuditedDecision, found: HistoricList, rows: tuple[Record, ...], checks: list[str]
    ) -> Iterator[str]:
        codes, before = decision.codes, len(checks)
        if codes["state_hash"] != found.state_hash.hex():
            yield f"the lane's list had state hash {codes['state_hash']}, the core's {found.state_hash.hex()}"
        else:
            checks.append(f"its state hash {found.state_hash.hex()} is the one the lane decided from")
        yield from self._hold_problems(decision, rows, checks)
        yield from self._bundle_problems(decision, rows, checks)
        approved = any(isinstance(row, VehicleRecord) and not row.deleted for row in rows)
        if approved != codes["approved"]:
            yield f"approved: {codes['approved']} at the lane, {approved} in the list"
        marks = {normalise(row.vrn) for row in found.rows.values()}
        yield from (f"near-miss {one['vrn']} is not in the list" for one in codes["near"] if one["vrn"] not in marks)
        if len(checks) > before:
            checks.append(f"what the lane found of {codes['vrn']} is what that list said of it")

    def _hold_problems(self, decision: AuditedDecision, rows: tuple[Record, ...], checks: list[str]) -> Iterator[str]:
        held = any(isinstance(row, HoldRecord) and not row.deleted for row in rows)
        codes = decision.codes
        if held and not codes["held"]:
            yield f"{codes['vrn']} was held in that list, and the lane found it not held"
        elif codes["held"] and not held:
            ahead = self._hold_ahead(codes["vrn"], codes["epoch"], codes["version"])
            if ahead is None:
                yield f"the lane found {codes['vrn']} held, and neither that list nor a later delta holds it"
            else:
                checks.append(f"the hold came ahead of its turn, with version {ahead[1]} of epoch {ahead[0]}")

    def _hold_ahead(self, vrn: str, epoch: str, version: int) -> tuple[str, int] | None:
        """The delta that held a vehicle later than the list the lane had."""
        known = the_row(self._db.execute("SELECT number FROM epochs WHERE epoch=%s", (epoch,)))
        rows = row_by_row(
            self._db,
            "SELECT log.epoch, version, payload FROM log JOIN epochs ON log.epoch = epochs.epoch "
            "WHERE number > %s OR (number = %s AND version > %s) ORDER BY number, version",
            (known[0], known[0], version),
        )
        for of_epoch, number, payload in rows:
            delta = decode(Delta, self._log.ring.open(LOG, payload))
            if any(isinstance(r, HoldRecord) and not r.deleted and normalise(r.vrn) == vrn for r in delta.changes):
                return str(of_epoch), int(number)
        return None

    def _bundle_problems(self, decision: AuditedDecision, rows: tuple[Record, ...], checks: list[str]) -> Iterator[str]:
        listed = {row.ubr: _plain(row) for row in rows if isinstance(row, BundleRecord)}
        seen = {bundle["ubr"]: bundle for bundle in decision.codes["bundles"]}
        for ubr in sorted(listed.keys() ^ seen.keys()):
            yield f"UBR {ubr} was in {'that list' if ubr in listed else 'the answer'} alone"
        for ubr in sorted(listed.keys() & seen.keys()):
            here = _told(seen[ubr])
            if here["used_by"] and not listed[ubr]["used_by"]:
                try:
                    if not self._used_here(decision, ubr, here["used_by"]):
                        yield f"UBR {ubr}: the lane found it used by {here['used_by']}, and its journal does not say so"
                except RefusedError as error:
                    yield f"UBR {ubr}: the lane found it used by {here['used_by']}; {error}"
                checks.append(f"UBR {ubr} had been used at this lane by {here['used_by']}, before the list said so")
                here["used_by"] = ""
            if here != listed[ubr]:
                yield f"UBR {ubr} differs: {here} at the lane, {listed[ubr]} in that list"

    def _used_here(self, decision: AuditedDecision, ubr: str, visit: str) -> bool:
        lane, journal, number = (*visit.split("/"), "", "")[:3]
        if not number.isdecimal() or len(number) > 15:
            return False
        self._rows.need_visit(lane, journal, int(number))
        entries = self._entries(lane, journal, *self.span(lane, journal, int(number)))
        return lane == decision.lane and any(
            effect.get("type") == "Consume" and ubr in effect.get("ubrs", ())
            for seq, entry in entries
            for effect in entry["effects"]
            if effect.get("visit") == int(number) and (journal != decision.journal or seq <= decision.seq)
        )


def _beginning(chain: JournalChain) -> str:
    if chain.start is None:
        return "its start"
    return f"row {chain.after}, where this core signed an anchor at {hong_kong_text(chain.start.core_ms)}"


def _signed_then(anchor: JournalAnchor, checks: list[str]) -> Iterator[str]:
    """The rows between these and the lane's newest signature are in other files of the archive."""
    when = hong_kong_text(anchor.core_ms)
    if anchor.by_lane:
        checks.append(
            f"they lead to the anchor of row {anchor.seq}, by which this core signed at {when} that lane {anchor.lane} had "
            "signed over it"
        )
    else:
        yield f"lane {anchor.lane}: when its rows were archived, at {when}, that it said them could not be proved"


_FIELDS = ("ubr", "vrn", "direction", "point", "earliest_ms", "valid_until_ms", "used_by")


def _plain(row: BundleRecord) -> dict[str, Any]:
    cargo = tuple((line.ccrn, line.code, line.scheme) for line in row.cargo)
    named = {name: getattr(row, name) for name in _FIELDS}
    return {**named, "vrn": normalise(row.vrn), "cargo": cargo, "withdrawn": row.deleted}


def _told(bundle: dict[str, Any]) -> dict[str, Any]:
    cargo = tuple((line["ccrn"], line["code"], line["scheme"]) for line in bundle["cargo"])
    return {**{name: bundle[name] for name in _FIELDS}, "cargo": cargo, "withdrawn": bundle["withdrawn"]}


def _readable(body: bytes) -> dict[str, Any] | None:
    """An entry, with those of its effects that have the form they should have; None if it has not that form itself."""
    try:
        entry = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    at, event, effects = (entry.get(name) for name in ("at", "event", "effects"))
    moment = at if isinstance(at, dict) else {}
    utc_ms = moment.get("utc_ms")
    known = isinstance(utc_ms, int) and 0 <= utc_ms <= LAST_MS
    return {
        "at": {"utc_ms": utc_ms if known else 0, "quality": str(moment.get("quality", ""))},
        "event": event if isinstance(event, dict) else {},
        "effects": [one for one in effects if _is_effect(one)] if isinstance(effects, list) else [],
    }


def _is_effect(effect: object) -> bool:
    if not isinstance(effect, dict):
        return False
    facts, ubrs = effect.get("facts", []), effect.get("ubrs", [])
    pairs = isinstance(facts, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in facts)
    return pairs and isinstance(ubrs, list) and all(isinstance(ubr, str) for ubr in ubrs)


def _answers(entry: dict[str, Any], visit: int) -> bool:
    """Whether the answer of the code book for this visit came in this entry, whole."""
    event = entry["event"]
    if event.get("type") != "CodesFound" or event.get("visit") != visit:
        return False
    try:
        msgspec.convert(event.get("codes"), _FoundCodes)
    except msgspec.ValidationError:
        return False
    return True


def _shows_result(entry: dict[str, Any]) -> bool:
    return any(
        effect.get("type") == "Show" and any(effect.get("xdb") == scene for scene in RESULTS)
        for effect in entry["effects"]
    )


def _visit_of(entry: dict[str, Any]) -> int:
    """The visit a row is about: its event's, else that of its first effect that has one."""
    named = [entry["event"].get("visit"), *(effect.get("visit") for effect in entry["effects"])]
    return next((visit for visit in named if isinstance(visit, int) and visit > 0), 0)


def _lines(seq: int, entry: dict[str, Any], visit: int) -> Iterator[AuditLine]:
    """What a row says of a visit, in words."""
    at_ms = entry["at"]["utc_ms"]
    for effect in entry["effects"]:
        match effect.get("type"):
            case "Record" if effect.get("visit") == visit:
                facts = ", ".join(f"{name} {value}" for name, value in effect.get("facts", ()))
                yield AuditLine(seq, at_ms, f"{effect.get('kind')}: {facts}")
            case "Show":
                yield AuditLine(
                    seq, at_ms, f"shown: {effect.get('xdb')} on the board, {effect.get('aiop')} on the panel"
                )
            case "Consume" if effect.get("visit") == visit:
                yield AuditLine(seq, at_ms, f"used: UBR {', '.join(effect.get('ubrs', ()))}")
            case _:
                pass
