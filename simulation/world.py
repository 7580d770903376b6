"""Everything around one real lane, in one folder: broker, core, cable, camera, board, and the lane as its own process.

Rules of this file: each part is the shipped program, started with a configuration file written here; nothing of the
lane is reached but through its hardware, its page and its files. Every child is ended by its process id.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import random
import secrets
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

from console.officers import OfficerBook
from devices.simulated.board import HardwareSide
from devices.simulated.label_reader import SimulatedLabelReader
from simulation.broker import CORE, PrivateBroker
from simulation.cable import Cable
from simulation.core_client import CoreClient
from simulation.drawn.camera import DrawnCamera
from simulation.drawn.trucks import CameraView
from simulation.officer import Officer, PageRefusedError
from simulation.paint_log import Eyes
from simulation.stage import CameraLever, Stage
from wire.envelope import Signer, public_to_pem

T = TypeVar("T")

LANE = "demo-in-01"
POINT = "SBC"
OFFICER = "chan"
_LIMITS = """\
[policy.limits]
unladen = 4
wrong_point = 3
link = 3

"""
"""Shorter waiting limits of this lane, by its configuration: nobody watches a driver hesitate for twenty seconds."""
_IDENTIFIER = """\
[identifier]
kind = "serial"
port = "socket://127.0.0.1:{port}"
silent_s = 2

"""
"""Every truck of the demonstration carries a label with its mark; this lane compares it and does not require it."""
_START_S = 60.0
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class WorldError(RuntimeError):
    """The demonstration cannot be set up; the text says which part, and its last words."""


class NoCamera:
    """The lever of a camera that is not ours: its own pictures decide what the reader sees."""

    def show(self, truck: object, second: object = None) -> None:
        """Nothing to move."""

    def freeze(self, *, frozen: bool) -> None:
        """Nothing to stop."""


class DemonstrationWorld:
    """The simulated world of one demonstration.

    Args:
        folder: an empty folder for everything it writes.
        seed: of chance and drawing.
        speed: shortens the world's own waiting.
        camera: a folder of pictures or a video to use instead of the drawn camera.
        windows: show the two screens in windows.
    """

    def __init__(
        self, folder: Path, *, seed: int, speed: float = 1.0, camera: Path | None = None, windows: bool = False
    ) -> None:
        self.folder = folder
        self.address = ""
        self.password = secrets.token_urlsafe(9)
        self._seed = seed
        self._speed = speed
        self._camera = camera
        self._windows = windows
        self._stack = AsyncExitStack()
        self._broker = PrivateBroker(self._made("broker"), lanes=(LANE,))
        self._cable = Cable(self._broker.port)
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._page_port = _free_port()
        self._labels = SimulatedLabelReader()
        self._labels_port = 0

    @property
    def lane_store(self) -> Path:
        """The lane's store."""
        return self.folder / "lane" / "lane.db"

    @property
    def panel(self) -> Path:
        """Where the page's simulation panel finds the world (`edge.wiring.world_socket`)."""
        return self.folder / "lane" / "world.sock"

    @property
    def core_store(self) -> Path:
        """The core's store."""
        return self.folder / "core" / "core.db"

    @property
    def paint_logs(self) -> dict[str, Path]:
        """The screens' own logs."""
        return {screen: self.folder / "lane" / "paint" / f"{screen}.jsonl" for screen in ("xdb", "aiop")}

    def child(self, name: str) -> asyncio.subprocess.Process:
        """A running child: "core" or "lane"."""
        return self._children[name]

    async def start(self) -> Stage:
        """Starts all parts in the order of a real installation.

        Raises:
            WorldError: a part did not come up.
        """
        self._broker.start()
        self._stack.callback(self._broker.stop)
        await self._cable.start()
        self._stack.push_async_callback(self._cable.stop)
        self._labels_port = await self._labels.listen("127.0.0.1")
        self._stack.push_async_callback(self._labels.stop)
        await self._start_core()
        self._write_lane()
        await self.start_lane()
        return await self._stage()

    async def stop(self) -> None:
        """Ends everything: the lane first, so that the core takes its last events."""
        await self.end("lane")
        await self._stack.aclose()
        await self.end("core")

    async def start_lane(self) -> None:
        """Starts the lane's process; also after it was killed."""
        await self._start("lane", "rocars-lane", "run", "--config", str(self.folder / "lane" / "lane.toml"))

    async def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends a child by its id and waits for it."""
        child = self._children.pop(name, None)
        if child is None or child.returncode is not None:
            return
        child.send_signal(number)
        try:
            async with asyncio.timeout(15):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()

    def _made(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    async def _start(self, name: str, program: str, *arguments: str) -> None:
        command = Path(sys.executable).with_name(program)
        with (self.folder / f"{name}.log").open("ab") as log:
            self._children[name] = await asyncio.create_subprocess_exec(
                command,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_the_world,
            )

    async def _run(self, name: str, program: str, *arguments: str) -> None:
        await self._start(name, program, *arguments)
        if await self._children.pop(name).wait() != 0:
            raise WorldError(f"{name} failed: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """The end of a child's log."""
        path = self.folder / f"{name}.log"
        return " / ".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-6:]) if path.exists() else ""

    async def _start_core(self) -> None:
        folder = self._made("core")
        (folder / "password").touch(mode=0o600)
        (folder / "password").write_text(self._broker.password(CORE), encoding="utf-8")
        (folder / "core.toml").write_text(_core_toml(self._broker.port), encoding="utf-8")
        signer = Signer.generate(LANE)
        lane_keys = self._made("lane/keys")
        (lane_keys / "lane.pem").touch(mode=0o600)
        (lane_keys / "lane.pem").write_bytes(signer.to_pem())
        (self._made("core/lane-keys") / f"{LANE}.pub").write_bytes(public_to_pem(signer.public))
        config = str(folder / "core.toml")
        await self._run("core-init", "rocars-core", "init", "--config", config)
        public = self._made("lane/keys/core")
        for key in folder.glob("*.pub"):
            (public / f"{key.stem}.pem").write_bytes(key.read_bytes())
        await self._start("core", "rocars-core", "run", "--config", config)

    def _write_lane(self) -> None:
        folder = self._made("lane")
        self._made("lane/evidence")
        self._made("lane/paint")
        (folder / "password").touch(mode=0o600)
        (folder / "password").write_text(self._broker.password(LANE), encoding="utf-8")
        OfficerBook(folder / "officers.json").add(OFFICER, self.password, shown="Officer Chan")
        text = _lane_toml(self._cable.near, self._page_port, self._camera, windows=self._windows)
        text = text.replace("[camera]", _IDENTIFIER.format(port=self._labels_port) + "[camera]", 1)
        (folder / "lane.toml").write_text(text, encoding="utf-8")

    async def rejoin(self, stage: Stage) -> None:
        """After the lane's process was started again: a new hand on its board, a new login at its page."""
        stage.officer.leave()
        stage.hand = await self._hand()
        stage.officer = await self._officer()

    async def _hand(self) -> HardwareSide:
        place = self.folder / "lane" / "contacts.sock"
        return await self._until("lane", lambda: self._stack.enter_async_context(HardwareSide(place)))

    async def _officer(self) -> Officer:
        officer = Officer(self.address, OFFICER, self.password)
        await self._until("lane", officer.log_in)
        self._stack.callback(officer.leave)
        return officer

    async def _stage(self) -> Stage:
        folder = self.folder / "lane"
        self.address = f"http://127.0.0.1:{self._page_port}/"
        hand = await self._hand()
        counter = await self._until(
            "core", lambda: self._stack.enter_async_context(CoreClient(self.folder / "core" / "core.sock"))
        )
        camera: CameraLever = NoCamera()
        if self._camera is None:
            drawn = DrawnCamera(folder / "camera.sock", view=CameraView(seed=self._seed))
            drawn.start()
            self._stack.callback(drawn.stop)
            camera = drawn
        return Stage(
            hand=hand,
            camera=camera,
            counter=counter,
            officer=await self._officer(),
            xdb=Eyes("xdb", self.paint_logs["xdb"]),
            aiop=Eyes("aiop", self.paint_logs["aiop"]),
            labels=self._labels,
            cable=self._cable,
            rng=random.Random(self._seed),  # noqa: S311 - chance of a demonstration
            speed=self._speed,
            point=POINT,
            direction="inbound",
        )

    async def _until(self, name: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Tries until it works, the child dies, or its time is up."""
        until = asyncio.get_running_loop().time() + _START_S
        while True:
            child = self._children[name]
            if child.returncode is not None:
                raise WorldError(f"{name} ended with status {child.returncode}: {self.last_words(name)}")
            try:
                return await attempt()
            except (OSError, PageRefusedError) as error:
                if asyncio.get_running_loop().time() > until:
                    raise WorldError(f"{name} does not come up ({error}): {self.last_words(name)}") from error
            await asyncio.sleep(0.1)


def _end_with_the_world() -> None:
    """In the child, before it becomes the program: the kernel asks it to end when this process ends, however it ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _core_toml(port: int) -> str:
    return f"""\
[core]
store = "core.db"
signing_key = "core-1.key"
lane_keys = "lane-keys"
admin_socket = "core.sock"

[[broker]]
host = "127.0.0.1"
port = {port}
client_id = "{CORE}"
user_name = "{CORE}"
password_file = "password"

[points]
{POINT} = "Shenzhen Bay"
MKT = "Man Kam To"
"""


def _lane_toml(port: int, page_port: int, camera: Path | None, *, windows: bool) -> str:
    """The shipped example of a simulated lane, with this demonstration's places and its shorter limits."""
    kind, path = "simulated", "camera.sock"
    if camera is not None:
        kind, path = ("folder" if camera.is_dir() else "video"), str(camera.absolute())
    example = (Path(__file__).resolve().parents[1] / "config" / "simulated-lane.toml").read_text(encoding="utf-8")
    text = example.replace('"demo/', '"').replace("port = 18830", f"port = {port}")
    text = text.replace('kind = "simulated"\npath = "camera.sock"', f'kind = "{kind}"\npath = {json.dumps(path)}')
    text = text.replace('mode = "headless"', f'mode = "{"window" if windows else "headless"}"')
    text = text.replace("[link]", '[link]\npassword_file = "password"')
    text = text.replace("[camera]", _LIMITS + "[camera]", 1)
    return text + f"port = {page_port}\n"
