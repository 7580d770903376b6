"""What nonces tell of a lane's box: two of them with one key, a journal that is an old copy, rows that do not come."""

from __future__ import annotations

from typing import Any

import pytest

from core.link.alarms import AlarmBook
from core.link.rows_late import LATE_MS, MOVES, RowsWatch
from core.link.twins import SessionWatch
from wire import messages as wire
from wire.codec import decode


def proved(core: Any, lane: Any, **changes: Any) -> wire.Heartbeat | None:
    """A nonce; its proof, None if it gets none."""
    head = core.log.head()
    values = {"session": 1, "epoch": head.epoch, "version": head.version, "state_hash": head.state_hash, **lane.head}
    body = wire.Nonce(lane=lane.name, nonce=bytes(16), journal=lane.journal, acknowledged=0, **{**values, **changes})
    said = core.exchange.hear([lane.says(lane.topics.nonce, body)]).now
    beats = [one for one in said if one.topic == lane.topics.heartbeat]
    return decode(wire.Heartbeat, core.signer.ring().open(beats[0].topic, beats[0].payload)) if beats else None


def kinds(core: Any) -> list[str]:
    """The standing alarms."""
    return sorted(one.kind for one in AlarmBook(core.store.connection).standing(now_ms=0))


def test_a_second_box_with_the_lanes_key_is_noticed_and_neither_is_proved_anything(core: Any, lane: Any) -> None:
    """On another broker, once a second each; until one is left."""
    answered = []
    for _ in range(12):
        answered += [proved(core, lane, session=session) is not None for session in (1, 2)]
        core.clock.now += 1_000
    assert sum(answered) <= 6
    assert not any(answered[6:])
    assert kinds(core) == ["TwoBoxes"]
    assert proved(core, lane, session=2) is None
    core.clock.now += 2_000
    assert proved(core, lane, session=2) is None
    core.clock.now += 3_000
    assert proved(core, lane, session=2) is not None


@pytest.mark.parametrize(
    ("sessions", "doubled"),
    [((1, 2), False), ((1, 1, 2, 1, 2, 2, 2), False), ((1, 2, 3, 4, 5), False), ((1, 2, 1, 2, 1), True)],
    ids=["a reconnection", "one late nonce", "many reconnections", "two boxes"],
)
def test_a_reconnection_is_no_second_box(sessions: tuple[int, ...], *, doubled: bool) -> None:
    """Nor is a nonce that was under way for long."""
    watch = SessionWatch()
    said = [watch.on_nonce(session, 1_000 * place) for place, session in enumerate(sessions)]
    assert bool(said[-1]) is doubled


def test_a_proof_names_the_last_row_that_is_committed_here(core: Any, lane: Any) -> None:
    """So that a lane on an old copy of its store knows before the proof counts."""
    core.exchange.hear(lane.sends(*(lane.write() for _ in range(3))))
    beat = proved(core, lane)
    assert beat is not None
    assert (beat.committed, beat.committed_hash) == (3, lane.rows[-1].hash)
    assert kinds(core) == []


@pytest.mark.parametrize(
    "named", [{"last": 1}, {"last": 0, "last_hash": bytes(32)}, {"last_hash": b"x" * 32}], ids=["old", "empty", "other"]
)
def test_a_lane_that_names_another_journal_head_than_is_here_is_told(
    core: Any, lane: Any, named: dict[str, Any]
) -> None:
    """An older copy, or a changed one."""
    core.exchange.hear(lane.sends(*(lane.write() for _ in range(3))))
    proved(core, lane, **named)
    assert kinds(core) == ["LaneWentBack"]


def test_a_nonce_that_came_with_the_rows_written_after_it_is_no_older_copy(core: Any, lane: Any) -> None:
    """A core that was busy, or has just taken over, takes both at once, the rows first."""
    core.exchange.hear(lane.sends(*(lane.write() for _ in range(3))))
    head = core.log.head()
    known = {"session": 1, "epoch": head.epoch, "version": head.version, "state_hash": head.state_hash}
    named, later = lane.head, [lane.write(), lane.write()]
    for changes, found in (({}, []), ({"last": 2, "last_hash": lane.rows[1].hash}, ["LaneWentBack"])):
        body = wire.Nonce(
            lane=lane.name, nonce=bytes(16), journal=lane.journal, acknowledged=0, **{**known, **named, **changes}
        )
        core.exchange.hear([lane.says(lane.topics.nonce, body), *lane.sends(*later)])
        assert kinds(core) == found


def test_rows_that_a_broker_swallows_are_an_alarm_within_ten_seconds(core: Any, lane: Any) -> None:
    """The nonce names them, and they do not come; quarantined rows count as received."""
    core.exchange.hear(lane.sends(lane.write(), lane.write_body(b"no entry at all")))
    for _ in range(12):
        proved(core, lane)
        core.clock.now += 1_000
    assert kinds(core) == ["EventQuarantined"]
    lane.write()
    for _ in range(10):
        proved(core, lane)
        core.clock.now += 1_000
    assert kinds(core) == ["EventQuarantined"]
    proved(core, lane)
    assert kinds(core) == ["EventQuarantined", "RowsLate"]


def test_a_long_journal_after_an_outage_is_not_late_while_it_comes() -> None:
    """A window of rows in ten seconds is enough; a trickle is not."""
    for a_second, late in ((MOVES // 10 + 1, False), (1, True)):
        watch = RowsWatch()
        found = [
            watch.on_nonce("l", "j", last=20_000, committed=a_second * second, now_ms=1_000 * second)
            for second in range(30)
        ]
        assert any(found) is late
        assert not any(found[: LATE_MS // 1_000])
