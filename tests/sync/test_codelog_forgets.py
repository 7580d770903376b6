"""What leaves the code log: rows that have ended, by a delta that forgets them; never one that could stop somebody."""

from __future__ import annotations

import copy

import pytest

from sync.codelog import CodeLog
from sync.link.log_result import Applied, Refuted, Swapped
from sync.lookup import Lookup, Touch, touching
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from tests.rigs.lists import apply, bodies, bundle, equal
from wire.codec import encode
from wire.forgetting import CLOCK_MS, EXPIRED_MS, STOPPING_MS
from wire.records import HoldRecord, Kind

NOW = 2**45
"""After the end of every bundle here, and long after."""


def test_rows_that_have_ended_leave_by_a_delta_that_forgets_them(log: CodeLog, core: SimulatedLog) -> None:
    """Row and hash; whoever is in the lane is told what was taken out; also after the store was opened again."""
    used = bundle("1", "AB1234", used_by="szb-in-01/j/7")
    apply(log, core.change(used))
    result = apply(log, core.forget(("bundle", "1"), core_ms=5))
    assert isinstance(result, Applied)
    assert (result.changes, result.replaced) == ((), (used,))
    assert touching(result.changes, "AB1234", replaced=result.replaced) is Touch.CHANGE
    assert Lookup(log).find("AB1234").bundles == ()
    again = CodeLog(log.store)
    assert (again.damage, again.head) == ("", log.head)
    assert log.head.state_hash == core.state_hash


@pytest.mark.parametrize(
    ("key", "core_ms"),
    [
        (("hold", "EF9"), NOW * 2),
        (("vehicle", "AB1234"), NOW * 2),
        (("bundle", "1"), NOW + EXPIRED_MS - 1),
        (("bundle", "2"), NOW + STOPPING_MS - 1),
    ],
)
def test_a_row_that_could_stop_somebody_does_not_leave(
    log: CodeLog, core: SimulatedLog, key: tuple[Kind, str], core_ms: int
) -> None:
    """Signed or not: the list stays as it is, and no later word of that epoch is believed, a snapshot neither."""
    before, held = log.head, bodies(log)
    honest = copy.deepcopy(core)
    delta = core.forget(key, core_ms=core_ms)
    refuted = log.apply(delta, encode(delta))
    assert isinstance(refuted, Refuted)
    assert key[1] in refuted.why or "AB1234" in refuted.why
    assert (log.head, bodies(log)) == (before, held)
    assert all(isinstance(log.load(part), Refuted) for part in core.snapshot())
    anew = honest.change(HoldRecord("GH29"))
    assert isinstance(log.apply(anew, encode(anew)), Applied)
    assert all(isinstance(log.load(part), Swapped) for part in honest.snapshot())


@pytest.mark.parametrize("epoch", ["epoch-1", "epoch-2"])
def test_what_was_refuted_says_nothing_of_what_was_signed_before_it_or_in_another_epoch(
    log: CodeLog, core: SimulatedLog, epoch: str
) -> None:
    """A new epoch is the core's way out; the list before is the one that the lane has."""
    honest = copy.deepcopy(core)
    delta = core.forget(("hold", "EF9"), core_ms=NOW * 2)
    assert isinstance(log.apply(delta, encode(delta)), Refuted)
    if epoch == "epoch-2":
        honest = SimulatedLog(epoch, tuple(honest.rows.values()))
        honest.version = delta.version
    assert all(isinstance(log.load(part, doubted=True), Swapped) for part in honest.snapshot())
    assert equal(log, honest)


def test_a_row_leaves_by_time_only_where_the_core_proved_that_time(log: CodeLog, core: SimulatedLog) -> None:
    """A clock that was set far ahead ends no bundle; what the core proved, or no knowledge at all, does."""
    delta = core.forget(("bundle", "1"), core_ms=NOW + EXPIRED_MS)
    refuted = log.apply(delta, encode(delta), at_ms=NOW + EXPIRED_MS - CLOCK_MS - 1)
    assert isinstance(refuted, Refuted)
    assert "clock" in refuted.why
    log.refuted = None
    assert isinstance(log.apply(delta, encode(delta), at_ms=NOW + EXPIRED_MS - CLOCK_MS), Applied)


def test_a_snapshot_of_the_same_epoch_without_a_hold_that_is_held_here_is_refuted(
    store: LaneStore, core: SimulatedLog
) -> None:
    """Even where the lane is so far behind that it loads what it cannot follow; lifted by name, the hold may be gone."""
    log = CodeLog(store, far=0)
    for part in core.snapshot():
        log.load(part)
    core.rows.pop(("hold", "EF9"))
    core.change(HoldRecord("GH29"))
    core = SimulatedLog("epoch-1", tuple(core.rows.values()))
    core.version = 9
    (part,) = core.snapshot()
    refuted = log.load(part)
    assert isinstance(refuted, Refuted)
    assert "EF9" in refuted.why
    core.change(HoldRecord("EF9", deleted=True))
    (part,) = core.snapshot(request="another")
    assert isinstance(log.load(part), Swapped)


def test_a_lifted_hold_that_has_left_the_list_is_missed_by_nobody(store: LaneStore, core: SimulatedLog) -> None:
    """A lane that was away for long has it as lifted; the snapshot that it loads says nothing of it any more."""
    core.change(HoldRecord("EF9", deleted=True))
    log = CodeLog(store, far=0)
    for part in core.snapshot():
        log.load(part)
    later = SimulatedLog("epoch-1", tuple(row for row in core.rows.values() if not isinstance(row, HoldRecord)))
    later.version = 9
    (part,) = later.snapshot()
    assert isinstance(log.load(part), Swapped)
