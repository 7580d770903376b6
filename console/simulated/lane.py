"""A lane to look at during development: it has a hardware side and an officer's side, and ships.

The hardware side (`vehicle_arrives`, `plate_settles`, `help_pressed`, …) is driven by a scenario or a test, as the world
drives a lane. It decides nothing: the real decisions are `lane_agent.step`'s, and `edge` has the real feed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, assert_never

from console.ports import (
    Action,
    ActionAnswer,
    AlarmView,
    CameraPicture,
    EvidencePicture,
    HelpView,
    LaneView,
    LinkView,
    MessageView,
    OfficerAction,
    PastVisit,
    ScreenView,
    Ticks,
    VisitView,
)
from console.simulated import pictures
from domain.crossing import Direction
from lane_agent import events as e
from lane_agent.model import (
    Codes,
    Doubt,
    Fault,
    HelpCall,
    Immigration,
    Link,
    ManualReason,
    NearMiss,
    Outcome,
    Read,
    ReadSource,
    Ruling,
    Screen,
)
from lane_agent.wording import Scene

_NEW_LINK = LinkView(Link.FRESH, 400, 48_211, 48_211, verified=True, waiting=0, broker="broker-a", refused=())


class SimulatedLane:
    """One lane without a lane: a `LaneFeed` whose hardware side is in your hands.

    Args:
        utc_ms: the wall clock, in UTC ms; chosen by the composition root.
        ticks: a monotonic clock, in ms.
    """

    def __init__(self, *, utc_ms: Callable[[], int], ticks: Ticks, lane: str = "SZB-IN-07") -> None:
        self._utc_ms = utc_ms
        self._ticks = ticks
        self._news = asyncio.Event()
        self._pictures: dict[str, bytes] = {}
        self._proof_at: int | None = ticks()
        self._visits = 4_180
        self._refusal = ""
        self.camera_works = True
        self.acted: list[OfficerAction] = []
        self._view = LaneView(
            sequence=1,
            at_ms=utc_ms(),
            lane=lane,
            point="Shenzhen Bay",
            direction=Direction.INBOUND,
            simulated=True,
            open=True,
            row=2,
            row_name="2 waiting",
            link=_NEW_LINK,
            screens=tuple(ScreenView(screen, Scene.WELCOME, Scene.WELCOME, confirmed=True) for screen in Screen),
            read_ms=(38, 61),
            software="0.1.0",
        )

    # --- LaneFeed ------------------------------------------------------------------------------------------------

    def view(self) -> LaneView:
        """The lane as it is now."""
        link = self._view.link
        age = None if self._proof_at is None else self._ticks() - self._proof_at
        fresh_age = age if link.verdict is not Link.FRESH else 400
        return replace(self._view, at_ms=self._utc_ms(), link=replace(link, proof_age_ms=fresh_age))

    async def changed(self, after: int) -> LaneView:
        """Waits for a newer view."""
        while self._view.sequence <= after:
            await self._news.wait()
        return self.view()

    def frame(self) -> CameraPicture | None:
        """The drawn camera picture."""
        if not self.camera_works:
            return None
        visit = self._view.visit
        read = None if visit is None else visit.read
        vrn = "?" if visit is not None and read is None else read.vrn if read else ""
        return CameraPicture(pictures.frame(vrn, (read.mainland or "") if read else "", boxed=read is not None), 120)

    async def screen_png(self, screen: Screen) -> bytes | None:
        """The drawn face of a screen."""
        for told in self._view.screens:
            if told.screen is screen:
                return pictures.screen(screen, told.painted, told.parameter)
        return None

    async def evidence(self, digest: str) -> EvidencePicture | None:
        """A drawn evidence picture."""
        body = self._pictures.get(digest)
        return None if body is None else EvidencePicture(body)

    async def act(self, action: OfficerAction) -> ActionAnswer:
        """Does what a willing lane would do; refuses with the words given to `refuse_next`."""
        if self._refusal:
            refusal, self._refusal = self._refusal, ""
            return ActionAnswer(accepted=False, words=refusal)
        self.acted.append(action)
        return ActionAnswer(accepted=True, words=self._do(action))

    async def acknowledge(self, alarm: str, officer: str) -> ActionAnswer:
        """Marks an alarm or a message as seen."""
        alarms = tuple(replace(one, seen_by=officer) if one.id == alarm else one for one in self._view.alarms)
        messages = tuple(replace(one, seen_by=officer) if one.id == alarm else one for one in self._view.messages)
        if (alarms, messages) == (self._view.alarms, self._view.messages):
            return ActionAnswer(accepted=False, words="Not done: that is no longer listed.")
        self._change(alarms=alarms, messages=messages)
        return ActionAnswer(accepted=True, words="Noted as seen.")

    def _do(self, action: OfficerAction) -> str:
        match action:
            case e.OfficerReleased() | e.OfficerInspected() | e.OfficerCorrected() | e.OfficerTookOver():
                return self._do_visit(action)
            case e.HelpAnswered(officer):
                self._change(help=replace(self._view.help, state=HelpCall.ANSWERED, by=officer))
                return "Call answered."
            case e.HelpEnded():
                self._change(help=HelpView())
                return "Call ended."
            case _:
                self._change(**self._lane_change(action))
                return "Done."

    def _lane_change(
        self,
        action: e.LaneOpened | e.LaneClosed | e.ManualOrdered | e.ManualEnded | e.LoopBypassed | e.VehicleAnnounced,
    ) -> dict[str, Any]:
        view = self._view
        match action:
            case e.LaneOpened():
                return {"open": True, "row": 2, "row_name": "2 waiting"}
            case e.LaneClosed():
                return {"open": False, "row": 1, "row_name": "1 closed"}
            case e.ManualOrdered():
                return {"manual": (*view.manual, ManualReason.ORDER)}
            case e.ManualEnded():
                return {"manual": tuple(one for one in view.manual if one is not ManualReason.ORDER)}
            case e.LoopBypassed(contact, bypassed):
                kept = tuple(one for one in view.bypassed if one is not contact)
                return {"bypassed": (*kept, contact) if bypassed else kept}
            case e.VehicleAnnounced():
                self.vehicle_arrives(manual=True)
                return {}
            case _:
                assert_never(action)

    def _do_visit(self, action: e.OfficerReleased | e.OfficerInspected | e.OfficerCorrected | e.OfficerTookOver) -> str:
        match action:
            case e.OfficerReleased():
                self._change_visit(outcome=Outcome.RELEASED, ruling=Ruling.RELEASE, doubt=None)
                self.decides(7, "7 released by officer", Scene.DONE)
                return f"Visit {action.visit} released: {action.reason}."
            case e.OfficerInspected():
                self._change_visit(outcome=Outcome.EXAMINE, ruling=Ruling.INSPECT)
                self.decides(9, "9 inspect by officer", Scene.EXAMINE)
                return f"Visit {action.visit} sent to the compound."
            case e.OfficerCorrected():
                self.plate_settles(action.vrn, source=ReadSource.OFFICER, confidence=1.0)
                return f"Mark of visit {action.visit} is now {action.vrn}."
            case e.OfficerTookOver():
                self.vehicle_leaves(officer=action.officer, reason=action.reason)
                return f"Visit {action.visit} ended by hand."
            case _:
                assert_never(action)

    # --- the hardware's side -------------------------------------------------------------------------------------

    def vehicle_arrives(self, *, manual: bool = False) -> int:
        """A vehicle drives onto the stop loop; returns its visit's number."""
        self._visits += 1
        self._change(visit=VisitView(self._visits, self._utc_ms(), manual=manual or bool(self._view.manual)))
        self.decides(3, "3 please stop", Scene.STOP)
        return self._visits

    def plate_settles(
        self,
        vrn: str,
        mainland: str = "",
        *,
        confidence: float = 0.98,
        source: ReadSource = ReadSource.READER,
        near: tuple[NearMiss, ...] = (),
    ) -> None:
        """The reader settles a read, with a picture as evidence."""
        picture = self.picture(vrn, mainland)
        read = Read(vrn, mainland or None, confidence, source, (picture,))
        self._change_visit(read=read, evidence=(picture,), near=near)

    def plate_unread(self, *candidates: str) -> None:
        """The reader gives up."""
        self._change_visit(candidates=candidates, evidence=(self.picture("?", ""),))
        self.decides(8, "8 plate not read", Scene.NOPLATE)

    def identifier_reads(self, source: str, vrn: str) -> None:
        """A second identifier names a mark."""
        visit = self._view.visit
        self._change_visit(identifiers=(*(visit.identifiers if visit else ()), (source, vrn)))

    def immigration(self, where: Immigration) -> None:
        """Immigration's signals."""
        self._change_visit(immigration=where)
        if where is Immigration.RUNNING:
            self.decides(4, "4 immigration", Scene.IMMIGRATION_TURN, Scene.IMMIGRATION)

    def codes_found(self, codes: Codes) -> None:
        """The code book answers."""
        self._change_visit(codes=codes, near=codes.near)

    def doubts(self, doubt: Doubt) -> None:
        """Something makes the visit the officer's."""
        self._change_visit(doubt=doubt)

    def outcome(self, outcome: Outcome) -> None:
        """What the driver has been shown."""
        self._change_visit(outcome=outcome)

    def unladen_pressed(self) -> None:
        """The driver presses Unladen Vehicle."""
        self._change_visit(unladen=True)

    def manifest_dropped(self) -> None:
        """The paper falls past the drop-in box's sensor."""
        self._change_visit(manifest=True)

    def decides(self, row: int, name: str, xdb: Scene, aiop: Scene | None = None, parameter: str = "") -> None:
        """The lane enters a row of the table, and both screens paint it."""
        shown = {Screen.XDB: xdb, Screen.AIOP: aiop or xdb}
        screens = tuple(ScreenView(one, scene, scene, True, parameter) for one, scene in shown.items())
        self._change(row=row, row_name=name, screens=screens)

    def screen_goes_silent(self, screen: Screen) -> None:
        """A screen no longer says what it painted."""
        kept = (
            replace(one, painted=None, confirmed=False) if one.screen is screen else one for one in self._view.screens
        )
        self._change(screens=tuple(kept))

    def vehicle_leaves(self, *, officer: str = "", reason: str = "") -> None:
        """The vehicle drives off; its visit goes to the list."""
        visit = self._view.visit
        if visit is None:
            return
        read = visit.read
        past = PastVisit(
            visit.id,
            visit.arrived_ms,
            self._utc_ms(),
            read.vrn if read else "",
            (read.mainland or "") if read else "",
            visit.outcome,
            self._view.row,
            self._view.row_name,
            visit.doubt,
            visit.ruling,
            officer,
            reason,
            visit.evidence,
        )
        self.happened(past)
        self._change(visit=None)
        self.decides(2, "2 waiting", Scene.WELCOME)

    def happened(self, *past: PastVisit) -> None:
        """Visits for the list, newest first."""
        self._change(past=(*past, *self._view.past)[:20])

    def help_pressed(self) -> None:
        """The driver presses Help."""
        if self._view.help.state is HelpCall.NONE:
            self._change(help=HelpView(HelpCall.RINGING, self._utc_ms()))

    def link_is(self, verdict: Link, **rest: Any) -> None:
        """The link machine's verdict; `rest` replaces fields of `LinkView`."""
        self._proof_at = self._ticks()
        others = tuple(one for one in self._view.manual if one is not ManualReason.LINK)
        manual = (ManualReason.LINK, *others) if verdict is Link.OFFLINE else others
        self._change(link=replace(self._view.link, verdict=verdict, **rest), manual=manual)

    def fault(self, fault: Fault, detail: str = "") -> None:
        """Something breaks."""
        self._change(faults=((fault, detail), *self._view.faults))

    def alarm(self, kind: str, detail: str = "", *, visit: int = 0, seen_by: str = "") -> None:
        """An alarm is raised."""
        known = len(self._view.alarms)
        alarm = AlarmView(f"alarm-{known}", kind, self._utc_ms(), detail, visit, seen_by)
        self._change(alarms=(alarm, *self._view.alarms))

    def message(self, issuer: str, text: str, *, visit: int = 0) -> None:
        """Words come from the centre."""
        known = len(self._view.messages)
        message = MessageView(f"message-{known}", self._utc_ms(), issuer, text, visit)
        self._change(messages=(message, *self._view.messages))

    def agent_hangs(self, ms: int) -> None:
        """The oldest event has waited this long for the agent."""
        self._change(inbox_wait_ms=ms)

    def lane_refuses(self, *refuses: tuple[Action, str]) -> None:
        """What the lane's own checks would refuse."""
        self._change(refuses=refuses)

    def refuse_next(self, words: str) -> None:
        """The lane refuses the next action, as it may when it has just learnt something."""
        self._refusal = words

    def picture(self, vrn: str, mainland: str) -> str:
        """Keeps a drawn picture and returns its sha256."""
        body = pictures.frame(vrn, mainland)
        digest = hashlib.sha256(body).hexdigest()
        self._pictures[digest] = body
        return digest

    def _change_visit(self, **changes: Any) -> None:
        if self._view.visit is not None:
            self._change(visit=replace(self._view.visit, **changes))

    def _change(self, **changes: Any) -> None:
        self._view = replace(self._view, sequence=self._view.sequence + 1, **changes)
        news, self._news = self._news, asyncio.Event()
        news.set()
