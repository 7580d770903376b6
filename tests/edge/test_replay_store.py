"""`rocars-lane replay`: a sound journal is sound, and one changed byte anywhere is found and its row named."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge.cli import app
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.model import Codes, Contact, Link, Moment, Policy, Read, ReadSource
from lane_agent.state import Lane
from simulation.granting_core import GrantingCore
from simulation.hardwareless_lane import NoHardware
from sync.journal import Chain, Journal
from sync.store import LaneStore

SPOILT = 6
"""The row that the tests change; there are more before and after it."""


class Still(NoHardware, GrantingCore):
    """A clock that stands, a code book without a code, hands that move nothing."""

    def now(self) -> Moment:
        """Always the same moment."""
        return Moment(5_000, 1_800_000_000_000)

    def look_up(self, vrn: str) -> Codes:
        """Nothing is known."""
        return Codes(vrn, Link.FRESH, 1_800_000_000_000, 10, "epoch", 1, "00")


STORY: tuple[e.Event, ...] = (
    e.AgentStarted(Policy(lane="demo-in-01", point="SBC"), "boot-1", "0.0-test"),
    e.LinkChanged(Link.FRESH),
    e.CodesVerified("epoch", 1),
    *(e.ContactChanged(contact, False, 5_000) for contact in (Contact.STOP_LOOP, Contact.EXIT_LOOP)),
    e.LaneOpened("chan"),
    e.ContactChanged(Contact.STOP_LOOP, True, 5_000),
    e.PlateSettled(1, Read("LT3482", None, 0.97, ReadSource.READER)),
    e.ContactChanged(Contact.EXIT_LOOP, True, 5_000),
    e.ContactChanged(Contact.STOP_LOOP, False, 5_000),
)


async def _written(path: Path) -> None:
    with LaneStore(path) as store:
        journal, still = Journal(store, boot="boot-1", software="0.0-test"), Still()
        agent = Agent(Lane(), clock=still, journal=journal, codes=still, actuators=still, software="0.0-test")
        running = asyncio.create_task(agent.run())
        for event in STORY:
            await agent.ask(event)
        running.cancel()
        await asyncio.wait({running})


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The store of a lane through which one vehicle has driven."""
    path = tmp_path / "lane.db"
    asyncio.run(_written(path))
    return path


def replay(path: Path) -> Result:
    """Runs the command."""
    return CliRunner().invoke(app, ["replay", str(path)])


def changed(path: Path, *statements: str) -> None:
    """Somebody with the file in his hands: the triggers that forbid it are dropped first."""
    with closing(sqlite3.connect(path)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount == 1
        connection.commit()


def test_a_sound_journal_is_said_to_be_sound(store: Path) -> None:
    """Status 0, with the number of rows; nothing is written."""
    before = store.read_bytes()
    result = replay(store)
    assert result.exit_code == 0
    assert "11 journal rows" in result.output
    assert "sound, and step gives them again" in result.output
    assert store.read_bytes() == before


@pytest.mark.parametrize(
    ("column", "says"),
    [("body", "its body was changed"), ("hash", "its hash was changed"), ("previous", "its previous hash was changed")],
)
@pytest.mark.parametrize("place", [1, 17, 32])
def test_one_changed_byte_of_a_row_is_found_and_named(store: Path, column: str, says: str, place: int) -> None:
    """Status 1, the row's number, and what of it was changed."""
    byte = f"CASE hex(substr({column}, {place}, 1)) WHEN '41' THEN x'42' ELSE x'41' END"
    value = f"CAST(substr({column}, 1, {place - 1}) || {byte} || substr({column}, {place + 1}) AS BLOB)"
    changed(store, f"UPDATE journal SET {column} = {value} WHERE seq = {SPOILT}")  # noqa: S608
    result = replay(store)
    assert result.exit_code == 1
    assert f"row {SPOILT}: {says}" in result.stderr
    assert "NOT sound" in result.output


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE journal_head SET hash = zeroblob(32)", "row 11: and the head that stands apart differ"),
        ("UPDATE journal_head SET seq = seq + 1", "row 12: is missing"),
        ("DELETE FROM journal WHERE seq = 11", "row 11: is missing"),
        ("DELETE FROM journal WHERE seq = 6", "row 6: is missing"),
        ("UPDATE boots SET software = '0.1'", "row 1: its boot's row was changed"),
    ],
)
def test_a_changed_head_a_missing_row_and_a_changed_boot_are_found(store: Path, statement: str, says: str) -> None:
    """A cut tail shows too."""
    changed(store, statement)
    result = replay(store)
    assert result.exit_code == 1
    assert says in result.stderr


def _rechained(path: Path, change: Callable[[bytes], bytes]) -> None:
    """A forger who writes the whole chain anew, hashes and all, with one body changed."""
    with LaneStore(path, read_only=True) as store:
        rows = [row.body for row in Chain(store).rows()]
    path.unlink()
    path.with_name(path.name + "-wal").unlink(missing_ok=True)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    with LaneStore(path) as store:
        journal = Journal(store, boot="boot-1", software="0.0-test")
        for place, body in enumerate(rows, 1):
            journal.append(change(body) if place == SPOILT else body)


def test_a_journal_forged_hashes_and_all_is_not_what_step_gives(store: Path) -> None:
    """The chain holds; the lane would have done something else."""
    _rechained(store, lambda body: body.replace(b'"WELCOME"', b'"DONE"', 1))
    result = replay(store)
    assert result.exit_code == 1
    assert f"entry {SPOILT}: the effects differ from what step gives" in result.stderr


def test_what_is_no_store_is_told_in_words(tmp_path: Path) -> None:
    """Status 1; nothing is created."""
    (tmp_path / "letter.db").write_text("Dear Sir")
    assert replay(tmp_path / "letter.db").exit_code == 1
    result = replay(tmp_path / "none.db")
    assert result.exit_code == 1
    assert "none.db" in result.stderr
    assert not (tmp_path / "none.db").exists()
