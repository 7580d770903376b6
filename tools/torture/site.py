"""Broker, core and lanes of one run, as child processes in one folder, and the cables between them.

Rules of this file:
- Broker, core and lanes are the real programs' parts; a lane's process is `lane`, its hardware `simulated`.
- Every child is ended by its process id, and dies with this process. One that ends by itself is a finding.
- Lanes and core speak to the broker through cables, without TLS: what is to lie about MQTT must be able to read it.
"""

from __future__ import annotations

import asyncio
import ctypes
import shutil
import signal
import sys
from collections import deque
from pathlib import Path

import msgspec

from simulation.broker import CORE, PrivateBroker
from simulation.cable import Cable
from tools.torture.core_client import CoreDesk
from tools.torture.crowd import CrowdSettings
from tools.torture.disk import Medium
from tools.torture.hardware import LaneTwin
from tools.torture.lane_process import LaneSettings
from tools.torture.tap import Ledger, WireTap
from wire.envelope import KeyRing, Signer, public_from_pem, public_to_pem

POINT = "SBC"
CORE_KEY = "core-1"
CROWD = "crowd"
START_S = 60.0
STORM_S = 60.0
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class SiteError(RuntimeError):
    """The site cannot be set up; the text says which part, and its last words."""


def _die_with_us() -> None:
    """In the child, before it becomes the program."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def made(folder: Path) -> Path:
    """The folder, there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Children:
    """The child processes, by name.

    Attributes:
        crashed: those that ended without being told to, with their last words.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self.crashed: list[str] = []

    async def start(self, name: str, *command: str) -> asyncio.subprocess.Process:
        """Starts one; its output goes to `<name>.log`."""
        with (self._folder / f"{name}.log").open("ab") as log:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_us,
            )
        self._running[name] = child
        return child

    async def run(self, name: str, *command: str) -> None:
        """Runs one to its end.

        Raises:
            SiteError: it failed.
        """
        child = await self.start(name, *command)
        del self._running[name]
        if await child.wait() != 0:
            raise SiteError(f"{name} failed: {self.last_words(name)}")

    async def end(self, name: str, number: signal.Signals = signal.SIGTERM, *, patience: float = 20.0) -> None:
        """Ends one by its id and waits for it."""
        child = self._running.pop(name, None)
        if child is None:
            return
        if child.returncode is not None:
            if child.returncode != 0:
                self._crash(name, child)
            return
        child.send_signal(number)
        try:
            async with asyncio.timeout(patience):
                await child.wait()
        except TimeoutError:
            self.crashed.append(f"{name} did not end within {patience:g} s")
            child.kill()
            await child.wait()

    def look(self) -> list[str]:
        """Names of those that have ended by themselves since this was last asked; a crowd may."""
        gone = [name for name, child in self._running.items() if child.returncode is not None and name != CROWD]
        for name in gone:
            self._crash(name, self._running.pop(name))
        return gone

    def _crash(self, name: str, child: asyncio.subprocess.Process) -> None:
        self.crashed.append(f"{name} ended by itself with status {child.returncode}: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """The end of a child's log."""
        path = self._folder / f"{name}.log"
        return " / ".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-4:]) if path.exists() else ""


class LaneUnderTest:
    """One lane: its files, its cable, its hardware, its process.

    Attributes:
        lure: a mark that never is on any list, which forged messages would release.
        held: the mark of a vehicle that is held, which forged messages would let go; "" if none.
        time_source: this lane's box knows the time by itself.
        tempts: the truths of the next trucks; while there are none, `traffic` draws them.
        tempted: such a truck stands in the lane, or did.
        wrong_clock: the core names a wrong time here.
    """

    def __init__(
        self, site: TortureSite, lane: str, folder: Path, password: str, *, lure: str, time_source: bool
    ) -> None:
        self.lane, self.folder, self.password = lane, folder, password
        self.lure, self.time_source = lure, time_source
        self.held = ""
        self.tempts: deque[str] = deque()
        self.tempted = asyncio.Event()
        self.wrong_clock = False
        self.site = site
        self.medium = Medium(made(folder / "disk"))
        self.wire = Ledger(folder / "wire.jsonl")
        self.process = Ledger(folder / "process.jsonl")
        self.tap = WireTap(lane, site.ring, self.wire)
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
        settings = LaneSettings(
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

    async def start(self) -> None:
        """Starts the lane's process."""
        self.process.write(did="start")
        await self.site.children.start(
            self.lane, sys.executable, "-m", "tools.torture.lane_process", str(self.folder / "lane.json")
        )

    async def kill(self) -> None:
        """Ends the lane's process as a power cut would."""
        await self.site.children.end(self.lane, signal.SIGKILL)
        self.process.write(did="killed")

    async def close(self) -> None:
        """Ends all of it, in good order; the lane has sent what it had to send."""
        await self.site.children.end(self.lane)
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
    """

    def __init__(self, folder: Path, lures: list[str], crowd: list[str]) -> None:
        self.folder = folder
        self.children = Children(folder)
        self.names = [f"lane-{number}" for number in range(1, len(lures) + 1)]
        self.crowd = crowd
        # Ctrl-C goes to a whole group of processes, and is meant for us alone.
        apart = ("setsid",) if shutil.which("setsid") else ()
        self.broker = PrivateBroker(made(folder / "broker"), lanes=[*self.names, *crowd], wrap=apart)
        self.core_cable = Cable(self.broker.port)
        self.office = CoreDesk(folder / "core" / "core.sock", POINT)
        self.posts: dict[str, LaneUnderTest] = {}
        self._lures = lures
        self.storms: list[dict[str, int]] = []
        self.ring = KeyRing({})
        self.core_signer: Signer

    async def start(self) -> None:
        """Starts everything; returns when every lane is fresh.

        Raises:
            SiteError: a part did not come up.
        """
        self.broker.start()
        await self.core_cable.start()
        self._write_core()
        await self.children.run("core-init", *self._core_command("init"))
        self._spread_keys()
        await self.start_core()
        for number, (name, lure) in enumerate(zip(self.names, self._lures, strict=True)):
            folder = self.folder / "lanes" / name
            kept = number % 2 == 1  # every other box has a time source, so that lanes with and without one are tried
            self.posts[name] = LaneUnderTest(
                self, name, folder, self.broker.password(name), lure=lure, time_source=kept
            )
            await self.posts[name].open()
            await self.posts[name].start()
        for post in self.posts.values():
            if not await post.simulated.until(lambda status: status["link"] == "fresh", START_S):
                raise SiteError(f"{post.lane} does not come up: {self.children.last_words(post.lane)}")
            post.simulated.say(officer="open")

    async def stop(self) -> None:
        """Ends the lanes, then the core, then the broker."""
        await asyncio.gather(*(post.close() for post in self.posts.values()))
        await self.children.end("core")
        await self.core_cable.stop()
        self.broker.stop()

    def dismount(self) -> None:
        """Takes the lanes' disks away; their files stay."""
        for post in self.posts.values():
            post.medium.close()

    def _core_command(self, word: str) -> tuple[str, ...]:
        program = str(Path(sys.executable).with_name("rocars-core"))
        return (program, word, "--config", str(self.folder / "core" / "core.toml"))

    async def start_core(self) -> None:
        """Starts the core's process."""
        await self.children.start("core", *self._core_command("run"))

    async def storm(self) -> None:
        """The crowd connects all at once, is thrown out, and connects again; how long that took goes to `storms`."""
        settings = CrowdSettings(
            port=self.broker.port,
            passwords={name: self.broker.password(name) for name in self.crowd},
            key=str(self.folder / "crowd.pem"),
            core_key=str(self.folder / "core-keys" / f"{CORE_KEY}.pem"),
            patience_s=STORM_S,
        )
        path, log = self.folder / "crowd.json", self.folder / "crowd.log"
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(settings))
        child = await self.children.start(CROWD, sys.executable, "-m", "tools.torture.crowd", str(path))
        try:
            await child.wait()
        finally:
            await self.children.end(CROWD, signal.SIGKILL)
        said = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
        self.storms.append(msgspec.json.decode(said[-1], type=dict[str, int]))

    def _write_core(self) -> None:
        folder = made(self.folder / "core")
        (folder / "password").touch(mode=0o600)
        (folder / "password").write_text(self.broker.password(CORE), encoding="utf-8")
        (folder / "core.toml").write_text(
            '[core]\nstore = "core.db"\nsigning_key = "core-1.key"\nlane_keys = "lane-keys"\nadmin_socket = "core.sock"\n'
            f'[[broker]]\nhost = "127.0.0.1"\nport = {self.core_cable.near}\nclient_id = "{CORE}"\n'
            f'user_name = "{CORE}"\npassword_file = "password"\n[points]\n{POINT} = "Shenzhen Bay"\n',
            encoding="utf-8",
        )
        register = made(folder / "lane-keys")
        for name in self.names:
            signer = Signer.generate(name)
            key = made(self.folder / "lanes" / name) / "lane.pem"
            key.touch(mode=0o600)
            key.write_bytes(signer.to_pem())
            (register / f"{name}.pub").write_bytes(public_to_pem(signer.public))
        shared = Signer.generate("crowd")  # one key for all of them: they are light, and there may be many
        (self.folder / "crowd.pem").touch(mode=0o600)
        (self.folder / "crowd.pem").write_bytes(shared.to_pem())
        for name in self.crowd:
            (register / f"{name}.pub").write_bytes(public_to_pem(shared.public))

    def _spread_keys(self) -> None:
        """The core's public key goes to the lanes; its private one to the liar."""
        folder = self.folder / "core"
        public = public_from_pem((folder / f"{CORE_KEY}.pub").read_bytes())
        (made(self.folder / "core-keys") / f"{CORE_KEY}.pem").write_bytes(public_to_pem(public))
        self.ring = KeyRing({CORE_KEY: public})
        self.core_signer = Signer.from_pem(CORE_KEY, (folder / f"{CORE_KEY}.key").read_bytes())
