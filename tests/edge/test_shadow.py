"""A shadow lane beside people: it decides and drives nothing, nothing of it is a crossing, and its report says where they differ."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.ports import PastVisit
from edge.cli import app
from edge.past_visits import last_visits
from edge.shadow_report import OfficersDecision, Verdict, compared, read_decisions
from lane_agent.model import Contact, Doubt, Outcome, Ruling
from simulation.demo import truck_of
from simulation.marks import Marks
from simulation.stage import Passing, Stage
from simulation.world import DemonstrationWorld

MINUTE = 60_000
NOW = 1_800_000_000_000


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a short name: Unix sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="rl-") as folder:
        yield Path(folder)


class ShadowWorld(DemonstrationWorld):
    """The demonstration's world around a lane in shadow."""

    def _write_lane(self) -> None:
        super()._write_lane()
        file = self.folder / "lane" / "lane.toml"
        file.write_text(file.read_text().replace("[lane]\n", '[lane]\nmode = "shadow"\n', 1))


async def seen(stage: Stage, holds: Callable[[], object], what: str) -> None:
    """Waits for what the page shows."""
    until = time.monotonic() + 40
    while not holds():
        assert time.monotonic() < until, f"{what}: {stage.officer.view}"
        await asyncio.sleep(0.05)


async def _passes(world: DemonstrationWorld, stage: Stage, code: str) -> tuple[str, str]:
    """One truck with a bundle of that code, cleared by Immigration; its mark and the bundle."""
    rng = stage.rng
    passing = Passing(1, "laden", 17, stage, truck_of(Marks(rng), rng))
    ubr = await passing.bundle(code)
    await stage.codes_at_lane()
    before = len(last_visits(world.lane_store, most=100))
    stage.camera.show(passing.truck)
    stage.labels.show(passing.vrn)
    await stage.hand.set(Contact.STOP_LOOP, True)
    await seen(stage, lambda: stage.officer.vrn == passing.vrn, "the plate is not read")
    await passing.pulse(Contact.DROP_BOX)
    await passing.pulse(Contact.IMMIGRATION_STARTED)
    await asyncio.sleep(0.3)
    await passing.pulse(Contact.IMMIGRATION_CLEARED)
    await asyncio.sleep(1.5)
    await passing.leave(Contact.EXIT_LOOP if code == "release" else Contact.COMPOUND_LOOP)
    await seen(stage, lambda: len(last_visits(world.lane_store, most=100)) > before, "the visit does not end")
    return passing.vrn, ubr


def test_a_shadow_decides_and_nothing_of_it_reaches_anybody(tmp_path: Path) -> None:
    """Two trucks, one to be released and one to be examined: right in its journal, unknown to the core, seen by no driver."""
    world = ShadowWorld(tmp_path, seed=5, speed=4)
    marks: list[str] = []

    async def story() -> None:
        try:
            stage = await world.start()
            await stage.codes_at_lane()
            await stage.officer.act("open")
            for code in ("release", "inspect"):
                vrn, ubr = await _passes(world, stage, code)
                marks.append(vrn)
                assert ubr not in str(await stage.counter.disputed_uses())
            assert await stage.counter.crossings() == []
            (lane,) = await stage.counter.lanes()
            assert lane.lane == "demo-in-01"
            assert {each.kind for each in await stage.counter.alarms()} == set()
        finally:
            await world.stop()

    asyncio.run(story())
    outcomes = {visit.vrn: visit.outcome for visit in last_visits(world.lane_store)}
    assert outcomes == {marks[0]: Outcome.RELEASED, marks[1]: Outcome.EXAMINE}
    with closing(sqlite3.connect(world.core_store)) as core:
        assert core.execute("SELECT count(*) FROM events").fetchone()[0] == 0
    assert not any(log.exists() for log in world.paint_logs.values())
    table = tmp_path / "officers.csv"
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    table.write_text(f"time,vrn,decision\n{at},{marks[0]},examined\n{at},{marks[1]},examined\n")
    done = CliRunner().invoke(app, ["shadow-report", str(world.lane_store), "--officers", str(table), "--json"])
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["counts"]["wrongly_released"] == 1
    assert found["counts"]["agreed"] == 1
    assert marks[0] in found["differences"][0]["officers"]


def visit(number: int, minute: int, vrn: str, outcome: Outcome, **more: object) -> PastVisit:
    """A visit of a minute."""
    at = NOW + minute * MINUTE
    return PastVisit(number, at, at + MINUTE, vrn, "", outcome, 17, **more)  # type: ignore[arg-type]


def test_each_vehicle_is_held_against_its_own_row_and_the_worst_comes_first() -> None:
    """By mark and time; a mark that was read otherwise by time alone."""
    visits = [
        visit(1, 0, "LT3482", Outcome.RELEASED),
        visit(2, 10, "AB1234", Outcome.RELEASED),
        visit(3, 20, "CD5678", Outcome.EXAMINE),
        visit(4, 30, "EF9012", Outcome.UNDECIDED, doubt=next(iter(Doubt))),
        visit(5, 40, "GH3456", Outcome.RELEASED),
        visit(6, 60, "JK7890", Outcome.RELEASED),
        visit(7, 80, "LM1122", Outcome.RELEASED, ruling=Ruling.RELEASE),
        visit(8, 500, "ZZ9999", Outcome.RELEASED),
    ]
    officers = [
        OfficersDecision(NOW, "LT3482", "released"),
        OfficersDecision(NOW + 10 * MINUTE, "AB1234", "examined"),
        OfficersDecision(NOW + 20 * MINUTE, "CD5678", "released"),
        OfficersDecision(NOW + 30 * MINUTE, "EF9012", "released"),
        OfficersDecision(NOW + 40 * MINUTE, "GH3458", "released"),
        OfficersDecision(NOW + 80 * MINUTE, "LM1122", "released"),
        OfficersDecision(NOW + 95 * MINUTE, "NP1234", "released"),
    ]
    found = compared(visits, officers)
    assert [each.verdict for each in found] == [
        Verdict.WRONGLY_RELEASED,
        Verdict.READ_OTHERWISE,
        Verdict.WRONGLY_EXAMINED,
        Verdict.UNSEEN,
        Verdict.EXTRA,
        Verdict.TO_OFFICER,
        Verdict.TO_OFFICER,
        Verdict.AGREED,
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("when,vrn,decision\n", "its first line must be time,vrn,decision"),
        ("time,vrn,decision\nyesterday,LT3482,released\n", "line 2: 'yesterday' is no time"),
        ("time,vrn,decision\n2026-12-01 14:05,,released\n", "line 2: give a mark and what was decided"),
    ],
)
def test_a_table_that_is_none_is_named_by_its_line(tmp_path: Path, text: str, says: str) -> None:
    """The whole table is refused: a report of half of it would be believed."""
    table = tmp_path / "officers.csv"
    table.write_text(text)
    with pytest.raises(ValueError, match=says):
        read_decisions(table)


def test_times_are_hong_kongs_unless_they_say_otherwise(tmp_path: Path) -> None:
    """As officers write them; a byte order mark of a spreadsheet is none of the first column's name."""
    table = tmp_path / "officers.csv"
    table.write_text(
        "\ufefftime,vrn,decision\n2026-12-01 14:05,lt 3482,Released\n2026-12-01T06:05:00+00:00,AB1234,examined\n"
    )
    one, two = read_decisions(table)
    assert one.at_ms == two.at_ms
    assert (one.vrn, one.decision) == ("LT3482", "released")
