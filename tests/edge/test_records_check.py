"""`rocars-lane check` and `replay`: acknowledged rows that were changed, hashes and all, and pictures taken away."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edge.checks.findings import Severity, Surroundings
from edge.checks.records import records
from edge.cli import app
from edge.remote_orders import retention
from edge.settings.load import parse
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.model import Codes, Contact, Link, Moment, Policy, Read, ReadSource
from lane_agent.state import Lane
from runtime.clocks import ClockState, utc_ms
from simulation.granting_core import GrantingCore
from simulation.hardwareless_lane import NoHardware
from sync.evidence import Evidence
from sync.journal import Journal
from sync.store import LaneStore
from wire.codec import encode
from wire.hashes import journal_next, journal_start
from wire.messages import Ack
from wire.topics import LaneTopics

LANE = "demo-in-01"


AROUND = Surroundings(camera=None, clock=lambda: ClockState(synchronised=True, error_ms=3), installed=lambda _: True)


class Now(NoHardware, GrantingCore):
    """A box whose clock runs, with an empty list."""

    def now(self) -> Moment:
        """This moment."""
        return Moment(5_000, utc_ms())

    def look_up(self, vrn: str) -> Codes:
        """Nothing is known."""
        return Codes(vrn, Link.OFFLINE, None, 0, "", 0, "00")


class Records:
    """A lane's folder after one vehicle, of which the core has signed for every row."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder
        self.settings = parse(folder.file)
        self.path = self.settings.lane.store
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.settings.lane.evidence.parent.mkdir(parents=True, exist_ok=True)
        self.clock = utc_ms
        self.evidence = Evidence(
            self.settings.lane.evidence,
            retention(self.settings.evidence),
            now_ms=lambda: self.clock(),  # noqa: PLW0108 - it is replaced
        )
        asyncio.run(self._drive(self.evidence.put(b"a picture", kind="reads")))

    async def _drive(self, picture: str) -> None:
        with LaneStore(self.path) as store:
            journal, now = Journal(store, boot="b1", software="test"), Now()
            agent = Agent(Lane(), clock=now, journal=journal, codes=now, actuators=now, software="test")
            running = asyncio.create_task(agent.run())
            for event in (
                e.AgentStarted(Policy(lane=LANE, point="SBC"), "b1", "test"),
                e.ContactChanged(Contact.STOP_LOOP, False, 5_000),
                e.LaneOpened("chan"),
                e.ContactChanged(Contact.STOP_LOOP, True, 5_000),
                e.PlateSettled(1, Read("LT3482", None, 0.97, ReadSource.READER, (picture,))),
            ):
                await agent.ask(event)
            running.cancel()
            await asyncio.wait({running})
            seq, digest = journal.head_at_core()
            ack = Ack(lane=LANE, journal=journal.journal_id, seq=seq, hash=digest)
            topic = LaneTopics(LANE).ack
            journal.acknowledge(seq, digest, self.folder.core.seal(topic, encode(ack)))
        self.picture = self.evidence.path(picture)

    def checked(self) -> list[str]:
        """What the check finds wrong."""
        found = records(self.settings, AROUND)
        return [each.what for each in found if each.level is Severity.FAULT]

    def replayed(self) -> tuple[int, str]:
        """Status and errors of `replay`."""
        result = CliRunner().invoke(app, ["replay", str(self.path), "--config", str(self.folder.file)])
        return result.exit_code, result.stderr

    def rechained(self, change: tuple[bytes, bytes]) -> None:
        """Somebody changes bodies in the file and computes every hash after them anew."""
        with closing(sqlite3.connect(self.path)) as db:
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                db.execute(f"DROP TRIGGER {name}")
            (journal,) = db.execute("SELECT value FROM meta WHERE name = 'journal'").fetchone()
            previous = journal_start(journal)
            for seq, boot, body in db.execute("SELECT seq, boot, body FROM journal ORDER BY seq").fetchall():
                new = body.replace(*change)
                digest = journal_next(previous, seq, boot, new)
                sql = "UPDATE journal SET body = ?, previous = ?, hash = ? WHERE seq = ?"
                db.execute(sql, (new, previous, digest, seq))
                previous = digest
            db.execute("UPDATE journal_head SET hash = ?", (previous,))
            db.commit()


@pytest.fixture
def lane(lane_folder: Any) -> Records:
    """A lane with records in order."""
    return Records(lane_folder)


def test_records_in_order_are_said_to_be(lane: Records) -> None:
    """Both commands."""
    assert lane.checked() == []
    assert lane.replayed() == (0, "")


def test_acknowledged_rows_that_were_changed_hashes_and_all_are_noticed(lane: Records) -> None:
    """The chain is sound, step gives the rows again, and the core has signed for others."""
    lane.rechained((b'"software":"test"', b'"software":"tesu"'))
    assert CliRunner().invoke(app, ["replay", str(lane.path)]).exit_code == 0
    (what,) = lane.checked()
    assert "are not those that the core acknowledged" in what
    status, said = lane.replayed()
    assert status == 1
    assert what in said


def test_a_signature_that_is_gone_is_noticed(lane: Records) -> None:
    """Without it nothing could be told."""
    with closing(sqlite3.connect(lane.path)) as db:
        db.execute("DELETE FROM receipt")
        db.commit()
    (what,) = lane.checked()
    assert "signed word" in what


def test_a_picture_that_was_taken_away_is_noticed(lane: Records) -> None:
    """By the row that names it."""
    assert lane.picture is not None
    lane.picture.unlink()
    (what,) = lane.checked()
    assert f"names picture {lane.picture.name}, which was taken away" in what
    assert lane.replayed()[0] == 1


def test_a_picture_that_had_to_make_room_is_not_missing(lane: Records) -> None:
    """It was written down; one whose time is up needs no word."""
    lane.clock = lambda: utc_ms() + 3_600_000
    assert lane.evidence.make_room(1, set).files == 1
    assert lane.picture is not None
    assert lane.evidence.removed_early() == {lane.picture.name}
    assert lane.checked() == []


def test_a_box_without_records_has_none_to_be_wrong(lane_folder: Any, tmp_path: Path) -> None:
    """Before its first start."""
    del tmp_path
    (only,) = records(parse(lane_folder.file), AROUND)
    assert (only.level, only.what) == (Severity.OK, "none yet")
