"""A help call end to end over SIP: the shipped agent, desk and voice process against another baresip in another namespace.

What driver, officer and journal see when all is well, busy, missed, unreachable, cut, and when the sound alone stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lane_agent.model import Contact
from lane_agent.wording import Scene
from tools.bench.voice import sip
from tools.bench.voice.kiosk import Kiosk, kiosk
from tools.bench.voice.measure import through

pytestmark = pytest.mark.skipif(not sip.possible(), reason="needs root, baresip and namespaces")

SECOND = f"sip:200@{sip.OFFICE}:5070"


@asynccontextmanager
async def called(
    place: Path, lane: str, *, answer_s: float = 20.0, numbers: tuple[str, ...] = (f"sip:100@{sip.OFFICE}",)
) -> AsyncIterator[Kiosk]:
    """A kiosk whose driver has just pressed Help."""
    voice: dict[str, object] = {
        "sip": {"address": f"sip:lane@{sip.LANE}", "numbers": list(numbers), "answer_s": answer_s},
        "lost_s": 4.0,
    }
    async with kiosk(voice, netns=lane, folder=place / "kiosk") as box:
        await box.well("sound", "telephone")
        await box.lane.pulse(Contact.HELP)
        yield box


async def noted(box: Kiosk, *wanted: str, within_s: float = 60.0) -> None:
    """Waits until the journal's notes of the call begin like this."""
    async with asyncio.timeout(within_s):
        while box.lane.notes()[: len(wanted)] != list(wanted):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def test_a_tone_sent_is_the_tone_heard_and_sound_that_stops_alone_ends_talk(tmp_path: Path) -> None:
    """Both ways; then packets of sound are dropped while the signalling stands, and TALK goes; the call rings again."""

    async def story() -> None:
        with sip.cable("vt1") as (lane, office):
            async with sip.desk(office, tmp_path / "desk") as phone, called(tmp_path, lane) as box:
                await phone.hears("CALL_INCOMING", 60)
                assert box.lane.agent.lane.face.aiop is Scene.HELP
                phone.does("accept")
                await box.sees(Scene.TALK)
                assert (await through(box.environment, phone.environment))[0] > 0.5
                assert (await through(phone.environment, box.environment))[0] > 0.5
                sip.mute(office)
                await box.sees(Scene.OFFICER, 30)
                await box.sees(Scene.HELP, 30)
                assert box.lane.notes()[:4] == ["rang", "answered", "talking", "lost"]

    asyncio.run(story())


def test_busy_missed_and_unreachable_go_on_to_the_next_number(tmp_path: Path) -> None:
    """The first desk talks to another lane, the second does not answer, the third is dead: all three are on record."""

    async def story() -> None:
        dead = "sip:300@10.77.7.99"
        numbers = (f"sip:100@{sip.OFFICE}", SECOND, dead)
        with sip.cable("vt2") as (lane, office):
            async with (
                sip.desk(office, tmp_path / "desk") as first,
                sip.desk(office, tmp_path / "other", SECOND, 5070) as second,
            ):
                first.does("dial", SECOND)  # two lanes, one officer: he is on the telephone
                await second.hears("CALL_INCOMING", 60)
                async with called(tmp_path, lane, answer_s=3.0, numbers=(numbers[0], dead)) as box:
                    await noted(box, "busy", "escalated", "unreachable")
                    assert box.lane.agent.lane.face.aiop is Scene.HELP

    asyncio.run(story())


def test_an_officer_comes_by_a_key_and_a_telephone_that_hangs_up_ends_the_call(tmp_path: Path) -> None:
    """The key ends the voice, and the panel says to wait for an officer."""

    async def story() -> None:
        with sip.cable("vt3") as (lane, office):
            async with sip.desk(office, tmp_path / "desk") as phone, called(tmp_path, lane) as box:
                await phone.hears("CALL_INCOMING", 60)
                phone.does("accept")
                await box.sees(Scene.TALK)
                phone.does("sndcode", "5")
                await box.sees(Scene.OFFICER)
                await phone.hears("CALL_CLOSED", 30)
                assert box.lane.notes() == ["rang", "answered", "talking"]

    asyncio.run(story())
