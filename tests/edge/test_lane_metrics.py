"""What a box tells whoever watches boxes: the figures of visits and paintings, RSMP's status bits, health."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from console.ports import LaneView
from domain.alarm_traits import Priority
from edge.alarm_desk import LaneAlarms
from edge.device_table import DeviceTable
from edge.metrics import STATUS_BITS, LaneMetrics, status_bits
from lane_agent import events as e
from lane_agent.effects import Record, Show
from lane_agent.frozen import replace
from lane_agent.model import Contact, Fault, Link, ManualReason, Moment, Screen
from lane_agent.state import Lane
from lane_agent.wording import Scene
from simulation.page_lane import PageLane


class OwnClock:
    """A second with each look."""

    def __init__(self) -> None:
        self.ms = 0

    def now(self) -> Moment:
        """The next second."""
        self.ms += 1_000
        return Moment(self.ms, 1_800_000_000_000 + self.ms)


async def nothing(*_: Any) -> None:
    """No sign is painted."""


def told(*events: e.Event) -> tuple[Lane, LaneView]:
    """A lane in memory after these events, and what its page shows."""

    async def story() -> tuple[Lane, LaneView]:
        lane = PageLane(clock=OwnClock(), paint=nothing)
        work = asyncio.create_task(lane.agent.run())
        await lane.start()
        view = await lane.happens(*events)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return lane.agent.lane, view

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("lane", "standing", "on"),
    [
        (Lane(), {}, {"not connected", "no communications"}),
        (Lane(opened=True, link=Link.FRESH), {}, {"idle"}),
        (Lane(opened=True, link=Link.STALE, manual=frozenset({ManualReason.ORDER})), {}, {"local mode", "idle"}),
        (Lane(opened=True, link=Link.OFFLINE), {Priority.LOW: 1}, {"no communications", "low priority fault", "idle"}),
        (
            Lane(opened=True, link=Link.FRESH),
            {Priority.URGENT: 1, Priority.MEDIUM: 2},
            {"high priority fault", "medium priority fault", "idle"},
        ),
    ],
)
def test_the_eight_bits_say_how_the_lane_is(lane: Lane, standing: dict[Priority, int], on: set[str]) -> None:
    """RSMP's aggregated status, bit 1 first."""
    bits = status_bits(lane, Counter(standing))
    assert {name for name, bit in zip(STATUS_BITS, bits, strict=True) if bit == "1"} == on


def test_a_vehicle_in_the_lane_is_in_use() -> None:
    """And not idle."""
    lane, _ = told(e.ContactChanged(Contact.STOP_LOOP, True, 10**6))
    bits = status_bits(lane, Counter())
    assert (bits[5], bits[6], bits[7]) == ("1", "0", "0")


def _loops() -> set[Any]:
    from lane_agent.model import Contact

    return {Contact.STOP_LOOP}


def test_visits_and_paintings_are_counted() -> None:
    """By outcome; from the order to the report of each screen, of the newest order alone."""
    metrics = LaneMetrics(0, LaneAlarms(), DeviceTable())
    ended = Record("VisitEnded", 1, (("outcome", "released"),))
    metrics.stepped(e.TroubleEnded("x"), Moment(1_000, 1), (Show(7, Scene.DONE, Scene.DONE), ended))
    metrics.stepped(e.ScenePainted(Screen.XDB, Scene.DONE, 6), Moment(9_000, 1), ())
    metrics.stepped(e.ScenePainted(Screen.XDB, Scene.DONE, 7), Moment(1_120, 1), ())
    value = metrics.page.registry.get_sample_value
    assert value("rocars_visits_total", {"outcome": "released"}) == 1
    assert value("rocars_paint_seconds_count", {"screen": "xdb"}) == 1
    assert value("rocars_paint_seconds_sum", {"screen": "xdb"}) == pytest.approx(0.12)


def test_the_figures_are_those_of_lane_and_page() -> None:
    """Link, list, outbox, alarms, faults, reader; nothing is left out but what cannot be told."""
    lane, view = told(e.FaultRaised(Fault.CAMERA, "no picture"))
    alarms = LaneAlarms()
    metrics = LaneMetrics(0, alarms, DeviceTable())
    view = replace(view, link=replace(view.link, waiting=12, proof_age_ms=400))
    metrics.look(lane, view, {"disk_free_mb": 900, "time": "system", "refused_foreign": 3})
    value = metrics.page.registry.get_sample_value
    assert value("rocars_outbox_rows") == 12
    assert value("rocars_link_proof_age_seconds") == 0.4
    assert value("rocars_link_state", {"state": "fresh"}) == 1
    assert value("rocars_codes_version") == view.link.version
    assert value("rocars_fault", {"fault": "camera"}) == 1
    assert value("rocars_manual", {"reason": "fault"}) == 1
    assert value("rocars_reader_seconds", {"quantile": "0.99"}) == 0.061
    assert value("rocars_box_disk_free_mb") == 900
    assert value("rocars_alarms_standing", {"priority": "high"}) == 0
    assert value("rocars_box_time") is None
    assert metrics.page._well is False


def test_a_lane_by_order_is_well_and_one_by_doubt_is_not() -> None:
    """Somebody wanted the first."""
    lane, view = told(e.ManualOrdered("chan", "exercise"))
    metrics = LaneMetrics(0, LaneAlarms(), DeviceTable())
    metrics.look(lane, view, {})
    assert metrics.page._well
    assert metrics.page._health["manual"] == ["order"]
    metrics.look(replace(lane, manual=lane.manual | {ManualReason.LINK}), view, {})
    assert not metrics.page._well
