"""The reader as the agent sees it: a process that may hang, die or go blind, and is then ended and started again.

reader = ReaderProcess(settings, on_event=inbox.put)
await reader.start()
reader.begin_visit(7)      # effect StartReading(7)
...                        # on_event(PlateSettled(7, ...)) or on_event(PlateUnread(7, ...))
reader.end_visit(7)        # effect StopReading(7)
await reader.stop()
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Callable

import msgspec

from devices.dated_picture import monotonic_ms
from devices.latency import PictureTimes
from devices.reader_protocol import (
    Begin,
    Doubted,
    End,
    LookFor,
    NewestPicture,
    Order,
    ReaderBeat,
    ReaderSetup,
    Report,
    SeenAgain,
    SettledRead,
    Trouble,
    TwoVehicles,
    Unread,
    packed,
    receive_report,
    setup_bytes,
)
from lane_agent.events import (
    Event,
    FaultCleared,
    FaultRaised,
    PlateDoubted,
    PlateSeenAgain,
    PlateSettled,
    PlateUnread,
    SecondVehicleSeen,
)
from lane_agent.model import Fault, Read, ReadSource
from runtime.backoff import Backoff

log = logging.getLogger(__name__)

SILENCE_S = 3.0  # a reader process that is silent for this long is hanging
FIRST_S = 120.0  # torch from a slow disk takes as long as 50 s; the lane has the fault READER until it speaks
LOOK_AFTER_MS = 3_000  # a truck in a queue is looked for so often, and each answer is a row of the journal
BACKOFF_S = (0.3, 5.0)  # before a start after a failure: first, longest


class ReaderProcess:
    """Supervises the reader process and turns its reports into events.

    Args:
        setup: what the process is given.
        on_event: called in the event loop with `PlateSettled`, `PlateUnread`, `PlateDoubted`, `PlateSeenAgain`, `SecondVehicleSeen`, `FaultRaised` and
            `FaultCleared`; must not block.
        silence_s: how long the process may be silent.
    """

    def __init__(self, setup: ReaderSetup, on_event: Callable[[Event], None], *, silence_s: float = SILENCE_S) -> None:
        self._setup = setup
        self._on_event = on_event
        self._silence_s = silence_s
        self._begun: Begin | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._faults: dict[Fault, str] = {}
        self._latest: NewestPicture | None = None
        self._frozen: tuple[int, ...] = ()
        self._pace = PictureTimes()
        self._seeing = asyncio.Event()
        self._known = asyncio.Event()  # whether it sees or is at fault
        self.starts = 0
        self.plate_since_ms: int | None = None
        """Since when a plate is read at the line while no visit is open, if one is."""

    async def start(self, wait_s: float = 10.0) -> None:
        """Starts the process and waits until it sees or a fault is known.

        After `wait_s` seconds without either, that is the fault READER. The process is started again until `stop`.
        """
        self._task = asyncio.create_task(self._supervise(), name="reader")
        try:
            async with asyncio.timeout(wait_s):
                await self._known.wait()
        except TimeoutError:
            self._raise(Fault.READER, f"no picture from the reader within {wait_s:.0f} s of its start")

    def begin_visit(self, visit: int) -> None:
        """Pictures taken from now on are read for this visit."""
        self._begun = Begin(visit, monotonic_ms())
        self._order(self._begun)

    def look_again(self, visit: int, look: int, vrn: str) -> None:
        """Is this plate still in view? A picture taken `LOOK_AFTER_MS` from now, or later, answers; silence means no."""
        self._order(LookFor(visit, look, vrn, monotonic_ms() + LOOK_AFTER_MS))

    def end_visit(self, visit: int) -> None:
        """Nothing more is wanted of this visit; reports still on their way are dropped."""
        if self._begun is not None and self._begun.visit == visit:
            self._begun = None
            self._order(End(visit))

    def latest(self) -> NewestPicture | None:
        """The newest picture as JPEG with its plates, for the officer's page; None before the first."""
        return self._latest

    def read_ms(self) -> tuple[int, int] | None:
        """How long reading a picture takes: median and 99th percentile of the last few hundred, ms; None before the first."""
        return self._pace.quantiles()

    @property
    def faults(self) -> dict[Fault, str]:
        """What is wrong now, with the detail for the technician."""
        return dict(self._faults)

    @property
    def pid(self) -> int | None:
        """Of the process now running."""
        return self._process.pid if self._process else None

    def restart(self) -> bool:
        """Ends the process, which is then started anew; False if none runs. Until it sees, there is the fault READER."""
        if self._process is None or self._process.returncode is not None:
            return False
        self._process.kill()
        return True

    async def stop(self) -> None:
        """Ends the process and waits for it."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def _order(self, order: Order) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(packed(order))

    async def _supervise(self) -> None:
        """Runs one process after the other, waiting longer after each that saw nothing."""
        backoff = Backoff(*BACKOFF_S)
        while True:
            self._seeing.clear()
            why = await self._run()
            if not self._faults:
                self._raise(Fault.READER, why)
            log.warning("reader process ended: %s", why)
            if self._seeing.is_set():
                backoff.reset()
            await asyncio.sleep(backoff.next_s())

    async def _run(self) -> str:
        """One process from start to end; returns why it ended. It never outlives this call."""
        ours, theirs = socket.socketpair()
        with theirs:
            command = (sys.executable, "-m", "devices.reader_child", str(theirs.fileno()))
            self._process = await asyncio.create_subprocess_exec(
                *command, pass_fds=(theirs.fileno(),), stdin=asyncio.subprocess.DEVNULL
            )
        self.starts += 1
        stream, self._writer = await asyncio.open_connection(sock=ours)
        try:
            self._writer.write(setup_bytes(msgspec.structs.replace(self._setup, frozen=self._frozen)))
            if self._begun is not None:
                self._order(self._begun)
            return await self._listen(stream)
        finally:
            await self._end()

    async def _listen(self, stream: asyncio.StreamReader) -> str:
        patience = max(FIRST_S, self._silence_s)
        while True:
            try:
                async with asyncio.timeout(patience):  # not wait_for: before 3.12 it can swallow our cancellation
                    report = await receive_report(stream)
            except TimeoutError:
                return f"the reader process said nothing for {patience:.0f} s"
            except ValueError as error:
                return str(error)
            if report is None:
                return "the reader process ended"
            patience = self._silence_s
            self._take(report)

    async def _end(self) -> None:
        """Kills what is left of the process, reaps it and closes the line."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None

    def _take(self, report: Report) -> None:
        match report:
            case ReaderBeat(frame_ms, read_ms, plate_ms):
                self.plate_since_ms = plate_ms
                if read_ms is not None:
                    self._pace.add(read_ms)
                if frame_ms:
                    self._sees()
            case NewestPicture():
                self._latest = report
            case Trouble(part, detail, frozen):
                self._frozen = frozen or self._frozen
                self._raise(Fault.CAMERA if part == "camera" else Fault.READER, detail)
            case SettledRead() | Unread() | Doubted() | SeenAgain() | TwoVehicles():
                if self._begun is not None and self._begun.visit == report.visit:
                    self._on_event(event_of(report))

    def _sees(self) -> None:
        """Pictures come and are read: nothing is wrong any more."""
        self._seeing.set()
        self._known.set()
        self._frozen = ()
        for fault in tuple(self._faults):
            del self._faults[fault]
            self._on_event(FaultCleared(fault))

    def _raise(self, fault: Fault, detail: str) -> None:
        self._known.set()
        if fault not in self._faults:
            self._on_event(FaultRaised(fault, detail))
        self._faults[fault] = detail


def event_of(report: SettledRead | Unread | Doubted | SeenAgain | TwoVehicles) -> Event:
    """The lane's event for a report of a visit."""
    match report:
        case SettledRead(visit, vrn, mainland, confidence, evidence):
            return PlateSettled(visit, Read(vrn, mainland, confidence, ReadSource.READER, evidence))
        case Unread(visit, reason, candidates, evidence):
            return PlateUnread(visit, reason, candidates, evidence)
        case Doubted(visit, vrn, candidates, evidence):
            return PlateDoubted(visit, vrn, candidates, evidence)
        case SeenAgain(visit, look, vrn):
            return PlateSeenAgain(visit, look, vrn)
        case TwoVehicles(visit):
            return SecondVehicleSeen(visit)
