"""The hardware of the lane that is not in the box: camera, contact board, trucks; and who drives them.

Rules of this file: the box meets all of it over its own cable alone (RTSP, the board's lines over TCP), and it is driven
from the hardware's side, as trucks and buttons do.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devices.simulated.remote_board import SimulatedRemoteBoard
from lane_agent.model import Contact
from simulation.children import ChildProcess
from simulation.drawn.camera import DrawnCamera
from simulation.drawn.trucks import CameraView, DrawnTruck
from tools.field.glass import now_ms
from tools.field.wires import BOARD_ADDRESS, CAMERA_ADDRESS, in_network

CAMERA_PORT, BOARD_PORT, SHADOW_BOARD_PORT = 8554, 7000, 7001
CAMERA_URL = f"rtsp://{CAMERA_ADDRESS}:{CAMERA_PORT}/lane"
BOARD_URL = f"socket://{BOARD_ADDRESS}:{BOARD_PORT}"
SHADOW_BOARD_URL = f"socket://{BOARD_ADDRESS}:{SHADOW_BOARD_PORT}"
LINES: Mapping[Contact, int] = {
    Contact.STOP_LOOP: 0,
    Contact.EXIT_LOOP: 1,
    Contact.UNLADEN: 2,
    Contact.HELP: 3,
    Contact.IMMIGRATION_STARTED: 4,
    Contact.IMMIGRATION_CLEARED: 5,
    Contact.IMMIGRATION_REFERRED: 6,
    Contact.COMPOUND_LOOP: 7,
}
"""How the board is wired; every contact is active high."""
_DRAWN_FPS = 10
"""Pictures that are drawn a second; the camera sends the last one again where it sends more."""
_SERVER = Path(__file__).with_name("rtsp_camera.py")


@dataclass(frozen=True, slots=True)
class CameraMode:
    """What the camera sends: pixels, and pictures a second."""

    width: int = 1920
    height: int = 1080
    fps: int = 25

    @classmethod
    def of(cls, text: str) -> CameraMode:
        """From `1920x1080@25`.

        Raises:
            ValueError: it is no such thing.
        """
        size, _, fps = text.partition("@")
        wide, _, high = size.partition("x")
        return cls(int(wide), int(high), int(fps))

    def __str__(self) -> str:
        return f"{self.width}x{self.height}@{self.fps}"


class ContactBoard:
    """A board on its TCP port: one lane at a time, wired as `LINES`.

    Args:
        network: the namespace it is in.
        port: where it listens.
        levels: what the wires say by line, whether or not somebody listens: a parked truck outlives the box.
    """

    def __init__(self, network: str, port: int, levels: dict[int, bool]) -> None:
        self._network, self._port, self._levels = network, port, levels
        self._board: SimulatedRemoteBoard | None = None
        self._link: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None
        self.outputs: dict[int, bool] = {}

    async def start(self) -> None:
        """Begins to listen."""
        listener = in_network(self._network, lambda: socket.create_server((BOARD_ADDRESS, self._port)))
        listener.setblocking(False)
        self._task = asyncio.create_task(self._serve(listener), name="contact board")

    async def stop(self) -> None:
        """Ends it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._hang_up()

    def drive(self, line: int) -> None:
        """Its end of a wire has another level now."""
        if self._board is not None:
            with contextlib.suppress(OSError):
                self._board.drive(line, self._levels[line])

    async def _serve(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                link, _ = await loop.sock_accept(listener)
                self._hang_up()
                self._link, self._board = link, SimulatedRemoteBoard(link.fileno(), lines=len(LINES), clock=now_ms)
                self._board.outputs = self.outputs
                for line, high in self._levels.items():
                    if high:
                        self._board.drive(line, high)
                self._board.start()
                while _alive(link):  # noqa: ASYNC110 - a second client waits meanwhile: the board has one line
                    await asyncio.sleep(0.05)

    def _hang_up(self) -> None:
        if self._board is not None:
            self._board.stop()
        if self._link is not None:
            self._link.close()
        self._board = self._link = None


class YardContacts:
    """Loops, buttons and signals: each wire leads to the lane's board, and in parallel to that of a box in its shadow.

    Args:
        network: the namespace the boards are in.
    """

    def __init__(self, network: str) -> None:
        self._levels: dict[int, bool] = {}
        self._boards = [ContactBoard(network, port, self._levels) for port in (BOARD_PORT, SHADOW_BOARD_PORT)]

    async def start(self) -> None:
        """The boards begin to listen."""
        for board in self._boards:
            await board.start()

    async def stop(self) -> None:
        """Ends them."""
        for board in self._boards:
            await board.stop()

    def set(self, contact: Contact, active: bool) -> int:
        """Makes or breaks a contact; when, in ms since the machine's start."""
        line = LINES[contact]
        self._levels[line] = active
        at_ms = now_ms()
        for board in self._boards:
            board.drive(line)
        return at_ms

    async def pulse(self, contact: Contact) -> int:
        """A press; when it began."""
        at_ms = self.set(contact, True)
        await asyncio.sleep(0.15)
        self.set(contact, False)
        return at_ms

    @property
    def shadow_outputs(self) -> dict[int, bool]:
        """What the box in the shadow has switched, by line: nothing, ever."""
        return self._boards[1].outputs


def _alive(link: socket.socket) -> bool:
    """Whether the other side still holds a connection."""
    try:
        return bool(link.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
    except OSError:
        return False


class Yard:
    """Camera, board, and the truck before them.

    Args:
        folder: for the camera's socket and log.
        network: the namespace they are in.
        camera: what the camera sends.
        seed: of the drawing.
    """

    def __init__(self, folder: Path, network: str, camera: CameraMode, *, seed: int = 7) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._network = folder, network
        self._server = ChildProcess(folder / "camera.log")
        self.camera = camera
        view = CameraView((camera.width, camera.height), seed=seed)
        self._drawn = DrawnCamera(folder / "sensor", view=view, fps=min(_DRAWN_FPS, camera.fps))
        self.board = YardContacts(network)

    async def start(self) -> None:
        """Switches them on; the lane is empty."""
        enter = ("nsenter", f"--net=/run/netns/{self._network}", "--", "/usr/bin/python3", _SERVER)
        mode = (str(self.camera.width), str(self.camera.height), str(self.camera.fps))
        self._server.start(*enter, CAMERA_ADDRESS, str(CAMERA_PORT), self._folder / "sensor", *mode)
        self._drawn.start()
        await self.board.start()

    async def stop(self) -> None:
        """Switches them off."""
        await self.board.stop()
        self._drawn.stop()
        self._server.end(patience=3.0)

    def show(self, truck: DrawnTruck | None) -> None:
        """What the camera sees from now on."""
        self._drawn.show(truck)

    @property
    def log(self) -> Path:
        """What the camera's server said."""
        return self._server.log

    @property
    def broken(self) -> str:
        """Why the camera serves no more, "" while it does."""
        return "" if self._server.status is None else self._server.last_words()
