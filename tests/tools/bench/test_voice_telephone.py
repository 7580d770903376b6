"""Calls over SIP, end to end: the shipped voice process and Debian's baresip at both ends of a cable between two namespaces."""

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
from tools.bench.voice.sip import OfficerPhone, officer_phone

MISSING = sip.missing("/usr/bin/baresip")
pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

OFFICER = f"sip:100@{sip.OFFICE}"
LONG_S = 60.0


@pytest.fixture
def cable() -> Iterator[tuple[str, str]]:
    """The lane's namespace and the office's, and a cable between them."""
    with sip.cable(f"rt{os.getpid()}") as ends:
        yield ends


def lane_voice(*numbers: str, **rules: object) -> dict[str, object]:
    """A lane that calls these numbers; `rules` are of `[voice.sip]`."""
    return {"sip": {"address": f"sip:lane@{sip.LANE}", "numbers": list(numbers), **rules}}


def in_a_call(
    ends: tuple[str, str], folder: Path, then: Callable[[Kiosk, OfficerPhone], Awaitable[None]], **more: object
) -> None:
    """A driver pressed Help, the officer took his telephone, and they talk; `more` is of `[voice]`."""

    async def run() -> None:
        lane, office = ends
        async with (
            officer_phone(office, folder / "officer") as phone,
            kiosk(lane_voice(OFFICER) | more, netns=lane, folder=folder / "kiosk") as box,
        ):
            await box.well("sound", "telephone")
            await box.lane.pulse(Contact.HELP)
            await box.sees(Scene.HELP)
            await phone.hears("CALL_INCOMING")
            phone.does("accept")
            await box.sees(Scene.TALK)
            assert box.lane.core_is_told() == {"Help"}
            await then(box, phone)

    asyncio.run(run())


def test_a_call_rings_talks_both_ways_and_is_over_when_the_officer_hangs_up(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """The tone that is sent is the tone that is heard, at both ends."""

    async def then(box: Kiosk, phone: OfficerPhone) -> None:
        for said, heard in ((box.environment, phone.environment), (phone.environment, box.environment)):
            assert await carries(said, heard)
        phone.does("hangup")
        await box.leaves(Scene.TALK)
        assert box.lane.notes() == ["rang", "answered", "talking", "ended"]
        assert box.lane.agent.lane.face.aiop is not Scene.HELP
        assert box.lane.core_is_told() == set()

    in_a_call(cable, tmp_path, then)


def test_a_number_that_nobody_answers_is_followed_by_the_next(cable: tuple[str, str], tmp_path: Path) -> None:
    """The driver reads HELP until somebody does."""
    lane, office = cable
    second = f"sip:200@{sip.OFFICE}:5064"

    async def run() -> None:
        async with (
            officer_phone(office, tmp_path / "first") as first,
            officer_phone(office, tmp_path / "second", "sip:200@" + sip.OFFICE, 5064) as other,
            kiosk(lane_voice(OFFICER, second, answer_s=2), netns=lane, folder=tmp_path / "kiosk") as box,
        ):
            await box.well("sound", "telephone")
            await box.lane.pulse(Contact.HELP)
            await first.hears("CALL_INCOMING")
            await other.hears("CALL_INCOMING")
            assert box.lane.agent.lane.face.aiop is Scene.HELP
            other.does("accept")
            await box.sees(Scene.TALK)
            assert box.lane.notes() == ["rang", "missed", "escalated", "rang", "answered", "talking"]
            assert box.lane.voice.sight.who == second
            await first.hears("CALL_CLOSED")

    asyncio.run(run())


def test_nobody_who_can_be_reached_is_an_alarm_and_the_driver_is_promised_nothing(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """No telephone stands at the other end."""

    async def run() -> None:
        voice = lane_voice(OFFICER, f"sip:200@{sip.OFFICE}", answer_s=2) | {"unanswered_s": 5}
        async with kiosk(voice, netns=cable[0], folder=tmp_path / "kiosk") as box:
            await box.well("sound", "telephone")
            await box.lane.pulse(Contact.HELP)
            await box.alarmed("HelpUnanswered")
            assert box.lane.notes()[:2] == ["unreachable", "escalated"]
            assert {scene for _, scene in box.lane.scenes}.isdisjoint({Scene.TALK, Scene.OFFICER})
            assert box.lane.agent.lane.face.aiop is Scene.HELP
            assert box.lane.core_is_told() == {"Help", "HelpUnanswered"}

    asyncio.run(run())


def test_a_cable_that_is_pulled_in_the_call_rings_again_and_talks_once_it_is_back(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """The officer's telephone believes in its call until it misses the sound, and is busy till then."""

    async def then(box: Kiosk, phone: OfficerPhone) -> None:
        sip.cut(cable[1], off=True)
        await box.leaves(Scene.TALK)
        await box.sees(Scene.HELP)
        assert box.lane.notes() == ["rang", "answered", "talking", "lost"]
        assert box.lane.core_is_told() == {"Help"}
        so_far = len(phone.heard)
        sip.cut(cable[1], off=False)
        await phone.hears("CALL_INCOMING", 60, since=so_far)
        assert box.lane.agent.lane.face.aiop is Scene.HELP
        phone.does("accept")
        await box.sees(Scene.TALK)
        assert box.lane.notes()[-3:] == ["rang", "answered", "talking"]

    in_a_call(cable, tmp_path, then)


def test_talk_stands_only_while_the_officers_sound_comes(cable: tuple[str, str], tmp_path: Path) -> None:
    """His sound alone is stopped: the call stands, the promise does not."""

    async def then(box: Kiosk, phone: OfficerPhone) -> None:
        with sip.muted(cable[1]):
            await box.sees(Scene.OFFICER)
            assert not box.lane.voice.sight.talking
        await box.sees(Scene.TALK)
        assert not [event for _, event in phone.heard if event.get("type") == "CALL_CLOSED"]
        assert box.lane.notes() == ["rang", "answered", "talking", "talking"]

    in_a_call(cable, tmp_path, then, lost_s=LONG_S)


def test_talk_stands_only_while_the_drivers_sound_leaves(cable: tuple[str, str], tmp_path: Path) -> None:
    """The microphone's sound server stands still, and nothing else does."""

    async def then(box: Kiosk, phone: OfficerPhone) -> None:
        with box.sound_stopped():
            await box.sees(Scene.OFFICER)
        await box.sees(Scene.TALK)
        assert not [event for _, event in phone.heard if event.get("type") == "CALL_CLOSED"]

    in_a_call(cable, tmp_path, then, lost_s=LONG_S)


def test_two_lanes_that_call_one_officer_are_answered_one_after_the_other(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """The second driver reads HELP, never TALK, while the officer talks to the first."""

    async def then(box: Kiosk, phone: OfficerPhone) -> None:
        async with kiosk(lane_voice(OFFICER, port=5062), netns=cable[0], folder=tmp_path / "second") as other:
            await other.well("sound", "telephone")
            await other.lane.pulse(Contact.HELP)
            await other.noted("busy")
            assert other.lane.agent.lane.face.aiop is Scene.HELP
            assert box.lane.agent.lane.face.aiop is Scene.TALK
            assert other.lane.core_is_told() == {"Help"}
            so_far = len(phone.heard)
            phone.does("hangup")
            await phone.hears("CALL_INCOMING", since=so_far)
            assert Scene.TALK not in {scene for _, scene in other.lane.scenes}
            phone.does("accept")
            await other.sees(Scene.TALK)
            assert box.lane.agent.lane.face.aiop is not Scene.TALK
            assert other.lane.notes()[-3:] == ["rang", "answered", "talking"]

    in_a_call(cable, tmp_path, then)
