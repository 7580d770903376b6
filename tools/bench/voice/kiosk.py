"""A lane that speaks, for measuring and for tests: shipped agent, the page at its line, desk and voice process; no other hardware.

The kiosk's microphone hears what is played into the sink `room`; its loudspeaker is heard at `kiosk_loudspeaker.monitor`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from console.agent_line import LaneByLine, VoiceByLine
from console.app import create_app
from console.officers import OfficerBook, OfficerRole
from console.server import ConsoleServer
from console.settings import ConsoleSettings
from devices.voice.__main__ import read_settings
from devices.voice.settings import VoiceSettings
from devices.voice.sound import FRAME, Loudspeaker, Microphone
from devices.voice.tone import Samples
from display.feed import ScreenFeed
from domain.visit_record import RecordKind
from edge.clock import BoxClock
from edge.page_line import PageLine
from edge.voice import PageVoice, voice_line
from lane_agent import events as e
from lane_agent.effects import Alarm, Effect, Ring, Show
from lane_agent.model import Moment, Screen
from lane_agent.state import Lane
from lane_agent.wording import Scene
from runtime.clocks import monotonic_ms
from simulation.page_lane import PageLane
from tools.bench.voice.sip import inside

OFFICER, SUPERVISOR, PASSWORD = "chan", "lau", "a long enough password"
_PATIENCE_S = 90.0


async def _blank(_screen: Screen, _scene: Scene, _parameter: str, _notice: str = "") -> bytes:
    return b""


class SpeakingLane(PageLane):
    """`PageLane` with a voice."""

    def __init__(self, settings: VoiceSettings) -> None:
        super().__init__(clock=BoxClock(lambda: None), paint=_blank)
        made = voice_line(settings, self.agent.tell, monotonic_ms, self.page.moved)
        assert made is not None, "these settings have no voice"
        self.voice = made
        self.panel: ScreenFeed | None = None
        self.scenes: list[tuple[float, Scene]] = []
        self.alarmed: set[str] = set()

    def show(self, order: Show) -> None:
        """Paint both screens, and say what belongs to them."""
        self.scenes.append((time.monotonic(), order.aiop))
        super().show(order)
        if self.panel is not None:
            self.panel.show(order)
        self.voice.show(order)

    def with_panel(self, panel: ScreenFeed) -> None:
        """Whoever stands at the other end of this feed's socket shows what the driver reads; the lane's own proof is not theirs."""
        self.panel = panel
        self.voice.listening.mark = panel.listening

    def raise_alarm(self, alarm: Alarm) -> None:
        """Somebody is wanted."""
        super().raise_alarm(alarm)
        self.alarmed.add(alarm.kind)

    def ring(self, order: Ring) -> None:
        """The intercom."""
        self.voice.ring(order.call)

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is durable."""
        super().stepped(event, at, effects, lane)
        self.voice.stepped(event)

    def listener(self) -> str:
        """Who listens at the kiosk."""
        return self.voice.listening.sight.who

    def core_is_told(self) -> set[str]:
        """The kinds of the alarms that stand in what the lane tells the core of itself."""
        return {row[0] for row in self.alarms.wall_facts("", BoxClock(lambda: None).now().utc_ms)["alarms"]}

    def notes(self) -> list[str]:
        """What the journal says of the calls, in order."""
        return [row["call"] for row in self.rows()]

    def rows(self) -> list[dict[str, str]]:
        """The same, with who and why."""
        made = (effect for entry in self.journal.entries for effect in msgspec.json.decode(entry)["effects"])
        return [dict(one["facts"]) for one in made if one.get("kind") == RecordKind.CALL_REPORTED]


@dataclass(slots=True)
class Kiosk:
    """A running one.

    Attributes:
        lane: its agent, page and desk.
        address: of the page.
        environment: of its sound server.
        process: the voice process.
        folder: its files.
    """

    lane: SpeakingLane
    address: str
    environment: dict[str, str]
    process: asyncio.subprocess.Process
    folder: Path

    async def sees(self, scene: Scene, within_s: float = _PATIENCE_S) -> float:
        """Waits until the driver reads this; seconds that it took.

        Raises:
            TimeoutError: he does not.
        """
        began = time.monotonic()
        await until(lambda: self.lane.agent.lane.face.aiop is scene, within_s)
        return time.monotonic() - began

    async def leaves(self, scene: Scene) -> None:
        """Waits until the driver reads something else; raises as `sees`."""
        await until(lambda: self.lane.agent.lane.face.aiop is not scene)

    async def noted(self, call: str) -> None:
        """Waits until the journal says this of a call; raises as `sees`."""
        await until(lambda: call in self.lane.notes())

    async def alarmed(self, kind: str) -> None:
        """Waits until this alarm has been raised; raises as `sees`."""
        await until(lambda: kind in self.lane.alarmed)

    async def ails(self, part: str, why: str = "") -> None:
        """Waits until this part has said that something is wrong with it, with this in its words; raises as `sees`."""
        await until(lambda: part in self.lane.voice.problems and why in self.lane.voice.problems[part])

    @contextlib.contextmanager
    def sound_stopped(self) -> Iterator[None]:
        """The sound server stands still for as long as the block runs: no microphone, no loudspeaker, all else as it was."""
        found = subprocess.run(("pgrep", "-f", f"pulseaudio -n -F {self.folder}/"), check=True, capture_output=True)
        pids = [int(line) for line in found.stdout.split()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    async def well(self, *parts: str) -> None:
        """Waits until the voice process runs and these parts have said that they are well.

        Raises:
            TimeoutError: one is not.
        """
        await until(lambda: not self.lane.voice.problems and all(part in self.lane.voice.heard_of for part in parts))


async def until(so: Callable[[], bool], within_s: float = _PATIENCE_S) -> None:
    """Waits until it is so.

    Raises:
        TimeoutError: it is not.
    """
    async with asyncio.timeout(within_s):
        while not so():  # noqa: ASYNC110 -- values, which tell nobody that they changed
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def kiosk(
    voice: dict[str, object],
    *,
    netns: str = "",
    host: str = "127.0.0.1",
    folder: Path | None = None,
    idle_s: int = 900,
    program: tuple[str, ...] = ("devices.voice",),
) -> AsyncIterator[Kiosk]:
    """A speaking lane for as long as the block runs.

    Args:
        voice: of `[voice]`, without socket and devices.
        netns: in which the voice process runs and the page is served, "" for ours.
        host: where the page listens; other than loopback it is served over HTTPS, by a certificate that nobody knows.
        folder: for its files.
        idle_s: after which the page locks itself.
        program: the voice process: a module of ours, and words that go before its own.
    """
    with contextlib.ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rocars-voice-")))
        place.mkdir(parents=True, exist_ok=True)
        table = {"socket": str(place / "v.sock"), "test_at": "", "echo": "none"} | voice
        file = place / "lane.toml"
        file.write_text("[voice]\n" + _toml(table), encoding="utf-8")
        settings = read_settings(file)
        console = _console(place, host, idle_s)
        officers = OfficerBook(console.officers)
        officers.add(OFFICER, PASSWORD, shown="Officer Chan")
        officers.add(SUPERVISOR, PASSWORD, shown="Supervisor Lau", role=OfficerRole.SUPERVISOR)
        lane = SpeakingLane(settings)
        spoken = PageVoice(lane.voice, act=lane.page.act, lane=lambda: lane.agent.lane, page=settings.page)
        for_page = PageLine(lane.page, place / "page.sock", voice=spoken)
        to_agent = LaneByLine(place / "page.sock", unheard=lane.page.view(), ticks=monotonic_ms)
        app, stream = create_app(
            feed=to_agent,
            settings=console,
            officers=officers,
            ticks=monotonic_ms,
            viewed=lambda _: None,
            voice=VoiceByLine(to_agent, page=settings.page, listening=settings.listening),
        )
        server = ConsoleServer(app, stream, console)
        with inside(netns):
            address = server.bind()
        agent = asyncio.create_task(lane.agent.run())
        await for_page.start()
        linking = asyncio.create_task(to_agent.run())
        serving = asyncio.create_task(server.serve())
        entered = ("ip", "netns", "exec", netns) if netns else ()
        process: asyncio.subprocess.Process | None = None
        try:
            await lane.voice.start()
            await lane.start()
            await server.ready()
            process = await asyncio.create_subprocess_exec(
                *entered, sys.executable, "-m", *program, "--settings", str(file), "--state", str(place / "state"),
                env=os.environ | {"PYTHONPATH": str(Path.cwd())}, start_new_session=True,
            )  # fmt: skip
            sound = place / "state" / "sound"
            environment = os.environ | {"PULSE_SERVER": f"unix:{sound / 'pulse.sock'}", "HOME": str(sound)}
            yield Kiosk(lane, address, environment, process, place)
        finally:
            if process is not None and process.returncode is None:
                process.terminate()
                await process.wait()
            await lane.voice.stop()
            server.stop()
            await asyncio.gather(serving, return_exceptions=True)
            for task in (linking, agent):
                task.cancel()
            await asyncio.gather(linking, agent, return_exceptions=True)
            await for_page.stop()


def _console(place: Path, host: str, idle_s: int) -> ConsoleSettings:
    officers = place / "officers.json"
    if host == "127.0.0.1":
        return ConsoleSettings(officers=officers, port=0, idle_s=idle_s)
    certificate, key = place / "page.crt", place / "page.key"
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1")
    files = (
        "-subj",
        f"/CN={host}",
        "-addext",
        f"subjectAltName=IP:{host}",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    )
    subprocess.run((*made, *files), check=True, capture_output=True)
    return ConsoleSettings(
        officers=officers, host=host, port=0, idle_s=idle_s, tls_certificate=certificate, tls_key=key
    )


def _toml(table: dict[str, object]) -> str:
    """Plain values and one level of inline tables."""

    def said(value: object) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{name} = {said(one)}" for name, one in value.items()) + " }"
        return msgspec.json.encode(value).decode()

    return "\n".join(f"{name} = {said(value)}" for name, value in table.items()) + "\n"


class Tape:
    """A recording that runs; each frame has its moment.

    Args:
        environment: of a sound server.
        source: what is recorded.
    """

    def __init__(self, environment: dict[str, str], source: str) -> None:
        self._microphone = Microphone(environment, source)
        self._frames: list[Samples] = []
        self._ends: list[float] = []
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins; returns with the first frame."""
        self._task = asyncio.create_task(self._record())
        while not self._frames:  # noqa: ASYNC110 -- whole frames are all there is to see
            await asyncio.sleep(0.01)

    async def stop(self) -> Samples:
        """Ends; what was recorded."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        return np.concatenate(self._frames)

    def when(self, at_s: float) -> float:
        """The moment (monotonic, s) of so many seconds into the recording."""
        index = min(len(self._ends) - 1, int(at_s * 48_000 / FRAME))
        return self._ends[index] - FRAME / 48_000 + (at_s - index * FRAME / 48_000)

    async def _record(self) -> None:
        async for frame in self._microphone.frames():
            self._frames.append(frame)
            self._ends.append(time.monotonic())


async def play(environment: dict[str, str], sink: str, sound: Samples) -> float:
    """Plays into a sink in real time, after silence in which the player has started; the moment at which the sound began."""
    speaker = Loudspeaker(environment, sink)
    await speaker.open()
    silence, before = np.zeros(FRAME, np.int16), 40
    frames = [silence] * before
    frames += [sound[at : at + FRAME] for at in range(0, len(sound) - FRAME + 1, FRAME)] + [silence] * 15
    began, moment = time.monotonic(), 0.0
    for index, frame in enumerate(frames):
        if index == before:
            moment = time.monotonic()
        speaker.write(frame)
        await asyncio.sleep(max(0.0, began + (index + 1) * FRAME / 48_000 - time.monotonic()))
    await speaker.close()
    return moment
