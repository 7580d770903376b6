"""When a row may leave the list: nothing that could stop a vehicle, whatever the time."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.times import DAY_MS
from wire.codec import decode, encode
from wire.errors import WireRefusedError
from wire.forgetting import EXPIRED_MS, LIFTED_MS, NEVER, STOPPING_MS, ends_ms, why_kept
from wire.messages import Delta
from wire.records import BundleRecord, CargoRecord, ForgottenRow, HoldRecord, VehicleRecord

END = 1_800_000_000_000
times = st.integers(0, 2**52)


def bundle(*codes: str, used_by: str = "", deleted: bool = False) -> BundleRecord:
    """A bundle that ends at `END`, a consignment a code."""
    cargo = tuple(CargoRecord(f"{number}", code) for number, code in enumerate(codes, 1))
    return BundleRecord("1", "AB1234", "inbound", "", 0, END, cargo, deleted, used_by)


@given(times)
def test_what_is_in_force_never_leaves(now: int) -> None:
    """A hold and an approval end by people alone."""
    for row in (HoldRecord("AB1234"), VehicleRecord("AB1234")):
        assert why_kept(row, now)
        assert ends_ms(row, now, DAY_MS) == NEVER


@pytest.mark.parametrize(
    ("row", "after"),
    [
        (bundle("release"), EXPIRED_MS),
        (bundle("release", "release"), EXPIRED_MS),
        (bundle("release", "inspect"), STOPPING_MS),
        (bundle("a code that is not known yet"), STOPPING_MS),
        (bundle(), STOPPING_MS),
    ],
)
def test_a_bundle_that_nobody_used_is_kept_until_it_is_long_over(row: BundleRecord, after: int) -> None:
    """Longer where it would have stopped somebody."""
    assert "AB1234" in why_kept(row, END + after - 1)
    assert why_kept(row, END + after) == ""
    assert ends_ms(row, 5, 3 * DAY_MS) == END + after + 3 * DAY_MS


@pytest.mark.parametrize(
    ("row", "after"),
    [
        (bundle("inspect", used_by="l/j/1"), DAY_MS),
        (bundle("inspect", deleted=True), DAY_MS),
        (VehicleRecord("AB1234", deleted=True), DAY_MS),
        (HoldRecord("AB1234", deleted=True), LIFTED_MS),
    ],
)
def test_what_stops_nobody_may_leave_at_any_time_and_does_when_it_was_kept(row: HoldRecord, after: int) -> None:
    """How long it stays is the core's choice, but for lifted holds."""
    assert why_kept(row, 0) == ""
    assert ends_ms(row, 1_000, DAY_MS) == 1_000 + after


def test_the_core_never_chooses_what_a_lane_refuses() -> None:
    """By `ends_ms` no row leaves that `why_kept` keeps."""
    rows = [bundle(*codes) for codes in [(), ("release",), ("inspect",)]]
    for row in [*rows, HoldRecord("A", deleted=True), VehicleRecord("A", deleted=True)]:
        for changed in (0, END - 1, END + 40 * DAY_MS):
            assert why_kept(row, ends_ms(row, changed, 0)) == ""


def a_delta(**changes: object) -> Delta:
    """One that forgets a row."""
    fields: dict[str, object] = {
        "epoch": "e",
        "version": 1,
        "previous": bytes(32),
        "changes": (),
        "state_hash": bytes(32),
        "forgets": (ForgottenRow("hold", "AB1234"),),
        "core_ms": 1,
    }
    return Delta(**(fields | changes))  # type: ignore[arg-type]


def test_a_delta_that_forgets_is_read_back() -> None:
    """And one that does not is written as before there were such deltas."""
    assert decode(Delta, encode(a_delta())) == a_delta()
    plain = a_delta(forgets=(), core_ms=0, changes=(HoldRecord("AB1234"),))
    assert set(msgspec.msgpack.decode(encode(plain))) == {
        "type", "epoch", "version", "previous", "changes", "state_hash",
    }  # fmt: skip


@pytest.mark.parametrize("changes", [{"changes": (HoldRecord("AB1234"),)}, {"core_ms": 0}])
def test_a_delta_that_does_both_or_does_not_say_when_is_none(changes: dict[str, object]) -> None:
    """Nothing depends on which comes first, or on a clock that nobody names."""
    with pytest.raises(ValueError, match="forgets"):
        a_delta(**changes)
    raw = msgspec.to_builtins(a_delta()) | {
        name: msgspec.to_builtins(value, builtin_types=(bytes,)) for name, value in changes.items()
    }
    raw |= {"previous": bytes(32), "state_hash": bytes(32)}
    with pytest.raises(WireRefusedError, match="forgets"):
        decode(Delta, msgspec.msgpack.encode(raw))
