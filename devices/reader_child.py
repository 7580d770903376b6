"""The reader process: camera, plates, settling. Started by `devices.reader`, ends when the agent does.

    python -m devices.reader_child FD

FD is an inherited socket; the settings come first, then orders; reports go back (`devices.reader_protocol`).
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import socket
import sys
import threading
from functools import partial

import cv2

from devices.anpr.engines import ENGINES
from devices.anpr.errors import ReaderError
from devices.anpr.memory import forget_start, return_memory_early
from devices.anpr.plate_read import PlateRead
from devices.anpr.plate_reader import PlateReader
from devices.anpr.weights import SHIPPED
from devices.camera import Frame, Newest, open_camera
from devices.camera_condition import CameraAilment, CameraCondition, CameraReference
from devices.dated_picture import monotonic_ms
from devices.evidence import EvidenceStore, jpeg
from devices.overlay import overlaid
from devices.reader_protocol import (
    Begin,
    End,
    LookFor,
    NewestPicture,
    Order,
    ReaderBeat,
    ReaderSetup,
    Report,
    SeenAgain,
    Trouble,
    packed,
    receive_order,
    receive_setup,
)
from devices.settings import LIVE_KINDS, CameraSettings
from devices.stall import Stall, remembered_of
from devices.visit_reader import VisitReader, is_alone, read_region
from devices.zone import Zone
from runtime.children import end_with_parent
from runtime.live_tap import LiveTap
from runtime.sections import milliseconds

_SHOWN_MS = 300  # between pictures for the officer's page
_CHECK_MS = 100
_NOTICE_MS = 2 * _CHECK_MS
"""A stall is to be told within the camera's `stall_s`, and not some checks later."""
log = logging.getLogger(__name__)
STALLED = 3  # exit status: the camera's driver hangs, and only ending this process frees it


class ReaderLoop:
    """One turn: take orders, take the newest picture, read it, report."""

    def __init__(self, link: socket.socket, setup: ReaderSetup, reader: PlateReader, camera: Newest) -> None:
        self._link = link
        self._setup = setup
        self._reader = reader
        self._camera = camera
        self._zone = Zone(setup.camera.zone)
        self._evidence = EvidenceStore(setup.evidence)
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._watch: VisitReader | None = None
        self._sought: LookFor | None = None
        self._number = 0
        self._frame_ms = 0
        self._shown_ms = 0
        self._read_ms: int | None = None
        self._ill = False
        self._ailment: CameraAilment | None = None
        self._condition = CameraCondition(setup.camera.box, self._reference(setup.camera))
        self._plate_ms: int | None = None
        self._stall = Stall(
            max(_CHECK_MS, milliseconds(setup.camera.stall_s) - _NOTICE_MS),
            remembered=remembered_of(setup.camera.kind),
            now_ms=monotonic_ms(),
            frozen=setup.frozen,
        )
        camera.rest()
        threading.Thread(target=self._listen, name="orders", daemon=True).start()

    def run(self) -> None:
        """Turns until the process ends."""
        while True:
            begun = monotonic_ms()
            self.turn()
            fps = self._setup.busy_fps if self._watch else self._setup.idle_fps
            fps = min(fps, self._setup.camera.fps)
            self._rest(begun + int(1000 / fps) - monotonic_ms())

    def turn(self) -> None:
        """Looks at the newest picture, if there is one."""
        self._read_ms = None
        frame = self._camera.after(self._number, timeout=0.25)
        if frame is not None:
            self._number, self._frame_ms = frame.number, frame.taken_ms
            self._stall.saw(frame)
            self._ailment = self._condition.saw(frame.picture, frame.taken_ms, empty=self._watch is None)
            self._look(frame)
        elif self._watch is not None:
            self._tell_all(self._watch.waited(monotonic_ms()))
        self._check()
        self._tell(ReaderBeat(0 if self._ill else self._frame_ms, self._read_ms, self._plate_ms))

    def _look(self, frame: Frame) -> None:
        begun = monotonic_ms()
        reads = read_region(self._reader, frame, self._zone)
        self._read_ms = monotonic_ms() - begun
        if self._watch is not None:
            self._tell_all(self._watch.look(frame, reads))
            self._seek(frame, reads)
        stands = self._watch is None and any(read.text and read.inside for read in reads)
        self._plate_ms = (self._plate_ms or frame.taken_ms) if stands else None
        if frame.taken_ms - self._shown_ms >= _SHOWN_MS:
            self._shown_ms = frame.taken_ms
            self._tell(shown(frame, reads, self._zone))

    def _seek(self, frame: Frame, reads: tuple[PlateRead, ...]) -> None:
        """Answers whether the plate that 3 stands for is still in view."""
        sought = self._sought
        if sought is None or not frame.since(sought.after_ms):
            return
        if is_alone(sought.vrn, reads, self._setup.reader.release_threshold):
            self._sought = None
            self._tell(SeenAgain(sought.visit, sought.look, sought.vrn))

    def _check(self) -> None:
        """Reports a camera that stalls or is late; a driver that hangs is cured by ending this process."""
        now = monotonic_ms()
        self._stall.heard(self._camera.heard_ms)
        stalled, late = self._stall.detail(now), self._camera.lateness(now)
        ailing = self._ailment.value if self._ailment is not None else ""
        complaint = self._camera.error
        wrong = late or stalled or ailing
        if wrong and not self._ill:
            self._tell(Trouble("camera", complaint or wrong, self._stall.frozen(now)))
        if self._stall.hopeless(now) and not complaint:
            self._tell(Trouble("camera", stalled, self._stall.frozen(now)))
            os._exit(STALLED)
        self._ill = bool(wrong)

    @staticmethod
    def _reference(camera: CameraSettings) -> CameraReference | None:
        return None if camera.reference is None else CameraReference.read(camera.reference, camera.box)

    def _rest(self, wait_ms: int) -> None:
        """Waits, but carries out orders at once, and looks whether the camera still gives pictures."""
        end = monotonic_ms() + max(0, wait_ms)
        while True:
            left = min(_CHECK_MS, end - monotonic_ms())
            try:
                order = self._orders.get(timeout=left / 1000) if left > 0 else self._orders.get_nowait()
            except queue.Empty:
                if left <= 0:
                    return
                self._check()
            else:
                self._obey(order)

    def _obey(self, order: Order) -> None:
        match order:
            case Begin(visit, after_ms):
                self._camera.want(after_ms)
                self._watch = VisitReader(visit, after_ms, self._setup, self._evidence)
            case LookFor(visit):
                self._sought = order if self._watch is not None and self._watch.visit == visit else None
            case End(visit):
                if self._watch is not None and self._watch.visit == visit:
                    self._watch = self._sought = None
                    self._camera.rest()

    def _listen(self) -> None:
        """Orders come in; when the agent is gone, so are we."""
        with contextlib.suppress(ConnectionError):
            while (order := receive_order(self._link)) is not None:
                self._orders.put(order)
        os._exit(0)

    def _tell_all(self, reports: list[Report]) -> None:
        for report in reports:
            self._tell(report)

    def _tell(self, report: Report) -> None:
        self._link.sendall(packed(report))


def shown(frame: Frame, reads: tuple[PlateRead, ...], zone: Zone) -> NewestPicture:
    """The picture for the officer's page, its plates outlined."""
    height, width = frame.picture.shape[:2]
    return NewestPicture(frame.taken_ms, width, height, jpeg(overlaid(frame.picture, reads, zone), 75))


def live_tap(setup: ReaderSetup) -> LiveTap | None:
    """Where people watch the camera's stream; None without such a stream or place. The reader works all the same."""
    if setup.live is None or setup.camera.kind not in LIVE_KINDS:
        return None
    try:
        return LiveTap(setup.live)
    except OSError as error:
        log.warning("no live picture: %s", error)
        return None


def main() -> int:
    """Runs the reader until it is ended."""
    end_with_parent()  # end of file on the socket is the second way
    return_memory_early()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the agent's; it ends us
    cv2.setNumThreads(1)
    link = socket.socket(fileno=int(sys.argv[1]))
    setup = receive_setup(link)
    try:
        engine = ENGINES[setup.reader.engine](setup.reader.weights or SHIPPED)
        reader = PlateReader(engine, side=setup.side)
        forget_start()
        camera = Newest(setup.camera, partial(open_camera, tap=live_tap(setup)))
        ReaderLoop(link, setup, reader, camera).run()
    except (BrokenPipeError, ConnectionResetError):
        return 0
    except (ReaderError, OSError, ValueError) as error:  # an unusable region is a ValueError
        link.sendall(packed(Trouble("reader", str(error))))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
