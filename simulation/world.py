"""Everything around one real lane, in one folder: broker, core, cable, camera, board, and the lane as its own process.

Rules of this file: each part is the shipped program, started with a configuration file written here; nothing of the
lane is reached but through its hardware, its page and its files. Every child is ended by its process id.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

from console.officers import OfficerBook
from devices.simulated.board import HardwareSide
from devices.simulated.label_reader import SimulatedLabelReader
from simulation.broker import PrivateBroker
from simulation.cable import Cable
from simulation.children import ChildProcess, free_port
from simulation.drawn.camera import DrawnCamera
from simulation.drawn.trucks import CameraView
from simulation.ledgers import exported
from simulation.officer import PageRefusedError, SimulatedOfficer
from simulation.paint_log import Eyes
from simulation.private_core import PrivateCore, write_secret
from simulation.stage import CameraLever, Stage
from simulation.trade import SECTIONS, Trade, open_accounts
from wire.envelope import Signer

T = TypeVar("T")

LANE = "demo-in-01"
POINT = "SBC"
OFFICER = "chan"
KEEP_ENDED_S = 15.0
"""Seconds where a site has a day: the first vehicles' rows leave the list while the last ones cross."""

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
_PROGRAM = Path(sys.executable).with_name("rocars-lane")


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

    Attributes:
        lane: the lane's process.
    """

    def __init__(
        self, folder: Path, *, seed: int, speed: float = 1.0, camera: Path | None = None, windows: bool = False
    ) -> None:
        self.folder = folder
        self.address = ""
        self.password = secrets.token_hex(9)  # of digits and six letters: no name of these people is in it
        self._seed = seed
        self._speed = speed
        self._camera = camera
        self._windows = windows
        self._stack = AsyncExitStack()
        self._broker = PrivateBroker(folder / "broker", lanes=(LANE,))
        self._cable = Cable(self._broker.port)
        self._signer = Signer.generate(LANE)
        self._core = PrivateCore(
            folder / "core", self._broker, lanes={LANE: self._signer.public}, sections=SECTIONS, keep=KEEP_ENDED_S
        )
        self._secrets = open_accounts(self._core, self.password)
        self.lane = ChildProcess(folder / "lane.log")
        self._page_port = free_port()
        self._labels = SimulatedLabelReader()
        self._labels_port = 0

    @property
    def lane_store(self) -> Path:
        """The lane's store."""
        return self.folder / "lane" / "lane.db"

    @property
    def panel(self) -> Path:
        """Where the page's simulation panel finds the world (`edge.places.world_socket`)."""
        return self.folder / "lane" / "world.sock"

    @property
    def core_store(self) -> Path:
        """What the core's database holds now, as a file."""
        return exported(self._core.store, self.folder / "core" / "core.db")

    @property
    def paint_logs(self) -> dict[str, Path]:
        """The screens' own logs."""
        return {screen: self.folder / "lane" / "paint" / f"{screen}.jsonl" for screen in ("xdb", "aiop")}

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
        self._core.start()
        self._write_lane()
        self.start_lane()
        return await self._stage()

    async def stop(self) -> None:
        """Ends everything: the lane first, so that the core takes its last events."""
        await self.end_lane()
        await self._stack.aclose()
        await self._core.process.ended()

    def start_lane(self) -> None:
        """Starts the lane's process; also after it was killed."""
        self.lane.start(_PROGRAM, "run", "--config", self.folder / "lane" / "lane.toml")

    async def end_lane(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """Ends the lane's process; its status."""
        return await self.lane.ended(number, patience=15.0)

    def _write_lane(self) -> None:
        folder = self.folder / "lane"
        for name in ("evidence", "paint", "keys"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        write_secret(folder / "keys" / "lane.pem", self._signer.to_pem())
        write_secret(folder / "password", self._broker.password(LANE))
        self._core.give_keys(folder / "keys" / "core")
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
        return await self._until(self.lane, lambda: self._stack.enter_async_context(HardwareSide(place)))

    async def _officer(self) -> SimulatedOfficer:
        officer = SimulatedOfficer(self.address, OFFICER, self.password)
        await self._until(self.lane, officer.log_in)
        self._stack.callback(officer.leave)
        return officer

    async def _stage(self) -> Stage:
        folder = self.folder / "lane"
        self.address = f"http://127.0.0.1:{self._page_port}/"
        hand = await self._hand()
        counter = await self._until(self._core.process, lambda: self._stack.enter_async_context(self._core.admin()))
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
            trade=await Trade.sign_in(self._core, self._stack, self._secrets, self.password),
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

    async def _until(self, child: ChildProcess, attempt: Callable[[], Awaitable[T]]) -> T:
        """Tries until it works, the child ends, or its time is up."""
        until, name = asyncio.get_running_loop().time() + _START_S, child.log.stem
        while True:
            if child.status is not None:
                raise WorldError(f"{name} ended with status {child.status}: {child.last_words(6)}")
            try:
                return await attempt()
            except (OSError, PageRefusedError) as error:
                if asyncio.get_running_loop().time() > until:
                    raise WorldError(f"{name} does not come up ({error}): {child.last_words(6)}") from error
            await asyncio.sleep(0.1)


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
