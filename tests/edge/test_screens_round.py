"""`rocars-lane screens`: real screen processes, the lane's own records, and everything that must refuse it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from display.easel import SignEasel
from display.errors import SocketUnusableError
from display.failsafe import Showing
from display.feed import ScreenFeed
from edge.screens_round import ScreensRefusedError, refusal, show_all
from edge.settings.load import Settings, parse
from lane_agent import events as e
from lane_agent.model import Contact, Moment, Policy, Screen
from lane_agent.replay import entry
from lane_agent.state import Lane
from lane_agent.step import step
from lane_agent.wording import Scene
from sync.journal import Journal
from sync.store import LaneStore
from tests.edge.conftest import LaneFolder

OPENED = (e.AgentStarted(Policy(), "boot", "1"), e.LaneOpened("chan"))


def records(path: Path, *events: e.Event) -> Path:
    """A lane's store in which this has happened."""
    store = LaneStore(path)
    journal, lane = Journal(store, boot="boot", software="1"), Lane()
    for event in events:
        at = Moment(1_000, 1_800_000_000_000)
        after, effects = step(lane, event, at)
        journal.append(entry(event, at, effects, lane, after, "1"))
        lane = after
    store.close()
    return path


def test_an_open_lane_and_one_with_a_vehicle_refuse(tmp_path: Path) -> None:
    """What the journal says last counts; each refusal says what to do."""
    assert refusal(tmp_path / "none.db") == ""
    assert "close it at the page" in refusal(records(tmp_path / "open.db", *OPENED))
    came = e.ContactChanged(Contact.STOP_LOOP, True, 900)
    stands = (OPENED[0], e.ContactChanged(Contact.STOP_LOOP, False, 900), came)
    assert "is in the lane" in refusal(records(tmp_path / "vehicle.db", *stands))
    assert refusal(records(tmp_path / "closed.db", *OPENED, e.LaneClosed("chan", "night"))) == ""


@pytest.fixture
def settings(lane_folder: LaneFolder) -> Settings:
    """A simulated lane with screens nobody sees and a paint log."""
    (lane_folder.folder / "demo/paint").mkdir()
    return parse(lane_folder.file)


def test_every_scene_is_painted_by_both_screens_with_the_ribbon(settings: Settings) -> None:
    """In the order of the table, each confirmed by both; the paint log is what was on them."""
    said: list[str] = []
    assert asyncio.run(show_all(settings, said.append, seconds=0))
    assert [line.split()[0] for line in said] == [scene.value for scene in Scene]
    assert all("NOT PAINTED" not in line for line in said)
    folder = settings.screens.paint_log
    assert folder is not None
    for screen in ("xdb", "aiop"):
        painted = [json.loads(line) for line in (folder / f"{screen}.jsonl").read_text().splitlines()]
        assert {line["scene"] for line in painted} >= {scene.value for scene in Scene} - {"IMMIGRATION_TURN"}
        assert painted[-1]["safe"]
        easel, size = SignEasel(Screen(screen)), settings.screens.of(Screen(screen)).size
        easel.draw(Showing(Scene.DONE, 0, "", simulated=True, safe=False), size)
        assert {line["sha256"] for line in painted if line["scene"] == "DONE"} == {easel.digest()}


def test_a_running_agent_keeps_its_screens(settings: Settings) -> None:
    """The agent has the socket, whatever the lane's state: the command says to stop it first."""

    async def both() -> None:
        agent = ScreenFeed(
            settings.screens.socket,
            simulated=False,
            on_painted=lambda *_: None,
            on_trouble=lambda *_: None,
            on_lost=lambda _: None,
            on_found=lambda _: None,
        )
        await agent.start()
        try:
            with pytest.raises(SocketUnusableError, match="stop it first"):
                await show_all(settings, print, seconds=0)
        finally:
            await agent.stop()

    asyncio.run(both())


def test_records_of_an_open_lane_stop_the_command_before_any_screen_is_touched(settings: Settings) -> None:
    """Nothing listens at the socket afterwards."""
    records(settings.lane.store, *OPENED)
    with pytest.raises(ScreensRefusedError, match="open"):
        asyncio.run(show_all(settings, print, seconds=0))
    assert not settings.screens.socket.exists()
