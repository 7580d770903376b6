"""The link machine as a whole, in memory: what it asks for, tells and refuses."""

from __future__ import annotations

from lane_agent.events import (
    CodesVerified,
    FaultCleared,
    FaultRaised,
    LinkChanged,
    ManualEnded,
    ManualOrdered,
    OfficerReleased,
)
from lane_agent.model import Fault, Link
from sync.link import CodeLogHead, SendEvents
from sync.simulated.core_end import CoreSaid
from sync.simulated.link import CORE, LANE, SimulatedLink
from tests.rigs.fresh_link import connected
from wire.codec import encode
from wire.envelope import Signer
from wire.messages import Ack, Delta, EventMessage, EventsWanted, Heartbeat, Presence, Reply, SnapshotWanted
from wire.records import HoldRecord
from wire.topics import LOG, LaneTopics

STRANGER = Signer.generate("core")
TOPICS = LaneTopics("lane-1")


def test_a_new_lane_asks_for_everything_and_becomes_fresh() -> None:
    """Offline, the snapshot, fresh, verified; no fault and no alarm on the way."""
    world = SimulatedLink()
    for number in range(10):
        world.core.change(HoldRecord(f"AB{number}"))
    world.connect()
    world.run(2_000)
    assert world.level()
    assert world.told == [LinkChanged(Link.STALE), LinkChanged(Link.FRESH), CodesVerified("e1", 10)]
    assert world.alarms == []
    assert [body.status for body in world.core.heard if isinstance(body, Presence)] == ["online"]


def test_a_lost_link_stays_fresh_for_three_seconds_and_is_offline_after_five() -> None:
    """Rows 19 and 20 of the decision table."""
    world = connected()
    world.cut()
    seen = {}
    for _ in range(60):
        world.step()
        seen.setdefault(world.verdict(), world.now)
    assert list(seen) == [Link.FRESH, Link.STALE, Link.OFFLINE]
    assert seen[Link.STALE] - seen[Link.FRESH] <= 3_000
    assert seen[Link.OFFLINE] - seen[Link.FRESH] <= 5_000
    assert world.told == [LinkChanged(Link.STALE), LinkChanged(Link.OFFLINE)]
    world.connect()
    world.run(1_000)
    assert world.told[2:] == [LinkChanged(Link.FRESH), CodesVerified("e1", 1)]


def test_missed_deltas_are_asked_for() -> None:
    """Behind after a reconnect, level again without a snapshot and without an alarm."""
    world = connected()
    world.cut()
    for number in range(5):
        world.say(world.core.change(HoldRecord(f"CD{number}")))
    world.connect()
    world.run(2_000)
    assert world.level()
    assert world.verdict() is Link.FRESH
    assert world.alarms == []


def test_a_gap_is_closed_and_its_hold_stops_at_once() -> None:
    """A hold ahead of its turn stops the vehicle before anything else is known; nothing is fresh until it is closed."""
    world = connected()
    world.core.change(HoldRecord("XY1"))
    world.hand(world.core.change(HoldRecord("XY2")))
    assert world.memory.held("XY2")
    assert not world.memory.held("XY1")
    assert world.verdict() is Link.STALE
    world.run(1_500)
    assert world.level()
    assert world.memory.held("XY1")
    assert world.verdict() is Link.FRESH


def test_a_lift_ahead_of_its_turn_lifts_nothing() -> None:
    """Releases never apply out of order."""
    world = connected()
    world.core.change(HoldRecord("XY1"))
    world.hand(world.core.change(HoldRecord("AB1", deleted=True)))
    assert world.memory.held("AB1")


def test_a_restored_core_puts_the_codes_in_doubt_until_a_snapshot_is_proven() -> None:
    """Another epoch: fault and alarm, the whole list anew, then the fault is cleared and the codes are verified."""
    world = connected()
    world.core.begin_anew("e2")
    world.run(3_000)
    assert world.told == [
        FaultRaised(Fault.CODES, "the core proves another epoch"),
        LinkChanged(Link.STALE),
        FaultCleared(Fault.CODES),
        LinkChanged(Link.FRESH),
        CodesVerified("e2", 0),
    ]
    assert world.alarms == ["CodesInDoubt"]
    assert world.level()


def test_other_rows_under_the_same_version_put_the_codes_in_doubt() -> None:
    """A bad disk, for example: the state hash tells."""
    world = connected()
    world.memory.head = CodeLogHead("e1", 1, world.memory.head.log_hash, bytes(32))
    world.start()
    world.connect()
    world.run(300)
    assert world.verdict() is not Link.FRESH
    assert FaultRaised(Fault.CODES, "the core proves other rows under the version held here") in world.told
    world.run(2_000)
    assert world.verdict() is Link.FRESH
    assert FaultCleared(Fault.CODES) in world.told


def test_a_fork_puts_the_codes_in_doubt_and_keeps_its_holds() -> None:
    """A delta that follows on another history, though signed, does not apply; its hold stops all the same."""
    world = connected()
    delta = Delta(epoch="e1", version=2, previous=bytes(32), changes=(HoldRecord("ZZ9"),), state_hash=bytes(32))
    world.hand(world.core.says(LOG, delta))
    assert world.memory.held("ZZ9")
    assert world.told[0] == FaultRaised(Fault.CODES, "a delta follows on another history than this lane's")
    assert world.verdict() is Link.STALE
    world.run(2_000)
    assert world.memory.head.version == 1
    assert FaultCleared(Fault.CODES) in world.told


def test_a_lane_too_far_behind_gets_everything_and_is_in_doubt_meanwhile() -> None:
    """The core no longer has the deltas."""
    world = connected()
    world.cut()
    for number in range(9):
        world.core.change(HoldRecord(f"CD{number}"))
    world.core.forget_deltas()
    world.connect()
    world.run(3_000)
    assert world.level()
    assert FaultRaised(Fault.CODES, "the core no longer has, or never had, the history held here") in world.told
    assert world.told[-3:] == [FaultCleared(Fault.CODES), LinkChanged(Link.FRESH), CodesVerified("e1", 10)]


def test_a_snapshot_in_answer_to_a_request_for_deltas_is_waited_for() -> None:
    """Its parts may take longer than a tick; it is not asked for again meanwhile."""
    world = connected()
    world.cut()
    for number in range(9):
        world.core.change(HoldRecord(f"CD{number}"))
    world.core.forget_deltas()
    world.connect()
    for _ in range(20):
        world.tick(100)
        world.core_hears()
        for said in [said for said in world.to_lane if said.topic != TOPICS.log]:
            world.to_lane.remove(said)
            world.hand(said)
    assert len(world.to_lane) == 4, "the parts are under way"
    for said in world.to_lane:
        world.hand(said)
        world.tick(100)
    world.core_hears()
    assert world.level()
    assert [body.reason for body in world.core.heard if isinstance(body, SnapshotWanted)] == ["no codes yet"]


def test_a_restored_core_is_not_asked_for_versions_of_its_former_life() -> None:
    """Behind version 4 of one epoch is not behind version 0 of the next."""
    world = connected()
    world.core.serving = False
    for number in range(3):
        world.core.change(HoldRecord(f"CD{number}"))
    world.run(1_000)
    world.core.begin_anew("e2")
    world.core.serving = True
    world.run(20_000)
    world.core.heard.clear()
    world.run(20_000)
    assert {type(body).__name__ for body in world.core.heard} == {"Nonce"}


def test_a_request_without_an_answer_is_made_again_with_growing_patience() -> None:
    """Under the same name: an answer that is merely late must count."""
    world = connected()
    world.core.serving = False
    world.core.change(HoldRecord("CD1"))
    world.run(40_000)
    requests = [body.request for body in world.core.heard if type(body).__name__ == "DeltasWanted"]
    assert 4 <= len(requests) <= 6
    assert len(set(requests)) == 1
    assert world.verdict() is Link.STALE
    world.core.serving = True
    world.run(20_000)
    assert world.verdict() is Link.FRESH


def test_an_old_answer_is_no_answer() -> None:
    """A snapshot recorded earlier and played again, signed as it is, loads nothing."""
    world = connected()
    old = [said for said in world.past if said.topic == TOPICS.log]
    before = world.memory.head
    for said in old:
        world.hand(said)
    assert world.memory.head is before
    assert world.machine.refused["answer_unasked"] == len(old)


def test_an_old_answer_is_no_answer_to_a_new_request_either() -> None:
    """The lane waits for a snapshot, and is given the one of last week."""
    world = connected()
    old = [said for said in world.past if said.topic == TOPICS.log]
    world.core.begin_anew("e2")
    world.core.serving = False
    world.run(2_000)
    for said in old:
        world.hand(said)
    assert world.memory.head.epoch == "e1"
    assert not world.memory.parts
    assert world.machine.refused["answer_unasked"] == len(old)


def test_doubt_lasts_until_a_snapshot_is_loaded_however_equal_the_proofs() -> None:
    """After a fork the lane's values may well equal the core's; which of its rows are right is not known."""
    world = connected()
    world.core.serving = False
    delta = Delta(epoch="e1", version=2, previous=bytes(32), changes=(), state_hash=bytes(32))
    world.hand(world.core.says(LOG, delta))
    for _ in range(30):
        world.step()
        assert world.verdict() is Link.STALE
    world.core.serving = True
    world.run(20_000)
    assert world.verdict() is Link.FRESH
    assert world.told[-3:] == [FaultCleared(Fault.CODES), LinkChanged(Link.FRESH), CodesVerified("e1", 1)]


def test_what_is_refused_is_counted_by_reason_and_alarmed_once_a_minute() -> None:
    """Stranger, foreign lane, retained, nonsense."""
    world = connected()
    beat = Heartbeat(
        lane="lane-2",
        nonce=bytes(16),
        epoch="e1",
        version=1,
        state_hash=bytes(32),
        core_ms=1,
        committed=0,
        committed_hash=bytes(32),
    )
    for _ in range(3):
        world.hand(CoreSaid(TOPICS.heartbeat, STRANGER.seal(TOPICS.heartbeat, encode(beat))))
        world.hand(world.core.says(TOPICS.heartbeat, beat))
        world.hand(CoreSaid(TOPICS.heartbeat, b"nonsense"))
        world.hand(CoreSaid(TOPICS.heartbeat, CORE.seal(TOPICS.heartbeat, b"nonsense")))
        world.hand(world.core.says(TOPICS.reply, beat))
        world.hand(world.core.change(HoldRecord("XY1")), retained=True)
    assert dict(world.machine.refused) == {
        "bad_signature": 3,
        "foreign": 3,
        "not_an_envelope": 3,
        "malformed": 3,
        "unknown_topic": 3,
        "retained": 3,
    }
    assert world.alarms.count("MessageRefused") == 6


def test_events_reach_the_core_in_order_and_once_the_window_is_full_wait() -> None:
    """More rows than the window, acknowledged as the core commits them."""
    world = connected()
    for number in range(300):
        world.note(b"%d" % number)
    assert len([topic for topic, _ in world.to_core if topic == TOPICS.event]) == world.machine.limits.window
    world.run(500)
    assert [row.body for row in world.at_core()] == [b"%d" % number for number in range(300)]
    assert world.cursor == 300
    assert world.machine.sender.depth == 0


def test_lost_events_are_sent_again_from_the_first_unacknowledged_one() -> None:
    """Lost under way, though the connection stands; and after a reconnect at once."""
    world = connected()
    world.note(b"1")
    world.to_core.clear()
    world.run(3_500)
    assert len(world.at_core()) == 1
    world.cut()
    world.note(b"2")
    world.connect()
    world.step(1)
    assert len(world.at_core()) == 2


def test_a_brokers_word_moves_no_cursor_and_a_foreign_acknowledgement_neither() -> None:
    """Only the core's signed, fitting acknowledgement does."""
    world = connected()
    world.note(b"1")
    world.to_core.clear()
    for ack in (
        Ack(lane="lane-1", journal="j1", seq=1, hash=bytes(32)),
        Ack(lane="lane-1", journal="other", seq=1, hash=world.rows[0].hash),
        Ack(lane="lane-2", journal="j1", seq=1, hash=world.rows[0].hash),
        Ack(lane="lane-1", journal="j1", seq=2, hash=world.rows[0].hash),
    ):
        world.hand(world.core.says(TOPICS.ack, ack))
        assert world.cursor == 0
    assert world.machine.refused == {"ack_foreign": 3, "ack_beyond": 1}
    world.hand(world.core.says(TOPICS.ack, Ack(lane="lane-1", journal="j1", seq=1, hash=world.rows[0].hash)))
    assert world.cursor == 1


def test_the_core_may_ask_for_a_range_again() -> None:
    """Acknowledged rows stay in the journal; what does not exist is not sent."""
    world = connected()
    for number in range(5):
        world.note(b"%d" % number)
    world.run(200)
    world.core.heard.clear()
    world.hand(world.core.wants("j1", 2, 99))
    world.hand(world.core.wants("other", 1, 2))
    world.step()
    assert [body.seq for body in world.core.heard if isinstance(body, EventMessage)] == [2, 3, 4, 5]
    assert world.machine.refused == {"range_foreign": 1}
    assert world.machine.sender.resend(EventsWanted(lane="lane-1", journal="j1", first=2, last=99)) == SendEvents(2, 5)
    assert world.machine.sender.resend(EventsWanted(lane="lane-1", journal="j1", first=6, last=6)) is None


def test_a_command_is_obeyed_once_and_answered() -> None:
    """Manual mode, its revert, and the refusal of a copy and of what is not known."""
    world = connected()
    order = world.core.command("manual", text="exercise", revert_ms=5_000)
    world.hand(order)
    world.hand(order)
    world.hand(world.core.command("release"))
    world.run(6_000)
    assert world.told == [ManualOrdered("centre@centre", "exercise"), ManualEnded("centre@centre")]
    assert world.revert is None
    assert [(body.outcome, body.detail) for body in world.core.heard if isinstance(body, Reply)] == [
        ("done", "reverts by itself after 5 s"),
        ("refused", "command_unknown"),
    ]
    assert world.machine.refused == {"command_replayed": 1, "command_unknown": 1}


def test_a_mode_from_afar_reverts_though_the_agent_was_restarted_meanwhile() -> None:
    """What reverts is kept with the command; the time is the core's, so nothing is lost with this box's clock."""
    world = connected()
    world.hand(world.core.command("manual", text="exercise", revert_ms=5_000))
    world.cut()
    world.told.clear()
    world.now += 1_000
    world.start()
    world.now, world.clock = 7, None  # the box was rebooted: its monotonic clock begins anew, the core's goes on
    offset = 1_700_000_000_000 + 60_000
    world.core._clock = lambda: offset + world.now
    world.start()
    world.connect()
    world.run(2_000)
    assert [event for event in world.told if isinstance(event, ManualEnded)] == [ManualEnded("centre@centre")]
    assert world.revert is None


def test_an_order_that_the_lane_does_not_count_is_answered_in_its_own_words() -> None:
    """The centre is told why, and nothing of it is done again."""
    world = connected()
    world.machine.set_lane(visit="lane-1/j1/7", ordered=False)
    world.why = "Immigration has not cleared this visit, or it is leaving"
    world.hand(world.core.command("release_visit", visit="lane-1/j1/7", text="complaint"))
    world.run(200)
    replies = [body for body in world.core.heard if isinstance(body, Reply)]
    assert [(body.outcome, body.detail) for body in replies] == [("refused", world.why)]
    assert world.told[-1] == OfficerReleased(7, "centre@centre", "complaint")


def test_rows_fetched_by_command_are_sent_again() -> None:
    """And how many, in the answer."""
    world = connected()
    for number in range(5):
        world.note(b"row %d" % number)
    world.run(500)
    world.core.heard.clear()
    world.hand(world.core.command("fetch", journal="j1", first=2, last=4))
    world.run(200)
    assert [body.seq for body in world.core.heard if isinstance(body, EventMessage)] == [2, 3, 4]
    assert [body.detail for body in world.core.heard if isinstance(body, Reply)] == ["rows 2 to 4 sent again"]


def test_the_state_for_the_wall_is_sent_when_it_changes_and_on_every_connection() -> None:
    """Complete each time."""
    world = connected()
    for facts in ({"row": "2"}, {"row": "2"}, {"row": "17"}):
        world.machine.set_state(facts)
        world.settle()
    world.step()
    world.cut()
    world.connect()
    world.step()
    states = [body for body in world.core.heard if type(body).__name__ == "LaneState"]
    assert [state.facts["row"] for state in states] == ["2", "17", "17"]
    assert [state.serial for state in states] == sorted({state.serial for state in states})


def test_silence_on_a_standing_connection_makes_it_walk_on() -> None:
    """A connected socket proves nothing: it is left before a proof's three seconds are over."""
    world = connected()
    world.core.proving = False
    world.run(1_700)
    assert world.brokers_tried == 0
    world.run(1_300)
    assert world.brokers_tried == 1
    assert world.verdict() is not Link.FRESH


def test_a_long_snapshot_over_a_slow_line_does_not_lose_its_broker() -> None:
    """Its parts answer what was asked at random; proofs queue behind them, and starting over would never end."""
    world = SimulatedLink()
    for number in range(12):
        world.core.change(HoldRecord(f"AB{number + 1}"))
    world.core.proving = world.core.serving = False
    world.connect()
    world.core_hears()
    request = next(body.request for body in world.core.heard if isinstance(body, SnapshotWanted))
    for part in world.core.log.snapshot(request=request, lane=LANE, size=2):
        world.run(1_500)
        world.hand(world.core.says(world.core.topics.log, part))
    assert world.brokers_tried == 0
    assert world.memory.head.version == 12
    world.run(3_000)
    assert world.brokers_tried == 1


def test_walking_in_vain_becomes_rarer_until_a_proof_comes() -> None:
    """When the core itself is gone, lanes must not wear the brokers out; once it is back, all is as before."""
    world = connected()
    world.core.proving = False
    world.run(60_000)
    assert 3 <= world.brokers_tried <= 6
    world.run(600_000)
    rare = world.brokers_tried
    assert rare <= 22
    world.core.proving = True
    world.run(2_000)
    world.core.proving = False
    world.run(3_200)
    assert world.brokers_tried == rare + 1


def test_a_taken_over_session_is_an_alarm() -> None:
    """Two boxes of one name."""
    world = connected()
    world.machine.on_disconnected(world.now, taken_over="broker:1883")
    world.settle()
    assert world.alarms == ["SessionTakenOver"]
