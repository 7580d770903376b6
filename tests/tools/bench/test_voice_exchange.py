"""Calls through an exchange that registers: Debian's kamailio between the lane and the officer's telephone, and without it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from lane_agent.model import Contact
from lane_agent.wording import Scene
from tools.bench.voice import sip
from tools.bench.voice.exchange import ADDRESS, KAMAILIO, Exchange, exchange
from tools.bench.voice.kiosk import Kiosk, kiosk, until
from tools.bench.voice.measure import carries
from tools.bench.voice.sip import OfficerPhone, officer_phone

MISSING = sip.missing("/usr/bin/baresip", KAMAILIO)
pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

OFFICER = f"sip:100@{sip.OFFICE}"


@pytest.fixture
def cable() -> Iterator[tuple[str, str]]:
    """The lane's namespace and the office's, and a cable between them."""
    with sip.cable(f"re{os.getpid()}") as ends:
        yield ends


def at_an_exchange(
    ends: tuple[str, str],
    folder: Path,
    then: Callable[[Exchange, Kiosk, OfficerPhone], Awaitable[None]],
    password: str = sip.PASSWORD,
) -> None:
    """Lane and officer have accounts at one exchange; the lane gives this password."""
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password + "\n", encoding="utf-8")
    voice: dict[str, object] = {
        "sip": {
            "address": f"sip:lane@{sip.OFFICE}",
            "registrar": ADDRESS,
            "password_file": str(secret),
            "numbers": [OFFICER],
            "register_s": 10,
            "answer_s": 5,
        }
    }

    async def run() -> None:
        lane, office = ends
        async with (
            exchange(office, folder / "exchange") as switch,
            officer_phone(office, folder / "officer", port=5062, registrar=ADDRESS) as phone,
            kiosk(voice, netns=lane, folder=folder / "kiosk") as box,
        ):
            await then(switch, box, phone)

    asyncio.run(run())


async def talks(box: Kiosk, phone: OfficerPhone) -> None:
    """The driver presses, the officer's telephone rings through the exchange, he takes it, they talk."""
    phone.heard.clear()
    await box.lane.pulse(Contact.HELP)
    await phone.hears("CALL_INCOMING", 60)
    assert box.lane.agent.lane.face.aiop is Scene.HELP
    phone.does("accept")
    await box.sees(Scene.TALK)


async def ends(box: Kiosk, phone: OfficerPhone) -> None:
    """The officer hangs up."""
    phone.does("hangup")
    await box.leaves(Scene.TALK)


def test_a_lane_registers_with_its_password_and_calls_through_the_exchange(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """The exchange asks for the password at the registration and at the call."""

    async def then(_: Exchange, box: Kiosk, phone: OfficerPhone) -> None:
        await box.well("sound", "telephone", "registration")
        await talks(box, phone)
        for said, heard in ((box.environment, phone.environment), (phone.environment, box.environment)):
            assert await carries(said, heard)
        await ends(box, phone)
        assert box.lane.notes()[-4:] == ["rang", "answered", "talking", "ended"]

    at_an_exchange(cable, tmp_path, then)


def test_a_wrong_password_is_an_alarm_that_says_so_and_the_driver_is_promised_nothing(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """The officers' page and the core still hear that somebody wants help."""

    async def then(_: Exchange, box: Kiosk, __: OfficerPhone) -> None:
        await box.well("sound", "telephone")
        await box.ails("registration", "401")
        await box.alarmed("IntercomFailed")
        await box.lane.pulse(Contact.HELP)
        await box.noted("unreachable")
        assert {scene for _, scene in box.lane.scenes}.isdisjoint({Scene.TALK, Scene.OFFICER})
        assert box.lane.agent.lane.face.aiop is Scene.HELP
        await until(lambda: box.lane.core_is_told() == {"Help", "IntercomFailed"})

    at_an_exchange(cable, tmp_path, then, password="another one")


def test_a_registrar_that_is_restarted_in_a_call_leaves_the_call_and_rings_for_the_next(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """Sound does not pass through it; it has forgotten everybody, and both have registered again before long."""

    async def then(switch: Exchange, box: Kiosk, phone: OfficerPhone) -> None:
        await box.well("sound", "telephone", "registration")
        await talks(box, phone)
        await switch.stop()
        for said, heard in ((box.environment, phone.environment), (phone.environment, box.environment)):
            assert await carries(said, heard)
        assert box.lane.agent.lane.face.aiop is Scene.TALK
        await switch.start()
        so_far = len(phone.heard)
        await phone.hears("REGISTER_OK", 60, since=so_far)
        await ends(box, phone)
        await talks(box, phone)
        assert "registration" not in box.lane.voice.problems

    at_an_exchange(cable, tmp_path, then)


def test_a_registrar_that_is_gone_is_an_alarm_until_it_is_back_and_the_driver_then_reaches_somebody(
    cable: tuple[str, str], tmp_path: Path
) -> None:
    """It comes back within the lane's own pause and not within the quarter of an hour that a telephone would wait."""

    async def then(switch: Exchange, box: Kiosk, phone: OfficerPhone) -> None:
        await box.well("sound", "telephone", "registration")
        await switch.stop()
        await box.ails("registration")
        await box.lane.pulse(Contact.HELP)
        await box.noted("unreachable")
        assert box.lane.agent.lane.face.aiop is Scene.HELP
        assert box.lane.core_is_told() >= {"Help", "IntercomFailed"}
        await asyncio.sleep(60)
        await switch.start()
        await box.well("sound", "telephone", "registration")
        phone.heard.clear()
        await phone.hears("CALL_INCOMING", 60)
        phone.does("accept")
        await box.sees(Scene.TALK)
        assert box.lane.core_is_told() == {"Help"}

    at_an_exchange(cable, tmp_path, then)
