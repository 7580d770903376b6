"""The queue of what needs an officer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.rigs.wall import NOW, WallRig, online, state
from wall.errors import NeedRefusedError
from wall.needs import NeedBook, NeedKind
from wall.point import Point
from wall.settings import QueueSection
from wall.store import WallStore
from wire.messages import Presence


class Queue:
    """A book and the point that moves it."""

    def __init__(self, **kept: tuple[str, int]) -> None:
        self.point = Point(["L", "M"])
        self.book = NeedBook(QueueSection().limit_ms, dict(kept))
        self.serial = 0

    def tells(self, lane: str, *alarms: tuple[str, int, str, int, str], now: int = NOW, **facts: Any) -> list[str]:
        """A lane tells its alarms; what became of needs."""
        self.serial += 1
        self.point.hear(online(lane), now)
        self.point.hear(state(lane, self.serial, alarms=alarms, at_ms=now, **facts), now)
        return [deed.what for deed in self.book.follow(self.point.lanes[lane], now)]

    @property
    def kinds(self) -> list[NeedKind]:
        """The queue's order."""
        return [need.kind for need in self.book.queue()]


def test_the_worst_is_first_and_of_alike_the_oldest() -> None:
    """Run-through, help call, exception, fault; then age."""
    queue = Queue()
    queue.tells("L", ("FaultRaised", 0, "camera", NOW - 9, ""), ("AtOfficer", 4, "", NOW - 5, ""), visit=4)
    queue.tells("M", ("AtOfficer", 7, "", NOW - 8, ""), ("Help", 0, "", NOW, ""), ("RunThrough", 6, "", NOW, ""))
    order = [NeedKind.RAN, NeedKind.HELP, NeedKind.EXCEPTION, NeedKind.EXCEPTION, NeedKind.FAULT]
    assert queue.kinds == order
    assert [need.visit for need in queue.book.queue()][2:4] == [7, 4]


def test_one_vehicle_is_one_need_however_many_alarms_it_has() -> None:
    """An officer takes a vehicle, and not four alarms of it."""
    queue = Queue()
    queue.tells("L", ("AtOfficer", 4, "", NOW, ""), ("NoBundle", 4, "", NOW, ""), vrn="AB1234", visit=4)
    (need,) = queue.book.queue()
    assert (len(need.alarms), need.vrn) == (2, "AB1234")


def test_a_need_ends_with_its_cause_and_not_before() -> None:
    """Nobody closes a need whose cause stands; it is over when the lane says so."""
    queue = Queue()
    assert queue.tells("L", ("AtOfficer", 4, "", NOW, "")) == ["appeared"]
    assert queue.tells("L", ("AtOfficer", 4, "", NOW, "")) == []
    assert queue.tells("L") == ["over"]


def test_a_lane_that_is_not_heard_loses_no_need_and_gets_one() -> None:
    """Silence is not the end of a run-through."""
    queue = Queue()
    queue.tells("L", ("RunThrough", 4, "", NOW, ""))
    queue.point.hear(Presence(lane="L", status="lost", session=1), NOW)
    queue.book.follow(queue.point.lanes["L"], NOW)
    assert queue.kinds == [NeedKind.RAN, NeedKind.SILENT]
    assert queue.tells("L", ("RunThrough", 4, "", NOW, "")) == ["over"]
    assert queue.kinds == [NeedKind.RAN]


def test_two_officers_cannot_both_believe_that_it_is_theirs() -> None:
    """Whoever takes what another has must have seen whose it was."""
    queue = Queue()
    queue.tells("L", ("AtOfficer", 4, "", NOW, ""))
    key = queue.book.queue()[0].key
    queue.book.take(key, "chan", had="", now_ms=NOW)
    with pytest.raises(NeedRefusedError, match="chan has taken it meanwhile"):
        queue.book.take(key, "wong", had="", now_ms=NOW)
    queue.book.take(key, "wong", had="chan", now_ms=NOW)
    with pytest.raises(NeedRefusedError, match="not yours"):
        queue.book.hand(key, "chan", "lee", now_ms=NOW)
    assert queue.book.open[key].taken_by == "wong"


def test_what_nobody_takes_escalates_once_and_what_is_given_back_waits_anew() -> None:
    """An exception may wait three minutes; then everybody is called, a priority higher."""
    queue = Queue()
    queue.tells("L", ("AtOfficer", 4, "", NOW, ""))
    key = queue.book.queue()[0].key
    assert queue.book.escalate(NOW + 179_999) == []
    assert [deed.what for deed in queue.book.escalate(NOW + 180_000)] == ["escalated"]
    assert queue.book.escalate(NOW + 181_000) == []
    queue.book.take(key, "chan", had="", now_ms=NOW + 182_000)
    queue.book.hand(key, "chan", "", now_ms=NOW + 200_000)
    queue.tells("L", ("AtOfficer", 4, "", NOW, ""), now=NOW + 201_000)
    assert queue.book.escalate(NOW + 379_999) == []
    assert len(queue.book.escalate(NOW + 380_000)) == 1


def test_what_comes_again_waits_anew() -> None:
    """The lane's alarm is the same, and as old as when it came first; nobody could take it while it was over."""
    queue = Queue()
    camera = ("FaultRaised", 0, "camera", NOW, "")
    queue.tells("L", camera)
    assert queue.tells("L", now=NOW + 4_000) == ["over"]
    assert queue.tells("L", camera, now=NOW + 290_000) == ["appeared"]
    (need,) = queue.book.queue()
    limit = queue.book.limit_ms(need.usual)
    assert limit < 290_000
    assert queue.book.escalate(NOW + 290_000 + limit - 1) == []
    assert len(queue.book.escalate(NOW + 290_000 + limit)) == 1


def test_what_was_taken_at_the_lane_is_taken_here() -> None:
    """The wall calls nobody to what an officer at the lane deals with."""
    queue = Queue()
    queue.tells("L", ("AtOfficer", 4, "", NOW, ""))
    assert queue.tells("L", ("AtOfficer", 4, "", NOW, "ng")) == ["taken"]
    assert queue.book.queue()[0].taken_by == "ng@lane"


def test_who_had_taken_what_survives_a_restart(tmp_path: Path) -> None:
    """The store says whose a need is when the wall comes back."""
    rig = WallRig(tmp_path)
    try:
        # No loop runs here: the browsers' side is not told.
        rig.desk.feed.moved = lambda: None  # type: ignore[method-assign]
        rig.hears(online("A-1"), state("A-1", 1, alarms=[["AtOfficer", 4, "", NOW, ""]], visit=4))
        key = rig.desk.book.queue()[0].key
        rig.desk.take(key, "chan", had="")
    finally:
        rig.store.close()
    again = WallStore(tmp_path / "wall.db")
    try:
        assert again.takers() == {key: ("chan", NOW)}
        assert [deed[2:4] for deed in again.deeds()] == [("taken", "chan"), ("appeared", "")]
    finally:
        again.close()


def test_ten_minutes_without_the_centre_the_queue_goes_on_and_the_page_says_what_is_missing(tmp_path: Path) -> None:
    """Lanes go manual and say so themselves; needs appear, escalate, are taken and end; the core is said to be away."""
    rig = WallRig(tmp_path)
    rig.desk.feed.moved = lambda: None  # type: ignore[method-assign]
    rig.desk.core_away = lambda: "it does not answer in time"
    rig.desk.brokers_moved()
    try:
        manual: dict[str, Any] = {"link": "offline", "manual": ["link"], "visit": 4, "row": "7 manual", "vrn": "AB1234"}
        rig.hears(online("A-1"), state("A-1", 1, alarms=[["ManualVisit", 4, "", NOW, ""]], **manual))
        for second in range(1, 601):
            rig.clock.ms = NOW + 1_000 * second
            rig.desk.tick()
            if second == 200:
                (key,) = (need.key for need in rig.desk.book.queue() if need.lane == "A-1")
                assert rig.desk.book.open[key].escalated_ms == NOW + 180_000
                rig.desk.take(key, "chan", had="")
            if second == 400:
                rig.hears(state("A-1", 2, link="offline", manual=["link"]))
        seen = rig.desk.view()
        assert seen["point"]["point"]["core"] == "it does not answer in time"
        assert seen["tiles"]["A-1"]["says"].startswith("Manual mode: core not answering")
        assert seen["tiles"]["A-1"]["link"].startswith("Core not answering")
        assert [need.lane for need in rig.desk.book.queue()] == ["A-2"]  # never heard: said too
        told = [(what, who) for _, _, what, who, _ in rig.store.deeds(lane="A-1")]
        assert told == [("over", ""), ("taken", "chan"), ("escalated", ""), ("appeared", "")]
    finally:
        rig.store.close()


def asked(deed: str = "asked", **more: Any) -> dict[str, Any]:
    """What a lane tells of a request for a second officer."""
    known = {
        "id": "r1",
        "act": "release",
        "officer": "chan@wall",
        "reason": "papers",
        "visit": 4,
        "until_ms": NOW + 60_000,
    }
    return {"approval": known | {"deed": deed} | more}


def test_a_request_for_a_second_officer_is_for_somebody_else_than_whoever_asked() -> None:
    """A need of its own beside the vehicle's, which he has; its name behind another door does not help."""
    queue = Queue()
    queue.tells("L", ("AtOfficer", 4, "", NOW, "chan"), visit=4, vrn="AB1234", **asked())
    assert queue.kinds == [NeedKind.SECOND, NeedKind.EXCEPTION]
    second = queue.book.queue()[0]
    assert (second.asked_by, second.until_ms, second.vrn) == ("chan@wall", NOW + 60_000, "AB1234")
    with pytest.raises(NeedRefusedError, match="somebody else"):
        queue.book.take(second.key, "chan", had="", now_ms=NOW)
    queue.book.take(second.key, "wong", had="", now_ms=NOW)
    with pytest.raises(NeedRefusedError, match="somebody else"):
        queue.book.hand(second.key, "wong", "chan", now_ms=NOW)


@pytest.mark.parametrize(
    ("told", "who", "detail"),
    [
        (asked("approved", second="wong@wall"), "wong@wall", "asked by chan@wall: approved"),
        (asked("refused", second="wong", why="seal"), "wong", "asked by chan@wall: refused: seal"),
        (asked("lapsed"), "", "asked by chan@wall: lapsed"),
        ({}, "", "asked by chan@wall: the lane began anew, nothing was done"),
    ],
)
def test_the_history_has_what_became_of_a_request_and_both_names(told: dict[str, Any], who: str, detail: str) -> None:
    """Also of one that a lane forgot because it began anew."""
    queue = Queue()
    queue.tells("L", visit=4, **asked())
    queue.serial += 1
    queue.point.hear(state("L", queue.serial, at_ms=NOW + 1, visit=4, **told), NOW + 1)
    [deed] = queue.book.follow(queue.point.lanes["L"], NOW + 1)
    assert (deed.what, deed.who, deed.detail) == ("over", who, detail)
