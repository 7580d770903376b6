"""Facts beside the journal are plain values, and few: whatever gets through can be printed by anybody."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from wire.errors import WireRefusedError
from wire.facts import DEEPEST, LONGEST, MOST, check_facts


def nested(levels: int) -> Any:
    """A list in a list in a list."""
    return [] if levels == 1 else [nested(levels - 1)]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"open": True, "manual": ["ordered"], "visit": 7, "vrn": "AB1", "core_keys": ["core.1"], "none": None},
        {"load": 0.5, "big": 2**63},
        {"deep": nested(DEEPEST - 1)},
    ],
)
def test_facts_pass(facts: dict[str, Any]) -> None:
    """What lanes say, and more of it."""
    check_facts(facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"load": float("nan")},
        {"load": float("inf")},
        {"load": [{"x": -float("inf")}]},
        {"data": b"bytes"},
        {"ext": msgspec.msgpack.Ext(5, b"x")},
        {"map": {7: "a number for a name"}},
        {"deep": nested(DEEPEST)},
        {"many": list(range(MOST))},
        {"long": "x" * (LONGEST + 1)},
        {"x" * (LONGEST + 1): 1},
    ],
    ids=lambda facts: repr(facts)[:40],
)
def test_what_is_no_fact_is_refused(facts: dict[str, Any]) -> None:
    """No figure, no plain value, no text for a name, too deep, too many, too long."""
    with pytest.raises(WireRefusedError, match="facts"):
        check_facts(facts)
