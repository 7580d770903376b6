"""What the reader makes of the pictures of one visit: votes, a settled read, a second vehicle, or giving up.

No camera, no process, no clock in here: pictures with their plates go in, reports come out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.anpr.look import A_PLATE
from devices.anpr.pairing import LEGIBLE, companion, foremost, is_mainland, scale, together
from devices.anpr.plate_read import PlateRead
from devices.anpr.plate_reader import PlateReader
from devices.anpr.selection import hong_kong
from devices.camera import Frame
from devices.dated_picture import Picture
from devices.evidence import EvidenceStore
from devices.reader_protocol import Doubted, ReaderSetup, Report, SettledRead, TwoVehicles, Unread
from devices.zone import Shares, Zone
from domain.marks import is_near_miss, normalise
from lane_agent.settling import NOT_SEEN, Settled, Thresholds, Unsettled, Vote, contradicted, settle

WINDOW = 24  # pictures whose votes count; older ones show the vehicle further away
PATIENCE = 4  # pictures waited for the Mainland plate once the Hong Kong mark has settled
SINCE = 200  # pictures after a mark has settled that may contradict it: 25 s at eight a second
SECOND = 0.12  # a second mark's plate, as a share of the first one's area, that is near enough to be tailgating


SLACK = 1.4
"""How much further away a Mainland plate must be to belong to another vehicle: two rows taken for one make the scale
wrong by 1.6, and a false second vehicle stops the lane."""


def read_region(reader: PlateReader, frame: Frame, zone: Zone | Shares) -> tuple[PlateRead, ...]:
    """The plates of a picture, each with whether it is in the lane's part of it; one outside is shown and never counts.

    Args:
        reader: finds and reads them.
        frame: the whole picture; its number chooses the cut.
        zone: the lane's part; or its corners as `Zone` takes them.
    """
    height, width = frame.picture.shape[:2]
    here = zone if isinstance(zone, Zone) else Zone(zone)
    return here.marked(reader.read(frame.picture, turn=frame.number), width, height)


def _witness(first: PlateRead | None, ours: list[PlateRead], inside: tuple[PlateRead, ...]) -> PlateRead | None:
    """The Mainland plate of the vehicle in front; where its Hong Kong plate is not seen, the largest one in the lane."""
    if first is not None:
        return companion(first, inside, ours)
    return max((read for read in inside if is_mainland(read)), key=lambda read: read.area, default=None)


def _strangers(ours: list[PlateRead], inside: tuple[PlateRead, ...], release: float) -> list[PlateRead]:
    """Mainland plates, sure and near, that cannot be on the vehicle of the first of `ours`, which has only one."""
    first, theirs = ours[0], companion(ours[0], inside, ours)
    return [
        read
        for read in inside
        if is_mainland(read)
        and read is not theirs
        and read.confidence >= release
        and scale(read) ** 2 > SECOND * scale(first) ** 2
        and (theirs is not None or not together(first, read, slack=SLACK))
    ]


def legible(read: PlateRead, least: float) -> bool:
    """Whether the plate is near enough: each row at least `least` pixels high. A far 8 is a confident 6."""
    tall = float(np.linalg.norm(read.corners[3] - read.corners[0]) + np.linalg.norm(read.corners[2] - read.corners[1]))
    return bool(read.text) and tall / 2 / read.rows >= least


def vote_of(read: PlateRead, *, mainland: bool, beside: bool = False) -> Vote:
    """What a plate's read says towards the mark; `beside`: it is surely on a vehicle (`_hung`)."""
    return Vote(read.text, tuple(chance for _, chance in read.characters), mainland, read.lengths, beside)


def _hung(first: PlateRead, other: PlateRead | None) -> bool:
    """Whether it is a vehicle's plate: a Mainland plate hangs with it, and the second look surely sees a plate.

    Neither is enough: a company's name stands beside Mainland plates too, and a board alone looks like a plate.
    """
    return other is not None and other.confidence >= LEGIBLE and first.explained >= A_PLATE


def is_alone(vrn: str, reads: tuple[PlateRead, ...], release: float) -> bool:
    """Whether this mark was read, surely, in the lane's part of the picture, and no other that could be another vehicle's."""
    inside = tuple(read for read in reads if read.inside)
    ours = hong_kong(inside)
    seen = any(normalise(read.text) == vrn and read.confidence >= release for read in ours)
    return seen and not any(_different(read.text, vrn) for read in ours)


@dataclass(slots=True)
class _Best:
    """The picture that would be shown as evidence."""

    confidence: float
    picture: Picture
    plate: NDArray[np.float32] | None


class VisitReader:
    """The pictures of one visit.

    Args:
        visit: its number.
        after_ms: pictures taken earlier (monotonic) show the truck before and are never used.
        setup: thresholds and limit.
        evidence: where the pictures that produced a report are kept.
    """

    def __init__(self, visit: int, after_ms: int, setup: ReaderSetup, evidence: EvidenceStore) -> None:
        self.visit = visit
        self._after_ms = after_ms
        self._setup = setup
        self._evidence = evidence
        self._law = Thresholds(frames=setup.frames, character=setup.reader.release_threshold)
        self._votes: deque[tuple[Vote, ...]] = deque(maxlen=WINDOW)
        self._best: dict[str, _Best] = {}
        self._last: Picture | None = None
        self._told: set[str] = set()
        self._latched = ""
        self._since: list[Vote] = []
        self._doubted = False
        self._waited = 0
        self._doubles = 0
        self._marks: tuple[str, ...] = ()
        self._gave_up = False

    def look(self, frame: Frame, reads: tuple[PlateRead, ...]) -> list[Report]:
        """What this picture adds; `reads` are the plates in the lane's region."""
        if not frame.since(self._after_ms):
            return []
        self._last = frame.picture
        inside = tuple(read for read in reads if read.inside)
        self._collect(frame, hong_kong(inside), inside)
        return self._second(inside) + (self._settled() or self._contradicted()) + self._overdue(frame.taken_ms)

    def waited(self, now_ms: int) -> list[Report]:
        """What time alone adds: giving up."""
        return self._overdue(now_ms)

    def _collect(self, frame: Frame, ours: list[PlateRead], reads: tuple[PlateRead, ...]) -> None:
        votes, first = [], foremost(ours, reads)
        other = _witness(first, ours, reads)
        if first is not None and legible(first, self._setup.row_px):
            votes.append(vote_of(first, mainland=False, beside=_hung(first, other)))
            mark = normalise(first.text)
            if mark not in self._best or self._best[mark].confidence <= first.confidence:
                self._best[mark] = _Best(first.confidence, frame.picture, first.corners)
                self._best = dict(sorted(self._best.items(), key=lambda item: -item[1].confidence)[:4])
        elif first is None and self._best:
            votes.append(NOT_SEEN)
        if other is not None and legible(other, self._setup.row_px):
            votes.append(vote_of(other, mainland=True))
        if votes:
            self._votes.append(tuple(votes))
        if self._latched and len(self._since) < SINCE:
            self._since += [vote for vote in votes if not vote.mainland]

    def _result(self) -> Settled | Unsettled:
        return settle([vote for votes in self._votes for vote in votes], self._law)

    def _settled(self) -> list[Report]:
        result = self._result()
        if isinstance(result, Unsettled) or result.vrn in self._told:
            return []
        seen = any(vote.mainland for votes in self._votes for vote in votes)
        if seen and result.mainland is None and self._waited < PATIENCE:
            self._waited += 1
            return []
        self._told.add(result.vrn)
        self._latched = self._latched or result.vrn
        self._votes.clear()
        names = self._keep(result.vrn)
        return [SettledRead(self.visit, result.vrn, result.mainland, result.confidence, names)]

    def _contradicted(self) -> list[Report]:
        """What the pictures since say against the mark that settled first. Reported once."""
        if not self._latched or self._doubted:
            return []
        candidates = contradicted(self._since, self._latched, self._law)
        if not candidates:
            return []
        self._doubted = True
        return [Doubted(self.visit, self._latched, candidates, self._keep(candidates[0]))]

    def _second(self, inside: tuple[PlateRead, ...]) -> list[Report]:
        """A second mark, or a Mainland plate of no vehicle in front; all sure, all near: tailgating. Told once."""
        release = self._setup.reader.release_threshold
        ours = [read for read in hong_kong(inside) if read.confidence >= release]
        if not ours:
            return []
        others = [r for r in ours[1:] if r.area > SECOND * ours[0].area and _different(r.text, ours[0].text)]
        others = others or _strangers(ours, inside, release)
        self._doubles += bool(others)
        if not others or self._doubles != self._setup.frames:
            return []
        self._marks = tuple(dict.fromkeys(normalise(read.text) for read in (ours[0], *others)))
        return [TwoVehicles(self.visit, self._marks)]

    def _overdue(self, now_ms: int) -> list[Report]:
        if self._told or self._gave_up or now_ms - self._after_ms < self._setup.limit_ms:
            return []
        self._gave_up = True
        result = self._result()
        reason, marks = (result.reason, result.candidates) if isinstance(result, Unsettled) else ("", (result.vrn,))
        if self._marks:
            reason = f"more than one vehicle: {', '.join(self._marks)}"
        return [Unread(self.visit, reason, marks, self._keep(marks[0] if marks else ""))]

    def _keep(self, mark: str) -> tuple[str, ...]:
        """Writes the picture that shows `mark` best, and the plate cut out of it; else the last picture."""
        best = self._best.get(mark)
        if best is None:
            return (self._evidence.keep(self._last),) if self._last is not None else ()
        names = [self._evidence.keep(best.picture)]
        if best.plate is not None and (cut := _cut(best.picture, best.plate)).size:
            names.append(self._evidence.keep(cut, quality=95))
        return tuple(names)


def _different(one: str, other: str) -> bool:
    """Whether two marks cannot be two readings of the same plate."""
    first, second = normalise(one), normalise(other)
    return first != second and not is_near_miss(first, second)


def _cut(picture: Picture, corners: NDArray[np.float32]) -> Picture:
    """The plate with half its height around it."""
    margin = float(np.ptp(corners[:, 1])) / 2
    low = np.clip(corners.min(0) - margin, 0, None).astype(int)
    high = np.ceil(corners.max(0) + margin).astype(int)
    return np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0]])
