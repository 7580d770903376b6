"""Design §2 in tests of its own, where a scenario's screens do not say enough: records, questions, limits, who and why."""

from __future__ import annotations

import pytest

from lane_agent import events as e
from lane_agent.effects import Alarm, Consume, LookUp, Record, Show, StartReading, StartTimer, StopReading
from lane_agent.model import Bundle, Contact, Fault, Link, ManualReason, Screen
from lane_agent.wording import Scene
from tools.proof.code_book import CORE_MS, MINUTE_MS, VRN, bundle
from tools.proof.moves import play
from tools.proof.world import OFFICER, WHY, ScenarioWorld

LADEN = "ready records:live arrive immigration read cleared"


def _of(world: ScenarioWorld, kind: type) -> list[object]:
    return [effect for effect in world.told if isinstance(effect, kind)]


def test_point_1_every_vehicle_gets_a_visit_of_its_own() -> None:
    """Visits are numbered upwards, read one by one, and each ends with its own record."""
    world = play(f"{LADEN} leave arrive immigration read cleared leave")
    assert _of(world, StartReading) == [StartReading(1), StartReading(2)]
    assert _of(world, StopReading) == [StopReading(1), StopReading(2)]
    assert [record.visit for record in _of(world, Record) if record.kind == "VisitEnded"] == [1, 2]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("read-of-before", "belongs to another visit"),
        ("unread-of-before", "belongs to another visit"),
        ("second-of-before", "belongs to another visit"),
        ("release-before", "belongs to another visit"),
        ("inspect-before", "belongs to another visit"),
        ("correct-before:XY77", "belongs to another visit"),
        ("take-over-before", "belongs to another visit"),
        ("late:unladen", "its edge is not of this visit"),
        ("late:drop_box", "its edge is not of this visit"),
        ("late:immigration_cleared", "its edge is not of this visit"),
        ("late-identifier:XY77", "its edge is not of this visit"),
        ("release-unnamed", "no officer is named"),
        ("answer-help", "no help call rings"),
        ("end-help", "no help call is open"),
        ("paint-before", "an older scene was painted"),
        ("open", "the lane is open"),
        ("bypass:stop_loop", "the lane is not in manual mode"),
        ("announce", "the stop loop is not bypassed"),
    ],
)
def test_point_1_what_does_not_count_is_recorded_with_its_reason(word: str, why: str) -> None:
    """Nothing is swallowed: an ignored event leaves a record that says which check failed, and no more."""
    world = play("ready arrive leave records:live arrive immigration read")
    before = world.lane
    steps = len(world.steps)
    play(word, world)
    ignored = world.records("Ignored")
    assert ignored
    assert all(record["why"] == why for record in ignored)
    assert (world.lane.visit, world.lane.row, world.lane.face) == (before.visit, before.row, before.face)
    assert all(not isinstance(effect, Show) for _, _, effects in world.steps[steps:] for effect in effects)


def test_point_2_an_officers_release_is_recorded_with_who_why_and_what_the_system_had() -> None:
    """Who released, why, and the row that held before."""
    world = play("ready arrive immigration cleared unread release")
    assert world.records("ReleasedByOfficer") == [
        {"claim": "none", "officer": OFFICER, "reason": WHY, "system": "8 plate not read"},
    ]


def test_point_2_a_release_of_a_doubtful_visit_names_the_doubt() -> None:
    """What the system had decided is the doubt it had."""
    world = play("ready records:live arrive immigration read second cleared release")
    assert world.records("ReleasedByOfficer")[0]["system"] == "second_vehicle"


def test_point_2_three_is_watched_for_half_a_second() -> None:
    """After 3 both screens have 500 ms to confirm; any other scene has longer, the first as long as screens take to start."""
    world = play(LADEN)
    limits = [effect.ms for effect in _of(world, StartTimer) if effect.timer == "paint"]  # type: ignore[attr-defined]
    assert limits[-1] == 500
    assert limits[0] == 15_000
    assert set(limits[1:-1]) == {2_000}


def test_point_2_one_screen_alone_does_not_confirm() -> None:
    """3 needs both screens to have confirmed what went before."""
    world = play("ready records:live screens: arrive paint:xdb+aiop immigration paint:xdb+aiop read cleared paint:aiop")
    assert world.face == "WATCH"
    assert play("paint:xdb", world).face == "DONE"


def test_point_2_a_confirmation_in_time_keeps_three() -> None:
    """3 confirmed by both within its time stays."""
    world = play(f"{LADEN} wait:1")
    assert world.face == "DONE"
    assert Fault.SCREEN not in world.lane.faults


def test_point_3_three_is_shown_by_the_answer_itself() -> None:
    """The step that shows 3 is the one that brings the answer, and its bundle is used in it."""
    world = play(LADEN)
    event, _, effects = next(
        one for one in world.steps if any(isinstance(effect, Show) and effect.xdb is Scene.DONE for effect in one[2])
    )
    assert isinstance(event, e.CodesFound)
    assert Consume(1, ("live",)) in effects


def test_point_3_the_code_book_is_asked_again_at_release() -> None:
    """Once at reading, so that a stop is known early, and again until the answer that decides."""
    world = play("ready records:live arrive read")
    assert len(_of(world, LookUp)) == 1
    play("immigration cleared", world)
    assert len(_of(world, LookUp)) > 1
    assert world.lane.visit is not None
    assert world.lane.visit.lookup == 0


def test_point_3_what_the_log_says_at_release_decides() -> None:
    """A hold that no event announced is found by the deciding lookup."""
    world = play("ready records:live arrive immigration read records:live+hold cleared")
    assert world.face == "EXAMINE"


def test_point_4_the_strictest_code_of_several_bundles_wins_and_all_are_used() -> None:
    """All live bundles are judged together."""
    world = play("ready records:live+several+mixed arrive immigration read cleared")
    assert world.face == "EXAMINE"
    assert set(world.consumed()) == {"live", "several", "mixed"}


def _with(*bundles: Bundle) -> ScenarioWorld:
    world = ScenarioWorld()
    world.book.extra = bundles
    return play("ready arrive immigration read cleared", world)


@pytest.mark.parametrize("code", ["inspect", "Release", "RELEASE", "release ", " release", "", "hold", "放行"])
def test_point_4_anything_but_release_stops(code: str) -> None:
    """A code that is not exactly `release` stops, whatever stands beside it."""
    world = _with(bundle("odd", "release", code, "release"))
    assert world.face == "EXAMINE"
    assert world.consumed() == ("odd",)


def test_point_4_an_ended_stop_stops_nobody() -> None:
    """A withdrawn bundle with an inspect code is no stop, and a live one beside it releases."""
    world = _with(bundle("gone", "inspect", withdrawn=True), bundle("live", "release"))
    assert world.face == "DONE"
    assert world.consumed() == ("live",)


def test_point_5_an_unladen_press_is_kept_as_a_declaration() -> None:
    """The press is evidence: its time is recorded (domain §0.3)."""
    world = play("ready records:approved arrive immigration read cleared press")
    assert [int(one["pressed_ms"]) for one in world.records("UnladenDeclared")] == [
        at.utc_ms
        for event, at, _ in world.steps
        if isinstance(event, e.ContactChanged) and event.contact is Contact.UNLADEN and event.active
    ]


def test_point_5_a_press_is_never_inferred() -> None:
    """No button, no unladen release, however approved the vehicle is."""
    world = play("ready records:approved arrive immigration read cleared wait:300")
    assert "DONE" not in world.shows
    assert world.records("UnladenDeclared") == []


def test_point_6_candidates_are_for_the_officer_only() -> None:
    """What the reader guessed is kept with the visit and decides nothing."""
    world = play("ready records:live arrive immigration cleared unread")
    assert world.lane.visit is not None
    assert world.lane.visit.candidates == ("AB123",)
    assert world.book.asked == []


def test_point_8_manual_reasons_come_and_go() -> None:
    """Each cause of manual mode ends on its own; the mode ends with the last."""
    world = play("ready")
    assert world.lane.manual == frozenset()
    play("link:offline manual fault:camera", world)
    assert world.lane.manual == {ManualReason.LINK, ManualReason.ORDER, ManualReason.FAULT}
    play("works:camera automatic link:stale", world)
    assert world.lane.manual == {ManualReason.LINK}
    assert play("link:fresh", world).lane.manual == frozenset()


def test_point_8_a_started_lane_is_manual_until_it_is_fresh() -> None:
    """Booting knows nothing: no proof, codes not verified."""
    world = play("boot")
    assert world.lane.manual == {ManualReason.LINK, ManualReason.UNVERIFIED}
    assert world.lane.link is Link.OFFLINE


def test_point_8_an_order_outlives_a_restart() -> None:
    """Manual mode that was ordered is still ordered after the agent has started again."""
    assert ManualReason.ORDER in play("ready manual boot link:fresh").lane.manual


def test_point_8_after_a_restart_the_screens_are_told_again() -> None:
    """Whatever they showed, the screens get a scene at once, and have to confirm it."""
    world = play("ready records:live arrive immigration read cleared second boot:stop_loop")
    event, _, effects = next(one for one in reversed(world.steps) if isinstance(one[0], e.AgentStarted))
    assert isinstance(event, e.AgentStarted)
    assert any(isinstance(effect, Show) for effect in effects)
    assert StartReading(1) in effects


@pytest.mark.parametrize(
    ("script", "row"),
    [
        ("ready arrive", "3 please stop"),
        ("ready arrive immigration", "4 immigration"),
        ("ready arrive immigration cleared", "8 reading"),
        ("ready link:stale arrive read immigration cleared", "20 not fresh"),
        ("ready arrive read immigration cleared", "12 no bundle: press if empty"),
        ("ready records:elsewhere arrive read immigration cleared", "15 other point"),
        ("ready records:live arrive read immigration cleared", "17 stands"),
        ("ready records:hold arrive read immigration cleared", "9 stands"),
    ],
)
def test_point_9_every_waiting_row_ends_at_the_officer(script: str, row: str) -> None:
    """Its limit runs out and an alarm calls the officer."""
    world = play(script)
    assert world.lane.row == row
    before = len(world.alarms())
    play("wait:600", world)
    assert len(world.alarms()) > before


def test_point_9_limits_come_from_the_lanes_policy() -> None:
    """A configured limit stands in for the product's own."""
    world = play("limits:read=3000 ready arrive immigration cleared wait:2.9")
    assert world.face == "WAIT"
    assert play("wait:0.2", world).face == "NOPLATE"


def test_point_10_help_is_recorded_from_press_to_outcome() -> None:
    """Press, answer, end: who and with what outcome."""
    world = play("ready arrive help answer-help end-help")
    assert len(world.records("HelpRequested")) == 1
    assert world.records("HelpAnswered") == [{"officer": OFFICER}]
    assert world.records("HelpEnded") == [{"officer": OFFICER, "outcome": "advised"}]


def test_point_11_both_screens_say_the_same_in_every_scenario_step() -> None:
    """The XDB differs from the panel only in Immigration's turn, or the panel has the help call."""
    shows = [effect for effect in play(f"{LADEN} leave arrive help cleared").told if isinstance(effect, Show)]
    odd = [(show.xdb, show.aiop) for show in shows if show.xdb is not show.aiop]
    assert set(odd) <= {(Scene.IMMIGRATION_TURN, Scene.IMMIGRATION), (Scene.STOP, Scene.HELP), (Scene.WAIT, Scene.HELP)}


def test_an_unladen_press_is_answered_wherever_the_lane_would_only_ask_to_wait() -> None:
    """During Immigration's turn on the panel alone; then on both, until a prompt or the decision."""
    world = play("ready records:approved arrive immigration press")
    assert (world.lane.face.xdb, world.lane.face.aiop) == (Scene.IMMIGRATION_TURN, Scene.RECEIVED)
    assert play("cleared", world).face == "RECEIVED"


def test_point_12_the_earliest_time_is_shown_in_hong_kong_time() -> None:
    """16:00 in Hong Kong when the scenario begins, five minutes too early."""
    world = play("ready records:early arrive immigration read cleared")
    assert world.lane.face.parameter == "16:05"


def test_point_12_the_first_of_several_early_bundles_counts() -> None:
    """The earliest of the early ones is the time the driver is told, with its date where that is not today."""
    late = bundle("late", "release", earliest_ms=CORE_MS + 480 * MINUTE_MS)
    assert _with(late).lane.face.parameter == "01-16 00:00"
    assert _with(late, bundle("soon", "release", earliest_ms=CORE_MS + 61 * MINUTE_MS)).lane.face.parameter == "17:01"


def test_row_14_records_how_early() -> None:
    """Minutes early, rounded up, for the HK$2,000 case (domain §4)."""
    world = _with(bundle("soon", "release", earliest_ms=CORE_MS + 61 * MINUTE_MS - 1))
    assert [one["minutes_early"] for one in world.records("RowEntered") if one["row"] == "14"] == ["61"]


def test_the_base_record_says_who_when_what_and_on_what() -> None:
    """The record of a transaction (domain §4, "Rec"): enough to reconcile it without the pictures."""
    record = play(f"{LADEN} leave").records("VisitEnded")[0]
    told = {"vrn": VRN, "row": "17", "outcome": "released", "how": "exit_loop", "mode": "automatic", "ubrs": "live"}
    assert told.items() <= record.items()
    assert {"epoch": "epoch", "version": "1", "state_hash": "hash", "link": "fresh"}.items() <= record.items()
    assert (
        int(record["arrived_ms"]) < int(record["immigration_ms"]) <= int(record["decided_ms"]) < int(record["left_ms"])
    )
    assert record["evidence"] == "e" * 64
    assert record["confidence"] == "0.9800"


def test_a_vehicle_sent_to_the_compound_is_announced_there() -> None:
    """Row 9: the compound is told whom to expect."""
    world = play("ready records:inspect arrive immigration read cleared")
    assert world.records("SentToCompound") == [{"vrn": VRN, "ubrs": "inspect"}]


def test_row_18_records_the_scheme() -> None:
    """ITFS or SELS shows nothing special and is in the record."""
    record = play("ready records:scheme arrive immigration read cleared leave").records("VisitEnded")[0]
    assert record["schemes"] == "ITFS"


def test_a_stuck_line_is_named() -> None:
    """Which contact was active at arrival is in the alarm."""
    world = play("ready on:drop_box on:immigration_cleared arrive")
    details = [effect.detail for effect in world.told if isinstance(effect, Alarm) and effect.kind == "ContactStuck"]
    assert details == ["drop_box, immigration_cleared"]


def test_a_screen_that_does_not_paint_is_named() -> None:
    """Which screen failed is in the alarm."""
    world = play("ready screens:xdb arrive wait:2")
    details = [effect.detail for effect in world.told if isinstance(effect, Alarm) and effect.kind == "FaultRaised"]
    assert details == ["screen: not confirmed by aiop"]
    assert world.lane.face.painted == {Screen.XDB}
