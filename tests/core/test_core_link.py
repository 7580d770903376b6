"""What the core says to a lane: proofs, acknowledgements, deltas, snapshots, commands; and whom it does not believe."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.errors import RefusedError
from core.link.alarms import AlarmBook
from core.link.gateway import ROWS_A_PART, LaneMessage
from wire import messages as wire
from wire.codec import decode, encode
from wire.envelope import Signer
from wire.hashes import StateHash, log_next, log_start
from wire.records import HoldRecord
from wire.topics import LOG


def opened(core: Any, outgoing: Any, kind: Any) -> Any:
    """The body of what the core sends, its signature and topic checked."""
    return decode(kind, core.signer.ring().open(outgoing.topic, outgoing.payload))


def nonce(core: Any, lane: Any, **changes: Any) -> Any:
    """A nonce of a lane that holds the head."""
    head = core.log.head()
    values = {"epoch": head.epoch, "version": head.version, "state_hash": head.state_hash}
    values |= {"journal": lane.journal, "acknowledged": 0, **lane.head}
    return lane.says(lane.topics.nonce, wire.Nonce(lane=lane.name, session=1, nonce=bytes(16), **{**values, **changes}))


def later(core: Any, lane: Any, request: Any) -> Any:
    """The long answer to a request, opened."""
    answers = core.exchange.hear([lane.says(lane.topics.request, request)])
    return [opened(core, one, wire.LogReply) for one in answers.later[lane.name]()]


def alarms(core: Any) -> Any:
    """Kind and detail of the standing alarms."""
    return [(one.kind, one.detail) for one in AlarmBook(core.store.connection).standing(now_ms=0)]


def test_a_nonce_is_answered_with_the_committed_head_and_the_cores_time(core: Any, lane: Any) -> None:
    """The proof of freshness: that nonce, that lane, epoch, version, state hash, time."""
    core.office.hold("AB1", who="o", reason="x")
    (sent,) = core.exchange.hear([nonce(core, lane)]).now
    beat, head = opened(core, sent, wire.Heartbeat), core.log.head()
    assert (sent.topic, sent.qos) == (lane.topics.heartbeat, 0)
    assert (beat.nonce, beat.lane, beat.core_ms) == (bytes(16), lane.name, core.clock())
    assert (beat.epoch, beat.version, beat.state_hash) == (head.epoch, 1, head.state_hash)
    assert core.exchange.lanes[lane.name].level


def test_a_lane_that_is_behind_is_not_level_and_no_alarm(core: Any, lane: Any) -> None:
    """It will ask; that is no fault."""
    held = {"version": 0, "state_hash": StateHash().digest()}
    core.office.hold("AB1", who="o", reason="x")
    core.exchange.hear([nonce(core, lane, **held)])
    assert not core.exchange.lanes[lane.name].level
    assert alarms(core) == []


def test_other_rows_under_the_same_version_are_an_alarm(core: Any, lane: Any) -> None:
    """Nothing heals silently: the lane sees it too, and so do people."""
    core.exchange.hear([nonce(core, lane, state_hash=bytes(32))])
    assert [kind for kind, _ in alarms(core)] == ["CodesDiffer"]


def test_events_are_acknowledged_after_the_deltas_they_caused(core: Any, lane: Any) -> None:
    """Who hears the acknowledgement can already know the list it rests on."""
    ubr = core.bundle(core.lodge())
    core.exchange.news()
    answers = core.exchange.hear(lane.sends(lane.reads(1), lane.uses(1, ubr)))
    assert [one.topic for one in answers.now] == [LOG, lane.topics.ack]
    ack = opened(core, answers.now[1], wire.Ack)
    assert (ack.journal, ack.seq, ack.hash) == (lane.journal, 2, lane.rows[1].hash)
    assert opened(core, answers.now[0], wire.Delta).changes[0].used_by == "szb-in-01/j1/1"


def test_a_gap_is_asked_for_once_and_again_when_it_does_not_move(core: Any, lane: Any) -> None:
    """One request a gap; another only after two ticks without progress."""
    rows = [lane.write() for _ in range(6)]
    answers = core.exchange.hear(lane.sends(rows[0], rows[5]))
    assert [one.topic for one in answers.now] == [lane.topics.ack, lane.topics.log]
    assert (opened(core, answers.now[1], wire.LogReply).first, opened(core, answers.now[1], wire.LogReply).last) == (
        2,
        5,
    )
    assert [one.topic for one in core.exchange.hear(lane.sends(rows[1])).now] == [lane.topics.ack]
    assert core.exchange.tick() == []
    (again,) = core.exchange.tick()
    assert opened(core, again, wire.LogReply).first == 3
    core.exchange.hear(lane.sends(*rows))
    assert core.exchange.tick() == core.exchange.tick() == []


def test_deltas_are_sent_from_the_version_held(core: Any, lane: Any) -> None:
    """The bodies of the log, in order, byte for byte."""
    for vrn in ("A1", "B2", "C3"):
        core.office.hold(vrn, who="o", reason="x")
    epoch = core.log.head().epoch
    first = next(core.log.payloads_after(epoch, 0))[1]
    body = core.signer.ring().open(LOG, first)
    request = wire.DeltasWanted(
        lane=lane.name, request="r1", epoch=epoch, version=1, log_hash=log_next(log_start(epoch), body)
    )
    (reply,) = later(core, lane, request)
    assert [decode(wire.Delta, core.signer.ring().open(LOG, one)).version for one in reply.payloads] == [2, 3]


@pytest.mark.parametrize("changes", [{"epoch": "other"}, {"log_hash": bytes(32)}, {"version": 9}, {"epoch": ""}])
def test_a_lane_of_another_history_gets_everything(core: Any, lane: Any, changes: Any) -> None:
    """Another epoch, another chain at that version, or a version to come."""
    core.office.hold("A1", who="o", reason="x")
    epoch = core.log.head().epoch
    values = {"epoch": epoch, "version": 0, "log_hash": log_start(epoch), **changes}
    (reply,) = later(core, lane, wire.DeltasWanted(lane=lane.name, request="r1", **values))
    assert isinstance(reply, wire.SnapshotPart)


def test_a_lane_of_the_epoch_before_gets_everything_and_news_are_of_the_new_one(core: Any, lane: Any) -> None:
    """Its version and chain are right, and yet of a log that has ended."""
    core.office.hold("A1", who="o", reason="x")
    held = core.log.head()
    core.office.hold("B2", who="o", reason="x")
    core.exchange.news()
    with core.store.transaction():
        epoch = core.log.restart(at_ms=1, reason="test")
    request = wire.DeltasWanted(
        lane=lane.name, request="r", epoch=held.epoch, version=held.version, log_hash=held.log_hash
    )
    (reply,) = later(core, lane, request)
    assert isinstance(reply, wire.SnapshotPart)
    news = [opened(core, one, wire.Delta) for one in core.exchange.news()]
    assert [(delta.epoch, delta.version) for delta in news] == [(epoch, 1)]


@pytest.mark.parametrize("count", [0, 1, ROWS_A_PART * 2 + 1])
def test_a_snapshot_is_every_row_in_numbered_parts_of_one_version(core: Any, lane: Any, count: Any) -> None:
    """Put together, its rows have the state hash that each part signs."""
    with core.store.transaction():
        core.log.append([HoldRecord(f"V{number}") for number in range(count)], at_ms=1)
    parts = later(core, lane, wire.SnapshotWanted(lane=lane.name, request="r1", reason="no codes yet"))
    assert [(part.part, part.parts) for part in parts] == [(number, len(parts)) for number in range(len(parts))]
    rows = [row for part in parts for row in part.records]
    assert len(rows) == count
    assert {part.state_hash for part in parts} == {StateHash.of(rows).digest()}
    assert {part.log_hash for part in parts} == {core.log.head().log_hash}


def test_a_change_while_a_snapshot_goes_out_does_not_get_into_it(core: Any, lane: Any) -> None:
    """All parts are of the version at which the first was made."""
    with core.store.transaction():
        core.log.append([HoldRecord(f"V{number}") for number in range(ROWS_A_PART + 1)], at_ms=1)
    heard = [lane.says(lane.topics.request, wire.SnapshotWanted(lane=lane.name, request="r", reason=""))]
    parts = core.exchange.hear(heard).later[lane.name]()
    first = opened(core, next(parts), wire.LogReply)
    core.office.hold("ZZ9", who="o", reason="x")
    (second,) = [opened(core, one, wire.LogReply) for one in parts]
    assert first.version == second.version == core.log.head().version - 1
    assert all(row.vrn != "ZZ9" for row in second.records)


def forgeries(core: Any, lane: Any) -> Any:
    """Messages that are not what they say, each with the words of its refusal."""
    row = lane.write()
    stranger = Signer.generate(lane.name)
    payload = lane.signer.seal(lane.topics.event, encode(row))
    other = msgspec.structs.replace(row, lane="szb-in-02")
    return {
        "unknown key": (
            LaneMessage(lane.topics.event, Signer.generate("x").seal(lane.topics.event, encode(row))),
            "unknown_key",
        ),
        "own name, other key": (
            LaneMessage(lane.topics.event, stranger.seal(lane.topics.event, encode(row))),
            "bad_signature",
        ),
        "moved to another topic": (LaneMessage(lane.topics.reply, payload), "bad_signature"),
        "speaks for another lane": (lane.says(lane.topics.event, other), "szb-in-02"),
        "retained": (lane.says(lane.topics.event, row, retained=True), "retained"),
        "not what goes there": (lane.says(lane.topics.nonce, row), "malformed"),
        "no such message": (lane.says(lane.topics.all_up.replace("#", "wish"), row), "wish"),
        "no envelope": (LaneMessage(lane.topics.event, b"\x00rubbish"), "not_an_envelope"),
        "too big": (LaneMessage(lane.topics.event, bytes(2 << 20)), "too_big"),
    }


CASES = [
    "unknown key",
    "own name, other key",
    "moved to another topic",
    "speaks for another lane",
    "retained",
    "not what goes there",
    "no such message",
    "no envelope",
    "too big",
]


@pytest.mark.parametrize("case", CASES)
def test_a_forged_message_changes_nothing_and_is_an_alarm(core: Any, lane: Any, case: Any) -> None:
    """Refused whole, whoever passed it on; and the honest row is still taken."""
    heard, words = forgeries(core, lane)[case]
    answers = core.exchange.hear([heard])
    assert (answers.now, answers.later) == ([], {})
    assert core.intake.standings(lane.name) == []
    ((kind, detail),) = alarms(core)
    assert kind == "MessageRefused"
    assert words in detail
    assert len(core.exchange.hear(lane.sends(lane.rows[0])).now) == 1


def test_a_lane_without_a_registered_key_is_named(core: Any, make_lane: Any) -> None:
    """Its name may be right, its key is not here."""
    stranger = make_lane("hyw-in-09")
    assert core.exchange.hear(stranger.sends(stranger.write())).now == []
    assert "register its public key" in alarms(core)[0][1]


def presence(lane: Any, status: Any, session: Any) -> Any:
    """A presence, retained as the contract has it."""
    body = wire.Presence(lane=lane.name, status=status, session=session, software="0.1.0")
    return lane.says(lane.topics.presence, body, retained=True)


def test_the_will_of_an_older_connection_is_ignored(core: Any, lane: Any) -> None:
    """Lessons 32: the broker may be slow to notice the old connection's end."""
    core.exchange.hear([presence(lane, "online", 1), presence(lane, "online", 2), presence(lane, "lost", 1)])
    assert core.exchange.lanes[lane.name].presence == "online"
    core.exchange.hear([presence(lane, "lost", 2)])
    assert core.exchange.lanes[lane.name].presence == "lost"


def test_a_command_is_signed_expires_and_its_reply_is_kept(core: Any, lane: Any) -> None:
    """Command and answer, by identifier."""
    name, sent = core.exchange.command(lane.name, "close", issuer="chief", text="exercise", good_ms=30_000)
    order = opened(core, sent, wire.Command)
    assert (sent.topic, order.command, order.expires_ms) == (lane.topics.command, name, core.clock() + 30_000)
    reply = wire.Reply(lane=lane.name, command=name, outcome="refused", detail="a visit is open")
    core.exchange.hear([lane.says(lane.topics.reply, reply)])
    row = core.store.connection.execute("SELECT outcome, detail FROM commands WHERE id=%s", (name,)).fetchone()
    assert row == ("refused", "a visit is open")
    with pytest.raises(RefusedError, match="not registered"):
        core.exchange.command("nobody", "close", issuer="chief", good_ms=1)


def test_what_a_lane_publishes_of_itself_is_kept_for_the_wall(core: Any, lane: Any) -> None:
    """Retained and complete: the latest replaces the one before."""
    for scene in ("WELCOME", "STOP"):
        state = wire.LaneState(lane=lane.name, session=1, serial=1, facts={"xdb": scene})
        core.exchange.hear([lane.says(lane.topics.state, state, retained=True)])
    assert core.exchange.lanes[lane.name].facts == {"xdb": "STOP"}
