"""The core at its limit: trucks of many lanes through its gateway, with their claims and without.

Rules of this file: every row is one that the shipped `step` makes of a truck's passage, chained and signed as a lane does it;
all of that is done before the clock starts. Lanes take turns, so that a batch of the core has rows of many.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.link.compound import Compound
from core.link.gateway import LaneGateway, LaneMessage
from core.link.intake import Intake
from core.link.projection import Projection
from domain.crossing import RELEASE, Direction
from lane_agent import events as e
from lane_agent.effects import Claim, Effect, LookUp, Show
from lane_agent.model import Bundle, Cargo, Codes, Contact, Link, Moment, Policy, Read, ReadSource, Screen
from lane_agent.replay import entry
from lane_agent.state import Lane
from lane_agent.step import step
from simulation.ledgers import database_at
from wire import messages as wire
from wire.codec import encode
from wire.envelope import Signer
from wire.hashes import journal_next, journal_start
from wire.records import BundleRecord, CargoRecord
from wire.topics import LaneTopics

BATCH = 200
"""Messages of one batch, as the running core takes them."""

_DAY_MS = 86_400_000


@dataclass(slots=True)
class RecordedLane:
    """A lane that is only stepped: what it would send, made without any clock or disk."""

    name: str
    epoch: str
    lane: Lane = field(default_factory=Lane)
    now: Moment = field(default_factory=lambda: Moment(1_000, time.time_ns() // 1_000_000))
    rows: list[wire.EventMessage] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    bundle: Bundle | None = None
    _inbox: deque[e.Event] = field(default_factory=deque)

    def tell(self, *events: e.Event) -> None:
        """Steps with each event, and with the code book's and the screens' answers."""
        for event in events:
            self._inbox.append(event)
            while self._inbox:
                self._step(self._inbox.popleft())

    def _step(self, event: e.Event) -> None:
        before = self.lane
        self.lane, effects = step(before, event, self.now)
        self._write(entry(event, self.now, effects, before, self.lane, "bench"))
        for effect in effects:
            self._obey(effect)

    def _obey(self, effect: Effect) -> None:
        match effect:
            case LookUp():
                bundles = (self.bundle,) if self.bundle else ()
                codes = Codes(effect.vrn, Link.FRESH, self.now.utc_ms, 5, self.epoch, 1, "00", bundles=bundles)
                self._inbox.appendleft(e.CodesFound(effect.visit, effect.lookup, codes))
            case Claim():
                self.claims.append(effect)
            case Show():
                scenes = ((Screen.XDB, effect.xdb), (Screen.AIOP, effect.aiop))
                self._inbox.extend(e.ScenePainted(screen, scene, effect.serial) for screen, scene in scenes)
            case _:
                pass

    def _write(self, body: bytes) -> None:
        seq = len(self.rows) + 1
        previous = self.rows[-1].hash if self.rows else journal_start(self.journal)
        digest = journal_next(previous, seq, "boot", body)
        row = wire.EventMessage(
            lane=self.name,
            journal=self.journal,
            seq=seq,
            boot="boot",
            previous=previous,
            hash=digest,
            body=body,
        )
        self.rows.append(row)

    @property
    def journal(self) -> str:
        """The name of its store."""
        return f"journal-of-{self.name}"

    def pulse(self, contact: Contact) -> None:
        """A contact closes and opens."""
        self.tell(*(e.ContactChanged(contact, active, 1_000) for active in (True, False)))

    def ready(self) -> None:
        """Open, fresh, nobody there."""
        policy = Policy(lane=self.name, journal=self.journal, point="SZB")
        self.tell(e.AgentStarted(policy, "boot", "bench"), e.LinkChanged(Link.FRESH), e.LaneOpened("bench"))
        self.tell(*(e.ContactChanged(contact, False, 1_000) for contact in Contact))

    def passes(self, bundle: Bundle) -> Claim:
        """A laden truck, released on this bundle; the claim that it made."""
        self.bundle = bundle
        self.tell(e.ContactChanged(Contact.STOP_LOOP, True, 1_000))
        self.pulse(Contact.IMMIGRATION_STARTED)
        read = Read(bundle.vrn, None, 0.98, ReadSource.READER)
        self.tell(e.PlateSettled(self.lane.visits, read))
        claim = self.claims[-1]
        self.tell(e.ClaimAnswered(claim.visit, claim.claim, claim.ubrs, self.epoch, 1))
        self.pulse(Contact.IMMIGRATION_CLEARED)
        self.tell(e.ContactChanged(Contact.STOP_LOOP, False, 1_000))
        self.pulse(Contact.EXIT_LOOP)
        return claim


class LimitCore:
    """A core's gateway on a store of its own, with so many bundles."""

    def __init__(self, file: Path, signers: dict[str, Signer], bundles: Sequence[Bundle]) -> None:
        key = Signer.generate("core-1")
        self.store = CoreStore(database_at(file), create=True)
        self.log = ReplicatedLog(self.store, key)
        now = time.time_ns() // 1_000_000
        with self.store.transaction():
            self.log.restart(at_ms=now, reason="bench")
            self.log.append(map(_record, bundles), at_ms=now)
        compound = Compound(self.store.connection, within_ms=900_000)
        self.gateway = LaneGateway(
            store=self.store,
            log=self.log,
            intake=Intake(self.store, Projection(self.store.connection, self.log, compound)),
            signer=key,
            rings={name: signer.ring() for name, signer in signers.items()},
            clock=lambda: time.time_ns() // 1_000_000,
        )
        self.gateway.news()


def _record(bundle: Bundle) -> BundleRecord:
    return BundleRecord(
        bundle.ubr,
        bundle.vrn,
        bundle.direction.value,
        bundle.point,
        bundle.earliest_ms,
        bundle.valid_until_ms,
        tuple(CargoRecord(one.ccrn, one.code) for one in bundle.cargo),
    )


def _bundle(number: int) -> Bundle:
    now = time.time_ns() // 1_000_000
    cargo = (Cargo(str(3_200_000_000 + number), RELEASE),)
    ubr, vrn = f"{number:010d}", f"C{number % 9_000 + 1}"
    return Bundle(ubr, vrn, Direction.INBOUND, "", now - 60_000, now + _DAY_MS, cargo)


Round = list[tuple[list[LaneMessage], list[LaneMessage], list[LaneMessage]]]
"""Of each lane: rows until its claim, the claim, rows after it."""


def _rounds(core: LimitCore, signers: dict[str, Signer], bundles: Sequence[Bundle]) -> Iterator[Round]:
    """Truck after truck through all lanes side by side."""
    epoch = core.log.head().epoch
    lanes = [RecordedLane(name, epoch) for name in signers]
    for lane in lanes:
        lane.ready()
    sent = dict.fromkeys(signers, 0)
    for start in range(0, len(bundles), len(lanes)):
        made: Round = []
        for lane, bundle in zip(lanes, bundles[start : start + len(lanes)], strict=False):
            claim = lane.passes(bundle)
            rows, topics = lane.rows[sent[lane.name] :], LaneTopics(lane.name)
            sent[lane.name] = len(lane.rows)
            at = next(place for place, row in enumerate(rows) if b'"ClaimAnswered"' in row.body)
            seal = signers[lane.name].seal
            heard = [LaneMessage(topics.event, seal(topics.event, encode(row))) for row in rows]
            wanted = wire.ClaimWanted(
                lane=lane.name, journal=lane.journal, visit=claim.visit, claim=claim.claim, ubrs=claim.ubrs
            )
            made.append((heard[:at], [LaneMessage(topics.claim, seal(topics.claim, encode(wanted)))], heard[at:]))
        yield made


def _batches(messages: Sequence[LaneMessage]) -> Iterator[Sequence[LaneMessage]]:
    for start in range(0, len(messages), BATCH):
        yield messages[start : start + BATCH]


def _measure(file: Path, *, trucks: int, lanes: int, asks: bool) -> dict[str, Any]:
    signers = {f"lane-{number:03}": Signer.generate(f"lane-{number:03}") for number in range(lanes)}
    bundles = [_bundle(number) for number in range(trucks)]
    core = LimitCore(file, signers, bundles)
    spent = messages = granted = 0
    for round_ in _rounds(core, signers, bundles):
        parts = [[one for lane in round_ for one in lane[part]] for part in range(3)]
        first, second = (parts[0] + parts[1] if asks else parts[0]), parts[2]
        for batch in (*_batches(first), *_batches(second)):
            began = time.perf_counter_ns()
            answers = core.gateway.hear(batch)
            spent += time.perf_counter_ns() - began
            messages += len(batch)
            granted += sum(out.topic.endswith("/down/claim") for out in answers.now)
    used = sum(row.used_by != "" for row in core.log.rows("bundle") if isinstance(row, BundleRecord))
    core.store.close()
    if used != trucks or granted != (trucks if asks else 0):
        raise RuntimeError(f"{used} of {trucks} bundles were used, {granted} claims answered; the measurement is void")
    return {
        "claim": asks,
        "trucks": trucks,
        "lanes": lanes,
        "messages_a_truck": round(messages / trucks, 2),
        "core_ms_a_truck": round(spent / trucks / 1e6, 3),
        "trucks_a_minute": round(trucks / (spent / 60e9)),
    }


def measure_core(folder: Path, *, trucks: int, lanes: int) -> list[dict[str, Any]]:
    """Without the claim and with it: what of the core's time a truck takes, and how many a minute it bears."""
    return [_measure(folder / f"core-{asks}.db", trucks=trucks, lanes=lanes, asks=asks) for asks in (False, True)]
