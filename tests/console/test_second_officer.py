"""Where two officers must agree: a release over a warning and a bypass, over HTTP, on the shipped agent."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from console.grounds import warnings
from console.officers import OfficerRole
from edge.wiring import wall_facts
from lane_agent import events as e
from lane_agent.approval import one_person, warned
from lane_agent.model import Contact, Link, Outcome
from simulation.page_lane import PageLane
from tests.rigs.page import PATIENT, ManualClock, painted
from tests.rigs.page_client import PASSWORD, PageClient

TWO = replace(PATIENT, second_release=True, second_bypass=True, second_ms=60_000)


class Workstation(PageClient):
    """An officer at one of two of them."""

    def asks_release(self) -> httpx.Response:
        """As the dialog sends it, the warnings read."""
        view = self.view()
        asked = {"visit": view["visit"]["id"], "basis": view["basis"], "reason": "papers in order", "read": True}
        return self.post("/action", action="release", **asked)

    def answers(self, *, approves: bool = True, reason: str = "", **changes: Any) -> httpx.Response:
        """As the dialog of the second officer sends it."""
        view = self.view()
        asked = {"id": view["approval"]["id"], "approves": approves, "basis": view["basis"], "read": True}
        return self.post("/second", **(asked | {"reason": reason} | changes))


@pytest.fixture
def served(serve: Callable[..., Any], officers: Any) -> Any:
    """A lane where two must agree, a truck in it without a bundle; five people who may log in."""
    officers.add("wong", PASSWORD)
    officers.add("lee", PASSWORD, role=OfficerRole.SUPERVISOR)
    officers.add("guest", PASSWORD, role=OfficerRole.VIEWER)
    officers.add("tech", PASSWORD, role=OfficerRole.TECHNICIAN)
    lane = serve(policy=TWO)
    lane.drive(lane.lane.arrives)
    lane.drive(lane.lane.reads, "HB6685")
    lane.drive(lane.lane.immigration_clears)
    return lane


@pytest.fixture
def at(served: Any) -> Iterator[Callable[[str], Workstation]]:
    """Opens workstations."""
    open_: dict[str, Workstation] = {}

    def workstation(name: str) -> Workstation:
        if name not in open_:
            open_[name] = Workstation(served, name)
        return open_[name]

    yield workstation
    for one in open_.values():
        one.http.close()


def outcome(served: Any) -> Outcome:
    """What the driver was told."""
    visit = served.lane.agent.lane.visit
    return visit.outcome if visit is not None else Outcome.UNDECIDED


def deeds(served: Any) -> list[tuple[str, str, str, str]]:
    """What the journal has of requests for a second officer: deed, who asked, the other's name, why."""
    entries = [json.loads(body) for body in served.lane.journal.entries]
    events = [entry["event"] for entry in entries if entry["event"]["type"] == "ApprovalHandled"]
    return [(one["deed"], one["officer"], one["second"], one["why"]) for one in events]


def until(happened: Callable[[], bool]) -> None:
    """Waits for something that a task of the lane does."""
    end = time.monotonic() + 5
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_release_over_a_warning_waits_and_is_done_when_another_officer_approves(served: Any, at: Any) -> None:
    """Both names are in the record of the release, and who asked in the journal before anybody is told."""
    answer = at("chan").asks_release()
    assert (answer.status_code, "waits for a second officer" in answer.text) == (200, True)
    assert outcome(served) is Outcome.UNDECIDED
    told = at("lee").view()["approval"]
    assert (told["waits"], told["officer"], 0 < told["left_s"] <= 60) == (True, "chan", True)
    assert "No second officer" not in json.dumps(told)
    facts = wall_facts(served.lane.agent.lane, served.lane.page.second.facts())["approval"]
    assert (facts["deed"], facts["officer"], facts["act"]) == ("asked", "chan", "release")
    assert at("lee").answers().status_code == 200
    assert outcome(served) is Outcome.RELEASED
    [event] = [one for one in served.acted if isinstance(one, e.OfficerReleased)]
    assert (event.officer, event.second, event.reason) == ("chan", "lee", "papers in order")
    record = '"kind":"ReleasedByOfficer"'
    [entry] = [body.decode() for body in served.lane.journal.entries if record in body.decode()]
    assert '["officer","chan"]' in entry
    assert '["second","lee"]' in entry
    assert deeds(served) == [("asked", "chan", "", "")]
    assert served.lane.page.second.facts()["deed"] == "approved"


@pytest.mark.parametrize(("name", "status"), [("chan", 409), ("guest", 403), ("tech", 403)])
def test_nobody_approves_his_own_request_and_no_viewer_or_technician_any(
    served: Any, at: Any, name: str, status: int
) -> None:
    """It waits on for somebody who may."""
    at("chan").asks_release()
    assert at(name).answers().status_code == status
    assert outcome(served) is Outcome.UNDECIDED
    assert at("wong").answers().status_code == 200
    assert outcome(served) is Outcome.RELEASED


def test_a_refusal_has_a_reason_and_releases_nobody(served: Any, at: Any) -> None:
    """And cannot be approved after it."""
    at("chan").asks_release()
    view = at("wong").view()
    assert at("wong").answers(approves=False).status_code == 422
    assert at("wong").answers(approves=False, reason="seal is broken").status_code == 200
    asked = {"id": view["approval"]["id"], "approves": True, "basis": view["basis"], "read": True}
    late = at("lee").post("/second", **asked)
    assert (late.status_code, "That request is over." in late.text) == (409, True)
    assert outcome(served) is Outcome.UNDECIDED
    assert deeds(served) == [("asked", "chan", "", ""), ("refused", "chan", "wong", "seal is broken")]
    assert "seal is broken" in at("chan").view()["approval"]["why"]


def test_a_request_that_nobody_answers_lapses_at_its_limit(served: Any, at: Any, clock: ManualClock) -> None:
    """Not before, and an approval after it does nothing."""
    at("chan").asks_release()
    clock.ms += 59_000
    view = at("wong").view()
    assert (view["approval"]["waits"], view["approval"]["left_s"]) == (True, 1)
    clock.ms += 1_000
    until(lambda: len(deeds(served)) == 2)
    asked = {"id": view["approval"]["id"], "approves": True, "basis": view["basis"], "read": True}
    late = at("wong").post("/second", **asked)
    assert (late.status_code, "Nobody approved it in time." in late.text) == (409, True)
    assert outcome(served) is Outcome.UNDECIDED
    assert deeds(served)[-1] == ("lapsed", "chan", "", "")


async def _hold_nearby(lane: PageLane) -> None:
    await lane.codes_change("HB668", hold=True)  # one character away: a new warning, no exact stop


async def _leaves(lane: PageLane) -> None:
    await lane.leaves()


async def _begins_anew(lane: PageLane) -> None:
    await lane.happens(e.AgentStarted(TWO, "boot-2", "0.1.0"))


async def _link_lost(lane: PageLane) -> None:
    await lane.link_is(Link.OFFLINE)


@pytest.mark.parametrize("happens", [_hold_nearby, _leaves, _begins_anew, _link_lost])
def test_an_approval_does_nothing_once_vehicle_or_grounds_have_changed(
    served: Any, at: Any, happens: Callable[[PageLane], Any]
) -> None:
    """A hold, a vehicle that left, a lane that began anew, a link that broke: the request is void, and everybody told so."""
    at("chan").asks_release()
    view = at("wong").view()
    served.drive(happens, served.lane)
    asked = {"id": view["approval"]["id"], "approves": True, "basis": view["basis"], "read": True}
    answer = at("wong").post("/second", **asked)
    assert answer.status_code == 409
    until(lambda: len(deeds(served)) == 2)
    assert deeds(served)[-1][0] == "void"
    assert outcome(served) is not Outcome.RELEASED
    again = at("wong").post("/second", **(asked | {"basis": at("wong").view()["basis"]}))
    assert "The vehicle or the grounds changed while it waited." in again.text
    assert outcome(served) is not Outcome.RELEASED


def test_the_second_officer_must_have_read_the_warnings_himself(served: Any, at: Any) -> None:
    """And on what there is to see now."""
    at("chan").asks_release()
    assert at("wong").answers(read=False).status_code == 409
    assert at("wong").answers(basis="of yesterday").status_code == 409
    assert outcome(served) is Outcome.UNDECIDED
    assert at("wong").answers().status_code == 200


def test_one_request_waits_at_a_time_and_whoever_asked_may_take_it_back(served: Any, at: Any) -> None:
    """Nothing of it counts then."""
    at("chan").asks_release()
    second = at("wong").asks_release()
    assert (second.status_code, "already" in second.text) == (409, True)
    assert at("chan").answers(approves=False, reason="asked by mistake").status_code == 200
    assert at("wong").asks_release().status_code == 200
    assert outcome(served) is Outcome.UNDECIDED


def test_without_a_warning_one_officer_is_enough(served: Any, at: Any) -> None:
    """And to inspect or clear by hand always."""
    served.drive(served.lane.pulse, Contact.DROP_BOX)
    served.lane.add_bundle("HB6685", "release")
    served.drive(served.lane.happens, e.HelpAnswered("x"), e.ManualOrdered("chan", "exercise"))
    served.drive(served.lane.happens, e.CodesChanged("HB6685", False))
    assert outcome(served) is Outcome.RELEASED  # by the lane itself: its visit is automatic
    served.drive(served.lane.leaves)
    served.drive(served.lane.arrives)
    served.drive(served.lane.reads, "MK8271")
    served.lane.add_bundle("MK8271", "release")
    served.drive(served.lane.codes_change, "MK8271")
    served.drive(served.lane.immigration_clears)
    served.drive(served.lane.pulse, Contact.DROP_BOX)
    view = at("chan").view()
    assert (view["warnings"], view["second"], outcome(served)) == ([], ["bypass"], Outcome.UNDECIDED)
    assert at("chan").asks_release().status_code == 200
    assert outcome(served) is Outcome.RELEASED
    served.drive(served.lane.leaves)
    served.drive(served.lane.arrives)
    visit = at("chan").view()["visit"]["id"]
    assert at("chan").post("/action", action="take_over", visit=visit, reason="by paper").status_code == 200


def test_a_loop_is_bypassed_by_two_and_put_back_by_one(served: Any, at: Any) -> None:
    """In manual mode, as before."""
    served.drive(served.lane.happens, e.ManualOrdered("chan", "exercise"))
    asked = {"action": "bypass", "loop": "exit_loop", "reason": "loop stuck on"}
    assert "waits" in at("chan").post("/action", **asked).text
    assert not served.lane.agent.lane.bypassed
    assert at("chan").answers().status_code == 409
    assert at("wong").answers().status_code == 200
    assert served.lane.agent.lane.bypassed == {Contact.EXIT_LOOP}
    back = at("chan").post("/action", action="restore", loop="exit_loop", reason="repaired and tested")
    assert (back.status_code, served.lane.agent.lane.bypassed) == (200, frozenset())


def test_no_way_to_the_agent_takes_one_officer_for_two(served: Any) -> None:
    """An act with somebody else's name written in, an order from the centre, the same person by another door."""
    visit = served.lane.agent.lane.visits
    page, lane = served.lane.page, served.lane
    assert served.drive(page.act, e.OfficerReleased(visit, "chan", "why not", second="wong"))
    assert served.drive(page.act, e.OfficerReleased(visit, "chan", "why not"))
    for officer, second in [("wong@centre", ""), ("chan", "chan@wall"), ("chan@wall", " Chan"), ("chan", " ")]:
        served.drive(lane.happens, e.OfficerReleased(visit, officer, "why not", second=second))
    assert outcome(served) is Outcome.UNDECIDED
    assert one_person("chan@wall", "CHAN@centre")
    assert not one_person("chan@wall", "wong@wall")


def test_what_the_lane_takes_for_a_warning_is_what_the_page_warns_of() -> None:
    """Over stories drawn by chance: no warning that one officer may pass, no second officer without a warning."""

    async def stories() -> list[bool]:
        found = []
        for seed in range(12):
            policy = replace(TWO, manifest_sensor=seed % 3 == 0)
            lane = PageLane(clock=ManualClock(), paint=painted, policy=policy)
            working = asyncio.create_task(lane.agent.run())
            await lane.start()
            rng = random.Random(seed)
            for place in range(24):
                things = _things(lane, rng)
                begin = [*things[3:4], *things[5:6], *things[7:8], things[0]]
                await (begin[place] if place < len(begin) else rng.choice(things))()
                view = lane.page.view()
                if view.visit is not None:
                    assert bool(warnings(view)) == warned(lane.agent.lane), (seed, warnings(view))
                    found.append(warned(lane.agent.lane))
            working.cancel()
        return found

    found = asyncio.run(stories())
    assert {True, False} == set(found)


def _things(lane: PageLane, rng: random.Random) -> list[Callable[[], Any]]:
    """What may happen next."""
    mark = rng.choice(["HB6685", "MK8271"])

    async def bundled() -> None:
        now = lane.codes.now_ms()
        late = {"earliest_ms": now + 3_600_000}
        changes = rng.choice([{}, {}, {"point": "LMC"}, late, {"withdrawn": True}])
        lane.add_bundle(mark, "release", **changes)
        await lane.codes_change(mark)

    async def approved() -> None:
        lane.codes.approved[mark] = ""
        await lane.codes_change(mark)

    return [
        bundled,
        bundled,
        approved,
        lane.arrives,
        lane.arrives,
        lane.immigration_clears,
        lane.immigration_clears,
        lambda: lane.reads(mark),
        lambda: lane.reads(mark),
        lambda: lane.pulse(Contact.UNLADEN),
        lambda: lane.pulse(Contact.DROP_BOX),
        lambda: lane.codes_change(mark[:-1], hold=True) if rng.random() < 0.1 else lane.limit_expires(),
        lambda: lane.link_is(rng.choice([Link.FRESH, Link.FRESH, Link.OFFLINE])),
        lambda: lane.happens(e.ManualOrdered("chan", "exercise")),
        lambda: lane.happens(e.HelpEnded("chan", "x")),
        lane.leaves,
    ]
