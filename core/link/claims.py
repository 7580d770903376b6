"""Claim before release: which bundle is whose, before anybody is released on it (design §3).

Rules of this file:
- A bundle is claimed by one visit at a time; the table's key says so. A claim is of all bundles or of none, and of one vehicle.
- It is answered from what is committed, in the transaction that it was taken in; the same claim again gets the same answer.
- It ends by the lane's journal: with the use, with the give-back, or with the end of its visit, which came before in order.
  A claim that has ended is never granted again, whoever repeats its message.
- What a lane's journal says of a grant that is not known here is believed: this core was restored from a backup.
- It does not lapse with time: a lane that fell silent may have released on it. It is then an operator's (`settle`), and
  until then its vehicle, wherever it comes, is the officer's. Nothing else anywhere waits for that lane.
- A lane has one vehicle. While the journal has not told how an earlier visit with a claim ended, its next one waits: so a lane whose
  rows are swallowed releases one vehicle by itself, not hundreds.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from core.errors import RefusedError
from core.ledger.log import ReplicatedLog
from core.ledger.store import LedgerConnection
from core.link.alarms import AlarmBook
from core.link.disputes import cross
from core.link.entry import ClaimReturned, ClaimTold
from domain.alarms import CoreAlarmKind
from domain.marks import normalise
from wire.messages import ClaimAnswer, ClaimWanted, EventMessage

MOST_FORMER = 3
"""Visits of a lane's former journals with a claim that nobody has settled; with so many the lane claims nothing more."""


class HeldClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that a visit has claimed and neither used nor given back; `at_ms` is when it was granted (UTC)."""

    ubr: str
    lane: str
    journal: str
    visit: int
    claim: int
    at_ms: int

    @property
    def key(self) -> str:
        """The visit's key."""
        return f"{self.lane}/{self.journal}/{self.visit}"


class _NotGrantedError(Exception):
    """Why a claim is not granted; `over` where it has ended, or never began, and nothing is to be written of it."""

    def __init__(self, detail: str, *, over: bool = False) -> None:
        super().__init__(detail)
        self.over = over


class _EarlierVisitError(Exception):
    """The lane's rows about an earlier visit are missing: it is to ask again."""


class ClaimBook:
    """The claims in the store; writes belong to the caller's transaction."""

    def __init__(self, connection: LedgerConnection, log: ReplicatedLog) -> None:
        self._db = connection
        self._log = log
        self._alarms = AlarmBook(connection)

    # -- what lanes ask ----------------------------------------------------------------------------------------------

    def take(self, wanted: ClaimWanted, *, now_ms: int) -> ClaimAnswer:
        """Grants a claim or says why not; the answer is good once the caller's transaction is committed."""
        try:
            self._check_standing(wanted)
            self._check_bundles(wanted)
        except _EarlierVisitError as problem:
            return self._answer(wanted, "wait", str(problem))
        except _NotGrantedError as problem:
            if not problem.over and self._state(wanted.lane, wanted.journal, wanted.visit)[0]:
                self._write(
                    wanted, "refused", now_ms
                )  # what the visit had before is free; of any other, nothing is kept
            return self._answer(wanted, "refused", str(problem))
        if not self._holds(wanted):
            self._write(wanted, "live", now_ms)
        return self._answer(wanted, "granted")

    def _answer(
        self, wanted: ClaimWanted, state: Literal["granted", "refused", "wait"], detail: str = ""
    ) -> ClaimAnswer:
        head = self._log.head()
        return ClaimAnswer(
            lane=wanted.lane,
            journal=wanted.journal,
            visit=wanted.visit,
            claim=wanted.claim,
            ubrs=wanted.ubrs,
            epoch=head.epoch,
            version=head.version,
            state=state,
            detail=detail,
        )

    def _check_standing(self, wanted: ClaimWanted) -> None:
        """Whether this visit may claim anything now."""
        known, state = self._state(wanted.lane, wanted.journal, wanted.visit)
        key = _key(wanted)
        if known > wanted.claim or (known == wanted.claim and state not in ("live", "refused", "used")):
            raise _NotGrantedError(f"claim {wanted.claim} of visit {key} is over", over=True)
        others = [held for held in self.of_lane(wanted.lane) if held.key != key]
        same = [held for held in others if held.journal == wanted.journal]
        if self._is_past(wanted) or any(held.visit > wanted.visit for held in same):
            raise _NotGrantedError(f"visit {key} is over", over=True)
        if same:
            raise _EarlierVisitError(f"this lane's journal has not told yet what became of visit {same[0].key}")
        former = {held.key: held.ubr for held in others}
        if len(former) >= MOST_FORMER:
            ubrs = ", ".join(sorted(former.values()))
            raise _NotGrantedError(
                f"claims of this lane's former journals are not settled (rocars-core claims): UBR {ubrs}"
            )

    def _is_past(self, wanted: ClaimWanted) -> bool:
        """The journal has told of this visit's end, or of a later visit."""
        found = self._db.execute(
            "SELECT 1 FROM crossings WHERE lane=%s AND journal=%s AND (visit>%s OR (visit=%s AND base<>'{}')) LIMIT 1",
            (wanted.lane, wanted.journal, wanted.visit, wanted.visit),
        ).fetchone()
        return found is not None

    def _check_bundles(self, wanted: ClaimWanted) -> None:
        """Whether every bundle is there, free, and of one vehicle."""
        key, marks = _key(wanted), set()
        for ubr in wanted.ubrs:
            record, held = self._log.bundle(ubr), self.of_bundle(ubr)
            if record is None:
                raise _NotGrantedError(f"UBR {ubr} is not in the core's list")
            if record.deleted:
                raise _NotGrantedError(f"UBR {ubr} was withdrawn")
            if record.used_by not in ("", key):
                raise _NotGrantedError(f"UBR {ubr} was used by visit {record.used_by}")
            if held is not None and held.key != key:
                raise _NotGrantedError(f"UBR {ubr} is claimed by visit {held.key}")
            marks.add(normalise(record.vrn))
        if len(marks) > 1:
            raise _NotGrantedError(f"bundles of several vehicles are claimed: {', '.join(sorted(marks))}")

    def _holds(self, wanted: ClaimWanted) -> bool:
        """Whether it is granted already, or this very visit has used the bundles since."""
        return all(self._is_of(ubr, wanted) or self._is_used(ubr) for ubr in wanted.ubrs)

    def _is_of(self, ubr: str, wanted: ClaimWanted) -> bool:
        held = self.of_bundle(ubr)
        return held is not None and (held.key, held.claim) == (_key(wanted), wanted.claim)

    def _write(self, wanted: ClaimWanted, state: str, now_ms: int) -> None:
        """The visit's claim is this from now on, in place of an earlier one."""
        self._release(wanted.lane, wanted.journal, wanted.visit)
        where = (wanted.lane, wanted.journal, wanted.visit, wanted.claim)
        if state == "live":
            self._db.cursor().executemany(
                "INSERT INTO claims(ubr, lane, journal, visit, claim, at_ms) VALUES (%s, %s, %s, %s, %s, %s)",
                [(ubr, *where, now_ms) for ubr in wanted.ubrs if not self._is_used(ubr)],
            )
        self._db.execute(
            "INSERT INTO visit_claims(lane, journal, visit, claim, state, ubrs, at_ms) VALUES (%s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (lane, journal, visit) DO UPDATE SET "
            "claim = excluded.claim, state = excluded.state, ubrs = excluded.ubrs, at_ms = excluded.at_ms",
            (*where, state, ",".join(wanted.ubrs), now_ms),
        )

    def _is_used(self, ubr: str) -> bool:
        record = self._log.bundle(ubr)
        return record is not None and bool(record.used_by)

    # -- what the journals say ---------------------------------------------------------------------------------------

    def told(self, event: EventMessage, claim: ClaimTold, *, now_ms: int) -> None:
        """A lane's journal says that a claim was granted; a core that was restored from a backup does not know it any more.

        It holds again unless something that is known here speaks against it; what followed is in the rows that follow.
        """
        wanted = ClaimWanted(
            lane=event.lane, journal=event.journal, visit=claim.visit, claim=claim.claim, ubrs=claim.ubrs
        )
        if self._state(event.lane, event.journal, claim.visit)[0] < claim.claim:
            self.take(wanted, now_ms=now_ms)

    def used(self, ubr: str, *, lane: str, journal: str, visit: int, now_ms: int) -> None:
        """A visit has used a bundle: its claim of it ends. Another's stands, and people are told."""
        held = self.of_bundle(ubr)
        if held is None:
            return
        if (held.lane, held.journal, held.visit) == (lane, journal, visit):
            self._db.execute("DELETE FROM claims WHERE ubr=%s", (ubr,))
            self._end(held, "used")
            return
        detail = (
            f"UBR {ubr} was used by {lane}/{journal}/{visit} while {held.key} had claimed it: look at both vehicles"
        )
        self._alarms.raise_once(at_ms=now_ms, lane=lane, kind=CoreAlarmKind.USED_UNDER_CLAIM, detail=detail)

    def given_back(self, event: EventMessage, returned: ClaimReturned, *, now_ms: int) -> None:
        """A visit has given its claim back, and every earlier one of its own."""
        lane, journal, visit, claim = event.lane, event.journal, returned.visit, returned.claim
        known, state = self._state(lane, journal, visit)
        if known > claim:
            return
        self._release(lane, journal, visit)
        self._db.execute(
            "INSERT INTO visit_claims(lane, journal, visit, claim, state, ubrs, at_ms) VALUES (%s, %s, %s, %s, %s, '', %s) "
            "ON CONFLICT(lane, journal, visit) DO UPDATE SET claim=excluded.claim, state=excluded.state",
            (lane, journal, visit, claim, "used" if state == "used" and known == claim else "returned", now_ms),
        )

    def visits_over(self, *, lane: str, journal: str, last: int) -> None:
        """The journal has told everything about the visits up to `last`: what they claimed and did not use is free."""
        for held in self.of_lane(lane):
            if held.journal == journal and held.visit <= last:
                self._db.execute("DELETE FROM claims WHERE ubr=%s", (held.ubr,))
                self._end(held, "over")

    def _release(self, lane: str, journal: str, visit: int) -> None:
        self._db.execute("DELETE FROM claims WHERE lane=%s AND journal=%s AND visit=%s", (lane, journal, visit))

    def _end(self, held: HeldClaim, state: str) -> None:
        where = (held.lane, held.journal, held.visit)
        self._db.execute("UPDATE visit_claims SET state=%s WHERE lane=%s AND journal=%s AND visit=%s", (state, *where))

    def _state(self, lane: str, journal: str, visit: int) -> tuple[int, str]:
        """The number and state of a visit's newest claim, (0, "") without one."""
        found = self._db.execute(
            "SELECT claim, state FROM visit_claims WHERE lane=%s AND journal=%s AND visit=%s", (lane, journal, visit)
        ).fetchone()
        return found or (0, "")

    # -- what people ask ---------------------------------------------------------------------------------------------

    def of_bundle(self, ubr: str) -> HeldClaim | None:
        """The claim of a bundle, None while nobody has it."""
        return next(iter(self._select("WHERE ubr=%s", ubr)), None)

    def of_lane(self, lane: str) -> list[HeldClaim]:
        """What a lane has claimed, oldest visit first."""
        return self._select("WHERE lane=%s ORDER BY at_ms, visit, ubr", lane)

    def every(self) -> list[HeldClaim]:
        """All that is claimed, oldest first."""
        return self._select("ORDER BY at_ms, ubr")

    def _select(self, rest: str, *values: object) -> list[HeldClaim]:
        names = HeldClaim.__struct_fields__
        rows = self._db.execute(f"SELECT {', '.join(names)} FROM claims {rest}", values)  # noqa: S608 (fixed texts)
        return [HeldClaim(**dict(zip(names, row, strict=True))) for row in rows]

    def settle(self, ubr: str, *, used: bool, now_ms: int) -> HeldClaim:
        """An operator has found out whether the vehicle of a silent lane crossed on this bundle.

        Raises:
            RefusedError: nobody has claimed it.
        """
        held = self.of_bundle(ubr)
        if held is None:
            raise RefusedError(f"UBR {ubr} is not claimed; list what is with rocars-core claims")
        self._db.execute("DELETE FROM claims WHERE ubr=%s", (ubr,))
        self._end(held, "settled")
        record = self._log.bundle(ubr)
        if used and record is not None and not record.used_by:
            self._log.append([msgspec.structs.replace(record, used_by=held.key)], at_ms=now_ms)
            cross(self._db, record)
        return held


def _key(wanted: ClaimWanted) -> str:
    return f"{wanted.lane}/{wanted.journal}/{wanted.visit}"
