"""What each request of the operators' interface does: the requests of `requests`, carried out on the core's parts.

Rules of this file: who asks is looked at first (`door`, `rights`), then whose the things are; a request, what it changes and its
line in the audit log are one transaction, and nothing is published before it is committed. What is refused to somebody because
of who they are is in the audit log too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from core.errors import RefusedError
from core.ledger import audit_log
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
from core.model.ownership import CARGO, Handling, Reach, may
from core.model.people import Actor, TradeParty
from core.model.refusals import refusal
from core.office import papers, people, rights
from core.office import requests as ask
from core.office.answers import CommandState, CoreStatus, EnquiryResult, JournalView, LaneStatusView
from core.office.cargo import REFERENCE
from core.office.counter import TradeCounter
from core.office.door import Caller, PeopleDoor
from core.office.people_desk import PeopleDesk
from core.office.rights import Right, Trace
from core.office.service import CargoService
from core.office.wall_requests import LookRequest, ShiftTold
from domain.marks import normalise
from domain.times import UtcClock
from wire.records import BundleRecord, Record

NOBODY = Actor(account="", roles=frozenset())
"""Who asks while nobody does."""

_TOLD_MS = 60_000
"""How long a lane may take to hear what was done about its alarm."""

_UNTOLD = frozenset({"password", "code", "token"})
"""What of a request is in no audit log."""

_LONGEST_TOLD = 1_000
_VISITS_TOLD = 10
"""Visits of a vehicle that an enquiry shows."""


class AdminHandler:
    """Serves requests, one after the other.

    Args:
        door: who comes in.
        publish: takes what is to be sent to lanes at once.
        brokers: tells which brokers are connected.
        profiles_problem: tells why an edit of the profiles does not count.
    """

    def __init__(
        self,
        *,
        store: CoreStore,
        log: ReplicatedLog,
        office: CargoService,
        door: PeopleDoor,
        exchange: LaneGateway,
        intake: Intake,
        projection: Projection,
        compound: Compound,
        gallery: PictureStore,
        clock: UtcClock,
        publish: Callable[[list[CoreMessage]], None],
        brokers: Callable[[], dict[str, bool]],
        profiles_problem: Callable[[], str] = lambda: "",
    ) -> None:
        self._store = store
        self._db = store.connection
        self._log = log
        self._office = office
        self._door = door
        self._counter = TradeCounter(store, office, clock)
        self._books = PeopleDesk(store)
        self._exchange = exchange
        self._intake = intake
        self._projection = projection
        self._compound = compound
        self._gallery = gallery
        self._who = NOBODY
        self._out: list[CoreMessage] = []
        self._clock = clock
        self._publish = publish
        self._brokers = brokers
        self._profiles_problem = profiles_problem
        self._alarms = AlarmBook(store.connection)
        self._does = self._table()

    def serve(self, request: ask.Request, caller: Caller) -> Any:
        """Carries out a request of a connection, publishes what it changed, and returns its answer.

        Raises:
            RefusedError: a rule forbids it; nothing was changed.
        """
        match request:
            case ask.SignIn():
                return self._door.sign_in(request, caller)
            case ask.Resume():
                return self._door.resume(request, caller)
            case ask.SignOut():
                return self._door.sign_out(caller)
            case _:
                return self.serve_as(request, self._door.actor(caller))

    def serve_as(self, request: ask.Request, who: Actor) -> Any:
        """Likewise, for whoever that is; the answer is a value msgspec can encode."""
        right, self._out = self._allowed(request, who), []
        with self._store.transaction():
            result = self._done(request, who, right)
        if isinstance(request, ask.TOGETHER):
            self._office.sign()
        self._publish([*self._out, *self._exchange.news()])
        return result

    def _done(self, request: ask.Request, who: Actor, right: Right) -> Any:
        """What a request does, and its line in the audit log, inside the caller's transaction."""
        self._who = who
        result = self._does[type(request)](request)
        if right.trace in {Trace.ORDER, Trace.LOOK}:
            self._note(request, right.trace)
        return result

    def serve_together(self, asked: Sequence[tuple[ask.Request, Caller | Actor]]) -> list[Any]:
        """Carries out requests of `requests.TOGETHER` inside the caller's transaction, each whole or not at all; answers or refusals."""
        came: list[Any] = []
        known: dict[tuple[str, str], Actor] = {}  # none of these requests changes who somebody is
        for request, asker in asked:
            try:
                who = asker if isinstance(asker, Actor) else self._known(asker, known)
                right = self._allowed(request, who)  # outside the part: its line in the audit log stays
                with self._store.part():
                    came.append(self._done(request, who, right))
            except RefusedError as refused:
                came.append(refused)
        return came

    def _known(self, caller: Caller, known: dict[tuple[str, str], Actor]) -> Actor:
        by = (caller.login, caller.session)
        if by not in known:
            known[by] = self._door.actor(caller)
        return known[by]

    def looked(self, request: LookRequest, who: Actor) -> None:
        """Writes down what somebody at a wall is about to be told of the past."""
        with self._store.transaction():
            self._store.write_diary(at_ms=self._clock(), who=who.words, what="looked", detail=_told(request))

    def shift_told(self, told: ShiftTold, who: Actor) -> None:
        """Writes down that somebody at a wall has begun or ended a shift."""
        with self._store.transaction():
            self._store.write_diary(at_ms=self._clock(), who=who.words, what="shift", detail=_told(told))

    def _allowed(self, request: ask.Request, who: Actor) -> Right:
        """The request's row in the table of rights, if this person may make it of these things."""
        try:
            right = rights.right_of(who, request)
            if rights.reach_of(who, request) is Reach.OWN:
                self._look_whose(request, who)
        except RefusedError as error:
            with self._store.transaction():
                detail = f"{_told(request)}: {error}"
                self._store.write_diary(at_ms=self._clock(), who=who.words, what="refused", detail=detail)
            raise
        return right

    def _look_whose(self, request: ask.Request, who: Actor) -> None:
        foreign = [
            concern.unknown
            for concern in rights.concerns(request)
            if not may(who.party, concern.touch, people.owned(self._db, concern.kind, concern.number))
        ]
        if foreign:
            raise RefusedError(*foreign)

    def _note(self, request: ask.Request, trace: Trace) -> None:
        what = "looked" if trace is Trace.LOOK else "ordered"
        self._store.write_diary(at_ms=self._clock(), who=self._who.words, what=what, detail=_told(request))

    def _table(self) -> dict[type, Callable[[Any], Any]]:
        return {**self._trade_table(), **self._officers_table(), **self._views_table(), **self._people_table()}

    def _trade_table(self) -> dict[type, Callable[[Any], Any]]:
        counter = self._counter
        return {
            ask.Lodge: lambda r: counter.lodge(r.cargo, who=self._who, party=r.party),
            ask.LodgeBatch: lambda r: counter.lodge_batch(r.batch, r.cargo, who=self._who, party=r.party),
            ask.Amend: lambda r: counter.amend(r.ccrn, r.cargo, who=self._who),
            ask.Cancel: lambda r: counter.cancel(r.ccrn, who=self._who),
            ask.HandTo: self._hand_to,
            ask.MakeBundle: lambda r: counter.bundle(r.bundle, who=self._who),
            ask.Debundle: lambda r: self._office.debundle(r.ubr, who=self._who.words),
            ask.Swap: lambda r: counter.swap(r.ubr, vrn=r.vrn, driver=r.driver, who=self._who),
            ask.SaveDraft: self._save_draft,
            ask.ListDrafts: lambda r: papers.drafts(self._db, self._who.account, r.text),
            ask.DropDraft: lambda r: papers.drop_draft(self._db, self._who.account, r.name),
        }

    def _officers_table(self) -> dict[type, Callable[[Any], Any]]:
        office = self._office
        return {
            ask.Hold: lambda r: office.hold(r.vrn, who=self._who.words, reason=r.reason),
            ask.LiftHold: lambda r: office.lift_hold(r.vrn, who=self._who.words),
            ask.Approve: lambda r: office.approve(r.vrn, mainland=r.mainland, who=self._who.words),
            ask.WithdrawApproval: lambda r: office.withdraw_approval(r.vrn, who=self._who.words),
            ask.Decide: lambda r: office.decide(r.ccrn, r.code, who=self._who.account, reason=r.reason),
            ask.TakeOverRecords: self._take_over,
            ask.Arrived: self._arrive,
            ask.TakeAlarm: self._take_alarm,
            ask.ClearAlarm: self._clear,
            ask.ShelveAlarm: self._shelve,
            ask.SettleUse: self._settle,
            ask.SettleClaim: self._settle_claim,
            ask.SendCommand: self._command,
            ask.GetPicture: self._picture,
        }

    def _views_table(self) -> dict[type, Callable[[Any], Any]]:
        return {
            ask.ListDisputedUses: lambda _: self._projection.disputes.every(),
            ask.ListClaims: lambda _: self._projection.claims.every(),
            ask.ListQuarantine: lambda r: self._intake.quarantined(most=r.most),
            ask.ListCommands: self._commands,
            ask.ListPictures: self._pictures,
            ask.Lanes: lambda _: [self._lane(name) for name in self._exchange.lanes],
            ask.Crossings: lambda r: self._projection.latest(most=r.most, lane=r.lane),
            ask.Alarms: self._all_alarms,
            ask.AtCompound: lambda _: self._compound.expected(),
            ask.ReadAudit: lambda r: audit_log.newest(self._db, most=r.most, text=r.text),
            ask.Enquire: self._enquire,
            ask.Status: lambda _: self._status(),
        }

    def _people_table(self) -> dict[type, Callable[[Any], Any]]:
        books = self._books
        return {
            ask.ListAccounts: lambda _: people.accounts(self._db),
            ask.AddParty: lambda r: people.add_party(self._db, TradeParty(r.id, r.name)),
            ask.AddAccount: lambda r: books.open(r.account, r.password),
            ask.SetRoles: lambda r: people.set_roles(self._db, r.name, r.roles),
            ask.CloseAccount: lambda r: people.close_account(self._db, r.name),
            ask.NewPassword: lambda r: books.renew(r.name, r.password),
        }

    def _hand_to(self, request: ask.HandTo) -> None:
        for ccrn in request.ccrns:
            if self._office.consignment(ccrn) is None:
                raise RefusedError(refusal("decide_unknown", ccrn=ccrn))
            people.hand_to(self._db, ccrn, request.party)

    def _save_draft(self, request: ask.SaveDraft) -> None:
        papers.save_draft(
            self._db,
            self._who.account,
            request.name,
            form=request.form,
            template=request.template,
            now_ms=self._clock(),
        )

    def _take_over(self, request: ask.TakeOverRecords) -> tuple[str, ...]:
        return self._office.take_over(
            who=self._who.words, bundles=request.bundles, holds=request.holds, vehicles=request.vehicles
        )

    def _take_alarm(self, request: ask.TakeAlarm) -> CoreAlarm:
        with self._store.transaction():
            taken = self._alarms.take(request.alarm, who=self._who.words, at_ms=self._clock())
        return self._tell_lane(taken, "take_alarm")

    def _clear(self, request: ask.ClearAlarm) -> CoreAlarm:
        with self._store.transaction():
            now = self._clock()
            closed = self._alarms.clear(request.alarm, who=self._who.words, at_ms=now, why=request.why[:200])
        return self._tell_lane(closed, "close_alarm")

    def _tell_lane(self, alarm: CoreAlarm, name: str) -> CoreAlarm:
        """The lane's officers see who deals with an alarm of the lane; one that does not hear it has its own list."""
        if alarm.of_core or alarm.lane not in self._exchange.lanes:
            return alarm
        text = f"{alarm.kind}/{alarm.visit}/{alarm.cause}" + (f"|{alarm.why}" if name == "close_alarm" else "")
        _, out = self._exchange.command(alarm.lane, name, issuer=self._who.words, good_ms=_TOLD_MS, text=text)
        self._out.append(out)
        return alarm

    def _shelve(self, request: ask.ShelveAlarm) -> CoreAlarm:
        with self._store.transaction():
            now = self._clock()
            until = now + request.minutes * 60_000
            return self._alarms.shelve(request.alarm, who=self._who.words, until_ms=until, at_ms=now)

    def _arrive(self, request: ask.Arrived) -> Expected:
        now = self._clock()
        with self._store.transaction():
            found = self._compound.arrive(request.vrn, now_ms=now)
            self._store.write_diary(
                at_ms=now, who=self._who.words, what="arrived", detail=f"{found.vrn} at the compound"
            )
        return found

    def _settle(self, request: ask.SettleUse) -> DisputedUse:
        now = self._clock()
        with self._store.transaction():
            found = self._projection.disputes.settle(request.ubr, used=request.used, now_ms=now)
            what = f"UBR {request.ubr} of {found.visit} {'stays used' if request.used else 'is live again'}"
            detail = f"{what}: {request.reason}"
            self._store.write_diary(at_ms=now, who=self._who.words, what="settled use", detail=detail)
        return found

    def _settle_claim(self, request: ask.SettleClaim) -> HeldClaim:
        now = self._clock()
        with self._store.transaction():
            found = self._projection.claims.settle(request.ubr, used=request.used, now_ms=now)
            what = f"UBR {request.ubr}, claimed by {found.key}, {'was used' if request.used else 'is free again'}"
            detail = f"{what}: {request.reason}"
            self._store.write_diary(at_ms=now, who=self._who.words, what="settled claim", detail=detail)
        return found

    def _command(self, request: ask.SendCommand) -> str:
        identifier, out = self._exchange.command(
            request.lane,
            request.name,
            issuer=self._who.words,
            visit=request.visit,
            text=request.text,
            good_ms=request.good_seconds * 1000,
            revert_ms=request.revert_seconds * 1000,
            picture=request.picture,
            journal=request.journal,
            rows=request.rows,
        )
        self._out.append(out)
        return identifier

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
            self._store.write_diary(at_ms=self._clock(), who=self._who.words, what="viewed picture", detail=detail)
        return body

    def _all_alarms(self, request: ask.Alarms) -> list[CoreAlarm]:
        listed = self._alarms.every if request.cleared else self._alarms.standing
        return listed(now_ms=self._clock(), most=request.most)

    def _commands(self, request: ask.ListCommands) -> list[CommandState]:
        names = CommandState.__struct_fields__
        rows = self._db.execute(
            f"SELECT {', '.join(names)} FROM commands WHERE %s IN ('', id) ORDER BY issued_ms DESC LIMIT %s",  # noqa: S608 (fixed names)
            (request.id, request.most),
        )
        return [CommandState(**dict(zip(names, row, strict=True))) for row in rows]

    def _lane(self, name: str) -> LaneStatusView:
        lane = self._exchange.lanes[name]
        journals = self._intake.standings(name)
        return LaneStatusView(
            lane=name,
            presence=lane.presence,
            software=lane.software,
            proved_ms=lane.proved_ms,
            epoch=lane.epoch,
            version=lane.version,
            level=lane.level,
            journals=tuple(
                JournalView(journal=j.journal, seq=j.seq, hash=j.hash.hex(), again=self._intake.again[j.stream])
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

    def _enquire(self, request: ask.Enquire) -> EnquiryResult:
        if rights.reach_of(self._who, request) is Reach.OWN:
            return self._enquire_own(request.text, self._who.party)
        return self._enquire_all(request.text)

    def _enquire_own(self, text: str, party: str) -> EnquiryResult:
        """What a party of the trade may know: its consignments and bundles, without their codes and who gave them."""
        mine = people.bundles_of(self._db, party)
        if not REFERENCE.fullmatch(text):
            rows = [
                row for row in self._log.rows_of(normalise(text)) if isinstance(row, BundleRecord) and row.ubr in mine
            ]
            return EnquiryResult(rows=tuple(map(_for_trade, rows)), cargo=())
        known = self._office.consignment(text)
        if known is not None and may(party, Handling.READ, people.owned(self._db, CARGO, text)):
            row = self._log.known_bundle(known.ubr) if known.ubr in mine else None
            plain = {**msgspec.to_builtins(known), "code": "", "code_by": "", "code_why": ""}
            return EnquiryResult(rows=(_for_trade(row),) if row else (), cargo=(plain,))
        row = self._log.known_bundle(text) if text in mine else None
        return EnquiryResult(rows=(_for_trade(row),) if row else (), cargo=())

    def _enquire_all(self, text: str) -> EnquiryResult:
        if not REFERENCE.fullmatch(text):
            vrn = normalise(text)
            visits = self._projection.of_vehicle(vrn, most=_VISITS_TOLD)
            return EnquiryResult(
                rows=tuple(map(_plain, self._log.rows_of(vrn))),
                cargo=(),
                visits=tuple(map(msgspec.to_builtins, visits)),
            )
        known = self._office.consignment(text)
        row = self._log.known_bundle(known.ubr if known else text)
        return EnquiryResult(rows=(_plain(row),) if row else (), cargo=(known,) if known else ())

    def _status(self) -> CoreStatus:
        head = self._log.head()
        return CoreStatus(
            epoch=head.epoch,
            version=head.version,
            log_hash=head.log_hash.hex(),
            state_hash=head.state_hash.hex(),
            now_ms=self._clock(),
            brokers=self._brokers(),
            events=int(the_row(self._db.execute("SELECT COALESCE(SUM(seq), 0) FROM streams"))[0]),
            refused=dict(self._exchange.refused),
            signing=self._exchange.signing,
            profiles=len(self._office.engine.profile.rules),
            profiles_problem=self._profiles_problem(),
            rows=self._log.size(),
        )


def _told(request: ask.Request | LookRequest | ShiftTold) -> str:
    """A request as the audit log has it."""
    plain = {name: value for name, value in msgspec.to_builtins(request).items() if name not in _UNTOLD and value}
    return msgspec.json.encode(plain).decode()[:_LONGEST_TOLD]


def _for_trade(row: BundleRecord) -> dict[str, Any]:
    """A bundle as its driver may know it: nobody of the trade learns before the lane who is to be inspected."""
    plain = _plain(row)
    plain["cargo"] = [{**line, "code": ""} for line in plain["cargo"]]
    return plain


def _plain(row: Record) -> dict[str, Any]:
    """A row of the log by names; on the wire it goes by position."""
    plain = {"type": row.key[0], **msgspec.structs.asdict(row)}
    if isinstance(row, BundleRecord):
        plain["cargo"] = [msgspec.structs.asdict(line) for line in row.cargo]
    return plain
