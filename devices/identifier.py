"""The second identifier: what names the vehicle besides the plate reader, as events.

    source (labels, signs of life) -> which mark is that? -> news in this visit? -> IdentifierRead(source, vrn, edge_ms)
                                   -> missing, silent, broken -> a fault where the lane requires it, else an alarm

Rules of this file
- `Identifier` is the port the lane sees; `LabelSource` is the port a driver fills.
- What an identifier says is evidence and no more: it can stop a vehicle, and where it is required its agreement is one
  condition among many. `step` judges it; nothing here compares marks.
- A reader repeats a label ten times a second while a vehicle is there: each label is reported once a visit, and once
  more if the first read was from before the vehicle came.
- A label still in the field long after its vehicle has left is a stuck reader, and raises an alarm.
- A source that is lost is tried again for ever.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from devices.errors import LabelsWrong
from devices.identifier_protocol import LABEL
from domain.alarms import LaneAlarmKind
from domain.marks import HONG_KONG, family, normalise
from lane_agent.events import FaultCleared, FaultRaised, IdentifierRead, TroubleReported
from lane_agent.model import Fault
from runtime.backoff import Backoff
from runtime.sections import shown

_BACKOFF_S = (0.2, 5.0)  # between attempts to reach a lost source: first, longest
IdentifierEvent = IdentifierRead | FaultRaised | FaultCleared | TroubleReported
"""What a second identifier tells the lane."""

Seen = Callable[[str, int], None]
"""(label, monotonic ms of the read): a label is in the field. Called in the event loop's thread."""

MarkOf = Callable[[str], str]
"""The normalised Hong Kong mark of a label, "" if it has none."""

MOST = 8
"""Labels reported in one visit at most; the second different one has already handed it to the officer."""
MOST_UNKNOWN = 200
"""Labels without a mark reported at most, each once: vehicles carry labels of others too, such as for tolls."""
GAP_MS = 2_000
"""A label unheard for this long has left the field: a reader repeats it twice a second."""
STUCK_MS = 15_000
"""A label heard without a gap this long after its vehicle's visit ended: as long as the lane itself waits for a vehicle
that reached no way out (`lane_agent.passage.GONE_MS`)."""
REST_MS = 60_000
"""An identifier that comes and goes is reported lost no more often than this, where nothing depends on it."""


class Identifier(Protocol):
    """The lane's second identifier, whatever carries it."""

    async def start(self, on_event: Callable[[IdentifierEvent], None]) -> None:
        """Begins to report; returns at once. One that does not answer is an event, never an exception."""

    async def stop(self) -> None:
        """Stops reporting and releases the device."""

    def vehicle_came(self) -> None:
        """A vehicle has come: whatever is in the field is news again."""

    def vehicle_left(self) -> None:
        """It has left."""


class LabelSource(Protocol):
    """Something that names labels: a reader on a cable, or another authority's messages."""

    async def run(self, seen: Seen, alive: Callable[[], None]) -> None:
        """Opens the source, tells every label and every sign of life, until cancelled.

        Raises:
            OSError: it is missing, silent or garbled; the text says what to do, and the caller tries again.
        """


class NoIdentifier:
    """A lane without a second identifier."""

    async def start(self, on_event: Callable[[IdentifierEvent], None]) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to stop."""

    def vehicle_came(self) -> None:
        """Nothing to tell."""

    def vehicle_left(self) -> None:
        """Nothing to forget."""


def mark_itself(label: str) -> str:
    """The label carries the mark itself."""
    mark = normalise(label)
    return mark if family(mark) in HONG_KONG else ""


_ROUNDED = re.compile(r"\d(\.\d+)?[Ee]\+\d+")  # 2.00341E+15
_HEADINGS = frozenset({"label", "tag", "epc", "id", "mark", "plate", "vrn", "registration", "vehicle"})


def _unquoted(cell: str) -> str:
    """A cell as a spreadsheet may have written it."""
    return cell[1:-1].strip() if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


class LabelTable:
    """Which label belongs to which mark: lines of ``label,mark``, UTF-8; ``#`` begins a comment.

    Args:
        path: the file; read once.

    Raises:
        LabelsWrong: it cannot be read, or a line cannot be used; the text names the line.
    """

    def __init__(self, path: Path) -> None:
        self._marks: dict[str, str] = {}
        try:
            lines = path.read_text(encoding="utf-8-sig").split("\n")  # spreadsheets begin UTF-8 with a byte order mark
        except OSError as problem:
            wrong = f"{path} cannot be read ({problem.strerror})"
            raise LabelsWrong(f"{wrong}: put lines of label,mark there, for the lane's user") from problem
        except UnicodeDecodeError as problem:
            raise LabelsWrong(f"{path} is not UTF-8 text: save it as CSV UTF-8, lines of label,mark") from problem
        for number, line in enumerate(lines, 1):
            text = line.partition("#")[0].strip()
            if text:
                self._take(f"{path}, line {number}", text)

    def _take(self, where: str, text: str) -> None:
        label, comma, mark = (part.strip() for part in text.partition(","))
        label, mark = _unquoted(label), _unquoted(mark)
        found = mark_itself(mark)
        if label.lower() in _HEADINGS and mark.lower() in _HEADINGS:
            raise LabelsWrong(f"{where}: {text!r} is a heading: remove that line")
        if not (label and comma and found and mark.isprintable()):
            raise LabelsWrong(f"{where}: {shown(text)!r} is no label,mark: write such as E200341201,AB1234")
        if _ROUNDED.fullmatch(label):
            remedy = "give the column the format Text, paste the labels anew, and save again"
            raise LabelsWrong(f"{where}: {label} is a number that a spreadsheet has rounded: {remedy}")
        if not LABEL.fullmatch(label):
            raise LabelsWrong(f"{where}: no reader sends {shown(label)!r}: a label is 1 to 64 letters and digits")
        if self._marks.setdefault(label.upper(), found) != found:
            raise LabelsWrong(f"{where}: label {label} has another mark above: one of the two lines is wrong")

    def __len__(self) -> int:
        return len(self._marks)

    def __call__(self, label: str) -> str:
        """The mark of a label, "" if the table has none."""
        return self._marks.get(label.upper(), "")


class Sightings:
    """Which labels are news. Pure: times come in, in monotonic ms."""

    def __init__(self) -> None:
        self._early: set[str] = set()
        self._told: set[str] = set()
        self._began_ms = 0
        self._visit = False
        self._left: dict[str, int] = {}  # label of the vehicle before -> last heard
        self._left_ms = 0

    def begin(self, now_ms: int) -> None:
        """A vehicle has come."""
        self._early.clear()
        self._told.clear()
        self._began_ms = now_ms
        self._visit = True

    def end(self, now_ms: int) -> None:
        """The vehicle has left; what it carried should leave the field."""
        if self._visit:
            self._left, self._left_ms = dict.fromkeys(self._told | self._early, now_ms), now_ms
        self._visit = False

    def news(self, label: str, edge_ms: int) -> bool:
        """Whether this read is to be reported: for the first time in this visit, and not one of too many.

        A read from before the vehicle came may not count (`step` says so), and must not take the place of one that does.
        """
        told = self._told if edge_ms >= self._began_ms else self._early
        if label in told or len(told) >= MOST:
            return False
        told.add(label)
        return True

    def stuck(self, label: str, now_ms: int) -> bool:
        """Whether this label never left with its vehicle; true once for each."""
        heard = self._left.get(label)
        if heard is None:
            return False
        self._left[label] = now_ms
        if now_ms - heard > GAP_MS:
            del self._left[label]
            return False
        if now_ms - self._left_ms < STUCK_MS:
            return False
        del self._left[label]
        return True


class WatchedIdentifier:
    """`Identifier` over any `LabelSource`.

    Args:
        name: who names the vehicle, as records and the page say it: "rfid", "immigration".
        source: the driver.
        mark_of: which mark a label stands for.
        required: no automatic release without it, so its loss is a fault; else an alarm.
        vouched: its origin is proved, so it may identify; any other may only contradict (design §2.5).
        clock: monotonic milliseconds, the same clock as the source's.
        backoff: the pauses between attempts.
    """

    def __init__(
        self,
        *,
        name: str,
        source: LabelSource,
        mark_of: MarkOf,
        required: bool,
        clock: Callable[[], int],
        vouched: bool = False,
        backoff: Backoff | None = None,
    ) -> None:
        self._name, self._source, self._mark_of = name, source, mark_of
        self._required, self._vouched, self._clock = required, vouched, clock
        self._sightings = Sightings()
        self._unknown: set[str] = set()
        self._backoff = backoff or Backoff(*_BACKOFF_S)
        self._why = ""
        self._complained_ms: int | None = None
        self._tell: Callable[[IdentifierEvent], None] = lambda _: None
        self._task: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str:
        """Why it is lost, "" while it answers."""
        return self._why

    async def start(self, on_event: Callable[[IdentifierEvent], None]) -> None:
        """Begins to report; labels or a loss follow as events."""
        self._tell = on_event
        self._task = asyncio.create_task(self._supervise(), name=f"identifier {self._name}")
        self._task.add_done_callback(self._died)

    async def stop(self) -> None:
        """Stops and releases the source; an error that killed the task is raised here."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    def vehicle_came(self) -> None:
        """A vehicle has come (see `Identifier.vehicle_came`)."""
        self._sightings.begin(self._clock())

    def vehicle_left(self) -> None:
        """It has left (see `Identifier.vehicle_left`)."""
        self._sightings.end(self._clock())

    async def _supervise(self) -> None:
        while True:
            try:
                await self._source.run(self._seen, self._alive)
            except OSError as problem:
                self._lost(str(problem))
            else:
                self._lost("the identifier's driver stopped by itself: restart the lane and report this")
            await asyncio.sleep(self._backoff.next_s())

    def _seen(self, label: str, edge_ms: int) -> None:
        self._alive()
        if self._sightings.stuck(label, self._clock()):
            text = f"{self._name} still reads {label} long after that vehicle left: look at the reader and its antenna"
            self._tell(TroubleReported(LaneAlarmKind.IDENTIFIER_STUCK, text))
        if not self._sightings.news(label, edge_ms):
            return
        mark = self._mark_of(label)
        if mark:
            self._tell(IdentifierRead(self._name, mark, edge_ms, vouched=self._vouched))
        elif label not in self._unknown and len(self._unknown) < MOST_UNKNOWN:
            self._unknown.add(label)
            text = f"{self._name} reads {label}, which stands for no mark: add it to the table of labels, or remove it"
            self._tell(TroubleReported(LaneAlarmKind.IDENTIFIER_UNKNOWN, text))

    def _alive(self) -> None:
        self._backoff.reset()
        if not self._why:
            return
        self._why = ""
        if self._required:
            self._tell(FaultCleared(Fault.IDENTIFIER))

    def _lost(self, why: str) -> None:
        before, self._why = self._why, why
        if before == why:
            return
        if self._required:
            self._tell(FaultRaised(Fault.IDENTIFIER, why))
        elif not before and self._may_complain():
            self._tell(TroubleReported(LaneAlarmKind.IDENTIFIER_LOST, why))

    def _may_complain(self) -> bool:
        now, last = self._clock(), self._complained_ms
        if last is not None and now - last < REST_MS:
            return False
        self._complained_ms = now
        return True

    def _died(self, task: asyncio.Task[None]) -> None:
        """A fault of this program: as lost as an unplugged reader; `stop` raises what it was."""
        if not task.cancelled() and task.exception() is not None:
            self._lost(f"the identifier's driver failed ({task.exception()}): restart the lane and report this")
