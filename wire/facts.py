"""Facts as lanes tell them beside their journals (`up/state`, `up/telemetry`): plain values, and no more than a few.

Rules of this file: what gets through can be printed, encoded as JSON and compared by anybody: text, whole numbers, finite
figures, true, false, nothing, and lists and maps of these, with text for names. Everything else is refused at the door.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from wire.errors import Reason, WireRefusedError

DEEPEST = 4
"""Lists and maps inside each other; a lane's state has two."""

MOST = 500
"""Values in all, names included."""

LONGEST = 4_096
"""Characters of one text."""


def check_facts(facts: Mapping[str, object]) -> None:
    """Returns if these are facts.

    Raises:
        WireRefusedError: MALFORMED, with what they are not.
    """
    level: list[object] = [facts]
    count = 0
    for _ in range(DEEPEST):
        inner: list[object] = []
        for value in level:
            inner += _inside(value)
        count += len(inner)
        if count > MOST:
            raise WireRefusedError(Reason.MALFORMED, f"facts: {count} values, at most {MOST}")
        level = inner
    if any(isinstance(value, Mapping | list | tuple) for value in level):
        raise WireRefusedError(Reason.MALFORMED, f"facts: more than {DEEPEST} levels")


def _inside(value: object) -> list[object]:
    """What a value holds, its names among it; a value that is none of the plain ones is refused."""
    match value:
        case Mapping():
            if not all(isinstance(name, str) for name in value):
                raise WireRefusedError(Reason.MALFORMED, "facts: a name that is no text")
            return [*value.keys(), *value.values()]
        case list() | tuple():
            return [*value]
        case str() if len(value) <= LONGEST:
            return []
        case None | bool() | int():
            return []
        case float() if math.isfinite(value):
            return []
        case str():
            raise WireRefusedError(Reason.MALFORMED, f"facts: a text of {len(value)} characters, at most {LONGEST}")
        case float():
            raise WireRefusedError(Reason.MALFORMED, f"facts: {value} is no figure")
        case _:
            raise WireRefusedError(Reason.MALFORMED, f"facts: a {type(value).__name__} is no plain value")
