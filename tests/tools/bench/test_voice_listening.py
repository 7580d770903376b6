"""An officer listens without having been called: Chromium, sound cards of software, and the panel as it is painted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from display.pictures import render
from lane_agent.events import HelpAnswered
from lane_agent.model import Contact, Screen
from lane_agent.wording import Scene
from tests.rigs.panel import DrivenPanel, driven_panel
from tools.bench.voice import sip
from tools.bench.voice.kiosk import OFFICER, SUPERVISOR, Kiosk, kiosk, until
from tools.bench.voice.measure import carries
from tools.bench.voice.page import CHROMIUM, OfficerPage, officer_page

MISSING = sip.missing(CHROMIUM)
pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


@pytest.fixture
def cable() -> Iterator[tuple[str, str]]:
    """The lane's namespace and the office's, and a cable between them."""
    with sip.cable(f"rl{os.getpid()}") as ends:
        yield ends


def at_a_kiosk(
    ends: tuple[str, str],
    folder: Path,
    then: Callable[[Kiosk, OfficerPage, DrivenPanel], Awaitable[None]],
    officer: str = OFFICER,
) -> None:
    """A vehicle stands at the kiosk, nobody has pressed Help, and an officer's page shows it."""

    async def run() -> None:
        lane, office = ends
        voice: dict[str, object] = {"page": True, "listening": True}
        async with (
            kiosk(voice, netns=lane, host=sip.LANE, folder=folder / "kiosk") as box,
            driven_panel(folder / "panel.sock", box.lane.voice.listening.shown) as (feed, panel),
            officer_page(box, folder / "officer", netns=office, officer=officer) as page,
        ):
            box.lane.with_panel(feed)
            await box.well("sound")
            await box.lane.arrives()
            await page.listens()
            await then(box, page, panel)

    asyncio.run(run())


def test_he_hears_the_kiosk_while_the_driver_reads_so_and_help_rings_as_ever(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """The tone at the kiosk's microphone comes; no microphone of his is asked for; the line goes with the listening."""

    async def then(box: Kiosk, page: OfficerPage, panel: DrivenPanel) -> None:
        assert panel.tells_that_somebody_listens
        face = panel.face.showing
        assert panel.png == render(Screen.AIOP, face.scene, face.parameter, notice="listening")
        assert await carries(box.environment, page.environment)
        assert b"protocol-native" not in await page.recorders()
        await box.lane.pulse(Contact.HELP)
        await page.rings()
        assert panel.face.showing.scene is Scene.HELP
        assert panel.tells_that_somebody_listens
        assert await carries(box.environment, page.environment), box.lane.rows()
        await page.stops_listening()
        await until(lambda: not panel.tells_that_somebody_listens)
        assert not await carries(box.environment, page.environment, tries=1)
        assert box.lane.notes() == ["listening", "listened"]
        await page.answer()
        await box.sees(Scene.TALK)

    at_a_kiosk(cable, tmp_path, then)


def test_a_browser_that_is_closed_listens_no_more_and_the_panel_stops_saying_so(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """Nobody presses anything."""

    async def then(box: Kiosk, page: OfficerPage, panel: DrivenPanel) -> None:
        await page.tab.close()
        await box.noted("listened")
        await until(lambda: not panel.tells_that_somebody_listens)

    at_a_kiosk(cable, tmp_path, then)


def test_a_message_that_does_not_carry_the_line_ends_the_listening(cable: tuple[str, str], tmp_path: Path) -> None:
    """The vehicle drives off: the panel greets the next one, and nobody is listened to."""

    async def then(box: Kiosk, page: OfficerPage, panel: DrivenPanel) -> None:
        await box.lane.leaves()
        await box.noted("listened")
        await page.nobody_listens()
        await until(lambda: not panel.tells_that_somebody_listens)
        assert not await carries(box.environment, page.environment, tries=1)

    at_a_kiosk(cable, tmp_path, then)


def test_a_supervisor_listens_on_when_another_answers_and_hears_what_the_kiosk_says_too(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """What the loudspeaker plays is what an officer says to the driver."""

    async def then(box: Kiosk, page: OfficerPage, panel: DrivenPanel) -> None:
        await box.lane.pulse(Contact.HELP)
        await box.lane.happens(HelpAnswered("wong"))
        assert panel.tells_that_somebody_listens
        for sink in ("room", "loudspeaker"):
            assert await carries(box.environment, page.environment, sink=sink), (sink, box.lane.rows())
        assert [row["who"] for row in box.lane.rows()] == [SUPERVISOR]

    at_a_kiosk(cable, tmp_path, then, officer=SUPERVISOR)
