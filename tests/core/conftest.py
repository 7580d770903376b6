"""A core on a clock of its own, and a lane that keeps a journal, for the tests of the core."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.ledger.changes import Sequencer
from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.link.compound import Compound
from core.link.gateway import LaneGateway, LaneMessage
from core.link.intake import Intake
from core.link.pictures import Keeping, PictureStore
from core.link.projection import Projection
from core.model.consignment import CargoInformation, GoodsItem
from core.model.people import Actor, Role
from core.office.bundling import BundleRequest
from core.office.service import CargoPolicy, CargoService
from core.select.criteria import ProfileRule
from core.select.engine import Profile
from domain.crossing import Direction
from domain.times import start_of
from simulation.ledgers import database_at
from wire import messages as wire
from wire.codec import encode
from wire.envelope import Signer
from wire.hashes import journal_next, journal_start
from wire.topics import LaneTopics

NOON = start_of(date(2026, 11, 22)) + 12 * 3_600_000
"""12:00 in Hong Kong on 22 November 2026."""

RULES = CargoPolicy(
    points={"SZB": "Shenzhen Bay", "MKT": "Man Kam To"},
    profile=Profile(
        codes=("release", "document", "inspect"),
        rules=(
            ProfileRule(name="tobacco", code="inspect", articles="cigarette"),
            ProfileRule(name="boards", code="document", articles="circuit board", not_schemes=("ITFS",)),
        ),
    ),
)


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        """Where it stands."""
        return self.now

    def pass_minutes(self, minutes: float) -> None:
        """Moves it on."""
        self.now += int(minutes * 60_000)


class JournalledLane:
    """A lane that writes a hash-chained journal and signs what it says."""

    def __init__(self, name: str, journal: str = "j1") -> None:
        self.name = name
        self.journal = journal
        self.signer = Signer.generate(name)
        self.topics = LaneTopics(name)
        self.boot = "b1"
        self.rows: list[wire.EventMessage] = []

    def write(self, *effects: dict[str, Any], utc_ms: int = NOON, quality: str = "proven") -> wire.EventMessage:
        """Appends an entry with these effects and returns its row."""
        at = {"mono_ms": 1, "utc_ms": utc_ms, "quality": quality}
        entry = {"at": at, "event": {"type": "TimerFired"}, "effects": list(effects)}
        return self.write_body(json.dumps(entry, sort_keys=True).encode())

    def reads(self, visit: int, vrn: str = "AB1234") -> wire.EventMessage:
        """Appends an entry in which the reader settles this mark."""
        at = {"mono_ms": 1, "utc_ms": NOON, "quality": "proven"}
        event = {"type": "PlateSettled", "visit": visit, "read": {"type": "Read", "vrn": vrn}}
        return self.write_body(json.dumps({"at": at, "event": event, "effects": []}, sort_keys=True).encode())

    def uses(self, visit: int, *ubrs: str) -> wire.EventMessage:
        """Appends an entry by which this visit uses these bundles."""
        return self.write({"type": "Consume", "visit": visit, "ubrs": list(ubrs)})

    def write_body(self, body: bytes) -> wire.EventMessage:
        """Appends a row with these bytes."""
        seq = len(self.rows) + 1
        previous = self.rows[-1].hash if self.rows else journal_start(self.journal)
        row = wire.EventMessage(
            lane=self.name,
            journal=self.journal,
            seq=seq,
            boot=self.boot,
            previous=previous,
            hash=journal_next(previous, seq, self.boot, body),
            body=body,
        )
        self.rows.append(row)
        return row

    @property
    def head(self) -> dict[str, Any]:
        """The journal's head, as a nonce names it."""
        return {"last": len(self.rows), "last_hash": self.rows[-1].hash if self.rows else bytes(32)}

    def says(self, topic: str, body: Any, *, retained: bool = False) -> LaneMessage:
        """A signed message as the core hears it."""
        return LaneMessage(topic, self.signer.seal(topic, encode(body)), retained)

    def sends(self, *rows: wire.EventMessage) -> list[LaneMessage]:
        """Rows of the journal as the core hears them."""
        return [self.says(self.topics.event, row) for row in rows]


def record(kind: str, visit: int, **facts: str) -> dict[str, Any]:
    """A Record effect as the lane's journal has it."""
    return {"type": "Record", "kind": kind, "visit": visit, "facts": sorted([k, v] for k, v in facts.items())}


class Core:
    """The parts of a core, on a store in a test's folder."""

    def __init__(self, path: Path, lanes: list[JournalledLane], signer: Signer, clock: HandClock) -> None:
        self.clock = clock
        self.signer = signer
        self.store = CoreStore(database_at(path))
        self.log = ReplicatedLog(self.store, signer)
        if not self.log.has_begun():
            with self.store.transaction():
                self.log.restart(at_ms=clock(), reason="test")
        self.compound = Compound(self.store.connection, within_ms=15 * 60_000)
        self.projection = Projection(self.store.connection, self.log, self.compound)
        self.intake = Intake(self.store, self.projection)
        self.office = CargoService(
            self.store, RULES, clock, sign=lambda now: Sequencer(self.store, self.log).take(at_ms=now)
        )
        rings = {lane.name: lane.signer.ring() for lane in lanes}
        self.gallery = PictureStore(Keeping(folder=path.parent / "pictures", quota=1_000_000, days={"stops": 2}), clock)
        self.exchange = LaneGateway(
            store=self.store,
            log=self.log,
            intake=self.intake,
            signer=signer,
            rings=rings,
            clock=clock,
            gallery=self.gallery,
        )

    def lodge(self, **changes: Any) -> str:
        """Lodges a complete consignment, with these items changed; returns its CCRN."""
        return self.office.lodge(consignment(**changes), who="clerk").ccrn

    def bundle(self, *ccrns: str, vrn: str = "AB 1234", **changes: Any) -> str:
        """Bundles; returns the UBR."""
        values: dict[str, Any] = {"driver": "Ho Wa Ping", "direction": Direction.INBOUND, "point": "SZB", **changes}
        return self.office.bundle(BundleRequest(vrn=vrn, ccrns=ccrns, **values), who="driver").ubr


DESK = Actor(account="o", roles=frozenset(Role) - {Role.TRADER, Role.DRIVER}, login="o")
"""Somebody of the department who may everything."""

_GOODS = {"packages": 12, "package_description": "carton", "articles": "copper buttons"}


def consignment(**changes: Any) -> CargoInformation:
    """Cargo information with all eight items; changes of goods are its one item's."""
    item = {name: changes.pop(name, value) for name, value in _GOODS.items()}
    values: dict[str, Any] = {
        "direction": Direction.INBOUND,
        "goods": (GoodsItem(**item),),
        "consignor": "Wilson Development Limited",
        "consignor_address": "1 Bao'an Road, Shenzhen",
        "consignee": "Training Company",
        "consignee_address": "Castle Peak Road, Tsuen Wan",
        "expected": "2026-11-23",
    }
    return CargoInformation(**{**values, **changes})


@pytest.fixture
def clock() -> HandClock:
    """Noon in Hong Kong, until moved."""
    return HandClock()


@pytest.fixture
def lane() -> JournalledLane:
    """A registered lane."""
    return JournalledLane("szb-in-01")


@pytest.fixture(scope="session")
def clock_class() -> type[HandClock]:
    """Makes clocks that stand at noon."""
    return HandClock


@pytest.fixture(scope="session")
def make_lane() -> type[JournalledLane]:
    """Makes further lanes."""
    return JournalledLane


@pytest.fixture
def make_record() -> Callable[..., dict[str, Any]]:
    """Makes Record effects."""
    return record


@pytest.fixture
def make_consignment() -> Callable[..., CargoInformation]:
    """Makes complete cargo information."""
    return consignment


@pytest.fixture
def desk() -> Actor:
    """Somebody of the department who may everything."""
    return DESK


@pytest.fixture(scope="session")
def core_class() -> type[Core]:
    """Makes cores."""
    return Core


@pytest.fixture
def core_signer() -> Signer:
    """The core's key."""
    return Signer.generate("core-1")


@pytest.fixture
def reopen(tmp_path: Path, lane: JournalledLane, core_signer: Signer, clock: HandClock) -> Iterator[Callable[[], Core]]:
    """Opens the core on the test's store; called again, it is the same store after a restart."""
    opened: list[Core] = []

    def again() -> Core:
        for one in opened:
            one.store.close()
        opened.append(Core(tmp_path / "core.db", [lane], core_signer, clock))
        return opened[-1]

    yield again
    for one in opened:
        one.store.close()


@pytest.fixture
def core(reopen: Callable[[], Core]) -> Core:
    """A core with one registered lane."""
    return reopen()
