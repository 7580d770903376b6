"""The core's answers to nonces: what is proved to whom, and when nothing is (design §2.16, §3).

Rules of this file:
- A proof names the head of the log as committed, and the last row of that lane's journal that is committed.
- Nothing is proved while anything says that this core's list may not be what it signed: while it listens after its
  start, when a lane has shown what is missing here, when somebody changed the store. Silence makes the lanes manual.
- Nothing is proved to a lane with whose key two boxes speak, or that names a later version until it has shown it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Protocol

import msgspec

from core.ledger.list_watch import ListWatch
from core.ledger.log import LogHead, LogPlace, ReplicatedLog
from core.link.alarm_watch import AlarmWatch
from core.link.intake import Intake, JournalPosition, Stream
from core.link.named_heads import NamedHead, NamedHeads
from core.link.rows_late import LATE_MS, RowsWatch
from core.link.twins import SessionWatch
from core.link.wholeness import ListWholeness
from domain.alarms import CoreAlarmKind
from domain.times import UtcClock
from wire import messages as wire


class ProvedLane(Protocol):
    """What is noted of a lane that sent a nonce (`gateway.LaneStatus`)."""

    proved_ms: int
    epoch: str
    version: int
    level: bool


class Proving:
    """Answers nonces.

    Args:
        log, intake: the core's.
        whole: whether the list may be proved.
        watch: whether somebody changed it in the store.
        clock: the present time, UTC ms.
        alarms: where causes are told, and their ends.
        asked: the rows that were asked for, by journal; shared with the gateway.
        may_prove: whether this core may now (`ledger.lease`).

    Attributes:
        named: the list that the last proof was of.
    """

    def __init__(
        self,
        *,
        log: ReplicatedLog,
        intake: Intake,
        whole: ListWholeness,
        watch: ListWatch,
        clock: UtcClock,
        alarms: AlarmWatch,
        asked: MutableMapping[Stream, tuple[int, int]],
        may_prove: Callable[[], bool] = lambda: True,
    ) -> None:
        self._log, self._intake, self._whole, self._list = log, intake, whole, watch
        self._clock, self._alarms, self._asked = clock, alarms, asked
        self._may_prove = may_prove
        self._sessions: dict[str, SessionWatch] = {}
        self._rows = RowsWatch()
        self._heads = NamedHeads()
        self.named: LogPlace | None = None

    def on_nonce(self, nonce: wire.Nonce, lane: ProvedLane) -> Iterator[msgspec.Struct]:
        """The bodies that answer a nonce, as things are committed when it comes."""
        head, now = self._log.head(), self._clock()
        yield from self._whole.on_nonce(nonce)
        standing = self._intake.standing(nonce.lane, nonce.journal)
        furthest = self._heads.on_nonce(nonce.lane, nonce.journal, NamedHead(nonce.last, nonce.last_hash))
        self._compare(nonce, standing, furthest, now)
        same_place = (nonce.epoch, nonce.version) == (head.epoch, head.version)
        lane.epoch, lane.version = nonce.epoch, nonce.version
        lane.level = same_place and nonce.state_hash == head.state_hash
        differs = same_place and not lane.level
        if differs or lane.level:
            detail = f"lane {nonce.lane} holds version {nonce.version} with another state hash"
            self._tell(nonce.lane, CoreAlarmKind.CODES_DIFFER, detail if differs else "")
        if nonce.epoch == head.epoch and nonce.version <= head.version:
            self._tell(nonce.lane, CoreAlarmKind.CORE_WENT_BACK, "")
        if self._may_be_proved(nonce, now) and self._may_prove():
            lane.proved_ms = now
            self.named = LogPlace(head.epoch, head.version, head.log_hash)
            yield _beat(nonce, head, standing, furthest, now)
        yield from self._missing_rows(nonce)

    def _tell(self, lane: str, kind: CoreAlarmKind, detail: str) -> None:
        """The cause of such an alarm is there, or, without a detail, is not."""
        if detail:
            self._alarms.seen(lane, kind, detail)
        else:
            self._alarms.over(lane, kind)

    def _may_be_proved(self, nonce: wire.Nonce, now: int) -> bool:
        edited = self._list.why_not()
        self._tell(nonce.lane, CoreAlarmKind.LIST_EDITED, edited)
        doubled = self._sessions.setdefault(nonce.lane, SessionWatch()).on_nonce(nonce.session, now)
        detail = f"lane {nonce.lane}: {doubled}; nothing is proved to either until one is left"
        self._tell(nonce.lane, CoreAlarmKind.TWO_BOXES, detail if doubled else "")
        return not (edited or doubled or self._whole.why_not(nonce.lane))

    def _compare(self, nonce: wire.Nonce, standing: JournalPosition, furthest: NamedHead, now: int) -> None:
        """The journal's head that the lane names, beside what is committed here and what it named before."""
        known = self._intake.hash_at(nonce.lane, nonce.journal, nonce.last) if nonce.last else None
        newest = max(standing.seq, furthest.last)
        named = NamedHead(nonce.last, nonce.last_hash)
        behind = named.is_before(furthest) or nonce.last < newest or (known is not None and known != nonce.last_hash)
        detail = (
            f"lane {nonce.lane} names row {nonce.last} as the last of journal {nonce.journal}, and row {newest} is known "
            f"here, or another row {nonce.last}: it runs on an older copy of its store, or a changed one. It begins another "
            "journal by itself; look at the box"
        )
        self._tell(nonce.lane, CoreAlarmKind.LANE_WENT_BACK, detail if behind else "")
        late = self._rows.on_nonce(nonce.lane, nonce.journal, last=nonce.last, committed=standing.seq, now_ms=now)
        detail = (
            f"{late} rows of lane {nonce.lane}, from row {standing.seq + 1} of journal {nonce.journal} on, are in its "
            f"journal for over {LATE_MS // 1_000} s and do not arrive here"
        )
        self._tell(nonce.lane, CoreAlarmKind.ROWS_LATE, detail if late else "")

    def _missing_rows(self, nonce: wire.Nonce) -> Iterator[wire.EventsWanted]:
        """Rows that this lane knows as acknowledged and that are not here: this core was restored from a backup."""
        standing = self._intake.told(nonce.lane, nonce.journal, nonce.acknowledged)
        if standing is None:
            self._tell(nonce.lane, CoreAlarmKind.ROWS_MISSING, "")
        if standing is None or standing.wanted is None or standing.stream in self._asked:
            return
        missing = nonce.acknowledged - standing.seq
        detail = f"{missing} rows of lane {nonce.lane} were acknowledged and are not here; they are asked for again"
        self._tell(nonce.lane, CoreAlarmKind.ROWS_MISSING, detail)
        self._asked[standing.stream] = standing.wanted
        lane, journal = standing.stream
        yield wire.EventsWanted(lane=lane, journal=journal, first=standing.wanted[0], last=standing.wanted[1])


def _beat(nonce: wire.Nonce, head: LogHead, standing: JournalPosition, furthest: NamedHead, now: int) -> wire.Heartbeat:
    """The proof; to a lane that named a later row before, it names that row, which the lane lacks and so begins anew."""
    behind = NamedHead(nonce.last, nonce.last_hash).is_before(furthest)
    return wire.Heartbeat(
        lane=nonce.lane,
        nonce=nonce.nonce,
        epoch=head.epoch,
        version=head.version,
        state_hash=head.state_hash,
        core_ms=now,
        committed=furthest.last if behind else standing.seq,
        committed_hash=furthest.digest if behind else standing.hash,
    )
