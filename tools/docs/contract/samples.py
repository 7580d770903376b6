"""An example of every body, made from its type: always the same, and always one that the type allows.

Rules of this file: nothing is random; a field's name gives it a value that reads well where the type allows it
(`_WORDS`), else the type alone does. A body that is added to `messages` has an example, a schema and a test vector
without a line here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, inspect

S = TypeVar("S", bound=Struct)

LANE = "szb-in-01"

_WORDS: dict[str, Any] = {
    "lane": LANE,
    "epoch": "9f2c61d04be7a853",
    "journal": "5b0e77c2a91d4f36",
    "boot": "c4d1a08e6f3b2957",
    "request": "07c3f1e2b84d96a5",
    "command": "e1b7a4d90c5286f3",
    "issuer": "control-room",
    "software": "0.1.0",
    "name": "manual",
    "text": "queue at the compound",
    "visit": "szb-in-01/5b0e77c2a91d4f36/41",
    "reason": "no codes yet",
    "ubr": "2026112201",
    "vrn": "AB1234",
    "mainland": "粤ZA1B2港",
    "point": "SZB",
    "ccrn": "2001067889",
    "code": "release",
    "session": 13_465_212_398_770_041_219,
    "seq": 42,
    "version": 1_203,
    "serial": 7,
    "core_ms": 1_795_305_600_000,
    "issued_ms": 1_795_305_600_000,
    "expires_ms": 1_795_305_630_000,
    "earliest_ms": 1_795_305_600_000,
    "valid_until_ms": 1_796_140_800_000,
    "revert_ms": 600_000,
    "first": 40,
    "last": 42,
    "part": 0,
    "parts": 2,
    "kid": "core-1",
    "body": b'{"at":{"utc_ms":1795305600000},"effects":[],"event":{"type":"TimerFired"}}',
    "facts": {"row": "2 waiting"},
    "read_ms": 1_795_305_600_000,
    "sent_ms": 1_795_305_600_000,
    "mark": "AB 1234",
    "picture": hashlib.sha256(b"a picture").hexdigest(),
    "kind": "plate",
    "deleted": False,
    "used_by": "",
    "scheme": "",
    "forgets": (),
}


def sample(kind: type[S]) -> S:
    """An example of a body, row or envelope."""
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{kind} is no struct")
    value: S = _struct(info)
    return value


def _struct(info: inspect.StructType) -> Any:
    return info.cls(**{field.name: _value(field.name, field.type) for field in info.fields})


def _value(name: str, kind: inspect.Type) -> Any:
    """A value for a field: the one its name suggests if the type takes it, else one of the type's own."""
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    word = _WORDS.get(name)
    if word is not None and _fits(word, kind):
        return word
    return _typed(name, kind)


def _fits(word: Any, kind: inspect.Type) -> bool:
    match kind:
        case inspect.StrType():
            return isinstance(word, str) and _is_text(word, kind)
        case inspect.IntType():
            return isinstance(word, int) and not isinstance(word, bool)
        case inspect.BytesType():
            return isinstance(word, bytes) and kind.max_length is None
        case inspect.BoolType():
            return isinstance(word, bool)
        case inspect.DictType():
            return isinstance(word, dict)
        case inspect.VarTupleType():
            return isinstance(word, tuple)
        case _:
            return False


def _is_text(word: str, kind: inspect.StrType) -> bool:
    long = (kind.min_length or 0) <= len(word) <= (kind.max_length or len(word))
    return long and (kind.pattern is None or re.search(kind.pattern, word) is not None)


def _text(name: str, kind: inspect.StrType) -> str:
    """The field's own name, else a digest, else nothing, whichever the type takes."""
    for word in (name, hashlib.sha256(name.encode()).hexdigest(), ""):
        if _is_text(word, kind):
            return word
    raise TypeError(f"no example can be made of {name}: {kind}; add a word for it to samples._WORDS")


def _typed(name: str, kind: inspect.Type) -> Any:
    for scalar, make in _SCALARS.items():
        if isinstance(kind, scalar):
            return make(name, kind)
    return _composed(name, kind)


def _composed(name: str, kind: inspect.Type) -> Any:
    match kind:
        case inspect.StructType():
            return _struct(kind)
        case inspect.VarTupleType():
            return tuple(_value(name.removesuffix("s"), one) for one in _alternatives(kind.item_type))
        case inspect.TupleType():
            return tuple(_value(name, one) for one in kind.item_types)
        case inspect.UnionType():
            return _value(name, kind.types[0])
        case _:
            raise TypeError(f"no example can be made of {name}: {kind}")


def _alternatives(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """One of each, where a list may hold several kinds."""
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _bytes(name: str, kind: inspect.BytesType) -> bytes:
    """As long as it may be, at most 32, and different for each name."""
    return hashlib.shake_256(name.encode()).digest(min(kind.max_length or 32, 32))


_SCALARS: dict[type[inspect.Type], Callable[[str, Any], Any]] = {
    inspect.StrType: _text,
    inspect.IntType: lambda _, kind: kind.ge if kind.ge is not None else 0,
    inspect.FloatType: lambda _name, _kind: 0.5,
    inspect.BoolType: lambda _name, _kind: False,
    inspect.BytesType: _bytes,
    inspect.LiteralType: lambda _, kind: kind.values[0],
    inspect.EnumType: lambda _, kind: next(iter(kind.cls)),
    inspect.DictType: lambda _name, _kind: {},
    inspect.AnyType: lambda _name, _kind: None,
    inspect.NoneType: lambda _name, _kind: None,
}


def json_view(body: Struct) -> Any:
    """The JSON view of a body: maps as objects, arrays as arrays, byte strings in base64."""
    return msgspec.json.decode(msgspec.json.encode(body))
