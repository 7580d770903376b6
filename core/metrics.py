"""What the core tells whoever watches it: figures for Prometheus, and health."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore, the_row
from core.link.alarms import AlarmBook
from core.link.gateway import LaneGateway
from domain.alarm_traits import Priority
from domain.times import UtcClock
from runtime.metrics import MetricsPage, Readings

_EVERY_S = 5.0
_LEVEL_MS = 10_000


class CoreMetrics:
    """The figures of one core.

    Args:
        port: of the page, 0 for none.
        brokers: which are connected.
    """

    def __init__(
        self,
        port: int,
        *,
        store: CoreStore,
        log: ReplicatedLog,
        exchange: LaneGateway,
        clock: UtcClock,
        brokers: Callable[[], Mapping[str, bool]],
    ) -> None:
        self.page = MetricsPage(port)
        self._db = store.connection
        self._log, self._exchange, self._clock, self._brokers = log, exchange, clock, brokers
        self._alarms = AlarmBook(store.connection)

    def look(self) -> None:
        """Hands the page what is so now."""
        found, now = Readings(), self._clock()
        listed = [one for one in self._alarms.standing(now_ms=now, most=10_000) if one.state != "returned"]
        standing = Counter(one.priority for one in listed)
        told = {priority.word: float(standing[priority.word]) for priority in Priority}
        found.put_all("rocars_core_alarms_standing", "Alarms that stand, by priority", told, "priority")
        found.put("rocars_core_alarms_untouched", "Alarms that nobody has taken", sum(o.escalated for o in listed))
        connected = {name: float(up) for name, up in self._brokers().items()}
        found.put_all("rocars_core_broker_connected", "1 for a broker that is connected", connected, "broker")
        found.put("rocars_core_list_version", "The newest version of the codes", self._log.head().version)
        found.put("rocars_core_list_rows", "Rows of the codes; each ended one leaves a day later", self._log.size())
        rows = float(the_row(self._db.execute("SELECT COALESCE(SUM(seq), 0) FROM streams"))[0])
        found.put("rocars_core_rows", "Journal rows committed, of all lanes", rows)
        late = the_row(self._db.execute("SELECT COUNT(*) FROM compound WHERE arrived_ms IS NULL"))[0]
        found.put("rocars_core_compound_expected", "Vehicles on their way to the compound", late)
        refused = {reason: float(count) for reason, count in self._exchange.refused.items()}
        found.put_all("rocars_core_refused", "Messages refused since the start, by reason", refused, "reason")
        heard = self._put_lanes(found, now)
        well = any(connected.values())
        health = {"brokers": dict(self._brokers()), "lanes": len(self._exchange.lanes), "lanes_heard": heard}
        self.page.say(found, well=well, health={**health, "alarms": {word: int(n) for word, n in told.items()}})

    def _put_lanes(self, found: Readings, now_ms: int) -> int:
        """Each lane; how many were heard lately."""
        heard = 0
        for name, lane in self._exchange.lanes.items():
            fresh = bool(lane.proved_ms) and now_ms - lane.proved_ms < _LEVEL_MS
            heard += fresh
            age = (now_ms - lane.proved_ms) / 1_000 if lane.proved_ms else None
            found.put("rocars_lane_proof_age_seconds", "Since the lane was last given a proof", age, lane=name)
            found.put("rocars_lane_level", "1 if the lane holds the newest codes", fresh and lane.level, lane=name)
            bits = lane.facts.get("status")
            if isinstance(bits, str) and len(bits) == 8 and set(bits) <= {"0", "1"}:
                for number, bit in enumerate(bits, 1):
                    says = "RSMP's aggregated status, as the lane told it last"
                    found.put("rocars_lane_status_bit", says, bit == "1", lane=name, bit=str(number))
        return heard

    async def run(self) -> None:
        """Serves the page until cancelled."""
        self.page.start()
        try:
            while True:
                if self.page.port:
                    self.look()
                await asyncio.sleep(_EVERY_S)
        finally:
            self.page.stop()
