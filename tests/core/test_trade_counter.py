"""Batches, drafts, amending, cancelling and swapping: all of it or nothing, and never twice."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.errors import RefusedError
from core.model.earliest import Because, CrossingPolicy
from core.model.people import Actor, Role, TradeParty
from core.office import papers, people
from core.office.bundling import BundleRequest
from core.office.counter import TradeCounter
from core.office.papers import BATCH_DAYS, LARGEST_DRAFT
from domain.crossing import Direction
from domain.times import DAY_MS

WINNING = Actor(account="winning", roles=frozenset({Role.TRADER}), party="winning")
HO = Actor(account="ho", roles=frozenset({Role.DRIVER}), party="haulier")


@pytest.fixture
def counter(core: Any) -> TradeCounter:
    """A counter whose traders are registered."""
    with core.store.transaction() as connection:
        for party in ("winning", "haulier", "rival"):
            people.add_party(connection, TradeParty(party, party))
    return TradeCounter(core.store, core.office, core.clock)


def lodged_rows(core: Any) -> int:
    """How many consignments there are."""
    return int(core.store.connection.execute("SELECT count(*) FROM cargo").fetchone()[0])


def bundle_of(*ccrns: str, vrn: str = "AB 1234") -> BundleRequest:
    """A bundling form."""
    return BundleRequest(driver="Ho", vrn=vrn, direction=Direction.INBOUND, ccrns=ccrns, point="SZB")


def test_a_batch_with_one_mistake_lodges_nothing_and_says_where_it_is(
    counter: Any, core: Any, make_consignment: Any
) -> None:
    """It lodged what came before the mistake, so that correcting and sending again gave 4 CCRNs for 3 consignments."""
    three = [make_consignment(), make_consignment(consignee=" "), make_consignment(articles="pens")]
    with pytest.raises(RefusedError) as refused:
        counter.lodge_batch("b1", three, who=WINNING)
    assert refused.value.problems == ("consignment 2: (f) name of consignee is empty; fill it in",)
    assert lodged_rows(core) == 0
    three[1] = make_consignment()
    ccrns = [one.ccrn for one in counter.lodge_batch("b1", three, who=WINNING)]
    assert ccrns == ["2000000001", "2000000002", "2000000003"]
    assert lodged_rows(core) == 3


def test_the_same_batch_again_has_the_same_ccrns(counter: Any, core: Any, make_consignment: Any) -> None:
    """The answer was lost on the way; another party's batch of that number is another."""
    two = [make_consignment(), make_consignment(articles="pens")]
    first = counter.lodge_batch("b1", two, who=WINNING)
    core.clock.pass_minutes(60 * 24)
    again = counter.lodge_batch("b1", two, who=WINNING)
    assert [(one.ccrn, one.valid_until_ms) for one in again] == [(one.ccrn, one.valid_until_ms) for one in first]
    rival = Actor(account="rival", roles=frozenset({Role.TRADER}), party="rival")
    assert [one.ccrn for one in counter.lodge_batch("b1", two, who=rival)] == ["2000000003", "2000000004"]


def test_a_number_that_was_used_for_another_batch_is_refused(counter: Any, core: Any, make_consignment: Any) -> None:
    """A corrected file under the old name would lodge all of it twice."""
    counter.lodge_batch("b1", [make_consignment()], who=WINNING)
    with pytest.raises(RefusedError, match=r"other contents \(1 CCRNs, first 2000000001\)"):
        counter.lodge_batch("b1", [make_consignment(articles="pens")], who=WINNING)
    assert lodged_rows(core) == 1


@pytest.mark.parametrize(
    ("batch", "number", "why"),
    [("", 1, "has no number"), (" ", 1, "has no number"), ("b", 0, "no consignment"), ("b", 1_000, "at most 999")],
)
def test_a_batch_that_is_none_is_refused(
    counter: Any, make_consignment: Any, batch: str, number: int, why: str
) -> None:
    """Seed 004: up to 999 records."""
    with pytest.raises(RefusedError, match=why):
        counter.lodge_batch(batch, [make_consignment()] * number, who=WINNING)


def test_a_whole_batch_of_999_fits(counter: Any, core: Any, make_consignment: Any) -> None:
    """In one transaction."""
    assert len(counter.lodge_batch("b", [make_consignment()] * 999, who=WINNING)) == 999
    assert lodged_rows(core) == 999


def test_batches_are_kept_for_fourteen_days(counter: Any, core: Any, make_consignment: Any) -> None:
    """As long as their CCRNs are valid; then their numbers are free."""
    info = make_consignment(expected="2026-11-22")
    counter.lodge_batch("b1", [info], who=WINNING)
    core.clock.now += BATCH_DAYS * DAY_MS + 1
    later = make_consignment(expected="2026-12-07")
    assert counter.lodge_batch("b1", [later], who=WINNING)[0].ccrn == "2000000002"


def test_a_clerk_lodges_for_a_party_that_is_registered(counter: Any, core: Any, make_consignment: Any) -> None:
    """By name; a trader lodges for nobody but himself."""
    clerk = Actor(account="clerk", roles=frozenset({Role.CLERK}))
    for party in ("", "nobody"):
        with pytest.raises(RefusedError, match="party"):
            counter.lodge(make_consignment(), who=clerk, party=party)
    ccrn = counter.lodge(make_consignment(), who=clerk, party="winning").ccrn
    mine = counter.lodge(make_consignment(), who=WINNING, party="rival").ccrn
    owners = [people.owned(core.store.connection, "cargo", one) for one in (ccrn, mine)]
    assert [one and one.party for one in owners] == ["winning", "winning"]


def test_an_amendment_keeps_the_ccrn_and_says_what_changed(counter: Any, core: Any, make_consignment: Any) -> None:
    """Before bundling."""
    given = counter.lodge(make_consignment(), who=WINNING)
    core.clock.pass_minutes(5)
    new = counter.amend(given.ccrn, make_consignment(seal="38448", articles="meat"), who=WINNING)
    assert (new.ccrn, new.valid_until_ms) == (given.ccrn, given.valid_until_ms)
    assert [one.code for one in new.advice] == ["broad"]
    assert core.office.consignment(given.ccrn).info.seal == "38448"
    detail = core.store.connection.execute("SELECT detail FROM audit WHERE what='amended'").fetchone()[0]
    assert detail == f"CCRN {given.ccrn}: goods, seal"


@pytest.mark.parametrize(
    ("before", "after", "code", "by"),
    [
        ("copper", "cigarettes", "inspect", "tobacco"),
        ("cigarettes", "copper", "inspect", "tobacco"),
        ("circuit board", "cigarettes", "inspect", "tobacco"),
        ("cigarettes", "circuit board", "inspect", "tobacco"),
        ("copper", "buttons", "release", "screening"),
    ],
)
def test_a_code_never_becomes_milder_by_an_amendment(  # noqa: PLR0917 (one case a line)
    counter: Any, core: Any, make_consignment: Any, before: str, after: str, code: str, by: str
) -> None:
    """Whoever writes cigarettes and then copper has written cigarettes."""
    ccrn = counter.lodge(make_consignment(articles=before), who=WINNING).ccrn
    counter.amend(ccrn, make_consignment(articles=after), who=WINNING)
    known = core.office.consignment(ccrn)
    assert (known.code, known.code_by) == (code, by)


def test_a_selectors_release_is_no_release_of_what_is_written_afterwards(
    counter: Any, core: Any, make_consignment: Any
) -> None:
    """And a selector's inspect stays."""
    ccrn = counter.lodge(make_consignment(), who=WINNING).ccrn
    core.office.decide(ccrn, "release", who="wong", reason="seen")
    counter.amend(ccrn, make_consignment(articles="cigarettes"), who=WINNING)
    assert core.office.consignment(ccrn).code_by == "tobacco"
    core.office.decide(ccrn, "inspect", who="wong", reason="told")
    counter.amend(ccrn, make_consignment(), who=WINNING)
    assert core.office.consignment(ccrn).code_by == "selector wong"


def test_an_amendment_has_to_be_in_order_itself(counter: Any, core: Any, make_consignment: Any) -> None:
    """Else the old one stays."""
    ccrn = counter.lodge(make_consignment(), who=WINNING).ccrn
    with pytest.raises(RefusedError, match="name of consignee"):
        counter.amend(ccrn, make_consignment(consignee=""), who=WINNING)
    assert core.office.consignment(ccrn).info == make_consignment()


def test_what_is_cancelled_is_never_bundled_amended_decided_or_cancelled_again(
    counter: Any, core: Any, make_consignment: Any
) -> None:
    """Its number is spent."""
    ccrn = counter.lodge(make_consignment(), who=WINNING).ccrn
    counter.cancel(ccrn, who=WINNING)
    assert core.office.consignment(ccrn).cancelled_ms == core.clock()
    for act in (
        lambda: counter.bundle(bundle_of(ccrn), who=HO),
        lambda: counter.amend(ccrn, make_consignment(), who=WINNING),
        lambda: core.office.decide(ccrn, "inspect", who="wong", reason="x"),
        lambda: counter.cancel(ccrn, who=WINNING),
    ):
        with pytest.raises(RefusedError, match="was cancelled"):
            act()


def test_what_is_bundled_or_has_crossed_is_not_changed(counter: Any, core: Any, make_consignment: Any) -> None:
    """Debundle, amend, then bundle again (domain §2b)."""
    ccrn = counter.lodge(make_consignment(), who=WINNING).ccrn
    ubr = counter.bundle(bundle_of(ccrn), who=HO).ubr
    for act in (
        lambda: counter.amend(ccrn, make_consignment(), who=WINNING),
        lambda: counter.cancel(ccrn, who=WINNING),
    ):
        with pytest.raises(RefusedError, match=f"under UBR {ubr}"):
            act()
    core.office.debundle(ubr, who="ho")
    counter.amend(ccrn, make_consignment(seal="1"), who=WINNING)
    core.store.connection.execute("UPDATE cargo SET crossed=1")
    for act in (
        lambda: counter.amend(ccrn, make_consignment(), who=WINNING),
        lambda: counter.cancel(ccrn, who=WINNING),
    ):
        with pytest.raises(RefusedError, match="has crossed"):
            act()
    with pytest.raises(RefusedError, match="is not known"):
        counter.cancel("2999999999", who=WINNING)


def test_a_bundle_tells_goods_and_time_with_its_reason(counter: Any, make_consignment: Any) -> None:
    """As the slides' confirmation does, for the driver to compare."""
    ccrn = counter.lodge(make_consignment(), who=WINNING).ccrn
    made = counter.bundle(bundle_of(ccrn), who=HO)
    assert (made.because, made.at_once) == (Because.WAIT, False)
    assert made.goods == ("copper buttons; 12 × carton (Wilson Development Limited)",)


def test_swapping_the_vehicle_is_one_step(counter: Any, core: Any, make_consignment: Any) -> None:
    """The old bundle is a tombstone, the new one lives, in the lanes' list in one transaction; the wait begins anew."""
    ccrn = counter.lodge(make_consignment(), who=WINNING).ccrn
    old = counter.bundle(bundle_of(ccrn), who=HO)
    core.clock.pass_minutes(20)
    new = counter.swap(old.ubr, vrn="CD 5678", driver="Li", who=HO)
    assert core.log.bundle(old.ubr).deleted
    row = core.log.bundle(new.ubr)
    assert (row.vrn, row.deleted, row.point) == ("CD5678", False, "SZB")
    assert row.earliest_ms == core.clock() + 30 * 60_000
    assert core.office.consignment(ccrn).ubr == new.ubr
    owner = people.owned(core.store.connection, "bundle", new.ubr)
    assert owner
    assert owner.party == "haulier"


def test_a_swap_that_cannot_be_leaves_the_old_bundle(counter: Any, core: Any, make_consignment: Any) -> None:
    """The same vehicle, no mark, or cargo that ends before the new wait is over."""
    ccrn = counter.lodge(make_consignment(), who=WINNING).ccrn
    old = counter.bundle(bundle_of(ccrn), who=HO)
    head = core.log.head().version
    with pytest.raises(RefusedError, match="name the other vehicle"):
        counter.swap(old.ubr, vrn="ab-1234", driver="Li", who=HO)
    with pytest.raises(RefusedError, match="registration mark"):
        counter.swap(old.ubr, vrn="", driver="Li", who=HO)
    with pytest.raises(RefusedError, match="driver name"):
        counter.swap(old.ubr, vrn="CD1", driver="", who=HO)
    core.clock.now = old.valid_until_ms - 60_000
    with pytest.raises(RefusedError, match=r"is valid until 2026-12-06"):
        counter.swap(old.ubr, vrn="CD1", driver="Li", who=HO)
    assert not core.log.bundle(old.ubr).deleted
    assert (core.log.head().version, core.office.consignment(ccrn).ubr) == (head, old.ubr)


def test_a_swap_keeps_the_wait_where_policy_says_so(counter: Any, core: Any, make_consignment: Any) -> None:
    """Then the time of the vehicle before counts."""
    core.office.rules = msgspec.structs.replace(core.office.rules, crossing=CrossingPolicy(swap_keeps=True))
    old = counter.bundle(bundle_of(counter.lodge(make_consignment(), who=WINNING).ccrn), who=HO)
    core.clock.pass_minutes(20)
    new = counter.swap(old.ubr, vrn="CD 5678", driver="Li", who=HO)
    assert (new.earliest_ms, new.because) == (old.earliest_ms, Because.SWAPPED)


def test_drafts_are_their_own_accounts_and_unchecked(core: Any) -> None:
    """Saved, saved over, found by text, thrown away; a colleague does not see them."""
    db = core.store.connection
    form = {"articles": "not finished", "goods": []}
    papers.save_draft(db, "winning", "monday", form=form, template=True, now_ms=1)
    papers.save_draft(db, "winning", "tuesday", form={}, template=False, now_ms=2)
    papers.save_draft(db, "winning", "monday", form={**form, "seal": "7"}, template=True, now_ms=3)
    assert [(one.name, one.template, one.form.get("seal")) for one in papers.drafts(db, "winning")] == [
        ("monday", True, "7"),
        ("tuesday", False, None),
    ]
    assert [one.name for one in papers.drafts(db, "winning", "not fin")] == ["monday"]
    assert papers.drafts(db, "colleague") == []
    with pytest.raises(RefusedError, match="not among yours"):
        papers.drop_draft(db, "colleague", "monday")
    papers.drop_draft(db, "winning", "monday")
    assert [one.name for one in papers.drafts(db, "winning")] == ["tuesday"]


@pytest.mark.parametrize(
    ("name", "form", "why"),
    [("", {}, "no name"), ("x" * 65, {}, "no name"), ("x", {"a": "b" * LARGEST_DRAFT}, "at most")],
)
def test_a_draft_that_cannot_be_kept_is_refused(core: Any, name: str, form: Any, why: str) -> None:
    """Nobody fills the disk with drafts of any size."""
    with pytest.raises(RefusedError, match=why):
        papers.save_draft(core.store.connection, "winning", name, form=form, template=False, now_ms=1)
