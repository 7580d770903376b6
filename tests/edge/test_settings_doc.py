"""docs/installing.md names every key, so that a technician finds what a message speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from edge.settings.load import Settings
from tests.rigs.places import ROOT

NAMED = set(re.findall(r"`([a-z_.]+)`", (ROOT / "docs/installing.md").read_text()))


def keys(kind: type[msgspec.Struct], at: str = "") -> Iterator[tuple[str, Any]]:
    """The keys of a section and of the sections in it, two levels deep: below, tables describe themselves."""
    for field in msgspec.structs.fields(kind):
        path = f"{at}.{field.name}" if at else field.name
        inner = field.type
        if not at and isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            yield from keys(inner, path)
        else:
            yield path, field


def test_every_key_of_the_settings_is_explained() -> None:
    """A key that exists and is not explained is found by nobody."""
    assert {path for path, _ in keys(Settings)} - NAMED == set()


def test_every_key_that_is_explained_exists() -> None:
    """An explained key that does not exist costs an evening."""
    sections = {field.name for field in msgspec.structs.fields(Settings)}
    explained = {
        name for name in NAMED if name.split(".")[0] in sections and "." in name and not name.endswith(".toml")
    }
    assert explained - {path for path, _ in keys(Settings)} == set()


def test_left_out_means_left_out() -> None:
    """What the table shows without a default must be given; what it shows with one need not be."""
    table = (ROOT / "docs/installing.md").read_text()
    for path, field in keys(Settings):
        row = next(line for line in table.splitlines() if line.startswith("|") and f"`{path}`" in line)
        optional = row.split("|")[3].strip() != ""
        may_be_none = type(None) in get_args(field.type)
        assert optional != field.required or may_be_none, path
