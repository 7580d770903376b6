"""What each request of the operators' interface does: the requests of `requests`, carried out on the core's parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_never

import msgspec

from core import requests as ask
from core.alarms import AlarmBook
from core.cargo import REFERENCE
from core.compound import Compound
from core.intake import Intake
from core.link import Exchange, Outgoing
from core.log import ReplicatedLog
from core.office import Office
from core.projection import Projection
from core.store import Store
from core.times import UtcClock
from core.vrn import normalise


class Counter:
    """Serves requests, one after the other.

    Args:
        publish: takes what is to be sent to lanes at once.
        brokers: tells which brokers are connected.
    """

    def __init__(
        self,
        *,
        store: Store,
        log: ReplicatedLog,
        office: Office,
        exchange: Exchange,
        intake: Intake,
        projection: Projection,
        compound: Compound,
        clock: UtcClock,
        publish: Callable[[list[Outgoing]], None],
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
        self._clock = clock
        self._publish = publish
        self._brokers = brokers
        self._alarms = AlarmBook(store.connection)

    def serve(self, request: ask.Request) -> Any:
        """Carries out a request, publishes what it changed, and returns its answer (a value msgspec can encode).

        Raises:
            RefusedError: a rule forbids it; nothing was changed.
        """
        result = self._serve(request)
        self._publish(self._exchange.news())
        return result

    def _serve(self, request: ask.Request) -> Any:
        match request:
            case ask.Lodge():
                return self._office.lodge(request.cargo, who=request.who)
            case ask.MakeBundle():
                return self._office.bundle(request.bundle, who=request.who)
            case ask.Debundle():
                return self._office.debundle(request.ubr, who=request.who)
            case ask.Hold():
                return self._office.hold(request.vrn, who=request.who, reason=request.reason)
            case ask.LiftHold():
                return self._office.lift_hold(request.vrn, who=request.who)
            case ask.Approve():
                return self._office.approve(request.vrn, mainland=request.mainland, who=request.who)
            case ask.WithdrawApproval():
                return self._office.withdraw_approval(request.vrn, who=request.who)
            case ask.Decide():
                return self._office.decide(request.ccrn, request.code, who=request.who, reason=request.reason)
            case ask.TakeOver():
                return self._take_over(request)
            case ask.Arrived() | ask.ClearAlarm() | ask.SendCommand():
                return self._act(request)
            case _:
                return self._tell(request)

    def _take_over(self, request: ask.TakeOver) -> tuple[str, ...]:
        lists = {"bundles": request.bundles, "holds": request.holds, "vehicles": request.vehicles}
        return self._office.take_over(who=request.who, **lists)  # type: ignore[arg-type]

    def _act(self, request: ask.Arrived | ask.ClearAlarm | ask.SendCommand) -> Any:
        match request:
            case ask.Arrived():
                return self._arrive(request)
            case ask.ClearAlarm():
                with self._store.transaction():
                    return self._alarms.clear(request.alarm, who=request.who)
            case ask.SendCommand():
                return self._command(request)
            case _:
                assert_never(request)

    def _arrive(self, request: ask.Arrived) -> Any:
        now = self._clock()
        with self._store.transaction():
            found = self._compound.arrive(request.vrn, now_ms=now)
            self._store.write_diary(at_ms=now, who=request.who, what="arrived", detail=f"{found.vrn} at the compound")
        return found

    def _command(self, request: ask.SendCommand) -> str:
        identifier, out = self._exchange.command(
            request.lane,
            request.name,
            issuer=request.who,
            visit=request.visit,
            text=request.text,
            good_ms=request.good_seconds * 1000,
            revert_ms=request.revert_seconds * 1000,
        )
        self._publish([out])
        return identifier

    def _tell(
        self,
        request: (ask.Commands | ask.Lanes | ask.Crossings | ask.Alarms | ask.AtCompound | ask.Enquire | ask.Status),
    ) -> Any:
        match request:
            case ask.Commands():
                return self._commands(request.most)
            case ask.Lanes():
                return [self._lane(name) for name in self._exchange.lanes]
            case ask.Crossings():
                return self._projection.latest(most=request.most, lane=request.lane)
            case ask.Alarms():
                listed = self._alarms.every if request.cleared else self._alarms.standing
                return listed(most=request.most)
            case ask.AtCompound():
                return self._compound.expected()
            case ask.Enquire():
                return self._enquire(request.text)
            case ask.Status():
                return self._status()
            case _:
                assert_never(request)

    def _commands(self, most: int) -> list[ask.CommandState]:
        names = ask.CommandState.__struct_fields__
        rows = self._db.execute(
            f"SELECT {', '.join(names)} FROM commands ORDER BY issued_ms DESC LIMIT ?",  # noqa: S608 (fixed names)
            (most,),
        )
        return [ask.CommandState(**dict(zip(names, row, strict=True))) for row in rows]

    def _lane(self, name: str) -> ask.LaneView:
        lane = self._exchange.lanes[name]
        journals = self._intake.standings(name)
        return ask.LaneView(
            lane=name,
            presence=lane.presence,
            software=lane.software,
            proved_ms=lane.proved_ms,
            epoch=lane.epoch,
            version=lane.version,
            level=lane.level,
            journals=tuple(ask.JournalView(journal=j.journal, seq=j.seq, hash=j.hash.hex()) for j in journals),
            facts=lane.facts,
        )

    def _enquire(self, text: str) -> ask.Found:
        if not REFERENCE.fullmatch(text):
            return ask.Found(rows=tuple(map(_plain, self._log.rows_of(normalise(text)))), cargo=())
        known = self._office.consignment(text)
        row = self._log.bundle(known.ubr if known else text)
        return ask.Found(rows=(_plain(row),) if row else (), cargo=(known,) if known else ())

    def _status(self) -> ask.CoreStatus:
        head = self._log.head()
        return ask.CoreStatus(
            epoch=head.epoch,
            version=head.version,
            log_hash=head.log_hash.hex(),
            state_hash=head.state_hash.hex(),
            now_ms=self._clock(),
            brokers=self._brokers(),
            events=int(self._db.execute("SELECT COALESCE(SUM(seq), 0) FROM streams").fetchone()[0]),
            refused=dict(self._exchange.refused),
        )


def _plain(row: Any) -> dict[str, Any]:
    return {"type": row.key[0], **msgspec.structs.asdict(row)}
