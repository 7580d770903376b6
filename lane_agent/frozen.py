"""What makes the frozen values of the lane quick: the prover copies, compares and hashes millions of them.

A frozen dataclass is slow to make: each field goes through `object.__setattr__`. A copy is therefore made as a twin, a
class with the same slots that is not frozen, and becomes one of the frozen class when it is complete.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
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
    twin, read = _shape(kind)
    copy = twin(*read(value))
    for name, change in changes.items():
        setattr(copy, name, change)
    copy.__class__ = kind
    frozen: T = copy
    return frozen


@functools.cache
def _shape(kind: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    names = [field.name for field in dataclasses.fields(kind)]
    return dataclasses.make_dataclass(f"{kind.__name__}Twin", names, slots=True), operator.attrgetter(*names)
