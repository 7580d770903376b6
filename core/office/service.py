"""What traders, drivers and officers ask of the core: each request is one transaction, all of it or nothing.

Rules of this file: the rules themselves are in `cargo`, `bundling`, `core.model` and `core.select`; here they meet the store.
What a request depends on
is held from its first look to the end of its transaction: consignments first, then the rows of the list. Whatever a lane must know is asked for in the same transaction (`ledger.changes`), and signed by the sequencer after it. Who asked
for what is in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from core.errors import RefusedError
from core.ledger.changes import asked, listed
from core.ledger.store import LedgerTables
from core.model.consignment import CargoInformation, read_lodged
from core.model.earliest import CrossingPolicy, Earliest, earliest
from core.model.refusals import CentreRefusal, refusal
from core.office import bundling, cargo, numbers
from core.office.bundling import BundleMade, BundleRequest, Consignment, vehicle_problem
from core.office.cargo import CargoRules, Lodging
from core.select.engine import CodeFinding, Profile, ScreeningEngine
from domain.crossing import Direction
from domain.marks import normalise
from domain.times import UtcClock
from wire.records import BundleRecord, CargoRecord, HoldRecord, Record, VehicleRecord

_MOST_TOLD = 20
"""Problems named of a take-over; more would not be read."""

_USED = {
    "ccrn": "SELECT 1 FROM cargo WHERE ccrn = given.last::text",
    "ubr": "SELECT 1 FROM bundles WHERE ubr = given.last::text "
    "UNION ALL SELECT 1 FROM rows WHERE kind = 'bundle' AND key = given.last::text "
    "UNION ALL SELECT 1 FROM forgotten WHERE kind = 'bundle' AND key = given.last::text",
}


_CONSIGNMENT = (
    "SELECT ccrn, info, lodged_ms, valid_until_ms, code, code_by, ubr, crossed, code_reason, cancelled_ms FROM cargo"
)


class CargoPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What configuration decides for the office.

    Attributes:
        points: control points that handle cargo, code to name: data, because they open and close (domain §0.2).
        crossing: when a bundled vehicle may cross.
    """

    points: Mapping[str, str]
    cargo: CargoRules = CargoRules()
    profile: Profile = Profile()
    crossing: CrossingPolicy = CrossingPolicy()


class ImportedBundle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bundle made elsewhere (the predecessor system, a load test), taken over with its own times and codes.

    Attributes:
        ubr: its reference, or "" to be given one.
        cargo: (CCRN, action code, scheme) of each consignment.
    """

    vrn: str
    direction: Direction
    earliest_ms: int
    valid_until_ms: int
    cargo: tuple[tuple[str, str, str], ...]
    point: str = ""
    driver: str = ""
    ubr: str = ""


class CargoService:
    """The counter of the core: each method is one transaction, or part of the one that its caller has begun.

    Args:
        store: where it writes; it needs no key, and no right to write the signed list.
        rules: what configuration decides.
        clock: the present time in UTC ms.
        sign: called after each transaction that asks for a change of the list (`ledger.changes.Sequencer`); left out where
            another program signs.

    Attributes:
        rules: configuration's.
        engine: of the profiles in force; another takes its place when they change.
    """

    def __init__(
        self,
        store: LedgerTables,
        rules: CargoPolicy,
        clock: UtcClock,
        *,
        sign: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._store = store
        self._db = store.connection
        self.rules = rules
        self.engine = ScreeningEngine(rules.profile)
        self._clock = clock
        self._sign = sign

    def sign(self) -> None:
        """Has signed what was asked for, unless the caller's transaction is not over yet."""
        if not self._store.in_transaction:
            self._sign(self._clock())

    def lodge(self, info: CargoInformation, *, who: str) -> Lodging:
        """Takes cargo information and gives its CCRN.

        Raises:
            RefusedError: an item is missing or wrong, or it is too early or too late; each is named.
        """
        now = self._clock()
        problems = cargo.problems_of(info, now_ms=now, rules=self.rules.cargo)
        if problems:
            raise RefusedError(*problems)
        finding = self.engine.screen(info)
        with self._store.transaction():
            ccrn = self._number("ccrn")
            advice = cargo.advice_on(info, self.rules.cargo)
            lodging = Lodging(ccrn=ccrn, lodged_ms=now, valid_until_ms=cargo.valid_until(now), advice=advice)
            self._db.execute(
                "INSERT INTO cargo(ccrn, info, lodged_ms, valid_until_ms, code, code_by, code_reason, ubr, crossed) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, '', 0)",
                (ccrn, msgspec.json.encode(info), now, lodging.valid_until_ms, finding.code, finding.by, finding.why),
            )
            self._note(now, who, "lodged", f"CCRN {ccrn}, {finding.code} by {finding.by} {finding.why}".rstrip())
        return lodging

    def replace(self, ccrn: str, info: CargoInformation, finding: CodeFinding) -> None:
        """Puts another lodgement in place of one, inside the caller's transaction."""
        self._db.execute(
            "UPDATE cargo SET info=%s, code=%s, code_by=%s, code_reason=%s WHERE ccrn=%s",
            (msgspec.json.encode(info), finding.code, finding.by, finding.why, ccrn),
        )

    def withdraw(self, ccrn: str, now: int) -> None:
        """Marks a consignment as withdrawn by its owner, inside the caller's transaction."""
        self._db.execute("UPDATE cargo SET cancelled_ms=%s WHERE ccrn=%s", (now, ccrn))

    def bundle(self, request: BundleRequest, *, who: str, waited_ms: int = 0) -> BundleMade:
        """Ties CCRNs to a vehicle; the lanes learn of it at once.

        Args:
            request: the form.
            who: for the audit log.
            waited_ms: the earliest crossing that the same cargo had with the vehicle before, if any.

        Raises:
            RefusedError: every reason at once, for the driver.
        """
        with self._store.transaction():
            made = self._bundled(request, who, waited_ms)
        self.sign()
        return made

    def _bundled(self, request: BundleRequest, who: str, waited_ms: int) -> BundleMade:
        now = self._clock()
        found = self._held(request.ccrns)
        points, policy, lines = self.rules.points, self.rules.crossing, [one.bundled for one in found.values()]
        when = earliest(policy, lines, now_ms=now, point=request.point, waited_ms=waited_ms)
        problems = bundling.problems_of(request, found, earliest_ms=when.at_ms, points=points)
        if problems:
            raise RefusedError(*problems)
        made = self._made(request, found, now, when)
        self._enter(made, "bundled")
        asked(self._db, [_record(made, found)])
        self._note(now, who, "bundled", f"UBR {made.ubr}, {made.vrn}, {', '.join(made.ccrns)}, {made.because.value}")
        return made

    def _made(self, request: BundleRequest, found: Mapping[str, Consignment], now: int, when: Earliest) -> BundleMade:
        return BundleMade(
            ubr=self._number("ubr"),
            vrn=normalise(request.vrn),
            mark=request.vrn,
            driver=request.driver,
            direction=request.direction,
            point=request.point,
            bundled_ms=now,
            earliest_ms=when.at_ms,
            valid_until_ms=min(known.valid_until_ms for known in found.values()),
            ccrns=request.ccrns,
            because=when.because,
            at_once=when.at_once,
            goods=tuple(found[ccrn].words for ccrn in request.ccrns),
        )

    def _enter(self, made: BundleMade, origin: str) -> None:
        self._db.execute(
            "INSERT INTO bundles(ubr, mark, driver, bundled_ms, origin) VALUES (%s, %s, %s, %s, %s)",
            (made.ubr, made.mark, made.driver, made.bundled_ms, origin),
        )
        self._db.execute("UPDATE cargo SET ubr=%s WHERE ccrn = ANY(%s)", (made.ubr, list(made.ccrns)))

    def debundle(self, ubr: str, *, who: str) -> None:
        """Undoes a bundle; its CCRNs can be bundled again (domain §1c.36).

        Raises:
            RefusedError: there is no such bundle, it is withdrawn already, or a vehicle has crossed with it.
        """
        now = self._clock()
        with self._store.transaction():
            self.hold_cargo(ubr)
            record = self.unused(ubr)
            asked(self._db, [msgspec.structs.replace(record, deleted=True)])
            self._db.execute("UPDATE cargo SET ubr='' WHERE ubr=%s", (ubr,))
            self._note(now, who, "debundled", f"UBR {ubr}")
        self.sign()

    def hold_cargo(self, ubr: str) -> None:
        """Nobody else changes the consignments of a bundle before the caller's transaction ends; before its row is looked at."""
        self._db.execute("SELECT 1 FROM cargo WHERE ubr=%s ORDER BY ccrn FOR UPDATE", (ubr,))

    def unused(self, ubr: str) -> BundleRecord:
        """A bundle that lives.

        Raises:
            RefusedError: there is none of that number, or it has been used or withdrawn.
        """
        record = listed(self._db, "bundle", ubr)
        if not isinstance(record, BundleRecord):
            raise RefusedError(refusal("ubr_unknown", ubr=ubr))
        if record.used_by:
            raise RefusedError(refusal("ubr_used", ubr=ubr, visit=record.used_by))
        if record.deleted:
            raise RefusedError(refusal("ubr_debundled", ubr=ubr))
        return record

    def decide(self, ccrn: str, code: str, *, who: str, reason: str) -> None:
        """A selector's action code for a consignment, in place of the screening engine's.

        Raises:
            RefusedError: the CCRN or code is not known, no reason is given, or the cargo has crossed.
        """
        now = self._clock()
        with self._store.transaction():
            known = self.held_consignment(ccrn)
            problems = self._decision_problems(ccrn, known, code, reason)
            if problems or known is None:
                raise RefusedError(*problems)
            self._db.execute(
                "UPDATE cargo SET code=%s, code_by=%s, code_reason=%s WHERE ccrn=%s",
                (code, f"selector {who}", reason, ccrn),
            )
            if known.ubr:
                asked(self._db, [_recoded(self.unused(known.ubr), ccrn, code)])
            self._note(now, who, "decided", f"CCRN {ccrn}: {code} ({reason})")
        self.sign()

    def _decision_problems(self, ccrn: str, known: Consignment | None, code: str, reason: str) -> list[CentreRefusal]:
        codes = self.engine.profile.codes
        problems = []
        if known is None:
            problems.append(refusal("decide_unknown", ccrn=ccrn))
        elif known.crossed:
            problems.append(refusal("decide_crossed", ccrn=ccrn))
        elif known.cancelled_ms:
            problems.append(refusal("cancelled", ccrn=ccrn))
        if code not in codes:
            problems.append(refusal("code_unused", action=code, known=", ".join(codes)))
        if not reason.strip():
            problems.append(refusal("decide_why"))
        return problems

    def hold(self, vrn: str, *, who: str, reason: str) -> str:
        """Stops a vehicle whatever its cargo; returns the normalised VRN.

        Raises:
            RefusedError: the mark or the reason is missing.
        """
        problems = [*vehicle_problem(vrn), *([] if reason.strip() else [refusal("hold_why")])]
        if problems:
            raise RefusedError(*problems)
        return self._change(lambda: HoldRecord(normalise(vrn), reason), who, "held", reason)

    def lift_hold(self, vrn: str, *, who: str) -> str:
        """Ends a hold; returns the normalised VRN.

        Raises:
            RefusedError: the vehicle is not held.
        """

        def lifted() -> HoldRecord:
            record = listed(self._db, "hold", normalise(vrn))
            if not isinstance(record, HoldRecord) or record.deleted:
                raise RefusedError(refusal("not_held", vrn=vrn))
            return msgspec.structs.replace(record, deleted=True)

        return self._change(lifted, who, "lifted hold")

    def approve(self, vrn: str, *, mainland: str = "", who: str) -> str:
        """Puts a vehicle on the list of approved cross-boundary vehicles, with its Mainland plate if it has one.

        Raises:
            RefusedError: the mark is not one.
        """
        if problems := list(vehicle_problem(vrn)):
            raise RefusedError(*problems)
        return self._change(lambda: VehicleRecord(normalise(vrn), normalise(mainland)), who, "approved", mainland)

    def withdraw_approval(self, vrn: str, *, who: str) -> str:
        """Takes a vehicle off the list.

        Raises:
            RefusedError: it is not on it.
        """

        def withdrawn() -> VehicleRecord:
            record = listed(self._db, "vehicle", normalise(vrn))
            if not isinstance(record, VehicleRecord) or record.deleted:
                raise RefusedError(refusal("not_approved", vrn=vrn))
            return msgspec.structs.replace(record, deleted=True)

        return self._change(withdrawn, who, "withdrew approval", "")

    def _change(
        self, become: Callable[[], HoldRecord | VehicleRecord], who: str, what: str, detail: str | None = None
    ) -> str:
        """`detail` is the hold's own reason where none is given."""
        now = self._clock()
        with self._store.transaction():
            record = become()
            asked(self._db, [record])
            told = (record.reason if isinstance(record, HoldRecord) else "") if detail is None else detail
            self._note(now, who, what, f"{record.vrn} {told}".strip())
        self.sign()
        return record.vrn

    def take_over(
        self,
        *,
        who: str,
        bundles: Sequence[ImportedBundle] = (),
        holds: Sequence[tuple[str, str]] = (),
        vehicles: Sequence[tuple[str, str]] = (),
    ) -> tuple[str, ...]:
        """Takes over records made elsewhere, in one transaction; returns the UBRs of `bundles`, in order.

        Args:
            who: who does it.
            bundles: with their own times and codes; a code needs not be in use here.
            holds: (VRN, reason).
            vehicles: (VRN, Mainland plate or "").

        Raises:
            RefusedError: a mark, time or reference is not possible; nothing is taken over.
        """
        now = self._clock()
        problems = [problem for item in bundles for problem in _import_problems(item)]
        problems += [problem for vrn, _ in (*holds, *vehicles) for problem in vehicle_problem(vrn)]
        if problems:
            raise RefusedError(*problems[:_MOST_TOLD])
        records: list[Record] = [HoldRecord(normalise(vrn), reason) for vrn, reason in holds]
        records += [VehicleRecord(normalise(vrn), normalise(mainland)) for vrn, mainland in vehicles]
        with self._store.transaction():
            taken = [self._take_bundle(item, now) for item in bundles]
            asked(self._db, [*records, *taken])
            self._note(now, who, "took over", f"{len(taken)} bundles, {len(records)} holds and vehicles")
        self.sign()
        return tuple(record.ubr for record in taken)

    def _take_bundle(self, item: ImportedBundle, now: int) -> BundleRecord:
        ubr = item.ubr or self._number("ubr")
        if listed(self._db, "bundle", ubr) is not None:
            raise RefusedError(refusal("import_ubr", ubr=ubr))
        self._db.execute(
            "INSERT INTO bundles(ubr, mark, driver, bundled_ms, origin) VALUES (%s, %s, %s, %s, 'taken over')",
            (ubr, item.vrn, item.driver, now),
        )
        for ccrn, _, _ in item.cargo:
            if self.consignment(ccrn) is not None:
                raise RefusedError(refusal("import_ccrn", ccrn=ccrn))
        self._db.cursor().executemany(
            "INSERT INTO cargo(ccrn, info, lodged_ms, valid_until_ms, code, code_by, code_reason, ubr, "
            "crossed) VALUES (%s, ''::bytea, %s, %s, %s, 'taken over', '', %s, 0)",
            [(ccrn, now, item.valid_until_ms, code, ubr) for ccrn, code, _ in item.cargo],
        )
        return BundleRecord(
            ubr,
            normalise(item.vrn),
            item.direction.value,
            item.point,
            item.earliest_ms,
            item.valid_until_ms,
            tuple(CargoRecord(*line) for line in item.cargo),
        )

    def consignment(self, ccrn: str) -> Consignment | None:
        """A consignment as it stands, or None."""
        row = self._db.execute(f"{_CONSIGNMENT} WHERE ccrn=%s".encode(), (ccrn,)).fetchone()
        return _consignment(row) if row else None

    def held_consignment(self, ccrn: str) -> Consignment | None:
        """Likewise, inside the caller's transaction; nobody else changes it before that ends."""
        return self._held((ccrn,)).get(ccrn)

    def _held(self, ccrns: Sequence[str]) -> dict[str, Consignment]:
        """Those of these that there are. Held in the order of their numbers, so that two who hold some wait for no circle."""
        query = f"{_CONSIGNMENT} WHERE ccrn = ANY(%s) ORDER BY ccrn FOR UPDATE".encode()
        return {row[0]: _consignment(row) for row in self._db.execute(query, (list(ccrns),))}

    def _number(self, series: str) -> str:
        """The next reference of a series that no record has used, taken over or learnt from lanes after a restore."""
        return numbers.reference(self._store.take_number(series, numbers.FIRST[series], _USED[series]))

    def _note(self, now: int, who: str, what: str, detail: str) -> None:
        self._store.write_diary(at_ms=now, who=who, what=what, detail=detail)


def _consignment(row: tuple[Any, ...]) -> Consignment:
    ccrn, info, lodged, valid, code, code_by, ubr, crossed, why, cancelled = row
    return Consignment(
        ccrn=ccrn,
        info=read_lodged(info) if info else None,
        lodged_ms=lodged,
        valid_until_ms=valid,
        code=code,
        code_by=code_by,
        ubr=ubr,
        crossed=bool(crossed),
        code_why=why,
        cancelled_ms=cancelled,
    )


def _record(made: BundleMade, found: Mapping[str, Consignment]) -> BundleRecord:
    lines = (found[ccrn] for ccrn in made.ccrns)
    return BundleRecord(
        made.ubr,
        made.vrn,
        made.direction.value,
        made.point,
        made.earliest_ms,
        made.valid_until_ms,
        tuple(CargoRecord(line.ccrn, line.code, line.info.scheme if line.info else "") for line in lines),
    )


def _recoded(record: BundleRecord, ccrn: str, code: str) -> BundleRecord:
    lines = (msgspec.structs.replace(line, code=code) if line.ccrn == ccrn else line for line in record.cargo)
    return msgspec.structs.replace(record, cargo=tuple(lines))


def _import_problems(item: ImportedBundle) -> list[CentreRefusal]:
    problems = list(vehicle_problem(item.vrn))
    if item.valid_until_ms <= item.earliest_ms:
        problems.append(refusal("import_times", vrn=item.vrn))
    if not item.cargo:
        problems.append(refusal("import_empty", vrn=item.vrn))
    return problems
