"""The officers' page as the agent feeds it: the real shell and the real store, driven by events; no browser."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console.ports import CameraPicture, LaneView, LinkView
from console.present import present
from domain.alarm_lifecycle import ITSELF, AlarmState
from domain.crossing import Direction
from edge.alarm_desk import HISTORY
from edge.lane_feed import VISITS_KEPT, LanePage, Sources
from edge.past_visits import newest_first, past_records
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, Effect
from lane_agent.guards import exact_stop
from lane_agent.model import (
    Bundle,
    Cargo,
    Codes,
    Contact,
    Doubt,
    Fault,
    HelpCall,
    Link,
    ManualReason,
    Moment,
    Outcome,
    Policy,
    Read,
    ReadSource,
    Ruling,
    Screen,
)
from lane_agent.replay import restore
from lane_agent.state import Lane, visit_key
from lane_agent.wording import Scene
from simulation.granting_core import GrantingCore
from simulation.hardwareless_lane import NoHardware
from sync.journal import Journal
from sync.store import LaneStore

SOFTWARE = "0.0-test"
CORE_MS = 1_800_000_000_000


class Clock:
    """A second passes with every look at it."""

    def __init__(self) -> None:
        self._ticks = itertools.count(1)

    def now(self) -> Moment:
        """The present moment."""
        tick = next(self._ticks)
        return Moment(tick * 1_000, 1_800_000_000_000 + tick * 1_000)


class Nothing(NoHardware, GrantingCore):
    """A code book that knows the bundles it was given and nothing else, and actuators that tell the page of each step."""

    page: LanePage
    bundles: tuple[Bundle, ...] = ()

    def look_up(self, vrn: str) -> Codes:
        """The core's time is `CORE_MS`, give or take ten milliseconds."""
        return Codes(vrn, Link.FRESH, CORE_MS, 10, "epoch", 1, "00", bundles=self.bundles)

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """The page's own wire."""
        self.page.stepped(event, at, effects, lane)


class Desk:
    """A lane, its page, and short words for what happens at the lane."""

    def __init__(self, store: LaneStore, *, boot: str) -> None:
        self.journal = Journal(store, boot=boot, software=SOFTWARE)
        self.clock = Clock()
        actuators = self.site = Nothing()
        self.agent = Agent(
            restore(newest_first(self.journal)),
            clock=self.clock,
            journal=self.journal,
            codes=actuators,
            actuators=actuators,
            software=SOFTWARE,
        )
        self.painted: list[tuple[Screen, Scene, str]] = []
        sources = Sources(
            link=lambda: LinkView(Link.FRESH, 100, 1, 1, verified=True),
            frame=lambda: CameraPicture(b"jpeg", 40),
            evidence={"ab": b"picture"}.get,
            paint=self._paint,
            now=self.clock.now,
        )
        self.page = actuators.page = LanePage(self.agent, simulated=True, software=SOFTWARE, sources=sources)
        self.page.recall(past_records(self.journal))
        self.boot = boot

    async def _paint(self, screen: Screen, scene: Scene, parameter: str, notice: str = "") -> bytes:
        assert notice == ""
        self.painted.append((screen, scene, parameter))
        return f"{screen.value} {scene.value}".encode()

    async def happens(self, *events: e.Event) -> LaneView:
        """Each is journaled; the view after the last."""
        for event in events:
            await self.agent.ask(event)
        return self.page.view()

    async def starts(self) -> LaneView:
        """The agent's first event, as the composition sends it."""
        policy = Policy(lane="demo-in-01", point="SBC", manifest_sensor=True)
        return await self.happens(e.AgentStarted(policy, self.boot, SOFTWARE))

    async def opens(self) -> LaneView:
        """Codes proved, the lane opened."""
        return await self.happens(e.LinkChanged(Link.FRESH), e.CodesVerified("epoch", 1), e.LaneOpened("chan"))

    async def loop(self, contact: Contact, active: bool) -> LaneView:
        """A loop closes or clears."""
        return await self.happens(e.ContactChanged(contact, active, self.clock.now().mono_ms))

    async def cleared(self, vrn: str) -> LaneView:
        """A vehicle comes, is read, and Immigration clears it; the view then."""
        await self.loop(Contact.STOP_LOOP, True)
        for contact in (Contact.IMMIGRATION_STARTED, Contact.IMMIGRATION_CLEARED):
            await self.loop(contact, False)
            await self.loop(contact, True)
        await self.happens(e.PlateSettled(self.agent.lane.visits, Read(vrn, None, 0.97, ReadSource.READER)))
        return await self.answered()

    async def answered(self) -> LaneView:
        """The view once the code book has answered what the lane asked it."""
        view = self.page.view()
        while self.agent.lane.visit is not None and self.agent.lane.visit.lookup:
            view = await self.page.changed(view.sequence)
        return view

    async def visit(self) -> LaneView:
        """A vehicle comes and is driven off before any result; the view after it."""
        await self.loop(Contact.STOP_LOOP, True)
        await self.loop(Contact.EXIT_LOOP, True)
        await self.loop(Contact.STOP_LOOP, False)
        return await self.loop(Contact.EXIT_LOOP, False)


@asynccontextmanager
async def desk_at(path: Path, boot: str = "boot-1") -> AsyncIterator[Desk]:
    """An officer's desk at a lane that has started and knows that its loops are clear."""
    with LaneStore(path) as store:
        desk = Desk(store, boot=boot)
        running = asyncio.create_task(desk.agent.run())
        try:
            await desk.starts()
            for contact in (Contact.STOP_LOOP, Contact.EXIT_LOOP, Contact.UNLADEN):
                await desk.loop(contact, False)
            yield desk
        finally:
            running.cancel()
            await asyncio.wait({running})


def test_what_the_lane_refused_is_answered_with_the_journals_own_reason(tmp_path: Path) -> None:
    """And what it did is said to be done; either way it is in the journal first."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            rows = desk.journal.head()[0]
            assert await desk.page.act(e.OfficerReleased(7, "chan", "seen")) == "belongs to another visit"
            assert desk.journal.head()[0] == rows + 1
            assert await desk.page.act(e.LaneOpened("chan")) == ""
            assert desk.page.view().open
            assert await desk.page.act(e.LaneOpened("chan")) == "the lane is open"

    asyncio.run(story())


def test_the_view_says_what_the_lanes_own_state_says(tmp_path: Path) -> None:
    """Lane, mode, screens, and afterwards the vehicle that came."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            view = desk.page.view()
            assert (view.lane, view.point, view.direction) == ("demo-in-01", "SBC", Direction.INBOUND)
            assert (view.simulated, view.open, view.software) == (True, False, SOFTWARE)
            assert ManualReason.UNVERIFIED in view.manual
            view = await desk.opens()
            assert (view.row, view.row_name, view.manual, view.visit) == (2, "2 waiting", (), None)
            assert [(s.screen, s.told, s.painted, s.confirmed) for s in view.screens] == [
                (Screen.XDB, Scene.WELCOME, None, False),
                (Screen.AIOP, Scene.WELCOME, None, False),
            ]
            view = await desk.happens(e.ScenePainted(Screen.XDB, Scene.WELCOME, desk.agent.lane.face.serial))
            assert [(s.painted, s.confirmed) for s in view.screens] == [(Scene.WELCOME, True), (None, False)]
            view = await desk.loop(Contact.STOP_LOOP, True)
            assert (view.row, view.row_name) == (3, "3 please stop")
            assert view.visit is not None
            assert (view.visit.id, view.visit.read, view.visit.manifest, view.visit.doubt) == (1, None, False, None)
            read = Read("LT3482", "粤ZR12A港", 0.97, ReadSource.READER, ("ab",))
            view = await desk.happens(e.PlateSettled(1, read))
            assert view.visit is not None
            assert (view.visit.read, view.visit.evidence) == (read, ("ab",))

    asyncio.run(story())


def test_whoever_else_names_the_vehicle_is_shown(tmp_path: Path) -> None:
    """And that one is still wanted, where this lane requires it."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            required = Policy(lane="demo-in-01", point="SBC", identifier_required=True)
            await desk.happens(e.AgentStarted(required, desk.boot, SOFTWARE))
            await desk.loop(Contact.STOP_LOOP, False)
            view = await desk.loop(Contact.STOP_LOOP, True)
            view = await desk.happens(e.PlateSettled(1, Read("AB1234", None, 0.97, ReadSource.READER)))
            assert view.visit is not None
            assert (view.visit.identifiers, view.visit.identifier_wanted) == ((), True)
            view = await desk.happens(e.IdentifierRead("rfid", "AB1234", desk.clock.now().mono_ms, vouched=True))
            assert view.visit is not None
            assert (view.visit.identifiers, view.visit.identifier_wanted) == ((("rfid", "AB1234"),), False)

    asyncio.run(story())


def test_what_the_lane_would_refuse_now_is_known_before_a_button_is_pressed(tmp_path: Path) -> None:
    """By the lane's own checks: no visit, nothing to release; open already, nothing to open."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            refuses = dict((await desk.opens()).refuses)
            assert refuses["release"] == "belongs to another visit"
            assert refuses["open"] == "the lane is open"
            assert refuses["answer"] == "no help call rings"
            assert "close" not in refuses
            refuses = dict((await desk.loop(Contact.STOP_LOOP, True)).refuses)
            assert "Immigration has not cleared" in refuses["release"]
            assert "inspect" not in refuses
            assert "take_over" not in refuses

    asyncio.run(story())


def inspected(**changes: Any) -> Bundle:
    """A bundle of one consignment to be inspected, valid from an hour ago for two hours."""
    window = {"earliest_ms": CORE_MS - 3_600_000, "valid_until_ms": CORE_MS + 3_600_000}
    cargo = (Cargo("2001067889", "inspect"),)
    return Bundle("2349872345", "LT3482", Direction.INBOUND, "SBC", cargo=cargo, **{**window, **changes})


def test_a_bundle_that_expires_within_the_clocks_uncertainty_stops_nobody_on_the_page_either(tmp_path: Path) -> None:
    """The lane takes it for ended (design §2.12): the page shows no stop, and an officer may release."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            desk.site.bundles = (inspected(valid_until_ms=CORE_MS + 5),)
            await desk.opens()
            view = await desk.cleared("LT3482")
            assert not exact_stop.holds(desk.agent.lane)
            shown = present(view)
            assert shown["visit"]["stops"] == []
            assert [bundle["state"] for bundle in shown["visit"]["codes"]["bundles"]] == ["expired"]
            assert shown["why_not"]["release"] == ""

    asyncio.run(story())


def test_a_bundle_that_this_very_visit_used_still_stops_it_on_the_page_too(tmp_path: Path) -> None:
    """The lane counts it as unused: the page shows the code that stops the vehicle, and why it is not released."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            desk.site.bundles = (inspected(),)
            await desk.opens()
            await desk.cleared("LT3482")
            desk.site.bundles = (inspected(used_by=visit_key(desk.agent.lane, 1)),)
            await desk.happens(e.CodesChanged("LT3482", hold=False))
            view = await desk.answered()
            assert exact_stop.holds(desk.agent.lane)
            shown = present(view)
            assert shown["visit"]["stops"] == ["CCRN 2001067889 has action code “inspect”."]
            assert [bundle["state"] for bundle in shown["visit"]["codes"]["bundles"]] == ["live"]
            assert shown["why_not"]["release"]

    asyncio.run(story())


def test_a_help_call_is_shown_from_its_ring_to_its_end(tmp_path: Path) -> None:
    """Since when, and who answered."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            await desk.opens()
            view = await desk.loop(Contact.HELP, True)
            assert (view.help.state, view.help.by) == (HelpCall.RINGING, "")
            assert view.help.since_ms > 1_800_000_000_000
            answered = await desk.happens(e.HelpAnswered("chan"))
            assert (answered.help.state, answered.help.by) == (HelpCall.ANSWERED, "chan")
            assert answered.help.since_ms == view.help.since_ms
            ended = await desk.happens(e.HelpEnded("chan", "talked"))
            assert (ended.help.state, ended.help.since_ms, ended.help.by) == (HelpCall.NONE, 0, "")

    asyncio.run(story())


def test_a_fault_is_shown_with_its_detail_and_goes_when_it_is_cleared(tmp_path: Path) -> None:
    """The technician's words stay with the fault."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            await desk.opens()
            view = await desk.happens(e.FaultRaised(Fault.CAMERA, "no picture for 3.0 s"))
            assert view.faults == ((Fault.CAMERA, "no picture for 3.0 s"),)
            assert ManualReason.FAULT in view.manual
            assert (await desk.happens(e.FaultCleared(Fault.CAMERA))).faults == ()

    asyncio.run(story())


def test_an_alarm_is_kept_until_somebody_has_seen_it_and_says_who(tmp_path: Path) -> None:
    """Newest first, of one priority; those that nobody has taken before all others. An unknown one is refused in words."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            await desk.opens()
            view = await desk.happens(e.TroubleReported("StoreRoomLow", "900 MB left"), e.TroubleReported("worn", ""))
            newest, older = view.alarms[:2]
            assert (newest.kind, older.kind, older.detail) == ("worn", "StoreRoomLow", "900 MB left")
            assert await desk.page.acknowledge(newest.id, "chan")
            after = desk.page.view()
            assert [(alarm.id, alarm.seen_by) for alarm in after.alarms[:2]] == [(older.id, ""), (newest.id, "chan")]
            assert after.sequence > view.sequence
            assert not await desk.page.acknowledge("nobody's", "chan")

    asyncio.run(story())


def test_a_flood_of_one_kind_pushes_nothing_out(tmp_path: Path) -> None:
    """A flapping camera once pushed three vehicles that nobody had seen leave out of a list of fifty, within 100 s."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            await desk.happens(*(e.TroubleReported("RunThrough", "", cause) for cause in "abc"))
            for _ in range(60):
                await desk.happens(e.FaultRaised(Fault.CAMERA, "no picture"), e.FaultCleared(Fault.CAMERA))
            alarms = desk.page.view().alarms
            assert [(one.kind, one.count, one.state) for one in alarms] == [
                ("RunThrough", 1, AlarmState.UNACKNOWLEDGED),
                ("RunThrough", 1, AlarmState.UNACKNOWLEDGED),
                ("RunThrough", 1, AlarmState.UNACKNOWLEDGED),
                ("FaultRaised", 60, AlarmState.RETURNED),
            ]

    asyncio.run(story())


def test_every_alarm_has_a_name_of_its_own_however_many_there_were(tmp_path: Path) -> None:
    """Two of one step included: an officer takes the one he saw. What nobody has taken never leaves the list."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            await desk.happens(*(e.TroubleReported("trouble", "", str(number)) for number in range(HISTORY + 3)))
            effects = (Alarm("first", 0), Alarm("second", 0))
            desk.page.stepped(e.TroubleReported("two"), desk.clock.now(), effects, desk.agent.lane)
            names = [alarm.id for alarm in desk.page.view().alarms]
            assert len(names) == len(set(names)) == HISTORY + 5
            await desk.page.acknowledge(names[1], "chan")
            taken = next(alarm for alarm in desk.page.view().alarms if alarm.seen_by)
            assert (taken.kind, taken.state) == ("second", AlarmState.ACKNOWLEDGED)
            assert await desk.page.close_alarm(taken.id, "chan", "looked at it") == ""
            assert await desk.page.close_alarm(taken.id, "chan", "looked at it") != ""
            closed = desk.page.view().alarms[-1]
            assert (closed.kind, closed.state, closed.closed_by) == ("second", AlarmState.CLOSED, "chan")

    asyncio.run(story())


def test_what_its_cause_ends_is_not_closed_by_hand(tmp_path: Path) -> None:
    """It would only be hidden: the camera is still dark."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            (fault,) = (await desk.happens(e.FaultRaised(Fault.CAMERA, "no picture"))).alarms
            assert "ends by itself" in await desk.page.close_alarm(fault.id, "chan", "seen")
            assert await desk.page.acknowledge(fault.id, "chan")
            (over,) = (await desk.happens(e.FaultCleared(Fault.CAMERA))).alarms
            assert (over.state, over.closed_by, over.seen_by) == (AlarmState.CLOSED, ITSELF, "chan")

    asyncio.run(story())


def test_past_visits_are_listed_and_survive_a_restart(tmp_path: Path) -> None:
    """Newest first, twenty of them, the same after a new start as before."""

    async def before() -> LaneView:
        async with desk_at(tmp_path / "lane.db") as desk:
            await desk.opens()
            view = await desk.visit()
            for _ in range(VISITS_KEPT):
                view = await desk.visit()
            await desk.loop(Contact.STOP_LOOP, True)
            number = desk.agent.lane.visits
            await desk.happens(
                e.PlateSettled(number, Read("LT3482", None, 0.97, ReadSource.READER, ("ab", "cd"))),
                e.OfficerTookOver(number, "chan", "cleared by hand"),
            )
            assert view.past[0].id == VISITS_KEPT + 1
            return desk.page.view()

    async def after() -> LaneView:
        async with desk_at(tmp_path / "lane.db", "boot-2") as desk:
            return desk.page.view()

    was = asyncio.run(before())
    newest = was.past[0]
    assert len(was.past) == VISITS_KEPT
    assert [past.id for past in was.past] == list(range(VISITS_KEPT + 2, 2, -1))
    assert (newest.vrn, newest.outcome, newest.officer, newest.reason) == (
        "LT3482",
        Outcome.UNDECIDED,
        "chan",
        "cleared by hand",
    )
    assert newest.evidence == ("ab", "cd")
    assert newest.left_ms > newest.arrived_ms > 0
    assert {(past.row, past.row_name) for past in was.past[1:]} == {(22, "22 leaving against the signal")}
    assert asyncio.run(after()).past == was.past


def test_a_vehicle_in_the_lane_at_a_restart_is_the_officers_and_the_page_shows_it(tmp_path: Path) -> None:
    """The visit keeps its number; nobody but the officer may release it."""

    async def before() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            await desk.opens()
            await desk.loop(Contact.STOP_LOOP, True)

    async def after() -> None:
        async with desk_at(tmp_path / "lane.db", "boot-2") as desk:
            visit = desk.page.view().visit
            assert visit is not None
            assert (visit.id, visit.doubt, visit.ruling) == (1, Doubt.RESTART, Ruling.NONE)

    asyncio.run(before())
    asyncio.run(after())


def test_a_past_visit_names_the_row_that_decided_it(tmp_path: Path) -> None:
    """Not the one it drove off in: a released vehicle did not leave against the signal."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            await desk.opens()
            await desk.loop(Contact.STOP_LOOP, True)
            await desk.loop(Contact.IMMIGRATION_STARTED, False)
            await desk.loop(Contact.IMMIGRATION_CLEARED, False)
            await desk.happens(
                e.ContactChanged(Contact.IMMIGRATION_STARTED, True, desk.clock.now().mono_ms),
                e.ContactChanged(Contact.IMMIGRATION_CLEARED, True, desk.clock.now().mono_ms),
                e.PlateSettled(1, Read("LT3482", None, 0.97, ReadSource.READER)),
                e.OfficerReleased(1, "chan", "seen"),
            )
            await desk.loop(Contact.EXIT_LOOP, True)
            await desk.loop(Contact.STOP_LOOP, False)
            (past,) = desk.page.view().past
            assert (past.outcome, past.ruling, past.officer) == (Outcome.RELEASED, Ruling.RELEASE, "chan")
            assert (past.row, past.row_name) == (7, "7 stands")

    asyncio.run(story())


@pytest.mark.parametrize("screen", Screen)
def test_the_page_paints_what_a_screen_was_told_once_for_all_who_look(tmp_path: Path, screen: Screen) -> None:
    """And anew when it is told something else."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            await desk.opens()
            assert await desk.page.screen_png(screen) == f"{screen.value} WELCOME".encode()
            await desk.page.screen_png(screen)
            assert desk.painted == [(screen, Scene.WELCOME, "")]
            await desk.loop(Contact.STOP_LOOP, True)
            assert await desk.page.screen_png(screen) == f"{screen.value} STOP".encode()

    asyncio.run(story())


def test_pictures_come_from_the_camera_and_the_evidence(tmp_path: Path) -> None:
    """A picture that is not there is None, not an error."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            assert await desk.page.frame() == CameraPicture(b"jpeg", 40)
            picture = await desk.page.evidence("ab")
            assert picture is not None
            assert picture.body == b"picture"
            assert await desk.page.evidence("cd") is None

    asyncio.run(story())


def test_who_waits_for_a_change_gets_the_next_view_and_not_an_older_one(tmp_path: Path) -> None:
    """The stream of views never shows the past."""

    async def story() -> None:
        async with desk_at(tmp_path / "lane.db") as desk:
            seen = desk.page.view()
            waiting = asyncio.create_task(desk.page.changed(seen.sequence))
            await asyncio.sleep(0)
            assert not waiting.done()
            await desk.page.act(e.LaneOpened("chan"))
            async with asyncio.timeout(10):
                view = await waiting
            assert view.sequence > seen.sequence
            assert view.open

    asyncio.run(story())
