"""What the centre orders, at a lane with its real agent, store and link, over a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.clock import BoxClock
from edge.driver_notice import NoticeLine
from edge.lane_feed import LanePage
from edge.past_visits import past_records
from lane_agent import events as e
from lane_agent.model import ManualReason, Outcome
from simulation.broker import PrivateBroker
from tests.rigs.mqtt import running, until
from tests.rigs.remote_orders import LANE, NAME, PICTURE, Box, Centre, at_work, site
from wire.records import HoldRecord


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """A private broker."""
    with PrivateBroker(tmp_path / "broker", lanes=[LANE]) as started:
        yield started


def test_a_release_from_afar_is_as_good_as_an_officers_and_no_better(broker: PrivateBroker, tmp_path: Path) -> None:
    """For this visit, once Immigration has cleared it, and never over an exact stop; the journal says who and why."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            assert await centre.orders("release_visit", visit=f"{LANE}/x/1", text="complaint") == (
                "refused",
                "command_for_another_visit",
            )
            centre.say(centre.core.change(HoldRecord("AB1234", "told")))
            await until(lambda: box.link.status().version == 1)
            held = await box.arrives("AB1234")
            await until(lambda: box.agent.lane.visit and box.agent.lane.visit.outcome is Outcome.EXAMINE)
            outcome, words = await centre.orders("release_visit", visit=held, text="complaint")
            assert outcome == "refused"
            assert "4 has been shown" in words
            await box.leaves()
            free = await box.arrives("CD5678")
            assert await centre.orders("release_visit", visit=held, text="late") == (
                "refused",
                "command_for_another_visit",
            )
            assert await centre.orders("release_visit", visit=free, text="papers seen") == ("done", "")
            visit = box.agent.lane.visit
            assert visit is not None
            assert (visit.outcome, visit.officer, visit.reason) == (
                Outcome.RELEASED,
                "centre@centre",
                "papers seen",
            )
            given = box.journaled("OfficerReleased")
            assert [(one["officer"], one["reason"]) for one in given] == [
                ("centre@centre", "complaint"),
                ("centre@centre", "papers seen"),
            ]

    asyncio.run(story())


def test_a_stop_from_afar_stops(broker: PrivateBroker, tmp_path: Path) -> None:
    """To the compound, for this visit."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            visit = await box.arrives("CD5678")
            assert await centre.orders("inspect_visit", visit=visit, text="told") == ("done", "")
            await until(lambda: box.agent.lane.visit and box.agent.lane.visit.outcome is Outcome.EXAMINE)

    asyncio.run(story())


def test_manual_mode_from_afar_reverts_after_a_restart_and_a_lane_officers_does_not(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    """The agent ends while the mode stands; the next one ends it in time. What is ordered at the lane stays."""

    async def story() -> None:
        centre = Centre(broker)
        async with running(centre):
            async with at_work(Box(tmp_path, broker.options(LANE))) as box:
                assert (await centre.orders("manual", text="exercise", revert_ms=3_000))[0] == "done"
                assert ManualReason.ORDER in box.agent.lane.manual
            async with at_work(Box(tmp_path, broker.options(LANE), "b2")) as box:
                await until(lambda: ManualReason.ORDER not in box.agent.lane.manual)
                assert [one["officer"] for one in box.journaled("ManualEnded")] == ["centre@centre"]
                assert (await centre.orders("manual", text="exercise", revert_ms=500))[0] == "done"
                await box.happens(e.ManualOrdered("chan", "the reader is wrong"))
                assert await centre.orders("automatic") == ("refused", "command_against_a_lane_officers_order")
                await asyncio.sleep(0.8)
                assert ManualReason.ORDER in box.agent.lane.manual

    asyncio.run(story())


def test_words_from_the_centre_are_a_message_on_the_page_and_no_alarm(broker: PrivateBroker, tmp_path: Path) -> None:
    """With who said it; an officer marks it as seen."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            before = len(box.page.view().alarms)
            assert await centre.orders("message", text="road closed at 18:00") == ("done", "")
            (message,) = box.page.view().messages
            assert (message.issuer, message.text, message.seen_by) == ("centre@centre", "road closed at 18:00", "")
            assert len(box.page.view().alarms) == before
            assert await box.page.acknowledge(message.id, "chan")
            assert box.page.view().messages[0].seen_by == "chan"
            assert not await box.page.acknowledge("message-9", "chan")
            again = LanePage(box.agent, simulated=True, software="test", sources=box.sources)
            again.recall(past_records(box.journal))
            assert [one.text for one in again.view().messages] == ["road closed at 18:00"]

    asyncio.run(story())


def test_the_reader_is_restarted_and_what_cannot_be_done_is_said(broker: PrivateBroker, tmp_path: Path) -> None:
    """The answer is of what happened here."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            assert await centre.orders("restart_reader", text="it hangs") == ("done", "")
            assert box.reader.restarts == 1
            box.reader.runs = False
            assert (await centre.orders("restart_reader"))[0] == "refused"
            assert (await centre.orders("upload", picture="ab" * 32))[0] == "refused"
            assert (await centre.orders("answered")) == ("refused", "no help call rings")

    asyncio.run(story())


def test_pictures_of_a_stop_are_kept_longer_and_sent_and_others_when_asked_for(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    """By content hash, whole, and the lane still has them."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            centre.say(centre.core.change(HoldRecord("AB1234", "told")))
            await until(lambda: box.link.status().version == 1)
            await box.arrives("AB1234")
            await until(lambda: box.agent.lane.visit and box.agent.lane.visit.outcome is Outcome.EXAMINE)
            await box.leaves()
            await until(lambda: centre.core.pictures.get(NAME) == PICTURE)
            await until(lambda: box.link.status().pictures == 0)
            assert box.evidence.path(NAME) == tmp_path / "evidence" / "stops" / NAME
            other = box.evidence.put(b"another visit's", kind="reads")
            assert await centre.orders("upload", picture=other) == ("done", "")
            await until(lambda: centre.core.pictures.get(other) == b"another visit's")
            assert box.evidence.path(other) == tmp_path / "evidence" / "complaints" / other

    asyncio.run(story())


def test_a_line_on_the_panel_is_ordered_by_name_from_a_fixed_list_and_ends_by_itself(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    """With its time, with the vehicle it is for, or by its own word; free text is refused; the journal says who."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            shown: list[str] = []
            box.notice = NoticeLine(shown.append, now=BoxClock(lambda: None).now)
            assert await centre.orders("notice", text="Go on, quick") == ("refused", "notice_not_on_the_list")
            assert await centre.orders("notice", text="queue", revert_ms=300) == ("done", "")
            await until(lambda: shown == ["queue", ""])  # its time is over
            visit = await box.arrives("CD5678")
            await box.happens(e.HelpAnswered("x"))
            assert await centre.orders("notice", text="engine_off", visit=visit, revert_ms=60_000) == ("done", "")
            assert box.notice.shown is not None
            assert (box.notice.shown.notice, box.notice.shown.issuer) == ("engine_off", "centre@centre")
            assert await centre.orders("notice", text="delay", revert_ms=60_000) == ("done", "")
            assert await centre.orders("notice", text="none") == ("done", "")
            assert await centre.orders("notice", text="window", visit=visit) == ("done", "")
            await box.happens(e.OfficerReleased(box.agent.lane.visits, "chan", "papers seen"))
            late = await centre.orders("notice", text="delay", visit=visit)
            assert late == ("refused", "the driver has been told where to go")
            await box.leaves()
            assert shown == ["queue", "", "engine_off", "delay", "", "window", ""]
            told = [(one["notice"], one["issuer"]) for one in box.journaled("DriverNotified")]
            assert told[:2] == [("queue", "centre@centre"), ("engine_off", "centre@centre")]
            assert box.notice.shown is None

    asyncio.run(story())
