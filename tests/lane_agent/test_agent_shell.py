"""The shell: nothing runs before it is durable; answers and timers keep their order."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from lane_agent import events as e
from lane_agent.effects import Record
from lane_agent.model import Contact, Fault, Link, Policy, Read, ReadSource, Screen
from lane_agent.replay import replay, restore
from lane_agent.wording import Scene
from tools.proof.code_book import VRN


async def released(lane: Any) -> None:
    """A laden truck is shown 3."""
    await lane.released()


def test_a_truck_is_released_through_the_shell(on_site: Any) -> None:
    """Events go in, 3 comes out, and every step is in the journal, in order."""
    lane = on_site(released)
    assert lane.site.shows[-1] == "DONE"
    assert [json.loads(entry)["event"]["type"] for entry in lane.disk.entries] == [
        type(event).__name__ for event in lane.site.steps
    ]
    assert list(replay(lane.disk.entries))[-1].lane == lane.agent.lane


def test_effects_run_only_after_their_event_is_durable(on_site: Any) -> None:
    """Whatever the site was told, the entry that asked for it was on the disk before."""
    lane = on_site(released)
    effects = [json.loads(entry)["effects"] for entry in lane.disk.entries]
    told = [number for number, found in enumerate(effects, 1) for one in found if one["type"] in TOLD]
    assert lane.site.durable == told


TOLD = {"Show", "Alarm", "Ring", "StartReading", "StopReading"}


def test_a_used_bundle_is_written_with_its_entry(on_site: Any) -> None:
    """The journal learns in one write what was decided and which bundle it used."""
    assert on_site(released).disk.uses == [("live", "lane/journal/1")]


def test_the_answer_of_the_code_book_comes_before_anything_else(on_site: Any) -> None:
    """However full the inbox is, the next step after a question is its answer."""

    async def story(lane: Any) -> None:
        await lane.boot()
        lane.contact(Contact.STOP_LOOP)
        await lane.settle()
        read = e.PlateSettled(1, Read(VRN, None, 0.97, ReadSource.READER))
        lane.tell(read, e.LinkChanged(Link.STALE), e.LinkChanged(Link.FRESH), e.SecondVehicleSeen(1))
        await lane.settle()

    lane = on_site(story)
    kinds = [type(event).__name__ for event in lane.site.steps]
    assert kinds[kinds.index("PlateSettled") + 1] == "CodesFound"


def test_a_code_book_that_cannot_be_read_is_a_fault(on_site: Any) -> None:
    """The visit is the officer's, and the lane does not ask for ever."""

    async def story(lane: Any) -> None:
        await lane.boot()
        lane.book.readable = False
        await lane.drive_to_release()

    lane = on_site(story)
    assert Fault.CODES in lane.agent.lane.faults
    assert "DONE" not in lane.site.shows
    assert lane.site.alarms.count("FaultRaised") == 1


def test_a_timer_fires_after_its_time_and_not_before(on_site: Any) -> None:
    """A vehicle Immigration never begins with: the officer's after its limit."""

    async def story(lane: Any) -> None:
        await lane.boot()
        lane.contact(Contact.STOP_LOOP)
        await asyncio.sleep(2.5)
        assert "Overdue" not in lane.site.alarms
        await asyncio.sleep(1)
        assert "Overdue" in lane.site.alarms

    on_site(story, policy=Policy(limits=(("immigration_start", 3_000),)))


def test_a_cancelled_timer_does_not_fire(on_site: Any) -> None:
    """Screens that confirm in time end the watch over them."""

    async def story(lane: Any) -> None:
        await lane.released()
        await asyncio.sleep(5)

    lane = on_site(story)
    assert Fault.SCREEN not in lane.agent.lane.faults


def test_screens_that_do_not_confirm_3_lose_it(on_site: Any) -> None:
    """After half a second without a confirmation 3 is taken back."""

    async def story(lane: Any) -> None:
        await lane.boot()
        lane.contact(Contact.STOP_LOOP)
        await lane.settle()
        lane.tell(e.PlateSettled(1, Read(VRN, None, 0.97, ReadSource.READER)))
        lane.contact(Contact.IMMIGRATION_STARTED)
        lane.contact(Contact.IMMIGRATION_CLEARED)
        while "DONE" not in lane.site.shows:
            lane.site.paints = "WATCH" not in lane.site.shows
            face = lane.agent.lane.face
            if not lane.site.paints and lane.site.shows[-1] == face.xdb.value:
                lane.tell(*(e.ScenePainted(screen, face.xdb, face.serial) for screen in Screen))
            await asyncio.sleep(0)
        await asyncio.sleep(0.4)
        assert lane.site.shows[-1] == "DONE"
        await asyncio.sleep(0.2)

    lane = on_site(story)
    assert lane.site.shows[-1] == "OFFICER"
    assert "Withdrawn" in lane.site.alarms


def test_a_new_agent_takes_up_where_the_journal_ends(on_site: Any) -> None:
    """Killed with a truck under 3: the next agent hands it to the officer, screens first."""
    first = on_site(released)

    async def story(lane: Any) -> None:
        lane.tell(e.AgentStarted(lane.policy, "boot2", "test"))
        for contact in Contact:
            lane.contact(contact, active=contact is Contact.STOP_LOOP)
        lane.tell(e.LinkChanged(Link.FRESH))
        await lane.settle()

    second = on_site(story, lane=restore(reversed(first.disk.entries)), disk=first.disk)
    assert "DONE" not in second.site.shows
    assert second.site.shows[-1] == "OFFICER"
    assert second.site.alarms[0] == "RestartedWithVehicle"
    assert second.site.reading == [1]
    assert list(replay(second.disk.entries))[-1].lane == second.agent.lane


def test_asking_waits_until_the_step_is_durable(on_site: Any) -> None:
    """An officer's act comes back with its effects, a refused one with the reason."""

    async def story(lane: Any) -> None:
        await lane.boot()
        effects = await lane.agent.ask(e.OfficerReleased(9, "chan", "mistaken"))
        assert [dict(effect.facts)["why"] for effect in effects if isinstance(effect, Record)] == [
            "belongs to another visit"
        ]
        assert await lane.agent.ask(e.LaneClosed("chan", "end of shift"))
        assert lane.disk.entries[-1].count(b"end of shift") == 2

    on_site(story)


def test_an_idle_agent_still_makes_progress(on_site: Any) -> None:
    """The watchdog looks at `progress`: it grows although nothing happens, and nothing waits."""

    async def story(lane: Any) -> None:
        await lane.boot()
        before = lane.agent.progress
        await asyncio.sleep(10)
        assert lane.agent.progress > before
        assert lane.agent.inbox_wait_ms() == 0

    on_site(story)


@pytest.mark.parametrize("turns", range(5))
def test_it_ends_although_it_is_told_something_at_that_very_moment(on_site: Any, turns: int) -> None:
    """Seen once: a lane told to stop as its broker went away stopped only by signal 9."""

    async def story(lane: Any) -> None:
        await lane.boot()
        other = asyncio.create_task(lane.agent.run())
        await lane.settle()
        lane.contact(Contact.HELP)
        for _ in range(turns):
            await asyncio.sleep(0)
        other.cancel()
        assert (await asyncio.wait({other}, timeout=5))[0]

    on_site(story)


def test_help_reaches_the_intercom(on_site: Any) -> None:
    """Ring, answer, end."""

    async def story(lane: Any) -> None:
        await lane.boot()
        lane.contact(Contact.HELP)
        lane.contact(Contact.HELP, active=False)
        lane.tell(e.HelpAnswered("chan"), e.HelpEnded("chan", "advised"))
        await lane.settle()

    assert on_site(story).site.rings == ["ring", "answer", "end"]


@pytest.mark.parametrize("trucks", [3])
def test_trucks_one_after_the_other(on_site: Any, trucks: int) -> None:
    """Each has its own visit, its own 3 and its own base record; reading begins and ends with it."""

    async def story(lane: Any) -> None:
        await lane.boot()
        for _ in range(trucks):
            await lane.drive_to_release()
            await lane.drive_off()

    lane = on_site(story)
    assert lane.site.shows.count(Scene.DONE.value) == trucks
    assert lane.site.records.count("VisitEnded") == trucks
    assert lane.site.reading == lane.site.done_reading == list(range(1, trucks + 1))
