"""The core's own parts in this process, with a store and a key: where the moment of publishing must be known."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.link.budget import LaneLimits
from core.link.compound import Compound
from core.link.gateway import LaneGateway, LaneMessage
from core.link.intake import Intake
from core.link.projection import Projection
from runtime.mqtt import Connection, Incoming
from simulation.broker import CORE, PrivateBroker
from simulation.ledgers import database_at
from wire.envelope import KeyRing, Signer
from wire.records import Record
from wire.topics import ALL_UP

DUE_MS = 15 * 60_000


def core_ms() -> int:
    """UTC."""
    return time.time_ns() // 1_000_000


class CentreParts:
    """Store, log, intake and gateway, wired as the service wires them; publishes nothing by itself."""

    def __init__(
        self,
        folder: Path,
        rings: dict[str, KeyRing],
        records: Iterable[Record] = (),
        *,
        limits: LaneLimits | None = None,
    ) -> None:
        self.signer = Signer.generate("core")
        self.store = CoreStore(database_at(folder / "core.db"), create=True)
        self.log = ReplicatedLog(self.store, self.signer)
        with self.store.transaction():
            self.log.restart(at_ms=core_ms(), reason="benchmark")
            self.log.append(records, at_ms=core_ms())
        projection = Projection(self.store.connection, self.log, Compound(self.store.connection, within_ms=DUE_MS))
        self.intake = Intake(self.store, projection, limits)
        self.exchange = LaneGateway(
            store=self.store, log=self.log, intake=self.intake, signer=self.signer, rings=rings, clock=core_ms
        )

    def change(self, *records: Record) -> list[tuple[str, bytes]]:
        """Signs and commits a delta; what is to be published, by topic."""
        with self.store.transaction():
            self.log.append(records, at_ms=core_ms())
        return [(out.topic, out.payload) for out in self.exchange.news()]


class Centre:
    """Those parts at a broker."""

    def __init__(self, parts: CentreParts, broker: PrivateBroker) -> None:
        self.parts = parts
        self.connection = Connection(
            broker.options(CORE, ALL_UP),
            will=lambda: None,
            on_up=lambda: None,
            on_down=lambda _: None,
            on_message=self._hear,
        )

    def _hear(self, incoming: Incoming) -> None:
        answers = self.parts.exchange.hear([LaneMessage(incoming.topic, incoming.payload, incoming.retained)])
        for out in (*answers.now, *(each for answer in answers.later.values() for each in answer())):
            self.connection.publish(out.topic, out.payload, qos=out.qos)
        incoming.acknowledge()
