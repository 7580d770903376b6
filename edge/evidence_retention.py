"""Evidence pictures kept within their bounds: pruned by the hour, and at once where the disk fills.

Rules of this file: the journal is never touched; what a row names that the core has not acknowledged stays; a disk that
refuses is told by the store's own watch, and ends nothing here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from domain.alarms import LaneAlarmKind
from lane_agent.events import TroubleEnded, TroubleReported
from sync.evidence import Evidence, Pruned, named
from sync.journal import Chain

log = logging.getLogger("rocars.lane")


class EvidenceKeeper:
    """Prunes, beside the lane.

    Args:
        evidence: the pictures.
        journal: says what the core has acknowledged.
        time_is_sure: whether ages can be believed: a clock that is wrongly ahead would make every picture old.
        tell: takes what people should know.
    """

    def __init__(
        self,
        evidence: Evidence,
        journal: Chain,
        *,
        time_is_sure: Callable[[], bool],
        tell: Callable[[TroubleReported | TroubleEnded], None],
    ) -> None:
        self._evidence = evidence
        self._journal = journal
        self._time_is_sure = time_is_sure
        self._tell = tell
        self._relieving: asyncio.Task[None] | None = None

    def relieve(self, short_mb: int) -> None:
        """The disk fills: the oldest pictures make room for the journal; one round at a time."""
        if self._relieving is None or self._relieving.done():
            self._relieving = asyncio.get_running_loop().create_task(self._make_room(short_mb), name="make room")

    async def _make_room(self, short_mb: int) -> None:
        made = await self._tried(lambda: self._evidence.make_room(short_mb * 1_000_000, self._unacknowledged))
        if made is not None:
            log.info("evidence made room: %d pictures, %d MB", made.files, made.freed // 1_000_000)

    async def run(self, every_s: float = 3_600.0) -> None:
        """Prunes until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            if not self._time_is_sure():
                continue
            pruned = await self._tried(lambda: self._evidence.prune(self._unacknowledged))
            if pruned is not None and pruned.over:
                self._tell(TroubleReported(LaneAlarmKind.EVIDENCE_OVER_LIMIT, ", ".join(pruned.over)))
            elif pruned is not None:
                self._tell(TroubleEnded(LaneAlarmKind.EVIDENCE_OVER_LIMIT))

    async def _tried(self, prune: Callable[[], Pruned]) -> Pruned | None:
        try:
            return await asyncio.to_thread(prune)
        except OSError as error:
            log.warning("evidence could not be pruned: %s", error)
            return None

    def _unacknowledged(self) -> set[str]:
        return named(row.body for row in self._journal.rows(self._journal.acknowledged + 1))
