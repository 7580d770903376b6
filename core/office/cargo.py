"""Cargo information: the eight items a shipper lodges before the truck crosses, and the CCRN given for them.

Rules of this file: pure functions over frozen values. The items are seed 003's (a)-(h); the window is "not earlier
than 14 days and at least 30 minutes before" (seeds 001, 003, 004 read together, domain §1b.21 and §1h).
"""

from __future__ import annotations

import re

import msgspec

from domain import times
from domain.crossing import Direction

REFERENCE = re.compile(r"\d{10}")
"""A CCRN or UBR: ten digits (domain §1b.29, §1c.38)."""

EARLIEST_LODGING_MS = 14 * times.DAY_MS
LATEST_LODGING_MS = 30 * times.MINUTE_MS
CCRN_LIFE_DAYS = 14  # fits the only sample there is (domain §1b.30); no rule is published


class CargoInformation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a shipper, freight forwarder or agent lodges for one consignment.

    Attributes:
        packages: (a) number of packages.
        package_description: (b) what the packages are, for instance "carton".
        articles: (c) what is in them; a specific description, not a broad term.
        consignor, consignor_address, consignee, consignee_address: (d)-(g).
        expected: (h) expected date of arrival or departure: `YYYY-MM-DD`, or with a time, Hong Kong time.
        scheme: "", or a facilitation scheme the consignment travels under (ITFS, SELS; domain §1f.68).
        seal: number of the seal or e-lock, if any.
        container: container number, if any.
        sender_reference: the sender's own reference.
    """

    direction: Direction
    packages: int
    package_description: str
    articles: str
    consignor: str
    consignor_address: str
    consignee: str
    consignee_address: str
    expected: str
    scheme: str = ""
    seal: str = ""
    container: str = ""
    sender_reference: str = ""


class Lodging(msgspec.Struct, frozen=True, kw_only=True):
    """The acknowledgement of a lodgement (domain §1b.29)."""

    ccrn: str
    lodged_ms: int
    valid_until_ms: int


BROAD_TERMS = {"meat": "chilled chickens", "electrical appliances": "microwave ovens"}
"""The department's own examples (seed 004)."""


class CargoRules(msgspec.Struct, frozen=True, kw_only=True):
    """What configuration decides about lodging.

    Attributes:
        schemes: the facilitation schemes a consignment may name.
        broad_terms: descriptions refused as too broad, with a better example (domain §1b.26), in lower case.
    """

    schemes: frozenset[str] = frozenset({"ITFS", "SELS"})
    broad_terms: dict[str, str] = msgspec.field(default_factory=lambda: dict(BROAD_TERMS))


_TEXTS: tuple[tuple[str, str], ...] = (
    ("package_description", "(b) description of package"),
    ("articles", "(c) description of articles"),
    ("consignor", "(d) name of consignor"),
    ("consignor_address", "(e) address of consignor"),
    ("consignee", "(f) name of consignee"),
    ("consignee_address", "(g) address of consignee"),
)


def problems_of(info: CargoInformation, *, now_ms: int, rules: CargoRules) -> tuple[str, ...]:
    """Every reason to refuse a lodgement at `now_ms` (UTC ms), in the order of the form; empty if it is complete."""
    found = [*_packages_problem(info), *_text_problems(info), *_breadth_problem(info, rules)]
    found += [*_window_problem(info, now_ms), *_scheme_problem(info, rules)]
    return tuple(found)


def _packages_problem(info: CargoInformation) -> list[str]:
    if info.packages >= 1:
        return []
    return [f"(a) number of packages is {info.packages}; give 1 or more"]


def _text_problems(info: CargoInformation) -> list[str]:
    return [f"{label} is empty; fill it in" for name, label in _TEXTS if not getattr(info, name).strip()]


def _breadth_problem(info: CargoInformation, rules: CargoRules) -> list[str]:
    better = rules.broad_terms.get(info.articles.strip().lower())
    if better is None:
        return []
    return [f"(c) description of articles {info.articles.strip()!r} is too broad; be specific, for instance {better!r}"]


def _window_problem(info: CargoInformation, now_ms: int) -> list[str]:
    try:
        first, last = times.expected_span(info.expected)
    except ValueError:
        return [f"(h) expected date {info.expected!r} is not a date; write YYYY-MM-DD or YYYY-MM-DDThh:mm"]
    if now_ms < first - EARLIEST_LODGING_MS:
        opens = times.hong_kong_text(first - EARLIEST_LODGING_MS)
        return [f"(h) expected date {info.expected} is more than 14 days ahead; lodge from {opens}"]
    if now_ms > last - LATEST_LODGING_MS:
        return [f"(h) expected date {info.expected} is less than 30 minutes ahead or past; give a later crossing"]
    return []


def _scheme_problem(info: CargoInformation, rules: CargoRules) -> list[str]:
    if not info.scheme or info.scheme in rules.schemes:
        return []
    return [f"scheme {info.scheme!r} is not known; leave it empty or use one of {', '.join(sorted(rules.schemes))}"]


def valid_until(lodged_ms: int) -> int:
    """When a CCRN lodged at `lodged_ms` stops being valid: 24:00 Hong Kong time, 14 days after the day of lodging."""
    return times.end_of(times.hong_kong(lodged_ms).date()) + CCRN_LIFE_DAYS * times.DAY_MS
