"""`rocars-lane visits`: why was this truck stopped, asked at the box while the agent runs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from console import row_words, words
from edge.cli import app
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.model import Codes, Contact, Doubt, Link, Moment, Policy, Read, ReadSource
from lane_agent.state import Lane
from simulation.granting_core import GrantingCore
from simulation.hardwareless_lane import NoHardware
from sync.journal import Journal
from sync.store import LaneStore

ARRIVED = 1_800_000_000_000


class Standing(NoHardware, GrantingCore):
    """A clock that stands, a code book without a code, hands that move nothing."""

    def now(self) -> Moment:
        """Always the same moment."""
        return Moment(5_000, ARRIVED)

    def look_up(self, vrn: str) -> Codes:
        """Nothing is known."""
        return Codes(vrn, Link.FRESH, ARRIVED, 10, "epoch", 1, "00")


READY: tuple[e.Event, ...] = (
    e.AgentStarted(Policy(lane="demo-in-01", point="SBC"), "boot-1", "0.0-test"),
    e.LinkChanged(Link.FRESH),
    e.CodesVerified("epoch", 1),
    *(e.ContactChanged(contact, False, 5_000) for contact in (Contact.STOP_LOOP, Contact.EXIT_LOOP)),
    e.LaneOpened("chan"),
)


def drives_in() -> e.Event:
    """The stop loop closes."""
    return e.ContactChanged(Contact.STOP_LOOP, True, 5_000)


def drives_off() -> tuple[e.Event, ...]:
    """Over the way out."""
    return (
        e.ContactChanged(Contact.EXIT_LOOP, True, 5_000),
        e.ContactChanged(Contact.STOP_LOOP, False, 5_000),
        e.ContactChanged(Contact.EXIT_LOOP, False, 5_000),
    )


def read(visit: int, vrn: str) -> e.Event:
    """A settled read."""
    return e.PlateSettled(visit, Read(vrn, None, 0.97, ReadSource.READER))


STORY: tuple[e.Event, ...] = (
    *READY,
    *(drives_in(), read(1, "LT3482"), e.OfficerInspected(1, "chan", "seal broken"), *drives_off()),
    *(drives_in(), *drives_off()),
    *(drives_in(), read(3, "LT3482"), read(3, "XY9"), e.OfficerTookOver(3, "wong", "cleared by hand")),
)


def asked(path: Path, *words: str) -> str:
    """What the command prints, on a wide terminal, while an agent writes to the store."""

    async def story() -> Any:
        with LaneStore(path) as store:
            journal, world = Journal(store, boot="boot-1", software="0.0-test"), Standing()
            agent = Agent(Lane(), clock=world, journal=journal, codes=world, actuators=world, software="0.0-test")
            running = asyncio.create_task(agent.run())
            for event in STORY:
                await agent.ask(event)
            before = journal.head()
            result = CliRunner(env={"COLUMNS": "250"}).invoke(app, ["visits", str(path), *words])
            assert journal.head() == before
            running.cancel()
            await asyncio.wait({running})
            return result

    result = asyncio.run(story())
    assert result.exit_code == 0, result.output
    return str(result.output)


def told(path: Path, *words: str) -> list[dict[str, Any]]:
    """The same for programs."""
    return [json.loads(line) for line in asked(path, "--json", *words).splitlines()]


def test_the_last_visits_say_row_doubt_reason_and_officer(tmp_path: Path) -> None:
    """Newest first, each with its own row; the row is the one that decided, or held last."""
    taken, unread, inspected = told(tmp_path / "lane.db")
    assert (taken["visit"], taken["vrn"], taken["officer"], taken["reason"]) == (
        3,
        "LT3482",
        "wong",
        "cleared by hand",
    )
    assert taken["doubt"] == Doubt.PLATES_DISAGREE.value
    assert (unread["visit"], unread["vrn"], unread["row_name"]) == (2, "", "22 leaving against the signal")
    assert (inspected["ruling"], inspected["reason"], inspected["officer"]) == ("inspect", "seal broken", "chan")
    assert inspected["arrived_ms"] == ARRIVED


def test_one_vehicles_visits_alone(tmp_path: Path) -> None:
    """By its mark, as a person writes it; and no more than wanted."""
    assert [one["visit"] for one in told(tmp_path / "lane.db", "--vrn", "lt 3482")] == [3, 1]
    assert [one["visit"] for one in told(tmp_path / "again.db", "--most", "2")] == [3, 2]
    assert told(tmp_path / "third.db", "--vrn", "NO1") == []


def test_people_read_it_in_an_officers_words(tmp_path: Path) -> None:
    """As on the page: no code, no enum."""
    table = asked(tmp_path / "lane.db")
    assert words.DOUBTS[Doubt.PLATES_DISAGREE].says in table
    assert row_words.row(22, "22 leaving against the signal").says in table
    assert "seal broken" in table
    assert "not read" in table


def test_a_store_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    """Status 1, and nothing is made."""
    result = CliRunner().invoke(app, ["visits", str(tmp_path / "none.db")])
    assert result.exit_code == 1
    assert "none.db" in result.stderr
    assert not (tmp_path / "none.db").exists()
