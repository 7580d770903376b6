"""The rules of lodging, bundling and screening, each by its number in the domain notes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RefusedError
from core.model.earliest import WAIT_MINUTES
from core.office import bundling, cargo
from core.office.cargo import CargoRules
from core.office.numbers import reference
from core.select.criteria import ProfileRule
from core.select.engine import Profile, ScreeningEngine, strictest
from domain import times
from domain.crossing import Direction
from domain.marks import mark_problem, normalise


def at(day: date, hour: int = 0, minute: int = 0) -> int:
    """A moment in Hong Kong, UTC ms."""
    return times.start_of(day) + (hour * 60 + minute) * 60_000


DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("mark", "plain"),
    [
        ("ab 1234", "AB1234"),
        ("ＡＢ１２", "AB12"),
        ("M1LAN", "M1LAN"),
        ("mIlan", "M1LAN"),
        ("OQ-0", "000"),
        ("粤Z·A1B2港", "粤ZA1B2港"),
    ],
)
def test_marks_compare_without_blanks_and_with_i_o_q_as_digits(mark: Any, plain: Any) -> None:
    """Domain §3c.1-2: the same vehicle is written in many ways."""
    assert normalise(mark) == plain


@given(st.text(max_size=12))
def test_normalising_twice_changes_nothing(mark: Any) -> None:
    """The comparison form is stable, whatever somebody typed."""
    assert normalise(normalise(mark)) == normalise(mark)


@pytest.mark.parametrize("mark", ["", " - ", "粤ZA1B2港", "ABCDEFGHI"])
def test_what_cannot_be_a_hong_kong_mark_is_named(mark: Any) -> None:
    """Only the form that no mark can have is refused (domain §1h)."""
    assert repr(mark) in mark_problem(mark)


def test_personalised_looking_marks_are_accepted() -> None:
    """The slides' own "VRN0912" must pass."""
    assert mark_problem("VRN0912") == ""


ITEMS = [
    ("packages", 0, "(a)"),
    ("package_description", " ", "(b)"),
    ("articles", "", "(c)"),
    ("consignor", "", "(d)"),
    ("consignor_address", "", "(e)"),
    ("consignee", "", "(f)"),
    ("consignee_address", "", "(g)"),
    ("expected", "tomorrow", "(h)"),
]


@pytest.mark.parametrize(("item", "value", "letter"), ITEMS)
def test_each_of_the_eight_items_is_asked_for_by_its_letter(
    make_consignment: Any, item: Any, value: Any, letter: Any
) -> None:
    """Seed 003's items (a) to (h), one message each."""
    found = cargo.problems_of(make_consignment(**{item: value}), now_ms=at(DAY, 12), rules=CargoRules())
    assert len(found) == 1
    assert str(found[0]).startswith(letter)


def test_all_missing_items_are_named_at_once(make_consignment: Any) -> None:
    """A shipper corrects a form once, not eight times."""
    empty = make_consignment(**{item: value for item, value, _ in ITEMS})
    found = cargo.problems_of(empty, now_ms=at(DAY, 12), rules=CargoRules())
    assert sorted(str(problem)[:3] for problem in found) == [letter for _, _, letter in ITEMS]


def test_broad_terms_get_advice_and_no_refusal(make_consignment: Any) -> None:
    """Seed 004 has it under "point(s) to note", not under what is mandatory."""
    meat = make_consignment(articles="Meat")
    assert cargo.problems_of(meat, now_ms=at(DAY, 12), rules=CargoRules()) == ()
    (advice,) = cargo.advice_on(meat, CargoRules())
    assert "chilled chickens" in str(advice)
    assert cargo.advice_on(make_consignment(articles="chilled chickens"), CargoRules()) == ()


@pytest.mark.parametrize(
    ("now", "accepted"),
    [
        (at(date(2026, 11, 9)) - 1, False),
        (at(date(2026, 11, 9)), True),
        (at(date(2026, 11, 23), 23, 30), True),
        (at(date(2026, 11, 23), 23, 30) + 1, False),
    ],
)
def test_a_date_can_be_lodged_from_fourteen_days_before_until_half_an_hour_before_its_end(
    make_consignment: Any, now: Any, accepted: Any
) -> None:
    """The window of domain §1b.21, to the millisecond, for an expected date of 23 November."""
    assert (not cargo.problems_of(make_consignment(), now_ms=now, rules=CargoRules())) is accepted


@pytest.mark.parametrize(("minute", "accepted"), [(29, True), (30, True), (31, False)])
def test_a_time_can_be_lodged_until_half_an_hour_before_it(make_consignment: Any, minute: Any, accepted: Any) -> None:
    """T-30 min for an expected time of 13:00."""
    info = make_consignment(expected="2026-11-22T13:00")
    assert (not cargo.problems_of(info, now_ms=at(DAY, 12, minute), rules=CargoRules())) is accepted


def test_an_unknown_scheme_is_refused_and_the_known_ones_are_named(make_consignment: Any) -> None:
    """ITFS and SELS are flags that Customs knows; a misspelt one would be lost."""
    (problem,) = cargo.problems_of(make_consignment(scheme="ITSF"), now_ms=at(DAY, 12), rules=CargoRules())
    assert "ITFS, SELS" in str(problem)


def test_a_ccrn_ends_at_midnight_in_hong_kong_fourteen_days_later() -> None:
    """Design §2.12: a date-only "valid until" ends at 24:00; the sample fits lodgement + 14 days (domain §1b.30)."""
    assert cargo.valid_until(at(DAY, 23, 59)) == at(date(2026, 12, 7))
    assert cargo.valid_until(at(DAY, 0, 0)) == at(date(2026, 12, 7))


def test_references_have_ten_digits_and_end() -> None:
    """A CCRN and a UBR are ten digits; a used-up series says so instead of growing an eleventh."""
    assert reference(2001067889) == "2001067889"
    with pytest.raises(RefusedError, match="used up"):
        reference(10**10)


def held(**changes: Any) -> Any:
    """A consignment on record."""
    values = {
        "ccrn": "2000000001",
        "lodged_ms": at(DAY, 11),
        "valid_until_ms": at(date(2026, 12, 7)),
        "code": "release",
        "code_by": "screening",
    }
    return bundling.Consignment(**{**values, **changes})


def refusals(request: Any, found: Any, now: Any = None) -> Any:
    """Why a bundling is refused at noon."""
    earliest_ms = (now or at(DAY, 12)) + WAIT_MINUTES * 60_000
    return tuple(map(str, bundling.problems_of(request, found, earliest_ms=earliest_ms, points={"SZB"})))


def request(**changes: Any) -> Any:
    """A complete bundling form."""
    values = {"driver": "Ho", "vrn": "VRN0912", "direction": Direction.INBOUND, "ccrns": ("2000000001",)}
    return bundling.BundleRequest(**{**values, **changes})


def test_a_complete_form_is_accepted_without_a_control_point(make_consignment: Any) -> None:
    """The control point carries no asterisk in the form (domain §0.4)."""
    assert refusals(request(), {"2000000001": held(info=make_consignment())}) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"driver": ""}, "driver name"),
        ({"vrn": "--"}, "registration mark"),
        ({"point": "LMC"}, "control point 'LMC' is not in use"),
        ({"ccrns": ()}, "presses the button"),
        ({"ccrns": ("123",)}, "not ten digits"),
        ({"ccrns": ("2000000001", "2000000001")}, "given twice"),
        ({"ccrns": ("2000000009",)}, "is not known"),
        ({"direction": Direction.OUTBOUND}, "was lodged for inbound"),
        ({"ccrns": ("2000000001",) * 1_000}, "at most 999"),
    ],
)
def test_a_wrong_form_is_refused_with_what_to_do(make_consignment: Any, changes: Any, words: Any) -> None:
    """Each field of the bundling form, one clear message."""
    found = refusals(request(**changes), {"2000000001": held(info=make_consignment())})
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ubr": "1000000001"}, "debundle that first"),
        ({"crossed": True, "ubr": "1000000001"}, "has crossed already"),
        ({"valid_until_ms": at(DAY, 12, 30)}, "is valid until"),
        ({"info": None}, "taken over"),
    ],
)
def test_a_ccrn_that_cannot_cross_cannot_be_bundled(make_consignment: Any, changes: Any, words: Any) -> None:
    """Bundled, crossed, or out of date by the earliest crossing (rows 13, 16; domain §0.6)."""
    found = refusals(request(), {"2000000001": held(**{"info": make_consignment(), **changes})})
    assert len(found) == 1
    assert words in found[0]


def test_the_strictest_matching_profile_gives_the_code(make_consignment: Any) -> None:
    """Two profiles match; the stricter counts, whatever their order."""
    rules = (
        ProfileRule(name="paper", code="document", consignor="wilson"),
        ProfileRule(name="tobacco", code="inspect", articles="cigarette"),
        ProfileRule(name="again paper", code="document", consignor="wilson"),
    )
    profile = Profile(codes=("release", "document", "inspect"), rules=rules)
    engine = ScreeningEngine(profile)
    assert engine.screen(make_consignment(articles="10 000 Cigarettes")).by == "tobacco"
    assert engine.screen(make_consignment()).code == "document"
    assert engine.screen(make_consignment(consignor="other")).code == "release"


def test_a_profile_can_spare_a_scheme_and_be_bound_to_a_direction(make_consignment: Any) -> None:
    """ITFS cargo is inspected once, here or at the airport (seed 003)."""
    rule = ProfileRule(name="boards", code="inspect", articles="board", direction="inbound", not_schemes=("ITFS",))
    engine = ScreeningEngine(Profile(rules=(rule,)))
    assert engine.findings(make_consignment(articles="circuit boards"))
    assert not engine.findings(make_consignment(articles="circuit boards", scheme="ITFS"))
    assert not engine.findings(make_consignment(articles="circuit boards", direction=Direction.OUTBOUND))


def test_an_unknown_code_is_stricter_than_every_known_one() -> None:
    """Design §2.4: any code that is not exactly release stops, unknown ones included."""
    assert strictest(["release", "odd", "inspect"], ("release", "inspect")) == "odd"
