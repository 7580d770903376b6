"""Alarms at the centre: the lives of those of the lanes, what a lane says stands, and how the core's own end."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import RefusedError
from core.link.alarms import AlarmBook, LaneAlarmsTold
from domain.alarms import CoreAlarmKind
from wire import messages as wire

HOUR_MS = 3_600_000


def alarm(kind: str, visit: int = 0, cause: str = "") -> dict[str, Any]:
    """The effect by which a lane raises an alarm."""
    return {"type": "Alarm", "kind": kind, "visit": visit, "detail": "x", "cause": cause}


def over(kind: str, visit: int = 0, cause: str = "") -> dict[str, Any]:
    """And ends it."""
    return {"type": "AlarmEnded", "kind": kind, "visit": visit, "cause": cause}


def hears(core: Any, lane: Any, *effects: dict[str, Any]) -> None:
    """A row with these effects comes, written now."""
    core.exchange.hear(lane.sends(lane.write(*effects, utc_ms=core.clock())))


def state(core: Any, lane: Any, **facts: Any) -> None:
    """The lane's state comes."""
    said = {"alarms_of": lane.journal, "alarms_more": 0, **facts}
    core.exchange.hear([lane.says(lane.topics.state, wire.LaneState(lane=lane.name, session=1, serial=1, facts=said))])


def listed(core: Any) -> dict[tuple[str, int, str], str]:
    """Every alarm that is listed, and its state."""
    book = AlarmBook(core.store.connection)
    return {(one.kind, one.visit, one.cause): one.state for one in book.standing(now_ms=core.clock())}


def test_a_lanes_alarm_is_counted_taken_and_ends_with_its_cause(core: Any, lane: Any) -> None:
    """As at the lane: thirty-five standing alarms of a lane in automatic mode were once the rule."""
    for _ in range(5):
        hears(core, lane, alarm("FaultRaised", 3, "camera"), alarm("AtOfficer", 3))
        hears(core, lane, over("FaultRaised", 4, "camera"))
    assert listed(core) == {("FaultRaised", 0, "camera"): "returned", ("AtOfficer", 3, ""): "unacknowledged"}
    (camera,) = (one for one in AlarmBook(core.store.connection).every(now_ms=core.clock()) if one.cause)
    assert (camera.count, camera.priority) == (5, "high")
    hears(core, lane, {"type": "Record", "kind": "VisitEnded", "visit": 3, "facts": [["officer", "chan"]]})
    assert ("AtOfficer", 3, "") not in listed(core)


def test_what_a_lanes_officer_did_is_known_here(core: Any, lane: Any, make_record: Any) -> None:
    """Taken, then closed, by whom and why."""
    hears(core, lane, alarm("RunThrough", 3))
    hears(core, lane, make_record("AlarmHandled", 0, alarm="RunThrough/3/", deed="taken", officer="chan"))
    assert listed(core) == {("RunThrough", 3, ""): "acknowledged"}
    done = {"alarm": "RunThrough/3/", "deed": "closed", "officer": "chan", "reason": "found"}
    hears(core, lane, make_record("AlarmHandled", 0, **done))
    (one,) = AlarmBook(core.store.connection).every(now_ms=core.clock())
    assert (one.state, one.cleared_by, one.why) == ("closed", "chan", "found")


def test_what_the_lane_says_stands_is_what_stands_here(core: Any, lane: Any) -> None:
    """A core that lost rows with a backup, or was written by an older release, has others."""
    hears(core, lane, alarm("FaultRaised", 0, "camera"), alarm("RunThrough", 3), alarm("Help", 4))
    told = [["FaultRaised", 0, "clock", core.clock() - 5_000, "chan"], ["RunThrough", 3, "", core.clock(), ""]]
    state(core, lane, alarms=told, alarms_at=1)
    stands = {key for key, one in listed(core).items() if one in {"unacknowledged", "acknowledged"}}
    assert stands == {("FaultRaised", 0, "clock"), ("RunThrough", 3, "")}
    assert listed(core)["FaultRaised", 0, "clock"] == "acknowledged"


def test_a_state_is_compared_when_its_rows_have_come_and_not_before(core: Any, lane: Any) -> None:
    """It may overtake them; one that is older than they are says nothing."""
    row = lane.write(alarm("FaultRaised", 0, "camera"), utc_ms=core.clock())
    state(core, lane, alarms=[["FaultRaised", 0, "camera", core.clock(), "chan"]], alarms_at=1)
    assert listed(core) == {}
    core.exchange.hear(lane.sends(row))
    assert listed(core) == {("FaultRaised", 0, "camera"): "unacknowledged"}, "its row says that nobody has taken it"
    hears(core, lane, alarm("RunThrough", 3))
    state(core, lane, alarms=[], alarms_at=1)
    assert len(listed(core)) == 2


def test_a_state_that_names_not_all_ends_none(core: Any, lane: Any) -> None:
    """Forty are named; the others stand too."""
    hears(core, lane, alarm("RunThrough", 3))
    state(core, lane, alarms=[], alarms_at=1, alarms_more=1)
    assert listed(core) == {("RunThrough", 3, ""): "unacknowledged"}


@pytest.mark.parametrize(
    "facts",
    [{}, {"alarms": "many"}, {"alarms": [["x"]]}, {"alarms": [[1, 2, 3, 4, 5]]}, {"alarms": [], "alarms_at": "now"}],
)
def test_a_state_that_says_nothing_readable_changes_nothing(core: Any, lane: Any, facts: dict[str, Any]) -> None:
    """Facts are open: a lane may say anything there."""
    hears(core, lane, alarm("RunThrough", 3))
    state(core, lane, **{"alarms_at": 1, **facts})
    assert LaneAlarmsTold.of_facts({"alarms_of": "j1", "alarms_more": 0, **facts}) is None
    assert listed(core) == {("RunThrough", 3, ""): "unacknowledged"}


def test_what_a_person_closed_here_is_not_raised_again_by_a_state(core: Any, lane: Any) -> None:
    """The lane need not know; the next one of its kind is another matter."""
    book = AlarmBook(core.store.connection)
    hears(core, lane, alarm("RunThrough", 3))
    (one,) = book.standing(now_ms=core.clock())
    with core.store.transaction():
        assert book.clear(one.id, who="wong", at_ms=core.clock(), why="found").state == "closed"
    state(core, lane, alarms=[["RunThrough", 3, "", one.at_ms, ""]], alarms_at=1)
    assert listed(core) == {}
    hears(core, lane, alarm("RunThrough", 3))
    assert listed(core) == {("RunThrough", 3, ""): "unacknowledged"}


def test_a_journal_that_was_replaced_leaves_no_fault_standing(core: Any, lane: Any, make_lane: Any) -> None:
    """Nobody will say that it ended; what needs a person still does."""
    hears(core, lane, alarm("FaultRaised", 0, "camera"), alarm("RunThrough", 3))
    fresh = make_lane(lane.name, "j2")
    core.intake.take([fresh.write()], now_ms=core.clock())
    assert {key[0]: one for key, one in listed(core).items()} == {
        "FaultRaised": "returned",
        "RunThrough": "unacknowledged",
        "JournalReplaced": "unacknowledged",
    }


def test_an_officer_of_the_centre_takes_shelves_and_closes(core: Any, lane: Any) -> None:
    """And is told when there is nothing to do it with."""
    book = AlarmBook(core.store.connection)
    hears(core, lane, alarm("RunThrough", 3))
    (one,) = book.standing(now_ms=core.clock())
    with core.store.transaction():
        shelved = book.shelve(one.id, who="wong", until_ms=core.clock() + HOUR_MS, at_ms=core.clock())
        assert shelved.state == "shelved"
        assert book.take(one.id, who="wong", at_ms=core.clock()).taken_by == "wong"
        assert book.clear(one.id, who="wong", at_ms=core.clock(), why="found").why == "found"
        with pytest.raises(RefusedError, match="not standing"):
            book.take(one.id, who="wong", at_ms=core.clock())
        with pytest.raises(RefusedError, match="not standing"):
            book.clear(99, who="wong", at_ms=core.clock())


def test_what_nobody_has_taken_comes_first_then_by_priority(core: Any, lane: Any) -> None:
    """The control room reads from the top."""
    book = AlarmBook(core.store.connection)
    hears(core, lane, alarm("StoreWorn"), alarm("FaultRaised", 0, "camera"), alarm("RunThrough", 3))
    (taken,) = (one for one in book.standing(now_ms=core.clock()) if one.kind == "RunThrough")
    with core.store.transaction():
        book.take(taken.id, who="wong", at_ms=core.clock())
    assert [one.kind for one in book.standing(now_ms=core.clock())] == ["FaultRaised", "StoreWorn", "RunThrough"]
    core.clock.pass_minutes(60)
    assert [one.priority for one in book.standing(now_ms=core.clock())] == ["urgent", "low", "urgent"]


def test_the_cores_own_ends_when_the_lane_is_well_again(core: Any, lane: Any) -> None:
    """Every kind whose end a message shows: once they stood until somebody cleared them."""
    head = core.log.head()

    def nonce(**changes: Any) -> None:
        said = {"epoch": head.epoch, "version": head.version, "state_hash": head.state_hash, "acknowledged": 0}
        said |= {"last": 0, "last_hash": bytes(32)}
        body = wire.Nonce(lane=lane.name, session=1, nonce=bytes(16), journal=lane.journal, **{**said, **changes})
        core.exchange.hear([lane.says(lane.topics.nonce, body)])

    own, further = core.exchange.signing, {"last": 5, "last_hash": bytes([1]) * 32}
    for wrong, right, kind in (
        (lambda: nonce(state_hash=bytes(32)), nonce, "CodesDiffer"),
        (lambda: nonce(version=head.version + 5), nonce, "CoreWentBack"),
        (lambda: nonce(acknowledged=7), nonce, "RowsMissing"),
        (lambda: (nonce(**further), nonce()), lambda: nonce(**further), "LaneWentBack"),
        (lambda: state(core, lane, core_keys=["x"]), lambda: state(core, lane, core_keys=[own]), "CoreKeyMissing"),
    ):
        wrong()
        assert listed(core)[kind, 0, ""] == "unacknowledged"
        wrong()
        right()
        assert listed(core)[kind, 0, ""] == "returned", kind


def test_a_late_vehicle_that_arrives_ends_its_alarm(core: Any, lane: Any, make_record: Any) -> None:
    """And each late vehicle has one of its own."""
    for visit in (3, 4):
        hears(core, lane, make_record("SentToCompound", visit, vrn=f"AB{visit}"))
    core.clock.pass_minutes(20)
    with core.store.transaction():
        core.compound.raise_alarms(core.compound.overdue(core.clock()), now_ms=core.clock())
        core.compound.arrive("AB3", now_ms=core.clock())
    assert listed(core) == {("CompoundOverdue", 3, ""): "returned", ("CompoundOverdue", 4, ""): "unacknowledged"}


def test_what_nobody_takes_is_told_once_and_louder(core: Any, lane: Any, caplog: pytest.LogCaptureFixture) -> None:
    """At the core too: the control room is to call the lane."""
    hears(core, lane, alarm("FaultRaised", 0, "camera"))
    core.exchange.tick()
    assert "nobody has taken it" not in caplog.text
    core.clock.pass_minutes(5)
    for _ in range(3):
        core.exchange.tick()
    (record,) = [one for one in caplog.records if "nobody has taken it" in one.getMessage()]
    assert record.levelname == "CRITICAL"


def test_a_standing_alarm_of_its_own_is_written_once_a_minute(core: Any, lane: Any) -> None:
    """A lane says every second that its hash differs; the store does not have to hear it."""
    book = AlarmBook(core.store.connection)
    for _ in range(180):
        with core.store.transaction():
            book.raise_once(at_ms=core.clock(), lane=lane.name, kind=CoreAlarmKind.CODES_DIFFER, detail="x")
        core.clock.now += 1_000
    (one,) = book.standing(now_ms=core.clock())
    assert one.count == 3
