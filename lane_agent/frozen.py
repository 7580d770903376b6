"""What makes the frozen values of the lane quick: the prover copies, compares and hashes millions of them.

A frozen dataclass is slow to make: each field goes through `object.__setattr__`. A copy is therefore made as a twin, a
class with the same slots that is not frozen, and becomes one of the frozen class when it is complete. What fills the twin is
written out, a line for each field, as `dataclasses` writes its own methods: a loop over the names takes half as long again.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


class Constant(Enum):
    """An enumeration whose members hash as they compare, by identity; `Enum` itself hashes their names, in Python."""

    __hash__ = object.__hash__


def replace(value: T, /, **changes: Any) -> T:
    """As `dataclasses.replace`, for frozen dataclasses with slots, two fields or more, and no `__post_init__`.

    Raises:
        AttributeError: no such field.
    """
    kind: Any = type(value)
    copy = _twin_of(kind)(value)
    for name, change in changes.items():
        setattr(copy, name, change)
    copy.__class__ = kind
    frozen: T = copy
    return frozen


@functools.cache
def _twin_of(kind: Any) -> Callable[[Any], Any]:
    """What makes the twin of a value of that class."""
    names = [field.name for field in dataclasses.fields(kind)]
    twin = type(f"{kind.__name__}Twin", (), {"__slots__": names})
    lines = ["def twin_of(value):", "    copy = new(twin)", *(f"    copy.{name} = value.{name}" for name in names)]
    made: dict[str, Any] = {"new": object.__new__, "twin": twin}
    exec("\n".join([*lines, "    return copy"]), made)  # noqa: S102 -- names of our own fields, and nothing else
    twin_of: Callable[[Any], Any] = made["twin_of"]
    return twin_of
