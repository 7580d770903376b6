"""The benches of visits: what counts as wrong, and that the counted path is the lane's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from devices.anpr.weights import SHIPPED
from lane_agent.settling import Thresholds, Vote
from tools.bench import plates_drawn, reliability, visits
from tools.bench.cuts import HELD_OUT
from tools.bench.workers import results
from tools.training import faces

pytestmark = pytest.mark.long

OUTCOME = visits.VisitOutcome(
    number=1,
    weather="day",
    vrn="LT3482",
    mainland="粤ZR12A港",
    settled=("LT3482",),
    witness="粤ZR12A港",
    confidence=0.99,
    after_ms=-120.0,
    taken_back=False,
    said_two=False,
    second=False,
    neighbour=False,
    reason="",
    picture_ms=20.0,
)


@pytest.mark.parametrize(
    ("vrn", "settled", "verdict"),
    [
        ("LT3482", ("LT3482",), "right"),
        ("LT3482", (), "open"),
        ("LT3482", ("LT3462",), "wrong"),
        ("LT3482", ("LT3482", "LT3462"), "wrong"),  # one wrong read is enough, whenever it comes
        ("", (), "none"),
        ("", ("ZY153",), "wrong"),
    ],
)
def test_a_visit_is_right_wrong_or_the_officers(vrn: str, settled: tuple[str, ...], verdict: str) -> None:
    """Both benches judge alike."""
    assert replace(OUTCOME, vrn=vrn, settled=settled).verdict == verdict
    assert reliability.verdict(settled, vrn, taken_back=False) == verdict
    assert replace(OUTCOME, vrn=vrn, settled=settled, taken_back=True).verdict == "open"
    assert reliability.verdict(settled, vrn, taken_back=True) == "open"


def test_figures_count_by_weather_with_bounds() -> None:
    """Wrong, open, and how soon."""
    found = [OUTCOME, replace(OUTCOME, settled=(), weather="rain"), replace(OUTCOME, vrn="", settled=("ZY153",))]
    said = visits.figures(found)
    assert said["all"]["settled_right"]["seen"] == 1
    assert said["all"]["settled_right"]["of"] == 2
    assert said["all"]["settled_without_a_mark"]["seen"] == 1
    assert said["by_weather"]["rain"]["settled_open"]["seen"] == 1
    assert said["all"]["standing_to_settled_ms"]["max"] == -120.0
    assert [each["verdict"] if "verdict" in each else each["weather"] for each in said["not_right"]] == ["rain", "day"]


def test_a_visit_runs_through_the_lanes_own_reader() -> None:
    """The same visit twice gives the same reads."""
    runner = visits.Visits(3, SHIPPED)
    one, other = (replace(runner.run(1), picture_ms=0.0, after_ms=0.0) for _ in range(2))
    assert one == other
    assert one.vrn


class Doubling:
    """Work that is easy to check."""

    def run(self, number: int) -> int:
        """Twice the number."""
        return 2 * number


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_order_from_any_number_of_processes(processes: int) -> None:
    """The figures do not depend on who was faster."""
    assert list(results(range(7), Doubling, processes)) == [0, 2, 4, 6, 8, 10, 12]


def test_the_same_plate_in_each_picture_of_a_visit() -> None:
    """Frames differ, the plate does not; the same visit is drawn alike."""
    plan = plates_drawn.planned(2, 5)
    one, other = list(plates_drawn.PlateVisit(plan)), list(plates_drawn.PlateVisit(plan))
    assert len(one) == plan.frames
    assert all((a[0] == b[0]).all() and (a[1] == b[1]).all() for a, b in zip(one, other, strict=True))
    assert (one[-1][0] != one[-2][0]).any()
    assert np.abs(one[-1][1] - one[-2][1]).max() < 20


def test_thresholds_are_traded_as_the_watch_settles() -> None:
    """What the bench counts for the default law is what the lane's watch said."""
    runner = reliability.Plates(4, SHIPPED, ())
    law = Thresholds(frames=visits.setup().frames, character=visits.setup().reader.release_threshold)
    for visit in (runner.run(number) for number in range(12)):
        assert reliability.settle_in_turn(visit.votes, law) == (visit.settled, visit.taken_back)


def test_a_dropped_character_counts_and_a_mark_is_told_once() -> None:
    """As in `VisitReader`: settled, told, begun anew."""
    right, wrong = (Vote(text, (0.99,) * len(text)) for text in ("ZF4951", "ZF495"))
    assert reliability.settle_in_turn([right] * 9, Thresholds()) == (("ZF4951",), False)
    assert reliability.settle_in_turn([wrong] * 3 + [right] * 3, Thresholds()) == (("ZF495", "ZF4951"), True)
    assert reliability.settle_in_turn([wrong] * 4 + [right] * 3, Thresholds()) == (("ZF495",), True)


def test_held_out_fonts_are_none_of_the_trainings(tmp_path: Path) -> None:
    """Else the figures would flatter."""
    assert not set(HELD_OUT) & set(faces._WANTED)
    assert plates_drawn.fonts((tmp_path,)) == ()
