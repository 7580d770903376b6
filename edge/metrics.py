"""What a lane's box tells whoever watches boxes: figures for Prometheus, health, and RSMP's eight status bits.

Rules of this file: it reads what other parts know and judges nothing; the one judgement, `well`, is that the lane is in
automatic mode or somebody wanted it otherwise.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from prometheus_client import Counter as Counts
from prometheus_client import Histogram

from console.ports import LaneView
from domain.alarm_traits import Priority
from domain.visit_record import RecordKind, VisitEnded
from edge.alarm_desk import LaneAlarms
from edge.device_table import DeviceTable
from edge.telemetry import Facts
from lane_agent.effects import Effect, Record, Show
from lane_agent.events import Event, ScenePainted
from lane_agent.model import Fault, Link, ManualReason, Moment, Screen
from lane_agent.state import Lane
from runtime.clocks import monotonic_ms
from runtime.metrics import MetricsPage, Readings

_EVERY_S = 2.0
_PAINT_S = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)

STATUS_BITS: Final = (
    "local mode",  # cleared by hand, for whatever reason
    "no communications",
    "high priority fault",
    "medium priority fault",
    "low priority fault",
    "in use",
    "idle",
    "not connected",  # closed: it serves nobody
)
"""RSMP's aggregated status, bit 1 first, in a lane's terms."""


def status_bits(lane: Lane, priorities: Counter[Priority]) -> str:
    """The eight bits, bit 1 first; `priorities` counts the standing alarms."""
    bits = (
        bool(lane.manual),
        lane.link is Link.OFFLINE,
        bool(priorities[Priority.URGENT] or priorities[Priority.HIGH]),
        bool(priorities[Priority.MEDIUM]),
        bool(priorities[Priority.LOW]),
        lane.opened and lane.visit is not None,
        lane.opened and lane.visit is None,
        not lane.opened,
    )
    return "".join("1" if bit else "0" for bit in bits)


class LaneMetrics:
    """The figures of one box.

    Args:
        port: of the page, 0 for none.
        alarms: the lane's.
        devices: what each of them last said, for `rocars-lane devices`.
    """

    def __init__(self, port: int, alarms: LaneAlarms, devices: DeviceTable) -> None:
        self.page = MetricsPage(port)
        self._alarms, self._devices = alarms, devices
        registry = self.page.registry
        self._visits = Counts("rocars_visits", "Visits that have ended, by outcome", ["outcome"], registry=registry)
        self._paint = Histogram(
            "rocars_paint_seconds",
            "From the order to what the screen reports as painted",
            ["screen"],
            registry=registry,
            buckets=_PAINT_S,
        )
        self._ordered: tuple[int, int] = (0, 0)

    def stepped(self, event: Event, at: Moment, effects: tuple[Effect, ...]) -> None:
        """One step is durable."""
        serial, ordered_ms = self._ordered
        if isinstance(event, ScenePainted) and event.serial == serial:
            self._paint.labels(event.screen.value).observe(max(0, at.mono_ms - ordered_ms) / 1_000)
        for effect in effects:
            if isinstance(effect, Show):
                self._ordered = (effect.serial, at.mono_ms)
            elif isinstance(effect, Record) and effect.kind == RecordKind.VISIT_ENDED:
                self._visits.labels(VisitEnded.from_facts(effect.facts).outcome).inc()

    def priorities(self, now_ms: int) -> Counter[Priority]:
        """How many alarms stand, by their priority now."""
        return Counter(one.priority for one in self._alarms.standing(now_ms))

    def look(self, lane: Lane, view: LaneView, sampled: Facts) -> None:
        """Hands the page what is so now."""
        now, link = view.at_ms, view.link
        found, standing = Readings(), self.priorities(now)
        told = {priority.word: float(standing[priority]) for priority in Priority}
        found.put_all("rocars_alarms_standing", "Alarms that stand, by priority", told, "priority")
        untouched = sum(one.escalated for one in self._alarms.standing(now))
        found.put("rocars_alarms_untouched", "Alarms that nobody has taken for too long", untouched)
        states = {verdict.value: float(verdict is link.verdict) for verdict in Link}
        found.put_all("rocars_link_state", "1 for what the link vouches for now", states, "state")
        age = link.proof_age_ms
        found.put("rocars_link_proof_age_seconds", "Since the last proof", None if age is None else age / 1_000)
        found.put("rocars_codes_version", "Version of the codes held here", link.version)
        behind = None if link.head is None else link.head - link.version
        found.put("rocars_codes_behind", "Versions behind the core's newest as last proven", behind)
        found.put("rocars_outbox_rows", "Journal rows that the core has not acknowledged", link.waiting)
        faults = {fault.value: float(fault in lane.faults) for fault in Fault}
        found.put_all("rocars_fault", "1 for a fault that is active", faults, "fault")
        manual = {reason.value: float(reason in lane.manual) for reason in ManualReason}
        found.put_all("rocars_manual", "1 for a reason of manual mode", manual, "reason")
        found.put("rocars_lane_open", "1 while the lane is open", lane.opened)
        found.put("rocars_inbox_wait_seconds", "How long the oldest event waits", view.inbox_wait_ms / 1_000)
        for quantile, ms in zip(("0.5", "0.99"), view.read_ms or (), strict=False):
            found.put("rocars_reader_seconds", "What reading a picture takes", ms / 1_000, quantile=quantile)
        bits = status_bits(lane, standing)
        named = {name: float(bit == "1") for name, bit in zip(STATUS_BITS, bits, strict=True)}
        found.put_all("rocars_status_bit", "RSMP's aggregated status", named, "bit")
        for name, figure in sampled.items():
            if not isinstance(figure, str) and not name.startswith("refused_"):
                found.put(f"rocars_box_{name}", f"Telemetry: {name.replace('_', ' ')}", figure)
        health = _health(lane, link.verdict, bits, standing)
        health["devices"] = [row.plain() for row in self._devices.rows(monotonic_ms())]
        self.page.say(found, well=_is_well(lane), health=health)

    async def run(self, lane: Callable[[], Lane], view: Callable[[], LaneView], sampled: Callable[[], Facts]) -> None:
        """Serves the page until cancelled."""
        self.page.start()
        try:
            while self.page.port:
                self.look(lane(), view(), sampled())
                await asyncio.sleep(_EVERY_S)
        finally:
            self.page.stop()


def _is_well(lane: Lane) -> bool:
    """Automatic, or by hand because somebody ordered it or bypassed a loop."""
    return not lane.faults and not lane.manual - {ManualReason.ORDER, ManualReason.BYPASS}


def _health(lane: Lane, verdict: Link, bits: str, standing: Counter[Priority]) -> dict[str, Any]:
    return {
        "lane": lane.policy.lane,
        "open": lane.opened,
        "link": verdict.value,
        "manual": sorted(reason.value for reason in lane.manual),
        "faults": sorted(fault.value for fault in lane.faults),
        "screens": {screen.value: screen in lane.face.painted for screen in Screen},
        "alarms": {priority.word: standing[priority] for priority in Priority},
        "status": bits,
    }
