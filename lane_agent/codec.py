"""Events, effects, lanes and codes as canonical JSON, and back. One rule for all of them, no table to keep.

Rules of this file: a dataclass is an object with its class name under "type"; an enum is its value; tuples are lists;
frozen sets are sorted lists. Canonical means: keys sorted, no blanks, UTF-8 as it is. Reading follows the type hints,
so an unknown type, an unknown field or a wrong value is an error, never a guess.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from lane_agent import effects, events, model, state

T = TypeVar("T")


class CodecError(ValueError):
    """Bytes that are not what this version writes. Says where."""


def to_plain(value: Any) -> Any:
    """The JSON form of a value of the lane."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {name: to_plain(getattr(value, name)) for name in _fields(type(value))}
        plain["type"] = type(value).__name__
        return plain
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    return value


def encode(value: Any) -> bytes:
    """Canonical JSON of a value (dataclass, tuple, dict of those)."""
    plain = {key: to_plain(item) for key, item in value.items()} if isinstance(value, dict) else to_plain(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@functools.cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def from_plain(plain: Any, kind: Any) -> Any:
    """A value of type `kind` (a type hint) from its JSON form.

    Raises:
        CodecError: the form does not fit.
    """
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(plain, get_args(kind))
    if origin in (tuple, frozenset):
        return _many(plain, origin, get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _checked(lambda: kind(plain), plain, kind)
    if dataclasses.is_dataclass(kind):
        return _object(plain, kind)
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    if not isinstance(plain, kind) or (kind is int and isinstance(plain, bool)):
        raise CodecError(f"{plain!r} is not {kind.__name__}")
    return plain


def _checked(make: Callable[[], T], plain: Any, kind: Any) -> T:
    try:
        return make()
    except ValueError:
        raise CodecError(f"{plain!r} is not a {kind.__name__}") from None


def _one_of(plain: Any, kinds: tuple[Any, ...]) -> Any:
    if plain is None and type(None) in kinds:
        return None
    if isinstance(plain, dict):
        for kind in kinds:
            if kind.__name__ == plain.get("type"):
                return from_plain(plain, kind)
        raise CodecError(f"unknown type {plain.get('type')!r}")
    return from_plain(plain, next(kind for kind in kinds if kind is not type(None)))


def _many(plain: Any, origin: Any, kinds: tuple[Any, ...]) -> Any:
    if not isinstance(plain, list):
        raise CodecError(f"{plain!r} is not a list")
    if origin is tuple and kinds[-1] is not Ellipsis:
        if len(plain) != len(kinds):
            raise CodecError(f"{plain!r} has not {len(kinds)} parts")
        return tuple(from_plain(item, kind) for item, kind in zip(plain, kinds, strict=True))
    return origin(from_plain(item, kinds[0]) for item in plain)


def _object(plain: Any, kind: Any) -> Any:
    if not isinstance(plain, dict) or plain.get("type") != kind.__name__:
        raise CodecError(f"{plain!r} is not a {kind.__name__}")
    names = set(_fields(kind))
    if set(plain) - {"type"} != names:
        raise CodecError(f"{kind.__name__}: fields {sorted(set(plain) ^ (names | {'type'}))} are missing or unknown")
    return kind(**{name: from_plain(plain[name], _hints(kind)[name]) for name in names})


def decode(body: bytes) -> Any:
    """The JSON value of canonical bytes.

    Raises:
        CodecError: not JSON.
    """
    try:
        return json.loads(body)
    except ValueError as error:
        raise CodecError(f"not JSON: {error}") from None


def event_from(plain: Any) -> events.Event:
    """An event from its JSON form; raises `CodecError`."""
    found: events.Event = from_plain(plain, events.Event)
    return found


def effect_from(plain: Any) -> effects.Effect:
    """An effect from its JSON form; raises `CodecError`."""
    found: effects.Effect = from_plain(plain, effects.Effect)
    return found


def lane_from(plain: Any) -> state.Lane:
    """A lane from its JSON form; raises `CodecError`."""
    found: state.Lane = from_plain(plain, state.Lane)
    return found


def moment_from(plain: Any) -> model.Moment:
    """A moment from its JSON form; raises `CodecError`."""
    found: model.Moment = from_plain(plain, model.Moment)
    return found
