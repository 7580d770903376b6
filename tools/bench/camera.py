"""What a network camera costs: ways to take its pictures side by side, the reader's process, arrivals and stalls.

A real RTSP server (`rtsp_server`) plays a film of a noisy, empty lane at 1080p25. What costs is CPU time, not the time that
passes, so a busy machine disturbs little; how soon something is noticed is time that passes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from devices.camera import Newest
from devices.dated_picture import monotonic_ms
from devices.reader import ReaderProcess
from devices.reader_protocol import ReaderSetup
from devices.settings import CameraKind, CameraSettings, ReaderSettings
from devices.stream_camera import Packet
from lane_agent.events import Event, FaultCleared, FaultRaised
from simulation.drawn.trucks import CameraView, DrawnTruck

PYTHON = Path("/usr/bin/python3")
SIZE, FPS = (1920, 1080), 25
_LOOP_S = 40
"""A film that begins anew sooner would be taken for a frozen camera."""
_GRAIN = 64


def film(place: Path, *, seconds: int, every_s: float, truck: DrawnTruck | None = None) -> None:
    """Writes an H.264 film of 4 Mbit/s: the lane, with a sensor's noise, a key frame each `every_s` seconds."""
    chance = np.random.default_rng(1)
    lane = CameraView(SIZE, noise=0).picture(truck).image.astype(np.int16)
    grain = chance.normal(0, 4, (SIZE[1] + _GRAIN, SIZE[0] + _GRAIN, 1)).round().astype(np.int16)
    codec = av.CodecContext.create("libx264", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = *SIZE, "yuv420p"
    codec.time_base, codec.framerate, codec.bit_rate = Fraction(1, FPS), Fraction(FPS), 4_000_000
    codec.gop_size = round(every_s * FPS)
    codec.options = {"preset": "superfast", "tune": "zerolatency", "sc_threshold": "0"}
    with place.open("wb") as out:
        for number in track(range(seconds * FPS), "Drawing the film", console=Console(stderr=True), transient=True):
            x, y = chance.integers(0, _GRAIN, 2)
            noisy = np.clip(lane + grain[y : y + SIZE[1], x : x + SIZE[0]], 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(noisy, format="bgr24")
            frame.pts = number
            for packet in codec.encode(frame):
                out.write(struct.pack(">I", packet.size) + bytes(packet))


@contextlib.contextmanager
def served(place: Path) -> Iterator[tuple[str, int]]:
    """The camera's URL and the process id of its server."""
    script = Path(__file__).with_name("rtsp_server.py")
    command = [str(PYTHON), str(script), str(place), str(FPS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        if not port:
            raise OSError(f"{script.name} did not start: apt-get install {' '.join(PACKAGES)}")
        try:
            yield f"rtsp://127.0.0.1:{port}/lane", server.pid
        finally:
            server.kill()


PACKAGES = (
    "python3-gi",
    "gir1.2-gst-rtsp-server-1.0",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
)

Decode = Callable[[av.VideoCodecContext, Packet], list[av.VideoFrame]]


def _every(codec: av.VideoCodecContext, packet: Packet) -> list[av.VideoFrame]:
    return codec.decode(packet)


def _keys(codec: av.VideoCodecContext, packet: Packet) -> list[av.VideoFrame]:
    """As `devices.stream_camera` at rest."""
    if not packet.is_keyframe:
        return []
    frames = [*codec.decode(packet), *codec.decode(None)]
    codec.flush_buffers()
    return frames


WAYS: tuple[tuple[str, Decode, dict[str, Any], float], ...] = (
    ("every picture decoded and converted (before)", _every, {}, FPS),
    ("the same, one thread", _every, {"thread_count": 1}, FPS),
    ("every picture decoded, 8 a second converted", _every, {}, 8),
    ("every picture decoded, 2 a second converted", _every, {}, 2),
    ("decoder skips what no other picture needs", _every, {"skip_frame": "NONREF"}, 2),
    ("decoder skips all but key frames", _every, {"skip_frame": "NONKEY"}, 2),
    ("only key frames given to the decoder (at rest)", _keys, {}, 2),
)
"""Name, decoding, settings of the decoder, pictures a second whose colours are made."""


def way(url: str, decode: Decode, options: dict[str, Any], converted: float, seconds: float) -> dict[str, float]:
    """One way to take the stream: CPU in per cent of a core, and pictures a second."""
    with av.open(url, options={"analyzeduration": "100000", "rtsp_transport": "tcp"}, timeout=(3.0, 2.0)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context
        for name, value in options.items():
            setattr(codec, name, value)
        begun, spent, pictures, made = time.monotonic() + 2, 0.0, 0, 0.0
        for packet in container.demux(stream):
            now = time.monotonic()
            if now < begun:
                spent = _own_cpu()
            for frame in decode(codec, packet):
                pictures += now >= begun
                if now - made >= 0.9 / converted:
                    made = now
                    frame.to_ndarray(format="bgr24")
            if now - begun > seconds:
                return {
                    "cpu_percent": 100 * (_own_cpu() - spent) / (now - begun),
                    "pictures_s": pictures / (now - begun),
                }
    raise OSError(f"{url}: the stream has ended")


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def arrivals(url: str, number: int) -> dict[str, float]:
    """From an arrival to the first picture that was certainly taken after it, ms; after a rest of a random length."""
    newest, spent, chance = Newest(CameraSettings(kind=CameraKind.RTSP, url=url)), [], random.Random(1)
    newest.rest()
    time.sleep(5)
    for _ in range(number):
        newest.rest()
        time.sleep(chance.uniform(1.2, 2.4))
        begun, seen = monotonic_ms(), 0
        newest.want(begun)
        while True:
            frame = newest.after(seen, 5)
            if frame is None:
                raise OSError(newest.error or "no picture")
            seen = frame.number
            if frame.since(begun):
                break
        spent.append(monotonic_ms() - begun)
    spent.sort()
    return {"samples": number, "p50_ms": spent[number // 2], "most_ms": spent[-1]}


class _WatchedReader:
    """The reader's process over the stream."""

    def __init__(self, url: str, folder: Path) -> None:
        self._came = asyncio.Event()
        self.events: list[Event] = []
        camera = CameraSettings(kind=CameraKind.RTSP, url=url)
        self.reader = ReaderProcess(ReaderSetup(camera=camera, reader=ReaderSettings(), evidence=folder), self._take)

    def _take(self, event: Event) -> None:
        self.events.append(event)
        self._came.set()

    async def until(self, kind: type[Event]) -> int:
        """How long, ms, until such an event comes."""
        begun = monotonic_ms()
        async with asyncio.timeout(30):
            while not (self.events and isinstance(self.events[-1], kind)):
                self._came.clear()
                await self._came.wait()
        return monotonic_ms() - begun

    async def cpu_percent(self, seconds: float) -> float:
        """Of a core, over so many seconds."""
        begun, before = time.monotonic(), self._cpu()
        await asyncio.sleep(seconds)
        return 100 * (self._cpu() - before) / (time.monotonic() - begun)

    def _cpu(self) -> float:
        words = Path(f"/proc/{self.reader.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / float(os.sysconf("SC_CLK_TCK"))

    def memory(self) -> dict[str, float]:
        """Resident and proportional, MB."""
        rows = (line.split() for line in Path(f"/proc/{self.reader.pid}/smaps_rollup").read_text().splitlines()[1:])
        sizes = {row[0]: int(row[1]) / 1_000 for row in rows}
        return {"rss_mb": sizes["Rss:"], "pss_mb": sizes["Pss:"]}


async def process(url: str, server: int, folder: Path, seconds: float) -> dict[str, float]:
    """The reader's process at rest, within a visit, and when the camera falls silent."""
    watched = _WatchedReader(url, folder)
    await watched.reader.start(40)
    try:
        await asyncio.sleep(5)
        found = {"rest_cpu_percent": await watched.cpu_percent(seconds)} | watched.memory()
        watched.reader.begin_visit(1)
        await asyncio.sleep(2)
        found["visit_cpu_percent"] = await watched.cpu_percent(seconds)
        watched.reader.end_visit(1)
        await asyncio.sleep(3)
        os.kill(server, signal.SIGSTOP)
        try:
            found["stall_noticed_ms"] = await watched.until(FaultRaised)
        finally:
            os.kill(server, signal.SIGCONT)
        found["seen_again_ms"] = await watched.until(FaultCleared)
    finally:
        await watched.reader.stop()
    return found


def run(*, json_file: Path | None, seconds: float, number: int, every_s: float, films: Path | None) -> None:
    """Everything, as a table and as JSON.

    Args:
        json_file: where the figures go, too.
        seconds: of each measurement of CPU time.
        number: of arrivals.
        every_s: between two key frames.
        films: a folder in which the film is kept for the next time.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = (films or Path(folder)) / f"lane-{every_s:g}.film"
        if not place.exists():
            film(place, seconds=max(_LOOP_S, 2 * round(seconds) + 20), every_s=every_s)
        ways = []
        for name, decode, options, converted in WAYS:
            with served(place) as (url, _):
                ways.append({"way": name} | way(url, decode, options, converted, seconds))
        with served(place) as (url, _):
            arrived = arrivals(url, number)
        with served(place) as (url, server):
            reader = asyncio.run(process(url, server, Path(folder), seconds))
    found = {"picture": list(SIZE), "fps": FPS, "key_frames_s": every_s, "ways": ways, "arrivals": arrived} | {
        "reader": reader
    }
    _print(found)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n")


def _print(found: dict[str, Any]) -> None:
    table = Table(f"1080p25 H.264, a key frame each {found['key_frames_s']:g} s", "% of a core", "pictures a second")
    for one in found["ways"]:
        table.add_row(one["way"], f"{one['cpu_percent']:.1f}", f"{one['pictures_s']:.1f}")
    console = Console()
    console.print(table)
    for name in ("arrivals", "reader"):
        console.print(f"{name}: " + ", ".join(f"{key} {value:.1f}" for key, value in found[name].items()))
