"""Uses of bundles that nothing in the lane's own journal bears out, until an officer settles each.

Rules of this file:
- A visit may use a bundle of a vehicle whose mark was read in that visit, or typed by an officer. Any other use is
  disputed: an alarm with the visit's key, and the lane's rows stay as evidence.
- Strictest first: a disputed bundle releases nobody. It goes into the list as used by that visit, so that its vehicle,
  wherever it comes, is the officer's; its consignments do not count as crossed. `settle` ends it: the bundle is live
  again, or stays used.
- But one lane must not stop all others: of a lane with `MOST` unsettled disputes nothing more of this kind is believed.
  Its further uses without a read change no bundle, and are an alarm of their own.
"""

from __future__ import annotations

import msgspec

from core.errors import RefusedError
from core.ledger.log import ReplicatedLog
from core.ledger.store import LedgerConnection
from core.link.alarms import AlarmBook
from domain.alarms import CoreAlarmKind
from wire.records import BundleRecord

MOST = 3
"""Unsettled disputes of one lane that take bundles out of use."""


class DisputedUse(msgspec.Struct, frozen=True, kw_only=True):
    """A use that is not settled; `visit` is the visit's key, `at_ms` when the core heard of it (UTC)."""

    ubr: str
    lane: str
    visit: str
    at_ms: int


class DisputedUses:
    """The disputes in the store; writes belong to the caller's transaction."""

    def __init__(self, connection: LedgerConnection, log: ReplicatedLog) -> None:
        self._db = connection
        self._log = log
        self._alarms = AlarmBook(connection)

    def dispute(self, record: BundleRecord, *, lane: str, journal: str, visit: int, now_ms: int) -> None:
        """A visit says that it used `record`, whose vehicle it never read."""
        key = f"{lane}/{journal}/{visit}"
        if len(self.of_lane(lane)) >= MOST:
            detail = (
                f"lane {lane} used UBR {record.ubr} in {key} without a read of {record.vrn}, and has {MOST} such uses "
                "already: it is not believed, the bundle stays live. Look at the lane, then rocars-core settle-use"
            )
            self._alarms.raise_once(at_ms=now_ms, lane=lane, kind=CoreAlarmKind.LANE_DISBELIEVED, detail=detail)
            return
        self._log.append([msgspec.structs.replace(record, used_by=key)], at_ms=now_ms)
        self._db.execute(
            "INSERT INTO disputes(ubr, lane, visit, at_ms) VALUES (%s, %s, %s, %s)", (record.ubr, lane, key, now_ms)
        )
        detail = (
            f"UBR {record.ubr} was used without a read of {record.vrn}: it releases nobody until rocars-core settle-use"
        )
        self._alarms.raise_once(
            at_ms=now_ms,
            lane=lane,
            journal=journal,
            visit=visit,
            kind=CoreAlarmKind.USE_WITHOUT_READ,
            detail=detail,
            cause=record.ubr,
        )

    def of_lane(self, lane: str) -> list[DisputedUse]:
        """The unsettled ones of a lane."""
        return [one for one in self.every() if one.lane == lane]

    def every(self) -> list[DisputedUse]:
        """All that are unsettled, oldest first."""
        rows = self._db.execute("SELECT ubr, lane, visit, at_ms FROM disputes ORDER BY at_ms, ubr")
        return [DisputedUse(ubr=ubr, lane=lane, visit=visit, at_ms=at) for ubr, lane, visit, at in rows]

    def settle(self, ubr: str, *, used: bool, now_ms: int) -> DisputedUse:
        """An officer has found out whether the bundle was used; if not, it is live again.

        Raises:
            RefusedError: its use is not disputed.
        """
        found = next((one for one in self.every() if one.ubr == ubr), None)
        if found is None:
            raise RefusedError(
                f"the use of UBR {ubr} is not disputed; list those that are with rocars-core disputed-uses"
            )
        self._db.execute("DELETE FROM disputes WHERE ubr=%s", (ubr,))
        self._end_alarms(found, now_ms)
        record = self._log.bundle(ubr)
        if record is not None and used:
            cross(self._db, record)
        elif record is not None and record.used_by == found.visit:
            self._log.append([msgspec.structs.replace(record, used_by="")], at_ms=now_ms)
        return found

    def _end_alarms(self, settled: DisputedUse, now_ms: int) -> None:
        _, journal, visit = settled.visit.split("/")
        self._alarms.end_own(
            at_ms=now_ms,
            lane=settled.lane,
            journal=journal,
            visit=int(visit),
            kind=CoreAlarmKind.USE_WITHOUT_READ,
            cause=settled.ubr,
        )
        if len(self.of_lane(settled.lane)) < MOST:
            self._alarms.end_own(at_ms=now_ms, lane=settled.lane, kind=CoreAlarmKind.LANE_DISBELIEVED)


def cross(connection: LedgerConnection, record: BundleRecord) -> None:
    """Its consignments have crossed, inside the caller's transaction: none can be bundled again (domain §0.6)."""
    connection.execute(
        "UPDATE cargo SET crossed=1, ubr=%s WHERE ccrn = ANY(%s)", (record.ubr, [line.ccrn for line in record.cargo])
    )
