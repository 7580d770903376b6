"""A centre that stands by for itself: two servers with one database and two cores, of which one of each serves.

Rules of this file:
- Each core has lines of its own: to the broker, where its proofs are written down, and to both servers.
- A core that ends by itself is started again after `RESTART_S`, as its unit is; it may end so while its database fails.
- Cores listen to their lanes as long as shipped ones do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import psycopg

from core.ledger.lease import WHOLE
from simulation.broker import PrivateBroker
from simulation.cable import Cable, Way
from simulation.children import ChildProcess
from simulation.cluster import PrivateCluster
from simulation.cluster_pair import ClusterPair
from simulation.database_cable import DatabaseCable
from simulation.ledgers import name_database
from simulation.mqtt_packets import read_publish
from simulation.private_core import CORE_PROGRAM, PrivateCore
from tools.torture.tap import Ledger

DATABASE = "rocars"
OFFSITE = "off-site core"
RESTART_S = 2.0
"""As `RestartSec` of the core's unit."""

_PROOF = "/down/heartbeat"


class CoreSeat:
    """One of the two cores.

    Args:
        name: of its process.
        broker: where it meets the lanes.
        servers: with its database.
        told: where its proofs are written down.

    Attributes:
        cable: its line to the broker.
        lines: its lines to the servers, by their places.
        config, socket: its configuration and its admin socket, once it has a folder.
        excused: it may end by itself.
    """

    def __init__(self, name: str, broker: PrivateBroker, servers: Sequence[PrivateCluster], told: Ledger) -> None:
        self.name, self._told = name, told
        self.cable = Cable(broker.port, arrives=self._hear)
        self.lines = [DatabaseCable(one.folder) for one in servers]
        self.process = ChildProcess(Path("/dev/null"))
        self.config = self.socket = Path()
        self.excused = False

    def _hear(self, way: Way, packet: bytes) -> None:
        """A packet comes from the core, or to it."""
        if way is Way.UP and (message := read_publish(packet)) is not None and message.topic.endswith(_PROOF):
            self._told.write(core=self.name)

    async def open(self) -> None:
        """Its lines are there."""
        await self.cable.start()
        for one in self.lines:
            await one.start()

    async def close(self) -> None:
        """They are gone."""
        await self.cable.stop()
        for one in self.lines:
            await one.stop()

    def cut(self) -> None:
        """It does not reach its database any more."""
        for one in self.lines:
            one.cut()

    def mend(self, *, hang_up: bool = False) -> None:
        """It does again."""
        for one in self.lines:
            one.mend(hang_up=hang_up)


class StandbyCentre:
    """Both cores and both servers.

    Args:
        folder: of the cores.
        broker: where they meet the lanes.

    Attributes:
        pair: the servers.
        seats: the cores, by the names of their processes.
        core: keys and configuration, which both share.
    """

    def __init__(self, folder: Path, broker: PrivateBroker) -> None:
        self.folder, self._broker = folder, broker
        folder.mkdir(parents=True, exist_ok=True)
        self.pair = ClusterPair()
        self._told = Ledger(folder / "proofs.jsonl")
        self.seats = {name: CoreSeat(name, broker, self.pair.clusters, self._told) for name in ("core", "core 2")}
        self.core: PrivateCore

    async def start(self) -> None:
        """Servers and lines are there; `furnish` comes next."""
        await asyncio.to_thread(self.pair.start)
        await asyncio.to_thread(self.pair.primary.create, DATABASE)
        for seat in self.seats.values():
            await seat.open()

    def furnish(self, core: PrivateCore) -> None:
        """The cores' files, made of one that was made with the servers' own addresses: it cannot go through lines of this process."""
        self.core = core
        name_database(core.store, self.dsn)
        for number, seat in enumerate(self.seats.values(), 1):
            self._furnish(seat, number)

    def _furnish(self, seat: CoreSeat, number: int) -> None:
        socket = "s" if number == 1 else f"s{number}"
        lines = self.pair.dsn(DATABASE, *(one.folder for one in seat.lines))
        mine = self.core.config.read_text(encoding="utf-8").replace(self.dsn, lines).replace('"s"', f'"{socket}"')
        mine = mine.replace(f"port = {self.seats['core'].cable.near}", f"port = {seat.cable.near}")
        seat.config, seat.socket = self.folder / f"seat-{number}.toml", self.folder / socket
        seat.config.write_text(mine, encoding="utf-8")
        seat.process = ChildProcess(self.folder / f"core-{number}.log")

    async def open_offsite(self, server: PrivateCluster) -> CoreSeat:
        """A third core's files and lines, far away, with a server of its own and the same keys; it is not started."""
        seat = CoreSeat(OFFSITE, self._broker, (server,), self._told)
        await seat.open()
        self._furnish(seat, len(self.seats) + 1)
        self.seats[OFFSITE] = seat
        return seat

    async def close_offsite(self) -> list[str]:
        """That core has ended: its lines are gone. What it should not have logged."""
        told = [one for one in self.tracebacks() if one.startswith(OFFSITE)]
        await self.seats.pop(OFFSITE).close()
        return told

    @property
    def dsn(self) -> str:
        """Their database, without lines."""
        return self.pair.dsn(DATABASE)

    def launch(self, name: str) -> ChildProcess:
        """Starts a core's process."""
        seat = self.seats[name]
        seat.process.start(CORE_PROGRAM, "run", "--config", seat.config)
        return seat.process

    def serving(self) -> CoreSeat:
        """The core that has the lease; the first, where none has."""
        with psycopg.connect(self.pair.primary.dsn(DATABASE)) as db:
            row = db.execute("SELECT holder FROM lease").fetchone()
        holder = str(row[0]).removesuffix(WHOLE) if row else ""
        return next((one for one in self.seats.values() if holder.endswith(f":{one.socket}.lock")), self.seats["core"])

    def excuse(self, *, excused: bool) -> None:
        """Whether the cores may end by themselves."""
        for seat in self.seats.values():
            seat.excused = excused

    def tracebacks(self) -> list[str]:
        """Cores that ended, or complained, otherwise than they should."""
        return [
            f"{name} logged a traceback: {seat.process.last_words()}"
            for name, seat in self.seats.items()
            if seat.process.log.exists() and "Traceback" in seat.process.log.read_text(encoding="utf-8")
        ]

    async def close(self) -> None:
        """The lines; the servers stay until `dismount`."""
        for seat in self.seats.values():
            await seat.close()
        self._told.close()

    def dismount(self) -> None:
        """Ends the servers; their data is gone."""
        self.pair.stop()
