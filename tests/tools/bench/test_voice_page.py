"""Calls over the officers' page, end to end: headless Chromium with a sound card of its own, HTTPS, a cable between."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from lane_agent.model import Contact
from lane_agent.wording import Scene
from tools.bench.voice import sip
from tools.bench.voice.kiosk import Kiosk, kiosk
from tools.bench.voice.measure import carries
from tools.bench.voice.page import CHROMIUM, OfficerPage, officer_page

MISSING = sip.missing(CHROMIUM)
pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

LONG_S = 60.0
TALKING, SILENT = "both hear each other", "No voice yet"


@pytest.fixture
def cable() -> Iterator[tuple[str, str]]:
    """The lane's namespace and the office's, and a cable between them."""
    with sip.cable(f"rp{os.getpid()}") as ends:
        yield ends


def in_a_call(
    ends: tuple[str, str], folder: Path, then: Callable[[Kiosk, OfficerPage], Awaitable[None]], **more: object
) -> None:
    """A driver pressed Help, the officer answered at the page, and they talk; `more` is of `[voice]`."""

    async def run() -> None:
        lane, office = ends
        async with (
            kiosk({"page": True} | more, netns=lane, host=sip.LANE, folder=folder / "kiosk") as box,
            officer_page(box, folder / "officer", netns=office) as page,
        ):
            await box.well("sound")
            await box.lane.pulse(Contact.HELP)
            await page.rings()
            assert box.lane.agent.lane.face.aiop is Scene.HELP
            await page.answer()
            await box.sees(Scene.TALK)
            await page.says(TALKING)
            await then(box, page)

    asyncio.run(run())


def test_a_page_that_answers_talks_both_ways_until_the_officer_ends_the_call(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """From microphone to loudspeaker, at both ends."""

    async def then(box: Kiosk, page: OfficerPage) -> None:
        for said, heard in ((box.environment, page.environment), (page.environment, box.environment)):
            assert await carries(said, heard)
        await page.ends()
        await box.leaves(Scene.TALK)
        assert box.lane.agent.lane.face.aiop is not Scene.HELP
        assert box.lane.notes() == ["answered", "talking"]
        await page.lets_go_of_the_microphone()

    in_a_call(cable, tmp_path, then)


@pytest.mark.parametrize("silent", [0, 1], ids=["the driver's", "the officer's"])
def test_talk_stands_only_while_the_sound_of_either_side_comes(
    cable: tuple[str, str], tmp_path: Path, silent: int
) -> None:
    """One side's sound alone is stopped; pages and orders go on."""

    async def then(box: Kiosk, page: OfficerPage) -> None:
        with sip.muted(cable[silent]):
            await box.sees(Scene.OFFICER)
            await page.says(SILENT)
        await box.sees(Scene.TALK)
        await page.says(TALKING)
        assert box.lane.notes() == ["answered", "talking", "talking"]

    in_a_call(cable, tmp_path, then, lost_s=LONG_S)


def test_a_microphone_that_stands_still_is_no_voice(cable: tuple[str, str], tmp_path: Path) -> None:
    """The kiosk's sound server alone is stopped; the network is whole."""

    async def then(box: Kiosk, page: OfficerPage) -> None:
        with box.sound_stopped():
            await box.sees(Scene.OFFICER)
            await page.says(SILENT)
        await box.sees(Scene.TALK)

    in_a_call(cable, tmp_path, then, lost_s=LONG_S)


def test_a_browser_that_is_closed_in_the_call_leaves_a_driver_who_rings_again(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """A closed browser is no end of a call."""

    async def then(box: Kiosk, page: OfficerPage) -> None:
        await page.tab.close()
        await box.sees(Scene.HELP)
        assert box.lane.notes() == ["answered", "talking", "lost"]
        assert box.lane.core_is_told() == {"Help"}

    in_a_call(cable, tmp_path, then)


def test_a_cable_that_is_pulled_in_the_call_rings_again_and_can_be_answered_once_it_is_back(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """At the same page, which lets go of the call that is over."""

    async def then(box: Kiosk, page: OfficerPage) -> None:
        sip.cut(cable[1], off=True)
        await box.sees(Scene.HELP)
        assert box.lane.core_is_told() == {"Help"}
        sip.cut(cable[1], off=False)
        await page.answer()
        await box.sees(Scene.TALK)
        await page.says(TALKING)
        assert await carries(page.environment, box.environment)

    in_a_call(cable, tmp_path, then)
