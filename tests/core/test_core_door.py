"""What a lane with a valid key may write, whatever it is: kept, told, and never the end of the core or of its commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from core.errors import RefusedError
from core.ledger.decision_audit import Decisions
from core.ledger.log import BYTES_A_DELTA
from core.link.alarms import AlarmBook
from core.link.budget import LaneLimits
from core.link.disputes import MOST
from core.link.intake import Intake
from core.link.projection import MOST_RECORDS
from wire import messages as wire
from wire.codec import encode
from wire.records import CargoRecord

HOSTILE = {
    "ubrs a number": b'{"effects": [{"type": "Consume", "visit": 1, "ubrs": 7}]}',
    "ubrs a number and true": b'{"effects": [{"type": "Consume", "visit": true, "ubrs": [7, null]}]}',
    "5,000 deep": b'{"effects": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "5,000 deep where nobody looks": b'{"event": {"type": "X", "a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
    "a visit beyond 64 bits": b'{"effects": [{"type": "Record", "kind": "A", "visit": 1e300, "facts": []}]}',
    "a visit of 400 digits": b'{"effects": [{"type": "Alarm", "kind": "A", "visit": ' + b"9" * 400 + b"}]}",
    "a moment in the year 300,000": b'{"at": {"utc_ms": 9007199254740992}, "effects": []}',
    "half a character": b'{"effects": [{"type": "Alarm", "kind": "\\ud800", "visit": 1}]}',
    "facts that are no pairs": b'{"effects": [{"type": "Record", "kind": "A", "visit": 1, "facts": [["a"], 7]}]}',
    "10,000 effects": b'{"effects": [' + b",".join([b'{"type": "X"}'] * 10_000) + b"]}",
    "a read that is no text": b'{"event": {"type": "PlateSettled", "visit": 1, "read": {"vrn": 7}}, "effects": []}',
    "a mark of 900 kB": b'{"event": {"type": "OfficerCorrected", "visit": 1, "vrn": "' + b"A" * 900_000 + b'"}}',
    "no entry": b"\xff\xfe",
}


def take(core: Any, *rows: Any) -> Any:
    """Takes rows; returns where their one journal stands."""
    return core.intake.take(rows, now_ms=core.clock())[0]


def kinds(core: Any) -> list[str]:
    """The kinds of the standing alarms, oldest first."""
    return [alarm.kind for alarm in sorted(AlarmBook(core.store.connection).standing(now_ms=0), key=lambda one: one.id)]


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_row_that_cannot_be_read_is_kept_told_and_acknowledged(core: Any, lane: Any, body: bytes) -> None:
    """The lane's stream goes on behind it, and so does the core."""
    answers = core.exchange.hear(lane.sends(lane.write_body(body), lane.write()))
    assert answers.now
    assert core.intake.standing(lane.name, lane.journal).seq == 2
    (row,) = core.intake.quarantined()
    assert (row.lane, row.journal, row.seq) == (lane.name, lane.journal, 1)
    assert row.why
    assert kinds(core) == ["EventQuarantined"]
    assert next(iter(core.intake.bodies(lane.name, lane.journal)))[1] == body


def test_what_can_be_read_of_such_a_row_counts(core: Any, lane: Any) -> None:
    """A use that stands beside nonsense is a use: what stops must not be hidden by what is spoilt."""
    ubr = core.bundle(core.lodge())
    use = b'{"type": "Consume", "visit": 1, "ubrs": ["%s"]}' % ubr.encode()
    take(core, lane.reads(1), lane.write_body(b'{"effects": [7, ' + use + b', {"type": "Consume"}]}'))
    assert core.log.bundle(ubr).used_by == f"{lane.name}/j1/1"
    assert len(core.intake.quarantined()) == 1


def test_what_only_a_newer_lane_knows_is_no_reason_for_quarantine(core: Any, lane: Any) -> None:
    """Journals are open: unknown effects, events and fields are passed over."""
    body = b'{"at": {"utc_ms": 5, "more": 1}, "event": {"type": "New"}, "effects": [{"type": "Newer", "visit": []}], "z": 0}'
    take(core, lane.write_body(body))
    assert core.intake.quarantined() == []


def test_a_visit_does_not_grow_for_ever(core: Any, lane: Any, make_record: Any) -> None:
    """Each record is read and written with all before it; a thousand of them would be a million."""
    take(core, *(lane.write(make_record("RowEntered", 1)) for _ in range(MOST_RECORDS + 20)))
    (crossing,) = core.projection.latest()
    assert len(crossing.records) == MOST_RECORDS
    assert len(core.intake.quarantined()) == 20


def test_a_bundle_whose_row_would_no_longer_fit_does_not_end_the_core(core: Any, lane: Any) -> None:
    """The visit's key makes it longer than a message."""
    ubr = core.bundle(core.lodge())
    row = core.log.bundle(ubr)
    long = msgspec.structs.replace(row, cargo=(CargoRecord("1", "x" * (1 << 17)),))
    room = BYTES_A_DELTA - len(encode(long)) - 5
    long = msgspec.structs.replace(row, cargo=(CargoRecord("1", "x" * ((1 << 17) + room)),))
    with core.store.transaction():
        core.log.append([long], at_ms=0)
    take(core, lane.reads(1), lane.uses(1, ubr))
    assert "cannot be marked as used" in core.intake.quarantined()[0].why


def test_a_lane_begins_so_many_journals_a_day_and_no_more(core: Any, lane: Any, make_lane: Any) -> None:
    """A day later it may again; the journals it has go on meanwhile."""
    limit = LaneLimits().journals_a_day
    for number in range(limit):
        assert take(core, make_lane(lane.name, f"n{number}").write()).seq == 1
    standing = take(core, make_lane(lane.name, "more").write())
    assert (standing.seq, "one too many" in standing.refused) == (0, True)
    assert "EventRefused" in kinds(core)
    core.clock.pass_minutes(24 * 60 + 1)
    assert take(core, make_lane(lane.name, "more").write()).seq == 1


def test_a_lane_that_sends_too_much_is_slowed_and_loses_nothing(core: Any, lane: Any, make_lane: Any) -> None:
    """Its rows wait at the lane; another lane's do not."""
    limits = LaneLimits(burst_bytes=2_000_000, bytes_a_second=100_000)
    core.intake = Intake(core.store, core.projection, limits)
    rows = [lane.write_body(b'{"a": "' + b"x" * 900_000 + b'"}') for _ in range(6)]
    assert take(core, *rows).seq == 3
    assert kinds(core) == ["LaneOverBudget"]
    assert take(core, make_lane("mkt-in-01").write()).seq == 1
    core.clock.pass_minutes(0.5)
    assert take(core, *rows[3:]).seq > 3


def test_rows_kept_aside_are_bounded_by_the_lane_however_many_journals_it_names(
    core: Any, lane: Any, make_lane: Any
) -> None:
    """900 kB each, always the second row of another journal: 600 MB were kept."""
    for number in range(50):
        other = make_lane(lane.name, f"n{number}")
        other.write()
        take(core, other.write_body(b"x" * 900_000))
    kept = [row for _, early in core.intake._early.values() for row in early.values()]
    assert sum(len(row.body) for row in kept) <= LaneLimits().early_bytes


def test_journals_asked_for_are_bounded_by_the_lane(core: Any, lane: Any) -> None:
    """Ever new names in its nonces are one gap, the latest."""
    for number in range(50):
        head = core.log.head()
        nonce = wire.Nonce(
            lane=lane.name,
            session=1,
            nonce=bytes([number]) * 16,
            epoch=head.epoch,
            version=0,
            state_hash=head.state_hash,
            journal=f"n{number}",
            acknowledged=9,
            **lane.head,
        )
        core.exchange.hear([lane.says(lane.topics.nonce, nonce)])
    assert [gap.journal for gap in core.intake.gaps()] == ["n49"]


def test_a_use_without_a_read_takes_the_bundle_out_and_is_an_alarm(core: Any, lane: Any) -> None:
    """Strictest first: the bundle releases nobody, its consignments have not crossed, an officer settles it."""
    ccrn = core.lodge()
    ubr = core.bundle(ccrn)
    take(core, lane.reads(7, "CD5678"), lane.reads(6), lane.uses(7, ubr))
    assert kinds(core) == ["UseWithoutRead"]
    assert core.log.bundle(ubr).used_by == f"{lane.name}/j1/7"
    assert core.office.consignment(ccrn).crossed is False
    assert [(one.ubr, one.visit) for one in core.projection.disputes.every()] == [(ubr, f"{lane.name}/j1/7")]
    assert core.projection.latest()[0].ubrs == (ubr,)


@pytest.mark.parametrize("used", [True, False])
def test_an_officer_settles_a_disputed_use(core: Any, lane: Any, used: bool) -> None:
    """Either its vehicle has crossed, or the bundle is live again for whoever reads it."""
    ccrn = core.lodge()
    ubr = core.bundle(ccrn)
    take(core, lane.uses(7, ubr))
    with core.store.transaction():
        core.projection.disputes.settle(ubr, used=used, now_ms=core.clock())
    assert bool(core.log.bundle(ubr).used_by) is used
    assert core.office.consignment(ccrn).crossed is used
    with pytest.raises(RefusedError, match="not disputed"):
        core.projection.disputes.settle(ubr, used=used, now_ms=core.clock())


def test_a_mark_typed_by_an_officer_bears_a_use_out(core: Any, lane: Any) -> None:
    """As the read of the reader does."""
    ubr = core.bundle(core.lodge())
    typed = b'{"event": {"type": "OfficerCorrected", "visit": 1, "officer": "o", "vrn": "AB1234", "reason": "seen"}}'
    take(core, lane.write_body(typed), lane.uses(1, ubr))
    assert (core.projection.disputes.every(), kinds(core)) == ([], [])
    assert core.log.bundle(ubr).used_by == f"{lane.name}/j1/1"


def test_one_lane_cannot_take_every_bundle_out(core: Any, lane: Any) -> None:
    """After so many uses without a read it is not believed: the others' trucks go on."""
    ubrs = [core.bundle(core.lodge(), vrn=f"AB {number}") for number in range(1, MOST + 6)]
    take(core, *(lane.uses(number, ubr) for number, ubr in enumerate(ubrs, 1)))
    assert [bool(core.log.bundle(ubr).used_by) for ubr in ubrs] == [True] * MOST + [False] * 5
    assert kinds(core)[-1] == "LaneDisbelieved"


@pytest.fixture
def audited(core: Any, lane: Any) -> Callable[..., list[str]]:
    """Proves the decision of visit 1, and returns what does not agree."""

    def problems() -> list[str]:
        audit = Decisions(core.store, core.log, {lane.name: lane.signer.ring()})
        return list(audit.prove(audit.of_visit(lane.name, lane.journal, 1)).problems)

    return problems


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_row_does_not_end_the_proof_of_a_decision(
    core: Any, lane: Any, audited: Callable[..., list[str]], body: bytes
) -> None:
    """It is named among what does not agree, or is about no visit."""
    head = core.log.head()
    codes = {
        "vrn": "AB1234",
        "link": "fresh",
        "epoch": head.epoch,
        "version": 0,
        "state_hash": head.state_hash.hex(),
        "held": False,
        "approved": False,
        "near": [],
        "bundles": [],
    }
    looked = {"at": {"utc_ms": 5}, "event": {"type": "CodesFound", "visit": 1, "codes": codes}, "effects": []}
    spoilt = {**looked, "event": {**looked["event"], "codes": {"vrn": 7}}}
    rows = [
        lane.write_body(msgspec.json.encode(looked)),
        lane.write_body(body),
        lane.write_body(msgspec.json.encode(spoilt)),
    ]
    core.exchange.hear(lane.sends(*rows))
    assert all("cannot be read whole" in problem for problem in audited())
