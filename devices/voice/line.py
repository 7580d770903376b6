"""The agent's end of the voice: it listens at a Unix socket, and stands between the lane and the call desk.

Rules of this file:

1. Nothing here decides about a vehicle. What the desk asks of the lane becomes an event (`on_event`); what the lane orders
   (`ring`, `show`) goes to the desk and to the voice process.
2. A voice process that is silent for `SILENCE_S` is cut off; its unit's watchdog ends it. Without one no call can be made:
   that is an alarm, the button still calls the officers by page and core, and the panel promises nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import stat
from collections.abc import Callable
from pathlib import Path

from devices.voice import protocol as p
from devices.voice.desk import CallDesk, CallRules, CallSight
from devices.voice.listen_line import ListenLine
from domain.alarms import LaneAlarmKind
from lane_agent.effects import Show
from lane_agent.events import Event, OfficerSent, TroubleEnded, TroubleReported
from lane_agent.wording import Scene

log = logging.getLogger("rocars.voice")

SILENCE_S = 3.0
_TICK_S = 0.1
_UNREAD = 262_144
_AGREE_S = 6.0
_HELP = (Scene.HELP, Scene.TALK)


class VoiceLine:
    """One lane's voice, as its agent has it.

    Args:
        path: of the socket; made by `start`, a stale one is removed.
        rules: how the lane calls.
        on_event: called in the event loop with the lane's events; must not block.
        clock: monotonic, ms.
        moved: called when what the page shows of the call has changed.
        listening_ms: how long an officer may listen at a time who was not called; 0 for not at all.

    Attributes:
        listening: who listens.
    """

    def __init__(
        self,
        path: Path,
        rules: CallRules,
        *,
        on_event: Callable[[Event], None],
        clock: Callable[[], int],
        moved: Callable[[], None] = lambda: None,
        listening_ms: int = 0,
    ) -> None:
        self.listening = ListenLine(listening_ms, send=self._send, on_event=on_event, clock=clock, moved=moved)
        self._path = path
        self._desk = CallDesk(rules)
        self._on_event = on_event
        self._clock = clock
        self._moved = moved
        self._server: asyncio.Server | None = None
        self._voice: asyncio.StreamWriter | None = None
        self._heard_ms = 0
        self._serving: set[asyncio.Task[None]] = set()
        self._beating: asyncio.Task[None] | None = None
        self._agreeing: dict[int, asyncio.Future[p.Agreed]] = {}
        self._health: dict[str, str] = {"process": "the voice process does not run"}
        self._told: dict[str, str] = {}
        self._scene = p.ShownScene("", call=False)
        self._call = "end"
        self._shown = CallSight()

    @property
    def sight(self) -> CallSight:
        """The call as the page shows it."""
        return self._desk.sight

    @property
    def attempt(self) -> int:
        """The number of the call that is open, 0 for none."""
        return self._desk.attempt

    @property
    def problems(self) -> dict[str, str]:
        """What does not work, by part; empty while a call can be made."""
        return {part: why for part, why in self._health.items() if why}

    @property
    def heard_of(self) -> frozenset[str]:
        """The parts of which the voice process has said how they are."""
        return frozenset(self._health)

    async def start(self) -> None:
        """Listens for the voice process.

        Raises:
            OSError: the path is no place for a socket, or another agent listens there.
        """
        self._server = await asyncio.start_unix_server(self._accept, sock=_listen(self._path), limit=p.LONGEST_LINE)
        self._beating = asyncio.create_task(self._beat(), name="voice beats")

    async def stop(self) -> None:
        """Ends the calls and removes the socket."""
        if self._server is not None:
            self._server.close()
        tasks = [task for task in (self._beating, *self._serving) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def ring(self, call: str) -> None:
        """The lane's order: "ring", "answer" or "end"."""
        self._call = call
        self._desk.receive_ring(call, self._clock())
        self._say_scene(self._scene.key)
        self._work()

    def show(self, order: Show) -> None:
        """What the driver reads from now on: a call hides the rest, for the ear too."""
        scene = order.aiop if order.aiop in _HELP or order.aiop is order.xdb else order.xdb
        self._say_scene(scene.value)
        self.listening.shows(order)

    async def answer(self, officer: str, station: str, sdp: str) -> tuple[int, p.Agreed]:
        """Connects an officer's page; the lane must have taken his answer. Returns the call's number and what was agreed.

        Raises:
            TimeoutError: the voice process does not answer.
        """
        attempt = self._desk.receive_page(officer, station, sdp, self._clock())
        answer: asyncio.Future[p.Agreed] = asyncio.get_running_loop().create_future()
        self._agreeing[attempt] = answer
        try:
            self._work()
            if self._voice is None:
                return attempt, p.Agreed(attempt, problem="the voice process does not run")
            async with asyncio.timeout(_AGREE_S):
                return attempt, await answer
        finally:
            del self._agreeing[attempt]

    def page_hears(self, attempt: int, officer_db: float) -> None:
        """The page says that sound of the driver reaches it."""
        self._desk.receive_page_hears(attempt, officer_db, self._clock())
        self._work()

    def stepped(self, event: Event) -> None:
        """The lane has taken this event, and its journal has it."""
        if isinstance(event, OfficerSent):
            self._desk.receive_officer_sent()
            self._work()
        self.listening.stepped(event)

    def prove(self) -> None:
        """Has microphone and loudspeaker proved now."""
        self._send(p.ProveSound())

    def _say_scene(self, key: str) -> None:
        scene = p.ShownScene(key, call=self._call != "end")
        if scene != self._scene:
            self._scene = scene
            self._send(scene)

    def _work(self) -> None:
        for deed in self._desk.drain():
            if isinstance(deed, p.VoiceMessage):
                self._send(deed)
            else:
                self._on_event(deed)
        if self._desk.sight != self._shown:
            self._shown = self._desk.sight
            self.listening.calls(self._shown)
            self._moved()

    def _send(self, message: p.ToVoice) -> None:
        if self._voice is not None and not self._voice.is_closing():
            self._voice.write(p.encode(message))
        elif isinstance(message, p.Dial):
            closed = p.Closed(message.attempt, p.Ended.UNREACHABLE, "the voice process does not run")
            self._desk.receive_report(closed, self._clock())

    async def _beat(self) -> None:
        beat_ms = 0
        while True:
            await asyncio.sleep(_TICK_S)
            now = self._clock()
            self._desk.receive_time(now)
            self._work()
            self.listening.passed()
            self._tell_health()
            if self._voice is None:
                continue
            if now - beat_ms >= p.BEAT_S * 1_000:
                beat_ms = now
                self._send(p.AgentBeat())
            stuck = self._voice.transport.get_write_buffer_size() > _UNREAD
            if stuck or now - self._heard_ms > SILENCE_S * 1_000:
                log.warning("the voice process does not answer: cut off")
                self._voice.transport.abort()

    def _tell_health(self) -> None:
        """Alarms follow what the voice process says of its parts."""
        for part, why in self._health.items():
            if why == self._told.get(part, ""):
                continue
            self._told[part] = why
            if why:
                self._on_event(TroubleReported(LaneAlarmKind.INTERCOM_FAILED, why, part))
            else:
                self._on_event(TroubleEnded(LaneAlarmKind.INTERCOM_FAILED, part))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            if self._voice is not None:  # one box, one voice: the newer one is the unit that was started again
                self._voice.transport.abort()
                self.listening.voice_runs(False)
            self._voice, self._heard_ms = writer, self._clock()
            self._health["process"] = ""
            self._send(self._scene)
            self.listening.voice_runs(True)
            await self._serve(reader, writer)
        finally:
            self._serving.discard(task)
            writer.transport.abort()
            if self._voice is writer:
                self._gone()

    def _gone(self) -> None:
        self._voice = None
        self._health = {"process": "the voice process does not run"} | {
            part: "" for part in self._health if part != "process"
        }
        for answer in self._agreeing.values():
            if not answer.done():
                answer.set_result(p.Agreed(0, problem="the voice process ended"))
        self.listening.voice_runs(False)
        self._desk.receive_voice_gone(self._clock())
        self._work()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while self._voice is writer:
                try:
                    line = await reader.readline()
                except ValueError:
                    log.warning("the voice process sent a line longer than %d bytes", p.LONGEST_LINE)
                    return
                if not line:
                    return
                try:
                    self._hear(p.decode_for_agent(line))
                except p.VoiceLineError as error:
                    log.warning("%s", error)
                    return

    def _hear(self, report: p.ToAgent) -> None:
        self._heard_ms = self._clock()
        match report:
            case p.Health(part, problem):
                self._health[part] = problem
            case p.Agreed():
                answer = self._agreeing.get(report.attempt)
                if answer is not None and not answer.done():
                    answer.set_result(report)
            case p.ListenAgreed() | p.ListenClosed():
                self.listening.hear(report)
            case p.VoiceBeat():
                pass
            case _:
                self._desk.receive_report(report, self._heard_ms)
                self._work()


def _listen(path: Path) -> socket.socket:
    """A socket of the folder's group, as the screens' is."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(f"{path} is there and no socket: choose another path for voice.socket")
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise OSError(f"another agent listens at {path}")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        shared = path.parent.stat().st_mode & stat.S_ISGID  # the voice process runs as a user of its own
        path.chmod(0o660 if shared else 0o600)
    except OSError:
        listener.close()
        raise
    return listener
