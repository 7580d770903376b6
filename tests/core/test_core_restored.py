"""A core restored from an old backup is made whole by its lanes; and what a lane tells of its box is shown, not kept."""

from __future__ import annotations

from typing import Any

import pytest

from core.link.alarms import AlarmBook
from core.link.intake import MOST_ASKED
from simulation.ledgers import copy_database, put_back_database
from wire import messages as wire
from wire.codec import decode
from wire.topics import LOG


def opened(core: Any, outgoing: Any, kind: Any) -> Any:
    """The body of what the core sends."""
    return decode(kind, core.signer.ring().open(outgoing.topic, outgoing.payload))


def nonce(core: Any, lane: Any, acknowledged: int, **changes: Any) -> Any:
    """A nonce of a lane that holds the head."""
    head = core.log.head()
    values = {"epoch": head.epoch, "version": head.version, "state_hash": head.state_hash, **lane.head, **changes}
    body = wire.Nonce(
        lane=lane.name, session=1, nonce=bytes(16), journal=lane.journal, acknowledged=acknowledged, **values
    )
    return lane.says(lane.topics.nonce, body)


def kinds(core: Any) -> list[str]:
    """The standing alarms."""
    return sorted(one.kind for one in AlarmBook(core.store.connection).standing(now_ms=0))


def asked(core: Any, outgoing: list[Any], lane: Any) -> list[tuple[int, int]]:
    """The rows asked for in these messages."""
    found = [opened(core, one, wire.LogReply) for one in outgoing if one.topic == lane.topics.log]
    return [(one.first, one.last) for one in found if isinstance(one, wire.EventsWanted)]


def test_a_core_restored_from_a_backup_asks_its_lanes_for_what_it_had_acknowledged(
    reopen: Any, lane: Any, make_record: Any, tmp_path: Any
) -> None:
    """Without a single new event: the next nonce is enough. Each row counts once, the used bundle included."""
    core = reopen()
    ubr = core.bundle(core.lodge())
    early = [lane.write(make_record("VehicleArrived", number)) for number in range(1, 11)]
    core.exchange.hear(lane.sends(*early))
    copy_database(tmp_path / "core.db", tmp_path / "backup.db")
    late = [lane.write(make_record("VehicleArrived", number)) for number in range(11, 11 + MOST_ASKED + 20)]
    late += [lane.reads(11), lane.uses(11, ubr)]
    late.append(lane.write({"type": "Alarm", "kind": "Help", "visit": 11, "detail": "driver"}))
    core.exchange.hear(lane.sends(*late))
    before = [(one.visit, one.records, one.ubrs) for one in core.projection.latest(most=10_000)]
    old_epoch = core.log.head().epoch

    core.store.close()
    put_back_database(tmp_path / "backup.db", tmp_path / "core.db")
    core = reopen()
    with core.store.transaction():
        assert core.log.restart(at_ms=core.clock(), reason="backup restored") != old_epoch
    core.exchange.news()

    answers = core.exchange.hear([nonce(core, lane, len(lane.rows))]).now
    assert kinds(core) == ["RowsMissing"]
    waiting = asked(core, answers, lane)
    assert waiting == [(11, 10 + MOST_ASKED)]
    news = []
    while waiting:
        first, last = waiting.pop(0)
        answers = core.exchange.hear(lane.sends(*lane.rows[first - 1 : last])).now
        news += [opened(core, one, wire.Delta) for one in answers if one.topic == LOG]
        waiting += asked(core, answers, lane)
    assert core.intake.standing(lane.name, lane.journal).seq == len(lane.rows)
    assert [(one.visit, one.records, one.ubrs) for one in core.projection.latest(most=10_000)] == before
    (used,) = [row for delta in news for row in delta.changes if row.used_by]
    assert (used.ubr, used.used_by) == (ubr, f"{lane.name}/{lane.journal}/11")
    assert kinds(core) == ["Help", "RowsMissing"]

    core.exchange.hear(lane.sends(*lane.rows[:30]))  # what a lane sends once more changes nothing
    assert [(one.visit, one.records, one.ubrs) for one in core.projection.latest(most=10_000)] == before
    assert core.exchange.hear([nonce(core, lane, len(lane.rows))]).now[1:] == []


def test_rows_that_are_lost_on_the_way_are_asked_for_again(core: Any, lane: Any) -> None:
    """The gap does not move for two ticks."""
    rows = [lane.write() for _ in range(5)]
    assert asked(core, core.exchange.hear([nonce(core, lane, 5)]).now, lane) == [(1, 5)]
    assert asked(core, core.exchange.hear([nonce(core, lane, 5)]).now, lane) == []
    core.exchange.hear(lane.sends(*rows[:2]))
    assert asked(core, core.exchange.tick(), lane) == []
    assert asked(core, core.exchange.tick(), lane) == [(3, 5)]
    core.exchange.hear(lane.sends(*rows))
    assert asked(core, [*core.exchange.tick(), *core.exchange.tick()], lane) == []


def test_a_core_that_forgot_to_begin_a_new_epoch_is_told(core: Any, lane: Any) -> None:
    """Versions would be given out twice; the lanes doubt it, and people must know what to do."""
    core.exchange.hear([nonce(core, lane, 0, version=7)])
    (alarm,) = AlarmBook(core.store.connection).standing(now_ms=0)
    assert (alarm.kind, "restart-log" in alarm.detail) == ("CoreWentBack", True)


def sample(lane: Any, serial: int, shed: int = 0, **changes: Any) -> Any:
    """A sample of telemetry."""
    values: dict[str, Any] = {"session": 1, "age_ms": 0, "facts": {"disk_free_mb": serial}}
    return lane.says(
        lane.topics.telemetry, wire.Telemetry(lane=lane.name, serial=serial, shed=shed, **{**values, **changes})
    )


@pytest.mark.parametrize(
    ("samples", "counted"),
    [
        ([(1, 0), (2, 0), (3, 0)], (3, 0, 0)),
        ([(1, 0), (4, 2)], (2, 2, 0)),
        ([(1, 0), (4, 1)], (2, 1, 1)),
        ([(500, 40), (501, 40)], (2, 40, 0)),
        ([(7, 0), (1, 0), (3, 0)], (2, 0, 1)),
        ([(1, 0), (1, 0)], (1, 0, 0)),
    ],
)
def test_telemetry_is_shown_and_what_was_shed_or_lost_is_counted(
    core: Any, lane: Any, samples: list[tuple[int, int]], counted: tuple[int, int, int]
) -> None:
    """Shed by the lane, lost on the way, begun anew by the agent, or joined late by this core."""
    for serial, shed in samples:
        core.exchange.hear([sample(lane, serial, shed, age_ms=3_000)])
    seen = core.exchange.lanes[lane.name]
    assert (seen.samples, seen.shed, seen.missed) == counted
    assert seen.telemetry == {"disk_free_mb": samples[-1][0]}
    assert seen.sampled_ms == core.clock() - 3_000
    assert core.store.connection.execute("SELECT count(*) FROM events").fetchone() == (0,)
