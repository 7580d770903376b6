"""Broker, core and lanes of one run, as child processes in one folder, and the cables between them.

Rules of this file:
- Broker, core and lanes are the real programs' parts; a lane's process is `lane`, its hardware `simulated`.
- Every child is ended by its process id, and dies with this process (`simulation.children`). One that ends by itself is
  a finding.
- Lanes and core speak to the broker through cables, without TLS: what is to lie about MQTT must be able to read it.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from simulation.broker import PrivateBroker
from simulation.cable import Cable
from simulation.children import ChildProcess
from simulation.ledgers import exported
from simulation.private_core import CORE_KEY, PrivateCore, write_secret
from simulation.waiting import until
from tools.torture.centre import RESTART_S, StandbyCentre
from tools.torture.core_client import CoreDesk
from tools.torture.crowd import CrowdSettings
from tools.torture.disk import Medium
from tools.torture.gate import RestoreGate
from tools.torture.hardware import LaneTwin
from tools.torture.lane_process import ANEW, TortureLaneSettings
from tools.torture.tap import Ledger, WireTap
from wire.envelope import Signer

POINT = "SBC"
CROWD = "crowd"
KEEP_ENDED_S = 3.0
"""Rows that have ended leave the list soon: many do in a run, and some while something fails."""

START_S = 60.0
LISTEN_S, SHIPPED_LISTEN_S = 0.5, 3.0
"""How long a started core listens to its lanes: where its store is its own, a wait for nothing; after a restore, as shipped."""
STORM_S = 60.0


class SiteError(RuntimeError):
    """The site cannot be set up; the text says which part, and its last words."""


class Children:
    """The child processes, by name.

    Attributes:
        may_end: whether one may end by itself with status 1.
        anew: how often a lane ended because its journal had another name.
        crashed: those that ended without being told to, with their last words.
        excused: how often one ended by itself that may, because its database failed, or a lane started while its disk was full.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, ChildProcess] = {}
        self.anew: Counter[str] = Counter()
        self.crashed: list[str] = []
        self.excused: Counter[str] = Counter()
        self.may_end: Callable[[str], bool] = lambda _: False

    def start(self, name: str, *command: str) -> ChildProcess:
        """Starts one; its output goes to `<name>.log`."""
        child = ChildProcess(self._folder / f"{name}.log")
        child.start(*command)
        self.watch(name, child)
        return child

    def watch(self, name: str, child: ChildProcess) -> None:
        """Looks after one that was started elsewhere."""
        self._running[name] = child

    async def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends one by its id and waits for it."""
        child = self._running.pop(name, None)
        if child is None:
            return
        if child.status is not None:
            self._gone(name, child)
            return
        if await child.ended(number) == -signal.SIGKILL and number is not signal.SIGKILL:
            self.crashed.append(f"{name} did not end in time")

    def look(self) -> list[str]:
        """Names of those that have ended by themselves since this was last asked; a crowd may."""
        gone = [name for name, child in self._running.items() if child.status is not None and name != CROWD]
        for name in gone:
            self._gone(name, self._running.pop(name))
        return gone

    def runs(self, name: str) -> bool:
        """Whether one of that name was started and has not ended."""
        return name in self._running

    def last_words(self, name: str) -> str:
        """The end of the log of one that has not been ended."""
        return self._running[name].last_words()

    def _gone(self, name: str, child: ChildProcess) -> None:
        if child.status == ANEW:
            self.anew[name] += 1
            return
        if child.status == 1 and self.may_end(name):
            self.excused[name] += 1
            return
        self.crashed.append(f"{name} ended by itself with status {child.status}: {child.last_words()}")


class LaneUnderTest:
    """One lane: its files, its cable, its hardware, its process.

    Attributes:
        child: the name of its process.
        lure: a mark that never is on any list, which forged messages would release.
        held: the mark of a vehicle that is held, which forged messages would let go; "" if none.
        time_source: this lane's box knows the time by itself.
        tempts: the truths of the next trucks; while there are none, `traffic` draws them.
        tempted: such a truck stands in the lane, or did.
        wrong_clock: the core names a wrong time here.
        copies: of its store, the oldest first.
        used: (mark, UBR) of the vehicles released last.
        again: those of them that come again, next.
    """

    def __init__(
        self, site: TortureSite, lane: str, folder: Path, password: str, *, lure: str, time_source: bool
    ) -> None:
        self.lane, self.folder, self.password = lane, folder, password
        self.child = lane
        self.lure, self.time_source = lure, time_source
        self.held = ""
        self.tempts: deque[str] = deque()
        self.tempted = asyncio.Event()
        self.wrong_clock = False
        self.copies: list[Path] = []
        self.used: deque[tuple[str, str]] = deque(maxlen=20)
        self.again: deque[tuple[str, str]] = deque()
        self.site = site
        (folder / "disk").mkdir(parents=True)
        self.medium = Medium(folder / "disk")
        self.wire = Ledger(folder / "wire.jsonl")
        self.process = Ledger(folder / "process.jsonl")
        self.tap = WireTap(lane, site.core.ring, self.wire)
        self.cable = Cable(site.broker.port, arrives=self.tap.arrives, leaves=self.tap.leaves)
        self.simulated = LaneTwin(lane, folder / "simulated.sock", Ledger(folder / "paint.jsonl"))

    @property
    def store(self) -> Path:
        """The lane's store."""
        return self.folder / "disk" / "lane.db"

    async def open(self) -> None:
        """Cable and hardware are there; the lane's process is not yet."""
        await self.cable.start()
        await self.simulated.start()
        settings = TortureLaneSettings(
            lane=self.lane,
            point=POINT,
            port=self.cable.near,
            password=self.password,
            store=str(self.store),
            key=str(self.folder / "lane.pem"),
            core_keys=str(self.site.folder / "core-keys"),
            socket=str(self.folder / "simulated.sock"),
            time_source=self.time_source,
        )
        (self.folder / "lane.json").write_bytes(msgspec.json.encode(settings))

    def start(self) -> None:
        """Starts the lane's process."""
        self.process.write(did="start")
        module, settings = "tools.torture.lane_process", str(self.folder / "lane.json")
        self.site.children.start(self.child, sys.executable, "-m", module, settings)

    def start_again(self) -> None:
        """Starts the lane's process, which has ended by itself."""
        self.process.write(did="ended")
        self.start()

    def is_level(self, version: int) -> bool:
        """Whether the lane is fresh at this version, and has sent everything."""
        status = self.simulated.status
        return (
            self.simulated.said_lately()
            and status.get("link") == "fresh"
            and status.get("waiting") == 0
            and status.get("version") == version
            and not status.get("doubt")
        )

    async def kill(self) -> None:
        """Ends the lane's process as a power cut would."""
        await self.site.children.end(self.child, signal.SIGKILL)
        self.process.write(did="killed")

    async def close(self) -> None:
        """Ends all of it, in good order; the lane has sent what it had to send."""
        await self.site.children.end(self.child)
        self.process.write(did="ended")
        await self.simulated.stop()
        await self.cable.stop()
        self.wire.close()
        self.process.close()


class TortureSite:
    """The whole of it.

    Args:
        folder: empty; everything is written there.
        lanes: how many.
        lures: a mark for each.
        crowd: names of light lanes, which are known to broker and core.
        told: what faults write down for the checker.
        standby: the centre has two servers and two cores.

    Attributes:
        centre: that centre; None where there is one core.
        gate: which faults may be at work at the same time.
        boxes: every lane's box, and every second one with a lane's key that there was, by the names of their processes.
    """

    def __init__(
        self, folder: Path, lures: list[str], crowd: list[str], told: Ledger, *, standby: bool = False
    ) -> None:
        self.folder, self.told = folder, told
        self.gate = RestoreGate()
        self.boxes: dict[str, LaneUnderTest] = {}
        self.children = Children(folder)
        self.children.may_end = self._lacks_room
        self.names = [f"lane-{number}" for number in range(1, len(lures) + 1)]
        self.crowd = crowd
        self.broker = PrivateBroker(folder / "broker", lanes=[*self.names, *crowd])
        self.core_cable = Cable(self.broker.port)
        self.centre = StandbyCentre(folder / "core", self.broker) if standby else None
        self.office = CoreDesk(folder / "core" / "s", point=POINT)
        self.posts: dict[str, LaneUnderTest] = {}
        self._lures = lures
        self._over = False
        self.storms: list[dict[str, int]] = []
        self.core: PrivateCore

    async def start(self) -> None:
        """Starts everything; returns when every lane is fresh.

        Raises:
            SiteError: a part did not come up.
        """
        self.broker.start()
        await self.core_cable.start()
        if self.centre is not None:
            await self.centre.start()
        self._make_core()
        if self.centre is not None:
            self._furnish(self.centre)
        for name in self.centre.seats if self.centre is not None else ("core",):
            self.start_core(name)
        for number, (name, lure) in enumerate(zip(self.names, self._lures, strict=True)):
            folder = self.folder / "lanes" / name
            kept = number % 2 == 1  # every other box has a time source, so that lanes with and without one are tried
            self.posts[name] = LaneUnderTest(
                self, name, folder, self.broker.password(name), lure=lure, time_source=kept
            )
            self.boxes[name] = self.posts[name]
            await self.posts[name].open()
            self.posts[name].start()
        for post in self.posts.values():
            if not await post.simulated.until(lambda status: status["link"] == "fresh", START_S):
                raise SiteError(f"{post.lane} does not come up: {self.children.last_words(post.lane)}")
            post.simulated.say(officer="open")

    async def stop(self) -> None:
        """Ends the lanes, then the core, then the broker."""
        await asyncio.gather(*(post.close() for post in self.posts.values()))
        self._over = True
        for name in self.centre.seats if self.centre is not None else ("core",):
            await self.children.end(name)
        exported(self.core.store, self.core.store)
        if self.centre is not None:
            self.children.crashed.extend(self.centre.tracebacks())
            await self.centre.close()
        await self.core_cable.stop()
        self.broker.stop()

    def dismount(self) -> None:
        """Takes the lanes' disks and the centre's servers away; the lanes' files stay."""
        for box in self.boxes.values():
            box.medium.close()
        if self.centre is not None:
            self.centre.dismount()

    def second_box(self, post: LaneUnderTest) -> LaneUnderTest:
        """Another box of a lane, without its files."""
        number = 1 + sum(box.lane == post.lane for box in self.boxes.values())
        folder = post.folder / "boxes" / f"{number:04}"
        box = LaneUnderTest(self, post.lane, folder, post.password, lure=post.lure, time_source=post.time_source)
        box.child = f"{post.lane} box {number}"
        self.boxes[box.child] = box
        return box

    def look_after_children(self) -> None:
        """Starts again what has ended by itself."""
        for name in self.children.look():
            if name in self.boxes:
                self.boxes[name].start_again()
            elif self.centre is not None:
                asyncio.get_running_loop().call_later(RESTART_S, self.start_core, name)
            elif name == "core":
                self.start_core()

    def start_core(self, name: str = "core", *, listen_s: float = LISTEN_S) -> None:
        """Starts a core's process, which listens to its lanes first, for so long; one of two as long as a shipped one."""
        if self.centre is not None:
            if not (self._over or self.children.runs(name)):
                self.children.watch(name, self.centre.launch(name))
            return
        line = re.compile(r"^listen_seconds = .*$", re.MULTILINE)
        text = self.core.config.read_text(encoding="utf-8")
        self.core.config.write_text(line.sub(f"listen_seconds = {listen_s:g}", text), encoding="utf-8")
        self.core.start()
        self.children.watch("core", self.core.process)

    def _lacks_room(self, name: str) -> bool:
        return name in self.boxes and self.boxes[name].medium.excuses

    def _furnish(self, centre: StandbyCentre) -> None:
        centre.furnish(self.core)
        seats = centre.seats
        self.office = CoreDesk(
            *(one.socket for one in seats.values()), point=POINT, told=Ledger(self.folder / "core" / "requests.jsonl")
        )
        self.children.may_end = lambda name: seats[name].excused if name in seats else self._lacks_room(name)

    async def storm(self) -> None:
        """The crowd connects all at once, is thrown out, and connects again; how long that took goes to `storms`."""
        settings = CrowdSettings(
            port=self.broker.port,
            passwords={name: self.broker.password(name) for name in self.crowd},
            key=str(self.folder / "crowd.pem"),
            core_key=str(self.folder / "core-keys" / f"{CORE_KEY}.pem"),
            patience_s=STORM_S,
        )
        path = self.folder / "crowd.json"
        write_secret(path, msgspec.json.encode(settings))
        child = self.children.start(CROWD, sys.executable, "-m", "tools.torture.crowd", str(path))
        try:
            await until(lambda: child.status is not None, 3 * STORM_S, every_s=0.05)
        finally:
            await self.children.end(CROWD, signal.SIGKILL)
        said = [line for line in child.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
        self.storms.append(msgspec.json.decode(said[-1], type=dict[str, int]))

    def _make_core(self) -> None:
        """The core and everybody's keys; those of the crowd are one, for they are light, and there may be many."""
        shared = Signer.generate("crowd")
        write_secret(self.folder / "crowd.pem", shared.to_pem())
        keys = dict.fromkeys(self.crowd, shared.public)
        for name in self.names:
            signer = Signer.generate(name)
            (self.folder / "lanes" / name).mkdir(parents=True)
            write_secret(self.folder / "lanes" / name / "lane.pem", signer.to_pem())
            keys[name] = signer.public
        port, database, listen = self.core_cable.near, "", LISTEN_S
        if self.centre is not None:
            port, database, listen = self.centre.seats["core"].cable.near, self.centre.dsn, SHIPPED_LISTEN_S
        self.core = PrivateCore(
            self.folder / "core",
            self.broker,
            port=port,
            lanes=keys,
            database=database,
            listen=listen,
            keep=KEEP_ENDED_S,
        )
        self.core.give_keys(self.folder / "core-keys")
