"""The contract's documents: complete, made of the types, committed as they are made, and good JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from sync.link import Limits, commands
from tests.rigs.places import ROOT
from tools.docs.contract.asyncapi import document
from tools.docs.contract.channels import TIMES, WORDS
from tools.docs.contract.pages import pages
from tools.docs.contract.samples import json_view, sample
from tools.docs.contract.schemas import ROWS, schemas
from wire import messages, plate
from wire.channels import CHANNELS, bodies, channel_of, tag
from wire.codec import decode, encode
from wire.commands import ARGUMENTS, COMMANDS
from wire.topics import LOG, LaneTopics

DOCS = ROOT / "docs"
PAGES = pages()
SCHEMAS = schemas()
WRITE = "write it again with: python -m tools.docs.pages"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_each_committed_page_is_what_the_types_say(name: str) -> None:
    """Text and program cannot part."""
    path = DOCS / name
    assert path.exists(), WRITE
    assert path.read_text(encoding="utf-8") == PAGES[name], WRITE


def test_no_schema_is_left_of_a_message_that_is_no_more() -> None:
    """What lies in the folder is what the types give."""
    assert {f"schemas/{path.name}" for path in (DOCS / "schemas").glob("*.json")} == {
        name for name in PAGES if name.startswith("schemas/")
    }


def test_every_topic_has_its_row() -> None:
    """A topic that is added to `topics` is added to the contract."""
    names = {topic for topic in vars(LaneTopics("LANE")).values() if topic.startswith("rocars/")} | {LOG}
    assert {channel.address.replace("{lane}", "LANE") for channel in CHANNELS} == names
    assert list(WORDS) == [channel.name for channel in CHANNELS]


def test_every_body_has_its_topic() -> None:
    """A body that is added to `messages` or `plate` stands on some topic."""
    kinds = {
        kind
        for room in (messages, plate)
        for kind in vars(room).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and not kind.__name__.startswith("_")
        if kind.__module__ == room.__name__
    }
    assert set(bodies()) == kinds


def test_names_are_unique() -> None:
    """Schemas, messages and channels are found by them."""
    assert len({tag(body) for body in bodies()}) == len(bodies())
    assert len({channel.name for channel in CHANNELS}) == len(CHANNELS)


def test_the_durations_are_those_of_the_lane() -> None:
    """The contract's table and the link's limits say the same."""
    limits = Limits()
    for name in ("nonce_ms", "fresh_ms", "offline_ms", "resend_ms", "range_rows", "ahead_ms", "command_ms", "clock_ms"):
        assert getattr(TIMES, name) == getattr(limits, name), name
    assert limits.window == TIMES.window_rows


def test_every_command_is_carried_out_and_its_arguments_are_fields() -> None:
    """What may be ordered is what the lane does, and what the message can say."""
    assert COMMANDS.keys() == commands._EFFECTS.keys()
    assert set(ARGUMENTS) <= set(messages.Command.__struct_fields__)
    assert {name for form in COMMANDS.values() for name in (*form.needs, *form.may)} == set(ARGUMENTS)


@pytest.mark.parametrize("kind", [*bodies(), *ROWS], ids=tag)
def test_each_example_is_one_that_the_type_takes(kind: type[msgspec.Struct]) -> None:
    """Encoded and read back by the product's own codec, it is the same."""
    one = sample(kind)
    if kind in bodies() and not channel_of(kind).signed:
        assert msgspec.json.decode(msgspec.json.encode(one), type=kind) == one
    else:
        assert decode(kind, encode(one)) == one


@pytest.mark.parametrize("kind", [*bodies(), *ROWS], ids=tag)
def test_each_example_fits_its_schema_and_one_that_is_spoilt_does_not(kind: type[msgspec.Struct]) -> None:
    """The schema is of that type, and closed: an unknown field or place does not fit."""
    name = tag(kind) if kind in bodies() else f"row_{tag(kind)}"
    schema, view = SCHEMAS[name], json_view(sample(kind))
    assert list(misfits(view, schema, schema)) == []
    spoilt = [*view, "extra"] * 2 if isinstance(view, list) else {**view, "extra": 1}
    assert list(misfits(spoilt, schema, schema))


def test_schemas_use_only_words_of_draft_07() -> None:
    """Tools that do not know 2020-12 read them."""
    text = json.dumps(SCHEMAS)
    assert "prefixItems" not in text
    assert "$defs" not in text


def test_every_reference_of_the_document_leads_somewhere() -> None:
    """Within the document, or to a schema that is written beside it."""
    made, whole = PAGES, document()
    for target in references(whole):
        if target.startswith("./"):
            assert target.removeprefix("./") in made
        else:
            place: Any = whole
            for step in target.removeprefix("#/").split("/"):
                place = place[step]
            assert place


def references(value: Any) -> Iterator[str]:
    """Every `$ref` in it."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "$ref":
                yield one
            else:
                yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_the_document_has_what_asyncapi_3_asks_for() -> None:
    """Version, info, channels with an address each, operations with an action and a channel."""
    whole = document()
    assert whole["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= whole["info"].keys()
    for channel in whole["channels"].values():
        assert ("{lane}" in channel["address"]) == ("parameters" in channel)
        assert channel["messages"]
    assert len(whole["operations"]) == 2 * len(CHANNELS)
    for operation in whole["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in whole["channels"]
    for message in whole["components"]["messages"].values():
        assert message["payload"]["schemaFormat"].endswith("version=draft-07")


def test_only_presence_and_state_are_retained() -> None:
    """Design, part 3."""
    assert {channel.name for channel in CHANNELS if channel.retained} == {"presence", "state"}


def misfits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Iterator[str]:
    """Where a value does not fit a schema; of JSON Schema as much as the documents use."""
    if "$ref" in schema:
        yield from misfits(value, root["definitions"][schema["$ref"].rpartition("/")[2]], root)
        return
    if "anyOf" in schema and all(any(misfits(value, one, root)) for one in schema["anyOf"]):
        yield f"{value!r} is none of {len(schema['anyOf'])}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{value!r} is not among {schema['enum']}"
    yield from BY_TYPE.get(schema.get("type", ""), lambda *_: iter(()))(value, schema, root)


def object_misfits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Iterator[str]:
    """Of an object."""
    known = schema.get("properties", {})
    if not isinstance(value, dict):
        yield f"{value!r} is no object"
        return
    yield from (f"{name} is missing" for name in schema.get("required", ()) if name not in value)
    if schema.get("additionalProperties") is False:
        yield from (f"{name} is unknown" for name in value if name not in known)
    for name, one in value.items():
        yield from misfits(one, known.get(name, {}), root)


def array_misfits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Iterator[str]:
    """Of an array, by place or alike."""
    if not isinstance(value, list) or not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9):
        yield f"{value!r} is no array of that length"
        return
    items = schema.get("items", {})
    places = items if isinstance(items, list) else [items] * len(value)
    for one, place in zip(value, places, strict=False):
        yield from misfits(one, place, root)


def string_misfits(value: Any, schema: dict[str, Any], _: dict[str, Any]) -> Iterator[str]:
    """Of a text, as long as allowed and of its pattern."""
    if not isinstance(value, str) or not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9):
        yield f"{value!r} is no text of that length"
    elif not re.search(schema.get("pattern", ""), value):
        yield f"{value!r} is not of the pattern"


def integer_misfits(value: Any, schema: dict[str, Any], _: dict[str, Any]) -> Iterator[str]:
    """Of a whole number within limits."""
    if not isinstance(value, int) or not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{value!r} is no whole number within the limits"


BY_TYPE: dict[str, Any] = {
    "object": object_misfits,
    "array": array_misfits,
    "string": string_misfits,
    "integer": integer_misfits,
}
