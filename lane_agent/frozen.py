"""`replace` for the frozen values of the lane: as `dataclasses.replace`, three times as fast; the prover makes millions."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def replace(value: T, /, **changes: Any) -> T:
    """A copy of a dataclass value (at least two fields, all in its constructor) with some fields changed.

    Raises:
        KeyError: no such field.
    """
    kind: Any = type(value)
    places, read = _shape(kind)
    fields = list(read(value))
    for name, change in changes.items():
        fields[places[name]] = change
    changed: T = kind(*fields)
    return changed


@functools.cache
def _shape(kind: Any) -> tuple[dict[str, int], Callable[[Any], tuple[Any, ...]]]:
    names = [field.name for field in dataclasses.fields(kind)]
    return {name: place for place, name in enumerate(names)}, operator.attrgetter(*names)
