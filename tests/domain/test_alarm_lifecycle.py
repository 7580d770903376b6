"""The life of one alarm (ISA-18.2), and of a lane's list of them as a journal moves it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from domain.alarm_lifecycle import (
    CHATTER_MS,
    ESCALATES_MS,
    FORGOTTEN_MS,
    ITSELF,
    LONGEST_SHELF_MS,
    AlarmKey,
    AlarmState,
    TrackedAlarm,
    close_alarm,
    end_alarm,
    lane_key,
    raise_alarm,
    shelve_alarm,
    take_alarm,
    why_not_closed,
)
from domain.alarm_list import AlarmList
from domain.alarm_traits import Ends, Priority
from domain.alarms import CoreAlarmKind, LaneAlarmKind, care_of

CAMERA = AlarmKey(LaneAlarmKind.FAULT_RAISED.value, 0, "camera")
RAN = AlarmKey(LaneAlarmKind.RUN_THROUGH.value, 7)
LOW = AlarmKey(LaneAlarmKind.STORE_WORN.value)
QUIET = AlarmKey(LaneAlarmKind.STORE_FAILED.value)
S = 1_000


def raised(key: AlarmKey, at_ms: int = 10) -> TrackedAlarm:
    """A new alarm."""
    return raise_alarm(None, key, "no picture", at_ms)


@dataclass
class InMemory:
    """`AlarmStore` of a test."""

    held: dict[AlarmKey, TrackedAlarm] = field(default_factory=dict)
    history: list[TrackedAlarm] = field(default_factory=list)

    def newest(self, key: AlarmKey) -> TrackedAlarm | None:
        """As the port says."""
        return self.held.get(key)

    def live(self) -> list[TrackedAlarm]:
        """As the port says."""
        return [one for one in self.held.values() if not one.ended_ms and not one.closed_ms]

    def keep(self, alarm: TrackedAlarm, *, anew: bool) -> None:
        """As the port says."""
        if anew and alarm.key in self.held:
            self.history.append(self.held[alarm.key])
        self.held[alarm.key] = alarm


def test_a_fault_that_somebody_took_is_closed_by_its_end() -> None:
    """Unacknowledged, acknowledged, normal: nobody has to do more."""
    one = raised(CAMERA)
    assert one.state(10) is AlarmState.UNACKNOWLEDGED
    one = take_alarm(one, "chan", 20)
    assert (one.state(20), one.taken_by) == (AlarmState.ACKNOWLEDGED, "chan")
    one = end_alarm(one, 30)
    assert (one.state(30), one.closed_by, one.ended_ms) == (AlarmState.CLOSED, ITSELF, 30)


def test_a_fault_that_ended_unseen_stays_listed_until_it_is_seen_or_a_shift_is_over() -> None:
    """Returned to normal, unacknowledged: it does not stand, and it is not forgotten."""
    one = end_alarm(raised(CAMERA), 30)
    assert (one.state(30), one.stands(30)) == (AlarmState.RETURNED, False)
    assert one.state(30 + FORGOTTEN_MS - 1) is AlarmState.RETURNED
    assert one.state(30 + FORGOTTEN_MS) is AlarmState.CLOSED
    seen = take_alarm(one, "chan", 40)
    assert (seen.state(40), seen.closed_by) == (AlarmState.CLOSED, "chan")


def test_what_is_not_worth_a_look_is_closed_by_its_end() -> None:
    """Only urgent and high ones wait for somebody."""
    assert not LaneAlarmKind.STORE_WORN.care.stays_listed
    assert end_alarm(raised(LOW), 30).state(30) is AlarmState.CLOSED


def test_what_needs_a_person_no_cause_ends() -> None:
    """A vehicle that ran is gone; the alarm about it is not."""
    one = raised(RAN)
    assert end_alarm(one, 30) == one
    one = take_alarm(one, "chan", 40)
    assert one.state(10**12) is AlarmState.ACKNOWLEDGED
    assert why_not_closed(one, 50) == ""
    closed = close_alarm(one, "wong", "found at the compound", 60)
    assert (closed.state(60), closed.closed_by, closed.taken_by, closed.why) == (
        AlarmState.CLOSED,
        "wong",
        "chan",
        "found at the compound",
    )


def test_an_officer_does_not_close_what_its_cause_ends() -> None:
    """It would only be hidden."""
    assert "ends by itself" in why_not_closed(raised(CAMERA), 20)
    assert why_not_closed(end_alarm(raised(CAMERA), 15), 20) == ""


def test_chatter_is_one_alarm_and_stays_with_whoever_took_it() -> None:
    """A loose plug: sixty times in a minute, one line, and nobody is called twice."""
    one = take_alarm(raised(CAMERA, S), "chan", 2 * S)
    for second in range(3, 63):
        one = raise_alarm(end_alarm(one, second * S), CAMERA, "again", second * S + 500)
    assert (one.count, one.at_ms, one.taken_by) == (61, S, "chan")
    assert one.state(63 * S) is AlarmState.ACKNOWLEDGED


@pytest.mark.parametrize("kind", ["Help", "HelpUnanswered"])
def test_the_next_call_is_another_drivers_and_nobody_has_answered_it(kind: str) -> None:
    """A minute after the first was over: in the name of whoever answered that one it would call nobody."""
    store = InMemory()
    alarms = AlarmList(store)
    alarms.raised(kind, 7, "", "", 10)
    alarms.recorded("HelpAnswered", 7, {"officer": "chan"}, 20)
    alarms.change(AlarmKey(kind), lambda known: take_alarm(known, "chan", 20))
    alarms.ended(kind, 7, "", 30)
    alarms.raised(kind, 8, "", "", 60 * S)
    after = store.held[AlarmKey(kind)]
    assert (after.taken_by, after.count, after.at_ms) == ("", 1, 60 * S)
    assert after.state(60 * S) is AlarmState.UNACKNOWLEDGED


def test_long_after_its_end_it_is_another_alarm() -> None:
    """Whoever took the first has not taken this one."""
    one = end_alarm(take_alarm(raised(CAMERA), "chan", 20), 30)
    assert raise_alarm(one, CAMERA, "again", 30 + CHATTER_MS - 1).taken_by == "chan"
    other = raise_alarm(one, CAMERA, "again", 30 + CHATTER_MS)
    assert (other.count, other.taken_by, other.at_ms) == (1, "", 30 + CHATTER_MS)


def test_what_a_person_closed_comes_again_as_another() -> None:
    """The next vehicle that runs is news, however soon."""
    closed = close_alarm(raised(RAN), "chan", "", 20)
    assert raise_alarm(closed, RAN, "again", 21).count == 1


def test_what_has_no_end_is_over_when_it_has_been_quiet() -> None:
    """By the passing of time alone, and so after a restart too."""
    quiet_ms = care_of(QUIET.kind).quiet_ms
    one = raised(QUIET)
    assert one.stands(10 + quiet_ms - 1)
    assert one.state(10 + quiet_ms) is AlarmState.RETURNED
    again = raise_alarm(one, QUIET, "again", 10 + quiet_ms - 1)
    assert (again.count, again.stands(10 + quiet_ms)) == (2, True)


def test_untouched_it_counts_as_more_urgent() -> None:
    """Until somebody takes it."""
    one, late = raised(CAMERA), 10 + ESCALATES_MS[Priority.HIGH]
    assert (one.priority(late - 1), one.escalated(late - 1)) == (Priority.HIGH, False)
    assert (one.priority(late), one.escalated(late)) == (Priority.URGENT, True)
    assert take_alarm(one, "chan", late).priority(late) is Priority.HIGH
    assert not end_alarm(one, late).escalated(late)


def test_shelved_it_calls_nobody_for_a_shift_at_most() -> None:
    """It stands all the same, and ends as any other."""
    one = shelve_alarm(raised(CAMERA), "chan", 10**12, 20)
    assert (one.state(30), one.stands(30)) == (AlarmState.SHELVED, True)
    assert one.state(20 + LONGEST_SHELF_MS) is AlarmState.UNACKNOWLEDGED
    assert not one.escalated(20 + LONGEST_SHELF_MS)
    assert end_alarm(one, 40).state(40) is AlarmState.RETURNED


def test_an_alarm_of_the_box_is_not_one_a_visit() -> None:
    """Whatever vehicle is there when the camera fails: it is one camera. A run-through is one a vehicle."""
    assert lane_key("FaultRaised", 7, "camera") == CAMERA
    assert lane_key("RunThrough", 7) == RAN
    assert lane_key("clock_stepped", 7) == AlarmKey("ClockStepped")
    assert lane_key("OfANewerLane", 7) == AlarmKey("OfANewerLane", 7)


@pytest.mark.parametrize("key", [CAMERA, RAN, AlarmKey("CertificateEnds", 0, "/etc/x/y.crt")])
def test_a_key_is_read_from_its_word(key: AlarmKey) -> None:
    """Causes may be paths."""
    assert AlarmKey.of_text(key.text) == key


@pytest.mark.parametrize("word", ["", "Help", "Help/", "Help/x/", "/1/", "Help/-1/", f"Help/{'9' * 40}/"])
def test_what_is_no_key_is_none(word: str) -> None:
    """A journal may say anything."""
    assert AlarmKey.of_text(word) is None


def test_a_visit_takes_its_alarms_with_it_and_whoever_decided_it_has_seen_them() -> None:
    """Of this visit only; what ran stays."""
    store = InMemory()
    alarms = AlarmList(store)
    alarms.raised("AtOfficer", 7, "", "8", 10)
    alarms.raised("Withdrawn", 7, "", "x", 11)
    alarms.raised("RunThrough", 7, "", "x", 12)
    alarms.raised("FaultRaised", 7, "camera", "x", 13)
    alarms.recorded("VisitEnded", 8, {}, 20)
    assert all(one.stands(20) for one in store.held.values())
    alarms.recorded("VisitEnded", 7, {"officer": "chan"}, 30)
    assert {key.kind for key, one in store.held.items() if one.stands(30)} == {"RunThrough", "FaultRaised"}
    assert store.held[AlarmKey("Withdrawn", 7)].closed_by == ITSELF
    assert store.held[AlarmKey("Withdrawn", 7)].taken_by == "chan"


def test_another_vehicle_ends_what_an_older_visit_left() -> None:
    """A store that was emptied has no record of that visit's end."""
    store = InMemory()
    AlarmList(store).raised("AtOfficer", 7, "", "8", 10)
    AlarmList(store).recorded("VehicleArrived", 8, {}, 20)
    assert not store.held[AlarmKey("AtOfficer", 7)].stands(20)


def test_a_call_that_is_answered_is_taken() -> None:
    """By whoever answered."""
    store = InMemory()
    AlarmList(store).raised("Help", 7, "", "", 10)
    AlarmList(store).recorded("HelpAnswered", 7, {"officer": "chan"}, 20)
    assert store.held[AlarmKey("Help")].taken_by == "chan"


@pytest.mark.parametrize(
    "facts",
    [
        {"alarm": "RunThrough/7/", "deed": "taken"},
        {"alarm": "RunThrough/8/", "deed": "taken", "officer": "chan"},
        {"alarm": "RunThrough", "deed": "taken", "officer": "chan"},
        {"alarm": "RunThrough/7/", "deed": "burnt", "officer": "chan"},
        {"alarm": "RunThrough/7/", "deed": "shelved", "officer": "chan", "until_ms": "soon"},
    ],
)
def test_a_deed_that_says_nothing_changes_nothing(facts: dict[str, str]) -> None:
    """Nobody, nothing, or no deed."""
    store = InMemory()
    AlarmList(store).raised("RunThrough", 7, "", "", 10)
    AlarmList(store).recorded("AlarmHandled", 0, facts, 20)
    assert store.held[RAN].state(20) is AlarmState.UNACKNOWLEDGED


def test_every_kind_says_who_what_and_how_it_ends() -> None:
    """What is over by itself has a time; nothing else has."""
    for kind in (*LaneAlarmKind, *CoreAlarmKind):
        assert (kind.care.quiet_ms > 0) == (kind.care.ends is Ends.QUIET)
        assert kind.remedy.endswith((".", "?"))
    assert not [kind for kind in CoreAlarmKind if kind.care.ends is Ends.VISIT]
