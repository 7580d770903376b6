"""The form of the seminar, in data: Parts I to VI, what must be in them, how much fits, and what is said in three languages."""

from __future__ import annotations

import ast
import re
import string
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from opencc import OpenCC

from core.errors import RefusedError
from core.model import fields
from core.model.codelists import CodeList
from core.model.consignment import CargoInformation, GoodsItem, Permit, Transhipment, read_lodged
from core.model.containers import check_digit, looks_whole, plain_container
from core.model.fields import FIELDS, FieldKind
from core.model.refusal_texts import TEXTS
from core.model.refusals import CentreRefusal, FormLanguage, refusal
from core.office import cargo
from core.office.cargo import CargoRules
from domain import times
from domain.crossing import Direction

NOON = times.start_of(date(2009, 11, 4)) + 12 * 3_600_000
RULES = CargoRules(points=frozenset({"LMC", "SZB"}))

SAMPLE = {
    "direction": "outbound",
    "expected": "2009-11-07",
    "consignor": "Winning Co.Ltd.",
    "consignor_country": "HK",
    "consignor_address": "Flat D, 22/F, 333 Nathan Road, Mong Kok",
    "consignor_city": "Kowloon",
    "consignee": "Fu Wing Co.Ltd",
    "consignee_country": "CN",
    "consignee_address": "Flat E, Shek Lung Tsuen",
    "goods": [{"articles": "Copper Button", "bulk": True, "gross_weight": "550", "gross_weight_unit": "KGM"}],
    "point": "LMC",
    "seal": "38448",
    "container": "HJLS2345217",
    "equipment": "OTH",
    "references": ["20091231-001"],
}
"""What is typed into the form on the slides of seed 004."""


def found(**changes: Any) -> list[str]:
    """What is wrong with the sample once it is changed so, as codes and parts."""
    info = msgspec.convert({**SAMPLE, **changes}, CargoInformation)
    return [f"{one.code} {one.part}" for one in cargo.problems_of(info, now_ms=NOON, rules=RULES)]


def goods(**changes: Any) -> list[dict[str, Any]]:
    """One packed item, changed so."""
    return [{"articles": "copper buttons", "packages": 12, "package_description": "carton", **changes}]


def test_the_slides_own_sample_is_accepted() -> None:
    """Bulk, 550 kg, no packages; its container's check digit is right, though its category is none of ISO 6346."""
    assert found() == []


def test_the_sample_is_kept_and_read_back_as_it_was(core: Any) -> None:
    """A decimal stays what the shipper wrote, and an old lodgement can still be read."""
    core.clock.now = NOON
    info = msgspec.convert({**SAMPLE, "point": "SZB"}, CargoInformation)
    ccrn = core.office.lodge(info, who="winning").ccrn
    assert core.office.consignment(ccrn).info == info
    assert core.office.consignment(ccrn).info.goods[0].gross_weight == Decimal(550)
    old = b'{"direction":"inbound","packages":3,"package_description":"box","articles":"pens","consignor":"a",'
    old += b'"consignor_address":"b","consignee":"c","consignee_address":"d","expected":"2009-11-07","sender_reference":"r1"}'
    read = read_lodged(old)
    assert read.goods == (GoodsItem(articles="pens", packages=3, package_description="box"),)
    assert read.references == ("r1",)


def test_every_part_of_the_form_can_be_filled_in() -> None:
    """Several items, weights, volumes, permits, transhipment, UCR, equipment, six references."""
    whole = goods(
        gross_weight="12.5",
        gross_weight_unit="TNE",
        gross_volume="3",
        gross_volume_unit="MTQ",
        net_quantity="12",
        net_unit="KGM",
        quantity="5000",
        quantity_unit="NMB",
        permits=[{"number": "IL-1", "authority": "TID", "kind": "IL"}],
    )
    leg = {"origin": "CN", "destination": "US", "mode": "air", "document": "160-12345675"}
    six = [f"r{number}" for number in range(6)]
    assert found(goods=whole * 3, transhipment=leg, ucr="9CN123", equipment="45G1", references=six) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"goods": []}, "no_goods goods"),
        ({"goods": goods() * 100}, "too_many goods.articles"),
        ({"goods": goods(packages=0)}, "no_packages goods[0].packages"),
        ({"goods": goods(packages=10**12)}, "out_of_range goods[0].packages"),
        ({"goods": goods(package_description=" ")}, "empty goods[0].package_description"),
        ({"goods": goods(bulk=True, gross_weight="1", gross_weight_unit="KGM")}, "bulk_in_packages goods[0].bulk"),
        ({"goods": [{"articles": "sand", "bulk": True}]}, "bulk_unweighed goods[0].bulk"),
        ({"goods": goods(gross_weight="5")}, "no_unit goods[0].gross_weight_unit"),
        ({"goods": goods(net_unit="KGM")}, "no_amount goods[0].net_unit"),
        ({"goods": goods(gross_weight="0", gross_weight_unit="KGM")}, "out_of_range goods[0].gross_weight"),
        ({"goods": goods(quantity="-1", quantity_unit="NMB")}, "out_of_range goods[0].quantity"),
        ({"goods": goods(quantity="NaN", quantity_unit="NMB")}, "out_of_range goods[0].quantity"),
        ({"goods": goods(quantity="1e999999", quantity_unit="NMB")}, "out_of_range goods[0].quantity"),
        ({"goods": goods(quantity="1." + "0" * 20, quantity_unit="NMB")}, "too_long goods[0].quantity"),
        ({"goods": goods(gross_weight="5", gross_weight_unit="XXX")}, "not_a_code goods[0].gross_weight_unit"),
        ({"goods": [*goods(), *goods(articles="")]}, "empty goods[1].articles"),
        (
            {"goods": goods(permits=[{"number": "", "authority": "TID", "kind": "IL"}])},
            "empty goods[0].permits[0].number",
        ),
        (
            {"goods": goods(permits=[{"number": "1", "authority": "FBI", "kind": "IL"}])},
            "not_a_code goods[0].permits[0].authority",
        ),
        (
            {"goods": goods(permits=[{"number": "1", "authority": "DH", "kind": "HC"}] * 11)},
            "too_many goods[0].permits.number",
        ),
        ({"transhipment": {"origin": "CN", "destination": "", "mode": "air"}}, "empty transhipment.destination"),
        ({"transhipment": {"origin": "cn", "destination": "US", "mode": "air"}}, "not_a_country transhipment.origin"),
        ({"transhipment": {"origin": "CN", "destination": "US", "mode": "foot"}}, "not_a_code transhipment.mode"),
        ({"consignor_country": "H1"}, "not_a_country consignor_country"),
        ({"point": "XXX"}, "no_point point"),
        ({"container": "HJLS2345218"}, "container_digit container"),
        ({"equipment": "99X9"}, "not_a_code equipment"),
        ({"references": ["r"] * 7}, "too_many references"),
        ({"scheme": "ITSF"}, "no_scheme scheme"),
        ({"expected": "9999-12-31"}, "too_early expected"),
        ({"consignee": "a\x00b"}, "unprintable consignee"),
    ],
)
def test_each_rule_of_the_form_is_refused_by_itself_and_at_its_place(changes: Any, problem: str) -> None:
    """One thing wrong, one sentence, which names the field."""
    assert found(**changes) == [problem]


TEXT_FIELDS = [
    field for field in FIELDS if field.kind in {FieldKind.TEXT, FieldKind.CODE} and field.name != "direction"
]


def _with(name: str, value: str) -> dict[str, Any]:
    """The sample with this value in a field."""
    owner, _, own = name.rpartition(".")
    if owner == "goods":
        return {
            "goods": goods(gross_weight="1", gross_volume="1", net_quantity="1", quantity="1", **_UNITS | {own: value})
        }
    if owner == "permits":
        return {"goods": goods(permits=[{"number": "1", "authority": "DH", "kind": "HC", own: value}])}
    if owner == "transhipment":
        return {"transhipment": {"origin": "CN", "destination": "US", "mode": "air", own: value}}
    return {name: [value] if name == "references" else value}


_UNITS = {"gross_weight_unit": "KGM", "gross_volume_unit": "MTQ", "net_unit": "KGM", "quantity_unit": "NMB"}


@pytest.mark.parametrize("field", TEXT_FIELDS, ids=lambda field: field.name)
def test_five_million_characters_are_refused_in_every_text_and_the_answer_stays_short(field: Any) -> None:
    """They were accepted as an article, and went into the store, its backups and every enquiry."""
    info = msgspec.convert({**SAMPLE, **_with(field.name, "X" * 5_000_000)}, CargoInformation)
    problems = cargo.problems_of(info, now_ms=NOON, rules=RULES)
    assert len(problems) == 1
    assert all(len(problems[0].text(language)) < 400 for language in FormLanguage)
    if field.codes is None and field.name not in {"point", "scheme"}:
        assert (problems[0].code, problems[0].values["most"]) == ("too_long", str(field.most))
        assert "5,000,000 characters" in str(problems[0])


@pytest.mark.parametrize("field", [one for one in TEXT_FIELDS if one.kind is FieldKind.TEXT], ids=lambda one: one.name)
def test_as_many_characters_as_the_table_says_fit_and_one_more_does_not(field: Any) -> None:
    """The bound itself."""
    fits = found(**_with(field.name, "X" * field.most))
    assert fits in ([], ["container_form container"])
    assert [one.split()[0] for one in found(**_with(field.name, "X" * (field.most + 1)))] == ["too_long"]


def test_every_field_is_in_the_table_exactly_once_and_with_three_labels() -> None:
    """Form, schema and manual are made from the table, so a field outside it would be in none."""
    owners = {"goods": GoodsItem, "permits": Permit, "transhipment": Transhipment}
    there = {name for name in CargoInformation.__struct_fields__ if name not in owners}
    for owner, kind in owners.items():
        there |= {f"{owner}.{name}" for name in kind.__struct_fields__ if name not in owners}
    names = [field.name for field in FIELDS]
    assert sorted(names) == sorted(there)
    assert all(all(field.labels) for field in FIELDS)
    assert sorted(field.letter for field in FIELDS if field.letter) == list("abcdefgh")
    assert [field.part for field in FIELDS] == sorted(
        (field.part for field in FIELDS), key=["I", "II", "III", "IV", "V", "VI"].index
    )


def test_examples_of_the_table_are_accepted() -> None:
    """The manual shows them."""
    for field in FIELDS:
        if field.example and "." not in field.name and field.name != "point":
            assert found(**_with(field.name, field.example)) == [], field.name


def test_a_container_number_is_read_as_people_write_it() -> None:
    """With blanks and hyphens; what is no number of ISO 6346 gets advice, for such boxes exist."""
    assert check_digit("CSQU3054383") == 3
    assert looks_whole(plain_container("csqu 305438-3"))
    assert found(container="csqu 305438-3") == []
    assert found(container="TANK 7") == []
    odd = msgspec.convert({**SAMPLE, "container": "TANK 7"}, CargoInformation)
    assert [one.code for one in cargo.advice_on(odd, RULES)] == ["container_form"]
    assert cargo.advice_on(msgspec.convert(SAMPLE, CargoInformation), RULES) == ()


@pytest.mark.parametrize("digit", range(10))
def test_only_one_last_digit_is_right(digit: int) -> None:
    """A single wrong sign is noticed."""
    assert (found(container=f"CSQU305438{digit}") == []) is (digit == 3)


def test_valid_until_is_told_as_its_last_day(core: Any, make_consignment: Any) -> None:
    """Lodged on the 22nd it is valid to the end of 6 December; people were told 00:00 of the 7th."""
    given = core.office.lodge(make_consignment(), who="clerk")
    assert times.last_day(given.valid_until_ms) == "2026-12-06"
    assert times.hong_kong_text(given.valid_until_ms) == "2026-12-07 00:00:00"


SIMPLER = OpenCC("t2s")


def _places(text: str) -> set[str]:
    return {name.partition("!")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_every_refusal_is_there_in_three_languages(code: str) -> None:
    """The same values in all three; Traditional and Simplified are not mixed."""
    english, traditional, simplified = TEXTS[code]
    assert _places(english) == _places(traditional) == _places(simplified)
    assert english.isascii()
    for chinese in (traditional, simplified):
        assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert SIMPLER.convert(simplified) == simplified


def test_every_refusal_that_is_used_is_there_and_none_is_left_over() -> None:
    """By its code, in the source of the centre; and the office refuses nobody in English alone."""
    used: set[str] = set()
    alone: list[str] = []
    for path in sorted(Path("core").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id == "refusal" and node.args and isinstance(node.args[0], ast.Constant):
                    used.add(node.args[0].value)
                if node.func.id == "RefusedError" and path.parts[1] in {"office", "model", "select"}:
                    alone += [
                        f"{path}:{node.lineno}" for arg in node.args if isinstance(arg, ast.Constant | ast.JoinedStr)
                    ]
                if node.func.id == "_listed":
                    used.add(node.args[0].value)
    assert used == set(TEXTS) - {"batch_item"}
    assert alone == []


def test_a_refusal_names_its_field_and_its_item_in_each_language() -> None:
    """A driver, a clerk and a program read the same thing."""
    one = refusal("empty", part="goods[1].articles")
    assert one.text() == "item 2, (c) description of articles is empty; fill it in"
    assert one.text(FormLanguage.TRADITIONAL) == "第2項(c) 貨品說明未填寫；請填寫"
    assert one.text(FormLanguage.SIMPLIFIED) == "第2项(c) 货品说明未填写；请填写"
    third = CentreRefusal("empty", {}, "seal", consignment=3)
    assert third.text().startswith("consignment 3: seal number")
    assert RefusedError(one, "plain").told(FormLanguage.SIMPLIFIED) == (one.text(FormLanguage.SIMPLIFIED), "plain")


def test_every_label_is_found_by_the_part_of_a_refusal() -> None:
    """Whatever `part` names, a person can find it on the form."""
    for field in FIELDS:
        for place in range(3):
            assert fields.label(field.name, place) == field.label(place)


def test_code_lists_have_three_words_for_each_code() -> None:
    """A form shows them in its language."""
    lists: list[CodeList] = [field.codes for field in FIELDS if field.codes is not None]
    assert len(lists) >= 9
    for codes in lists:
        assert all(all(words) for words in codes.values())


def test_directions_are_those_of_the_border() -> None:
    """The table's words and the wire's."""
    assert set(fields.BY_NAME["direction"].codes or ()) == set(Direction)
