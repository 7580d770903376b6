"""What each request of the operators' interface does: the requests of `requests`, carried out on the core's parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from core.errors import RefusedError
from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore, the_row
from core.link.alarms import AlarmBook, CoreAlarm
from core.link.claims import HeldClaim
from core.link.compound import Compound, Expected
from core.link.disputes import DisputedUse
from core.link.gateway import CoreMessage, LaneGateway
from core.link.intake import Intake
from core.link.pictures import Kept, PictureStore
from core.link.projection import Projection
from core.office import requests as ask
from core.office.cargo import REFERENCE
from core.office.service import CargoService
from domain.marks import normalise
from domain.times import UtcClock
from wire.records import BundleRecord, Record

_TOLD_MS = 60_000
"""How long a lane may take to hear what was done about its alarm."""

_VISITS_TOLD = 10
"""Visits of a vehicle that an enquiry shows."""


class AdminHandler:
    """Serves requests, one after the other.

    Args:
        publish: takes what is to be sent to lanes at once.
        brokers: tells which brokers are connected.
    """

    def __init__(
        self,
        *,
        store: CoreStore,
        log: ReplicatedLog,
        office: CargoService,
        exchange: LaneGateway,
        intake: Intake,
        projection: Projection,
        compound: Compound,
        gallery: PictureStore,
        clock: UtcClock,
        publish: Callable[[list[CoreMessage]], None],
        brokers: Callable[[], dict[str, bool]],
    ) -> None:
        self._store = store
        self._db = store.connection
        self._log = log
        self._office = office
        self._exchange = exchange
        self._intake = intake
        self._projection = projection
        self._compound = compound
        self._gallery = gallery
        self._login = ""
        self._clock = clock
        self._publish = publish
        self._brokers = brokers
        self._alarms = AlarmBook(store.connection)
        self._does = self._table()

    def serve(self, request: ask.Request, login: str = "") -> Any:
        """Carries out a request, publishes what it changed, and returns its answer (a value msgspec can encode).

        Args:
            request: what is asked.
            login: of the connection it came by, as the kernel knows it; "" where it came by none.

        Raises:
            RefusedError: a rule forbids it; nothing was changed.
        """
        self._login = login
        result = self._does[type(request)](request)
        self._publish(self._exchange.news())
        return result

    def serve_together(self, requests: Sequence[ask.Request]) -> list[Any]:
        """Carries out requests of `requests.TOGETHER` inside the caller's transaction, each whole or not at all; answers or refusals."""
        came: list[Any] = []
        for request in requests:
            try:
                with self._store.transaction():
                    came.append(self._does[type(request)](request))
            except RefusedError as refused:
                came.append(refused)
        return came

    def publish_news(self) -> None:
        """What is committed and was not published yet goes out."""
        self._publish(self._exchange.news())

    def _table(self) -> dict[type, Callable[[Any], Any]]:
        office = self._office
        return {
            ask.Lodge: lambda r: office.lodge(r.cargo, who=r.who),
            ask.MakeBundle: lambda r: office.bundle(r.bundle, who=r.who),
            ask.Debundle: lambda r: office.debundle(r.ubr, who=r.who),
            ask.Hold: lambda r: office.hold(r.vrn, who=r.who, reason=r.reason),
            ask.LiftHold: lambda r: office.lift_hold(r.vrn, who=r.who),
            ask.Approve: lambda r: office.approve(r.vrn, mainland=r.mainland, who=r.who),
            ask.WithdrawApproval: lambda r: office.withdraw_approval(r.vrn, who=r.who),
            ask.Decide: lambda r: office.decide(r.ccrn, r.code, who=r.who, reason=r.reason),
            ask.TakeOverRecords: self._take_over,
            ask.Arrived: self._arrive,
            ask.TakeAlarm: self._take_alarm,
            ask.ClearAlarm: self._clear,
            ask.ShelveAlarm: self._shelve,
            ask.SettleUse: self._settle,
            ask.ListDisputedUses: lambda _: self._projection.disputes.every(),
            ask.SettleClaim: self._settle_claim,
            ask.ListClaims: lambda _: self._projection.claims.every(),
            ask.ListQuarantine: lambda r: self._intake.quarantined(most=r.most),
            ask.SendCommand: self._command,
            ask.ListCommands: self._commands,
            ask.ListPictures: self._pictures,
            ask.GetPicture: self._picture,
            ask.Lanes: lambda _: [self._lane(name) for name in self._exchange.lanes],
            ask.Crossings: lambda r: self._projection.latest(most=r.most, lane=r.lane),
            ask.Alarms: self._all_alarms,
            ask.AtCompound: lambda _: self._compound.expected(),
            ask.Enquire: lambda r: self._enquire(r.text),
            ask.Status: lambda _: self._status(),
        }

    def _take_over(self, request: ask.TakeOverRecords) -> tuple[str, ...]:
        return self._office.take_over(
            who=request.who, bundles=request.bundles, holds=request.holds, vehicles=request.vehicles
        )

    def _take_alarm(self, request: ask.TakeAlarm) -> CoreAlarm:
        with self._store.transaction():
            taken = self._alarms.take(request.alarm, who=self._issuer(request.who), at_ms=self._clock())
        return self._tell_lane(taken, "take_alarm", request.who)

    def _clear(self, request: ask.ClearAlarm) -> CoreAlarm:
        with self._store.transaction():
            who, now = self._issuer(request.who), self._clock()
            closed = self._alarms.clear(request.alarm, who=who, at_ms=now, why=request.why[:200])
        return self._tell_lane(closed, "close_alarm", request.who)

    def _tell_lane(self, alarm: CoreAlarm, name: str, who: str) -> CoreAlarm:
        """The lane's officers see who deals with an alarm of the lane; one that does not hear it has its own list."""
        if alarm.of_core or alarm.lane not in self._exchange.lanes:
            return alarm
        text = f"{alarm.kind}/{alarm.visit}/{alarm.cause}" + (f"|{alarm.why}" if name == "close_alarm" else "")
        _, out = self._exchange.command(alarm.lane, name, issuer=self._issuer(who), good_ms=_TOLD_MS, text=text)
        self._publish([out])
        return alarm

    def _shelve(self, request: ask.ShelveAlarm) -> CoreAlarm:
        with self._store.transaction():
            now = self._clock()
            until = now + request.minutes * 60_000
            return self._alarms.shelve(request.alarm, who=self._issuer(request.who), until_ms=until, at_ms=now)

    def _arrive(self, request: ask.Arrived) -> Expected:
        now = self._clock()
        with self._store.transaction():
            found = self._compound.arrive(request.vrn, now_ms=now)
            self._store.write_diary(at_ms=now, who=request.who, what="arrived", detail=f"{found.vrn} at the compound")
        return found

    def _settle(self, request: ask.SettleUse) -> DisputedUse:
        now = self._clock()
        with self._store.transaction():
            found = self._projection.disputes.settle(request.ubr, used=request.used, now_ms=now)
            what = f"UBR {request.ubr} of {found.visit} {'stays used' if request.used else 'is live again'}"
            detail = f"{what}: {request.reason}"
            self._store.write_diary(at_ms=now, who=self._issuer(request.who), what="settled use", detail=detail)
        return found

    def _settle_claim(self, request: ask.SettleClaim) -> HeldClaim:
        now = self._clock()
        with self._store.transaction():
            found = self._projection.claims.settle(request.ubr, used=request.used, now_ms=now)
            what = f"UBR {request.ubr}, claimed by {found.key}, {'was used' if request.used else 'is free again'}"
            detail = f"{what}: {request.reason}"
            self._store.write_diary(at_ms=now, who=self._issuer(request.who), what="settled claim", detail=detail)
        return found

    def _command(self, request: ask.SendCommand) -> str:
        identifier, out = self._exchange.command(
            request.lane,
            request.name,
            issuer=self._issuer(request.who),
            visit=request.visit,
            text=request.text,
            good_ms=request.good_seconds * 1000,
            revert_ms=request.revert_seconds * 1000,
            picture=request.picture,
            journal=request.journal,
            rows=request.rows,
        )
        self._publish([out])
        return identifier

    def _issuer(self, who: str) -> str:
        """Whose command it is: the login of the connection, and who it says it acts for where that is another."""
        return who if self._login in {"", who} else f"{who[:40]} by {self._login}"[:64]

    def _pictures(self, request: ask.ListPictures) -> list[Kept]:
        found = self._gallery.kept(lane=request.lane)
        if not request.visit:
            return found
        wanted = self._projection.pictures_of(request.visit)
        return [one for one in found if one.picture in wanted]

    def _picture(self, request: ask.GetPicture) -> bytes:
        body = self._gallery.read(request.picture)
        with self._store.transaction():
            detail = f"{request.picture}: {request.purpose}"
            self._store.write_diary(
                at_ms=self._clock(), who=self._issuer(request.who), what="viewed picture", detail=detail
            )
        return body

    def _all_alarms(self, request: ask.Alarms) -> list[CoreAlarm]:
        listed = self._alarms.every if request.cleared else self._alarms.standing
        return listed(now_ms=self._clock(), most=request.most)

    def _commands(self, request: ask.ListCommands) -> list[ask.CommandState]:
        names = ask.CommandState.__struct_fields__
        rows = self._db.execute(
            f"SELECT {', '.join(names)} FROM commands WHERE %s IN ('', id) ORDER BY issued_ms DESC LIMIT %s",  # noqa: S608 (fixed names)
            (request.id, request.most),
        )
        return [ask.CommandState(**dict(zip(names, row, strict=True))) for row in rows]

    def _lane(self, name: str) -> ask.LaneStatusView:
        lane = self._exchange.lanes[name]
        journals = self._intake.standings(name)
        return ask.LaneStatusView(
            lane=name,
            presence=lane.presence,
            software=lane.software,
            proved_ms=lane.proved_ms,
            epoch=lane.epoch,
            version=lane.version,
            level=lane.level,
            journals=tuple(
                ask.JournalView(journal=j.journal, seq=j.seq, hash=j.hash.hex(), again=self._intake.again[j.stream])
                for j in journals
            ),
            facts=lane.facts,
            core_keys=lane.core_keys,
            sampled_ms=lane.sampled_ms,
            telemetry=lane.telemetry,
            samples=lane.samples,
            shed=lane.shed,
            missed=lane.missed,
        )

    def _enquire(self, text: str) -> ask.EnquiryResult:
        if not REFERENCE.fullmatch(text):
            vrn = normalise(text)
            visits = self._projection.of_vehicle(vrn, most=_VISITS_TOLD)
            return ask.EnquiryResult(
                rows=tuple(map(_plain, self._log.rows_of(vrn))),
                cargo=(),
                visits=tuple(map(msgspec.to_builtins, visits)),
            )
        known = self._office.consignment(text)
        row = self._log.bundle(known.ubr if known else text)
        return ask.EnquiryResult(rows=(_plain(row),) if row else (), cargo=(known,) if known else ())

    def _status(self) -> ask.CoreStatus:
        head = self._log.head()
        return ask.CoreStatus(
            epoch=head.epoch,
            version=head.version,
            log_hash=head.log_hash.hex(),
            state_hash=head.state_hash.hex(),
            now_ms=self._clock(),
            brokers=self._brokers(),
            events=int(the_row(self._db.execute("SELECT COALESCE(SUM(seq), 0) FROM streams"))[0]),
            refused=dict(self._exchange.refused),
            signing=self._exchange.signing,
        )


def _plain(row: Record) -> dict[str, Any]:
    """A row of the log by names; on the wire it goes by position."""
    plain = {"type": row.key[0], **msgspec.structs.asdict(row)}
    if isinstance(row, BundleRecord):
        plain["cargo"] = [msgspec.structs.asdict(line) for line in row.cargo]
    return plain
