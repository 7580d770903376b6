"""JSON Schemas (draft-07) of the JSON view of every body, from the types themselves.

Rules of this file:
- draft-07, because that is what AsyncAPI 3 tools must understand; msgspec writes 2020-12, whose only difference here is
  how an array with fixed places is said.
- A byte string stands as base64 in the JSON view and says `"x-msgpack": "bin"`: what travels is a msgpack bin.
- Every schema stands alone: what it refers to is under its own `definitions`.
"""

from __future__ import annotations

import inspect as reading
from typing import Any

import msgspec
from msgspec import Struct

from tools.docs.contract.plain import (
    AlarmOver,
    AlarmRaised,
    BundlesGivenBack,
    BundlesUsed,
    Entry,
    FactRecorded,
    Facts,
)
from wire.channels import bodies, tag
from wire.envelope import Envelope
from wire.records import BundleRecord, CargoRecord, HoldRecord, VehicleRecord

DIALECT = "http://json-schema.org/draft-07/schema#"

ROWS: tuple[type[Struct], ...] = (BundleRecord, HoldRecord, VehicleRecord)
"""The rows of the log."""

_BY_PLACE: tuple[type[Struct], ...] = (*ROWS, CargoRecord)

PLAIN: dict[str, type[Struct]] = {
    "entry": Entry,
    "effect_alarm": AlarmRaised,
    "effect_alarm_ended": AlarmOver,
    "effect_record": FactRecorded,
    "effect_consume": BundlesUsed,
    "effect_give_back": BundlesGivenBack,
    "facts": Facts,
}
"""What is inside an event's body and a state's facts; open."""


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its file's name without the ending: the envelope, each body, each row, the two open ones."""
    kinds: dict[str, type[Struct]] = {"envelope": Envelope}
    kinds |= {tag(body): body for body in bodies()}
    kinds |= {f"row_{tag(row)}": row for row in ROWS}
    kinds |= PLAIN
    return {name: schema(name, kind) for name, kind in kinds.items()}


def schema(name: str, kind: type[Struct]) -> dict[str, Any]:
    """The schema of one type, complete."""
    (own,), parts = msgspec.json.schema_components((kind,), ref_template="#/definitions/{name}")
    parts = {part: _draft_07(value) for part, value in parts.items()}
    top = parts.pop(kind.__name__) if "$ref" in own else _draft_07(own)
    head = {"$schema": DIALECT, "$id": f"{name}.json"}
    return {**head, **top, **({"definitions": dict(sorted(parts.items()))} if parts else {})}


def _draft_07(value: Any) -> Any:
    """The same schema in draft-07's words, descriptions without the indentation of the source."""
    if isinstance(value, list | tuple):
        return [_draft_07(one) for one in value]
    if not isinstance(value, dict):
        return value
    plain = {key: _draft_07(one) for key, one in value.items()}
    if "prefixItems" in plain:
        plain["items"] = _named(plain.get("title"), plain.pop("prefixItems"))
        plain["additionalItems"] = False
    if plain.get("contentEncoding") == "base64":
        plain["x-msgpack"] = "bin"
    if isinstance(plain.get("description"), str):
        plain["description"] = reading.cleandoc(plain["description"])
    return plain


def _named(title: str | None, places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The places of an array, each with its name, which the array itself does not carry."""
    names = next((positions(row) for row in _BY_PLACE if row.__name__ == title), ())
    return [{"title": name, **place} for name, place in zip(names, places, strict=True)] if names else places


def positions(row: type[Struct]) -> tuple[str, ...]:
    """The names of a row's places, the tag first: an array has none of its own."""
    names = tuple(row.__struct_fields__)
    return names if row is CargoRecord else ("tag", *names)
