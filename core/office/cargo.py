"""What may be lodged, and when: the rules of a lodgement, and the CCRN's life.

Rules of this file: pure. Which fields there are is `core.model.fields`'; the eight items of the law are seed 003's (a)-(h);
the window is "not earlier than 14 days and at least 30 minutes before" (seeds 001, 003, 004 read together, domain §1b.21 and
§1h). Where the law has no rule nothing is refused: a broad description gets advice (seed 004, "point(s) to note").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from core.model import containers, fields
from core.model.consignment import CargoInformation, GoodsItem
from core.model.fields import BY_NAME, CargoField, FieldKind
from core.model.refusals import CentreRefusal, refusal
from domain import times

REFERENCE = re.compile(r"\d{10}")
"""A CCRN or UBR: ten digits (domain §1b.29, §1c.38)."""

EARLIEST_LODGING_MS = 14 * times.DAY_MS
LATEST_LODGING_MS = 30 * times.MINUTE_MS
CCRN_LIFE_DAYS = 14  # fits the only sample there is (domain §1b.30); no rule is published

_COUNTRY = re.compile(r"[A-Z]{2}")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_AMOUNTS = ("gross_weight", "gross_volume")
_UNITS = {
    "gross_weight": "gross_weight_unit",
    "gross_volume": "gross_volume_unit",
    "net_quantity": "net_unit",
    "quantity": "quantity_unit",
}


class Lodging(msgspec.Struct, frozen=True, kw_only=True):
    """The acknowledgement of a lodgement (domain §1b.29).

    Attributes:
        valid_until_ms: the first moment at which it is no longer valid; people are told the last day (`last_day`).
        advice: what would make clearance easier; nothing depends on it.
    """

    ccrn: str
    lodged_ms: int
    valid_until_ms: int
    advice: tuple[CentreRefusal, ...] = ()


BROAD_TERMS = {"meat": "chilled chickens", "electrical appliances": "microwave ovens"}
"""The department's own examples (seed 004)."""


class CargoRules(msgspec.Struct, frozen=True, kw_only=True):
    """What configuration decides about lodging.

    Attributes:
        schemes: the facilitation schemes a consignment may name.
        points: the control points that may be expected; none given: any.
        broad_terms: descriptions that are too broad, with a better example (domain §1b.26), in lower case.
    """

    schemes: frozenset[str] = frozenset({"ITFS", "SELS"})
    points: frozenset[str] = frozenset()
    broad_terms: dict[str, str] = msgspec.field(default_factory=lambda: dict(BROAD_TERMS))


def problems_of(info: CargoInformation, *, now_ms: int, rules: CargoRules) -> tuple[CentreRefusal, ...]:
    """Every reason to refuse a lodgement at `now_ms` (UTC ms), in the order of the form; empty if it is complete."""
    found = [
        *_window_problem(info, now_ms),
        *_parties(info),
        *_goods(info),
        *_transhipment(info),
        *_others(info, rules),
    ]
    return tuple(found)


def advice_on(info: CargoInformation, rules: CargoRules) -> tuple[CentreRefusal, ...]:
    """What the shipper could do better; no reason to refuse anything."""
    found = []
    for number, item in enumerate(info.goods):
        better = rules.broad_terms.get(item.articles.strip().lower())
        if better is not None:
            part = f"goods[{number}].articles"
            found.append(refusal("broad", part=part, value=item.articles.strip(), better=better))
    container = containers.plain_container(info.container)
    if container and not containers.looks_whole(container):
        found.append(refusal("container_form", part="container", value=info.container))
    return tuple(found)


def _parties(info: CargoInformation) -> Iterator[CentreRefusal]:
    for field in fields.FIELDS:
        if field.part in {"II", "III"}:
            text = getattr(info, field.name)
            yield from _text(field, field.name, text)
            if field.name.endswith("_country"):
                yield from _country(field.name, text)


def _goods(info: CargoInformation) -> Iterator[CentreRefusal]:
    if not info.goods:
        yield refusal("no_goods", part="goods")
    if len(info.goods) > fields.MOST_ITEMS:
        yield refusal("too_many", part="goods.articles", count=len(info.goods), most=fields.MOST_ITEMS)
        return
    for number, item in enumerate(info.goods):
        yield from _item(f"goods[{number}].", item)


def _item(at: str, item: GoodsItem) -> Iterator[CentreRefusal]:
    yield from _bulk(at, item) if item.bulk else _packed(at, item)
    yield from _text(BY_NAME["goods.articles"], f"{at}articles", item.articles)
    for name, unit in _UNITS.items():
        yield from _amount(at, item, name, unit)
    if len(item.permits) > fields.MOST_PERMITS:
        yield refusal("too_many", part=f"{at}permits.number", count=len(item.permits), most=fields.MOST_PERMITS)
        return
    for place, permit in enumerate(item.permits):
        yield from _all_texts("permits.", f"{at}permits[{place}].", permit)


def _packed(at: str, item: GoodsItem) -> Iterator[CentreRefusal]:
    if item.packages < 1:
        yield refusal("no_packages", part=f"{at}packages", value=item.packages)
    elif item.packages >= fields.LARGEST:
        yield refusal("out_of_range", part=f"{at}packages", value=item.packages)
    if not item.package_description.strip():
        yield refusal("empty", part=f"{at}package_description")
    yield from _text(BY_NAME["goods.package_description"], f"{at}package_description", item.package_description)


def _bulk(at: str, item: GoodsItem) -> Iterator[CentreRefusal]:
    if item.packages or item.package_description.strip():
        yield refusal("bulk_in_packages", part=f"{at}bulk")
    if all(getattr(item, name) is None for name in _AMOUNTS):
        yield refusal("bulk_unweighed", part=f"{at}bulk")


def _amount(at: str, item: GoodsItem, name: str, unit_name: str) -> Iterator[CentreRefusal]:
    amount: Decimal | None = getattr(item, name)
    unit: str = getattr(item, unit_name)
    if amount is not None and not (amount.is_finite() and 0 < amount < fields.LARGEST):
        yield refusal("out_of_range", part=f"{at}{name}", value=amount)
    elif amount is not None and len(str(amount)) > BY_NAME[f"goods.{name}"].most:
        yield refusal("too_long", part=f"{at}{name}", length=len(str(amount)), most=BY_NAME[f"goods.{name}"].most)
    if amount is not None and not unit:
        yield refusal("no_unit", part=f"{at}{unit_name}")
    elif amount is None and unit:
        yield refusal("no_amount", part=f"{at}{unit_name}")
    yield from _text(BY_NAME[f"goods.{unit_name}"], f"{at}{unit_name}", unit)


def _transhipment(info: CargoInformation) -> Iterator[CentreRefusal]:
    if info.transhipment is not None:
        yield from _all_texts("transhipment.", "transhipment.", info.transhipment)
        for name in ("origin", "destination"):
            yield from _country(f"transhipment.{name}", getattr(info.transhipment, name))


def _all_texts(names: str, at: str, value: Any) -> Iterator[CentreRefusal]:
    for field in fields.FIELDS:
        if field.name.startswith(names):
            name = field.name.removeprefix(names)
            yield from _text(field, f"{at}{name}", getattr(value, name))


def _others(info: CargoInformation, rules: CargoRules) -> Iterator[CentreRefusal]:
    yield from _listed("no_point", "point", info.point, rules.points)
    for name in ("seal", "ucr", "equipment"):
        yield from _text(BY_NAME[name], name, getattr(info, name))
    yield from _container(info.container)
    if len(info.references) > fields.MOST_REFERENCES:
        yield refusal("too_many", part="references", count=len(info.references), most=fields.MOST_REFERENCES)
    for reference in info.references[: fields.MOST_REFERENCES]:
        yield from _text(BY_NAME["references"], "references", reference)
    if info.scheme and info.scheme not in rules.schemes:
        yield refusal("no_scheme", part="scheme", value=info.scheme, known=", ".join(sorted(rules.schemes)))


def _listed(code: str, part: str, value: str, known: Iterable[str]) -> Iterator[CentreRefusal]:
    known = sorted(known)
    if value and (value not in known if known else len(value) > BY_NAME[part].most):
        yield refusal(code, part=part, value=value, known=", ".join(known))


def _container(text: str) -> Iterator[CentreRefusal]:
    yield from _text(BY_NAME["container"], "container", text)
    number = containers.plain_container(text)
    if containers.looks_whole(number) and int(number[-1]) != (digit := containers.check_digit(number)):
        yield refusal("container_digit", part="container", value=text, digit=digit)


def _text(field: CargoField, part: str, text: str) -> Iterator[CentreRefusal]:
    """What is wrong with a text as the table of fields has it."""
    if field.always and not text.strip():
        yield refusal("empty", part=part)
    elif len(text) > field.most:
        yield refusal("too_long", part=part, length=f"{len(text):,}", most=field.most)
    elif any(unicodedata.category(sign) in _UNPRINTABLE for sign in text):
        yield refusal("unprintable", part=part)
    elif text and field.kind is FieldKind.CODE and field.codes is not None and text not in field.codes:
        yield refusal("not_a_code", part=part, value=text, known=", ".join(field.codes))


def _country(part: str, text: str) -> Iterator[CentreRefusal]:
    if text and len(text) <= BY_NAME[part].most and not _COUNTRY.fullmatch(text):
        yield refusal("not_a_country", part=part, value=text)


def _window_problem(info: CargoInformation, now_ms: int) -> Iterator[CentreRefusal]:
    try:
        first, last = times.expected_span(info.expected)
    except (ValueError, OverflowError):
        yield refusal("not_a_date", part="expected", value=info.expected)
        return
    if now_ms < first - EARLIEST_LODGING_MS:
        opens = times.hong_kong_text(first - EARLIEST_LODGING_MS)
        yield refusal("too_early", part="expected", value=info.expected, opens=opens)
    elif now_ms > last - LATEST_LODGING_MS:
        yield refusal("too_late", part="expected", value=info.expected)


def valid_until(lodged_ms: int) -> int:
    """When a CCRN lodged at `lodged_ms` stops being valid: 24:00 Hong Kong time, 14 days after the day of lodging."""
    return times.end_of(times.hong_kong(lodged_ms).date()) + CCRN_LIFE_DAYS * times.DAY_MS


class Changed(msgspec.Struct, frozen=True):
    """A field that an amendment changes."""

    part: str
    before: str
    after: str


def changes(old: CargoInformation, new: CargoInformation) -> tuple[Changed, ...]:
    """Which fields differ, in the order of the type."""
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in CargoInformation.__struct_fields__)
    return tuple(Changed(name, _plain(before), _plain(after)) for name, before, after in pairs if before != after)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
