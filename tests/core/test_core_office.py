"""The counter: lodging, bundling, debundling, deciding, holding; what each puts into the lanes' list."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import RefusedError
from core.office.service import ImportedBundle
from domain.crossing import Direction
from domain.times import MINUTE_MS, end_of, hong_kong


def test_a_lodgement_gives_a_ccrn_of_ten_digits_valid_for_a_fortnight(core: Any, make_consignment: Any) -> None:
    """The acknowledgement of domain §1b.29."""
    given = core.office.lodge(make_consignment(), who="clerk")
    assert given.ccrn == "2000000001"
    assert given.valid_until_ms == end_of(hong_kong(core.clock()).date()) + 14 * 24 * 60 * MINUTE_MS
    assert core.log.head().version == 0


def test_an_incomplete_lodgement_changes_nothing(core: Any, make_consignment: Any) -> None:
    """No number is spent on it."""
    with pytest.raises(RefusedError) as refused:
        core.office.lodge(make_consignment(packages=0, consignee=" "), who="clerk")
    assert len(refused.value.problems) == 2
    assert core.lodge() == "2000000001"


def test_bundling_tells_the_lanes_and_earliest_is_exactly_thirty_minutes_on(core: Any) -> None:
    """Seed 004's sample: 22:56:44 gives 23:26:44."""
    first, second = core.lodge(), core.lodge(articles="cigarettes", scheme="ITFS")
    ubr = core.bundle(first, second, vrn="ab 12I4")
    row = core.log.bundle(ubr)
    assert (row.vrn, row.direction, row.point, len(ubr)) == ("AB1214", "inbound", "SZB", 10)
    assert row.earliest_ms == core.clock() + 30 * MINUTE_MS
    assert [(line.ccrn, line.code, line.scheme) for line in row.cargo] == [
        (first, "release", ""),
        (second, "inspect", "ITFS"),
    ]


def test_a_bundle_ends_with_its_earliest_ending_ccrn(core: Any) -> None:
    """Row 13: one CCRN past its date is one too many."""
    first = core.lodge()
    core.clock.pass_minutes(2 * 24 * 60)
    second = core.lodge(expected="2026-11-26")
    ubr = core.bundle(first, second)
    assert core.log.bundle(ubr).valid_until_ms == core.office.consignment(first).valid_until_ms


def test_a_refused_bundling_spends_nothing_and_tells_nobody(core: Any) -> None:
    """All reasons at once, and no version."""
    with pytest.raises(RefusedError) as refused:
        core.bundle("2000000009", vrn="", point="LMC")
    assert len(refused.value.problems) == 3
    assert core.log.head().version == 0


def test_a_ccrn_is_in_one_bundle_at_a_time_and_free_after_debundling(core: Any) -> None:
    """Domain §1c.36: debundle, then bundle again under another UBR; the old one stays as a tombstone."""
    ccrn = core.lodge()
    old = core.bundle(ccrn)
    with pytest.raises(RefusedError, match="debundle that first"):
        core.bundle(ccrn, vrn="CD 1")
    core.office.debundle(old, who="driver")
    new = core.bundle(ccrn, vrn="CD 1")
    assert new != old
    assert core.log.bundle(old).deleted
    assert not core.log.bundle(new).deleted


@pytest.mark.parametrize(("ubr", "words"), [("1000000009", "not known"), ("1000000001", "already")])
def test_what_cannot_be_debundled_is_refused(core: Any, ubr: Any, words: Any) -> None:
    """An unknown bundle, or one that is undone."""
    core.bundle(core.lodge())
    core.office.debundle("1000000001", who="driver")
    with pytest.raises(RefusedError, match=words):
        core.office.debundle(ubr, who="driver")


def test_a_selectors_decision_replaces_the_engines_and_reaches_the_lanes(core: Any) -> None:
    """In either direction, before and after bundling."""
    ccrn = core.lodge(articles="cigarettes")
    core.office.decide(ccrn, "release", who="selector1", reason="inspected at the airport")
    ubr = core.bundle(ccrn)
    assert core.log.bundle(ubr).cargo[0].code == "release"
    core.office.decide(ccrn, "inspect", who="selector2", reason="intelligence")
    assert core.log.bundle(ubr).cargo[0].code == "inspect"
    assert core.office.consignment(ccrn).code_by == "selector selector2"


@pytest.mark.parametrize(
    ("ccrn", "code", "reason", "words"),
    [
        ("2000000009", "inspect", "x", "not known"),
        ("2000000001", "Release", "x", "not in use"),
        ("2000000001", "inspect", " ", "reason"),
    ],
)
def test_a_decision_needs_a_known_cargo_a_code_in_use_and_a_reason(
    core: Any, ccrn: Any, code: Any, reason: Any, words: Any
) -> None:
    """A mistyped "Release" would stop the truck and nobody would know why."""
    core.lodge()
    with pytest.raises(RefusedError, match=words):
        core.office.decide(ccrn, code, who="selector1", reason=reason)


def test_a_hold_is_laid_and_lifted_by_the_normalised_mark(core: Any) -> None:
    """Lifting leaves a tombstone, so that an older row cannot bring the hold back."""
    assert core.office.hold("a b-1O", who="officer", reason="told") == "AB10"
    assert core.office.lift_hold("AB10", who="officer") == "AB10"
    assert core.log.row("hold", "AB10").deleted
    with pytest.raises(RefusedError, match="not held"):
        core.office.lift_hold("AB10", who="officer")
    with pytest.raises(RefusedError, match="reason"):
        core.office.hold("AB10", who="officer", reason="")


def test_an_approved_vehicle_carries_its_mainland_plate(core: Any) -> None:
    """The positive identity of design §2.5."""
    core.office.approve("AB 1234", mainland="粤Z·A1B2港", who="officer")
    assert core.log.row("vehicle", "AB1234").mainland == "粤ZA1B2港"
    core.office.withdraw_approval("AB1234", who="officer")
    with pytest.raises(RefusedError, match="not an approved vehicle"):
        core.office.withdraw_approval("AB1234", who="officer")


def taken(vrn: Any, **changes: Any) -> Any:
    """A bundle made elsewhere."""
    values = {
        "direction": Direction.INBOUND,
        "earliest_ms": 1,
        "valid_until_ms": 2,
        "cargo": (("2000000077", "odd", ""),),
    }
    return ImportedBundle(vrn=vrn, **{**values, **changes})


def test_records_made_elsewhere_come_in_with_their_own_times_and_codes(core: Any) -> None:
    """Also a code that is not in use here: the lanes stop for it."""
    (ubr,) = core.office.take_over(who="it", bundles=[taken("AB 1")], holds=[("CD 2", "x")], vehicles=[("EF 3", "")])
    row = core.log.bundle(ubr)
    assert (row.vrn, row.earliest_ms, row.cargo[0].code) == ("AB1", 1, "odd")
    assert core.log.row("hold", "CD2").reason == "x"
    core.office.decide("2000000077", "release", who="selector1", reason="seen")
    assert core.log.bundle(ubr).cargo[0].code == "release"


def test_a_record_that_is_wrong_stops_the_whole_take_over(core: Any) -> None:
    """All or nothing, and each is named."""
    with pytest.raises(RefusedError) as refused:
        core.office.take_over(who="it", bundles=[taken("AB1"), taken("--", valid_until_ms=1), taken("CD2", cargo=())])
    assert len(refused.value.problems) == 3
    with pytest.raises(RefusedError, match="registration mark"):
        core.office.take_over(who="it", bundles=[taken("AB1")], holds=[("", "x")])
    with pytest.raises(RefusedError, match="here already"):
        core.office.take_over(who="it", bundles=[taken("AB1"), taken("CD2")])
    assert core.log.head().version == 0


def test_numbers_skip_references_taken_over_from_elsewhere(core: Any) -> None:
    """The series runs on past a UBR and a CCRN that somebody else gave."""
    lines = (("2000000001", "release", ""),)
    core.office.take_over(who="it", bundles=[taken("AB1", ubr="1000000001", cargo=lines)])
    ccrn = core.lodge()
    assert ccrn == "2000000002"
    assert core.bundle(ccrn) == "1000000002"


def test_who_did_what_is_in_the_audit_log(core: Any) -> None:
    """Every change names its author."""
    core.office.debundle(core.bundle(core.lodge()), who="driver7")
    core.office.hold("AB1", who="officer9", reason="told")
    rows = core.store.connection.execute("SELECT who, what FROM audit ORDER BY seq").fetchall()
    assert rows == [("clerk", "lodged"), ("driver", "bundled"), ("driver7", "debundled"), ("officer9", "held")]
