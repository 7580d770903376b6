"""The live picture from glass to glass: a drawn time code, an RTSP camera, the reader's process, a lane's page, a wall, Chromium.

Rules of this file:
- The camera is GStreamer's RTSP server with an encoder (`tools.field.rtsp_camera`); its pictures show the moment in which they were
  drawn as bars. The browser reads the bars back from what it has painted. Both clocks are this machine's own.
- Everything shares this machine with browser, encoder and drawing: `load_1m` says how busy it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
from playwright.sync_api import sync_playwright

from console.agent_line import LaneByLine
from console.app import create_app
from console.live_line import live_pictures
from console.officers import OfficerBook
from console.ports import LaneView
from console.server import ConsoleServer
from console.settings import ConsoleSettings
from devices.camera import PUSH, PUSH_MAGIC
from devices.reader import ReaderProcess
from devices.reader_protocol import ReaderSetup
from devices.settings import CameraKind, CameraSettings, ReaderSettings
from domain.crossing import Direction
from runtime.clocks import monotonic_ms, utc_ms
from simulation.broker import PrivateBroker
from simulation.children import free_port
from simulation.private_wall import PrivatePoint
from tools.bench.camera import PYTHON
from tools.bench.wall import CHROMIUM
from wall.process import WallProcess
from wall.settings import load_wall

SIZE, FPS = (1280, 720), 25
LANE = "SZB-IN-01"
_BITS, _BAR = 24, 48
_DRAWN_S = 1 / 30
_TICKS = os.sysconf("SC_CLK_TCK")
_SERVER = Path(__file__).parents[1] / "field" / "rtsp_camera.py"

# Reads the bars of every new picture for so many seconds: its age by its bars, and what the page says.
_READ = """
(seconds) => new Promise((done) => {
  const canvas = document.querySelector("#live"), note = document.querySelector("#live-note");
  const end = performance.now() + 1000 * seconds, found = [];
  let last = -1;
  const look = () => {
    if (performance.now() > end) return done(found);
    requestAnimationFrame(look);
    if (canvas.hidden || canvas.width < 1152) return;
    const row = canvas.getContext("2d").getImageData(0, 24, 1152, 1).data;
    let code = 0;
    for (let bit = 0; bit < 24; bit += 1) code = 2 * code + (row[4 * (48 * bit + 24)] > 127 ? 1 : 0);
    if (code === last) return;
    last = code;
    found.push([(Date.now() - code) & 0xffffff, parseFloat(note.textContent.match(/[0-9.]+/) ?? "NaN") * 1000]);
  };
  look();
})
"""


def time_code(at_ms: int) -> bytes:
    """A picture, blue-green-red, whose bars are the last 24 bits of a time."""
    picture = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    for bit in range(_BITS):
        lit = at_ms >> (_BITS - 1 - bit) & 1
        picture[:_BAR, bit * _BAR : (bit + 1) * _BAR] = 255 * lit
    across = at_ms // 4 % (SIZE[0] - 200)
    picture[300:500, across : across + 200] = 200  # something moves
    return picture.tobytes()


@contextlib.contextmanager
def camera(folder: Path) -> Iterator[str]:
    """A camera that films the time; yields its URL."""
    place, port, over = folder / "sensor.sock", free_port(), threading.Event()
    command = [str(PYTHON), str(_SERVER), "127.0.0.1", str(port), str(place), *map(str, (*SIZE, FPS))]

    def draw() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as sensor:
                sensor.connect(str(place))
                while not over.wait(_DRAWN_S):
                    sensor.sendall(PUSH.pack(PUSH_MAGIC, *SIZE) + time_code(utc_ms()))
            over.wait(0.1)

    with subprocess.Popen(command) as server:
        drawing = threading.Thread(target=draw)
        drawing.start()
        try:
            yield f"rtsp://127.0.0.1:{port}/lane"
        finally:
            over.set()
            drawing.join()
            server.kill()


def connections(url: str) -> int:
    """To the camera, from anybody."""
    port = f"{urlsplit(url).port:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(row[2].endswith(f":{port}") and row[3] == "01" for row in rows)


class LiveLane:
    """Reader, a lane's page and a wall, in a loop of their own in a thread."""

    def __init__(self, folder: Path, broker: PrivateBroker, url: str) -> None:
        self._port = free_port()
        self.point = PrivatePoint(folder / "point", broker, [LANE], port=self._port, pictures=True)
        self.wall = f"http://127.0.0.1:{self._port}/"
        self._page_port = self.point.point([LANE]).pages[LANE]
        self.page = f"http://127.0.0.1:{self._page_port}/"
        self._live = folder / "page.live"
        setup = ReaderSetup(
            camera=CameraSettings(kind=CameraKind.RTSP, url=url),
            reader=ReaderSettings(),
            evidence=folder / "evidence",
            live=self._live,
        )
        self.reader = ReaderProcess(setup, lambda _: None)
        self._up, self._over, self._loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))
        self._thread.start()
        if not self._up.wait(90):
            raise OSError("lane and wall did not start")

    def close(self) -> None:
        """Ends all of it."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _serve(self) -> None:
        await self.reader.start(40)
        async with self._paged():
            wall = WallProcess(load_wall(self.point.config), now_ms=utc_ms)
            await wall.serve(self._over, lambda _: self._up.set())
        await self.reader.stop()

    @contextlib.asynccontextmanager
    async def _paged(self) -> AsyncIterator[None]:
        """The lane's page, without its agent."""
        view = LaneView(0, utc_ms(), LANE, "Shenzhen Bay", Direction.INBOUND, simulated=True, open=False, row=0)
        book = self.point.folder / "officers.json"
        settings = ConsoleSettings(officers=book, port=self._page_port, walls=self.point.folder / "walls")
        app, stream = create_app(
            feed=LaneByLine(self._live.with_suffix(".sock"), unheard=view, ticks=monotonic_ms),
            settings=settings,
            officers=OfficerBook(book),
            ticks=monotonic_ms,
            viewed=lambda _: None,
            live=lambda: live_pictures(self._live),
        )
        server = ConsoleServer(app, stream, settings)
        server.bind()
        serving = asyncio.create_task(server.serve())
        await server.ready()
        yield
        server.stop()
        await serving

    def cpu_percent(self, seconds: float) -> float:
        """What the reader's process uses of a core."""
        begun, before = time.monotonic(), self._cpu_s()
        time.sleep(seconds)
        return 100 * (self._cpu_s() - before) / (time.monotonic() - begun)

    def _cpu_s(self) -> float:
        words = Path(f"/proc/{self.reader.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICKS


def ages(found: list[list[float]]) -> dict[str, float]:
    """Glass to glass, ms; `told_less_by_ms` is by how much the page ever said less than that."""
    real = sorted(age for age, _ in found)
    return {
        "pictures": len(real),
        "p50_ms": statistics.median(real),
        "p99_ms": real[min(len(real) - 1, round(0.99 * len(real)))],
        "most_ms": real[-1],
        "told_less_by_ms": max(age - told for age, told in found),
    }


def _watched(lane: LiveLane, seconds: float, url: str) -> dict[str, Any]:
    """From nobody to Chromium at the lane's page, then at the wall, with ten more who watch."""
    found: dict[str, Any] = {"reader_cpu_percent": lane.cpu_percent(seconds)}
    cookies: dict[str, str] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, where in (("page", lane.page), ("wall", lane.wall)):
            tab = browser.new_page(viewport={"width": 1280, "height": 720})
            tab.goto(where)
            tab.fill("#name", "chan")
            tab.fill("#password", lane.point.passwords["chan"])
            tab.click("button.go")
            if name == "wall":
                tab.click(f'[data-key="{LANE}"] .open')
            tab.wait_for_selector("#live:not([hidden])", timeout=60_000)
            tab.evaluate(_READ, 2)
            found[name] = ages(tab.evaluate(_READ, seconds))
            found[name]["pictures_s"] = found[name]["pictures"] / seconds
            cookies = {one["name"]: one["value"] for one in tab.context.cookies()}
            if name == "page":
                found["reader_watched_cpu_percent"] = lane.cpu_percent(seconds)
                tab.close()
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(httpx.Client(cookies=cookies, timeout=10))
            for _ in range(9):
                answer = stack.enter_context(client.stream("GET", f"{lane.wall}lanes/{LANE}/live"))
                next(answer.iter_raw())
            found["camera_connections_for_ten"] = connections(url)
        browser.close()
    return found


def run(*, json_file: Path | None, seconds: float) -> None:
    """All of it, as JSON; a minute."""
    with tempfile.TemporaryDirectory() as name, PrivateBroker(Path(name) / "broker", lanes=[LANE]) as broker:
        folder = Path(name)
        with camera(folder) as url:
            lane = LiveLane(folder, broker, url)
            try:
                found = {"picture": list(SIZE), "fps": FPS} | _watched(lane, seconds, url)
            finally:
                lane.close()
    found["load_1m"] = os.getloadavg()[0]
    text = json.dumps(found, indent=2)
    print(text)
    if json_file is not None:
        json_file.write_text(text + "\n")
