"""`rocars-lane corrections`: what officers typed, with the pictures that are still kept, beside a running agent."""

from __future__ import annotations

import asyncio
import csv
import hashlib
from pathlib import Path

from typer.testing import CliRunner

from edge.cli import app
from edge.settings.load import parse
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.model import Read, ReadSource
from lane_agent.state import Lane
from sync.journal import Journal
from sync.store import LaneStore
from tests.edge.conftest import LaneFolder
from tests.edge.test_past_visits import ARRIVED, READY, Standing, drives_in, drives_off
from tools.bench.plates.labels import pictures

WHOLE, PRUNED = b"\xff\xd8 a whole picture", b"\xff\xd8 one that is no longer kept"


def digest(picture: bytes) -> str:
    """The name of a picture."""
    return hashlib.sha256(picture).hexdigest()


STORY: tuple[e.Event, ...] = (
    *READY,
    *(
        drives_in(),
        e.PlateSettled(1, Read("RL1234", None, 0.99, ReadSource.READER, (digest(WHOLE),))),
        e.OfficerCorrected(1, "chan", "BL1234", "rows touch"),
        *drives_off(),
    ),
    *(drives_in(), e.PlateUnread(2, "no plate seen", (), (digest(PRUNED),))),
    *(e.OfficerCorrected(2, "chan", "XY9", "mud"), *drives_off()),
    *(drives_in(), e.PlateSettled(3, Read("LT3482", None, 0.97, ReadSource.READER, ())), *drives_off()),
)


def written(folder: LaneFolder) -> None:
    """The story in the lane's store, and one of its two pictures in the evidence."""
    lane = parse(folder.file).lane
    lane.store.parent.mkdir(parents=True, exist_ok=True)
    (lane.evidence / "stops").mkdir(parents=True)
    (lane.evidence / "stops" / digest(WHOLE)).write_bytes(WHOLE)

    async def story() -> None:
        with LaneStore(lane.store) as store:
            journal, world = Journal(store, boot="boot-1", software="0.0-test"), Standing()
            agent = Agent(Lane(), clock=world, journal=journal, codes=world, actuators=world, software="0.0-test")
            running = asyncio.create_task(agent.run())
            for event in STORY:
                await agent.ask(event)
            running.cancel()
            await asyncio.wait({running})

    asyncio.run(story())


def test_a_correction_is_a_picture_with_what_was_read_and_what_is_true(lane_folder: LaneFolder, tmp_path: Path) -> None:
    """The one whose picture was pruned is counted and not made up; a visit that nobody corrected is not there."""
    written(lane_folder)
    out = tmp_path / "out"
    asked = ["corrections", str(out), "--config", str(lane_folder.file)]
    ended = CliRunner().invoke(app, asked)
    assert ended.exit_code == 0, ended.output
    assert "1 corrections written" in ended.output
    assert "1 more have no picture" in ended.output
    with (out / "labels.csv").open(encoding="utf-8") as lines:
        (row,) = csv.DictReader(lines)
    told = {name: row[name] for name in ("plate", "read", "visit", "taken_ms", "region")}
    assert told == {"plate": "BL1234", "read": "RL1234", "visit": "1", "taken_ms": str(ARRIVED), "region": "HK"}
    assert (out / row["file"]).read_bytes() == WHOLE
    assert [label.plate for one in pictures(out) for label in one.labels] == ["BL1234"]  # the bench can read it
    again = CliRunner().invoke(app, asked)
    assert again.exit_code == 2
    assert "there already" in again.output
