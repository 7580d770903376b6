"""Reads a TOML table into frozen msgspec structs; finds every mistake at once and reports each in one line.

msgspec itself stops at the first mistake and speaks to programmers; this file goes through the struct's fields, gives
msgspec one value at a time, and tells a technician what was found and what to write instead. The remedy of a field is the
`description` of its `msgspec.Meta`.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

S = TypeVar("S", bound=msgspec.Struct)

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where, what is wrong, what to do."""

    key: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: {self.wrong}; {self.remedy}"


class TableReader:
    """Reads tables; collects what is wrong in `problems`.

    Args:
        base: relative paths are taken from here.
    """

    def __init__(self, base: Path) -> None:
        self._base = base
        self.problems: list[Problem] = []

    def read(self, kind: type[S], table: object, at: str = "") -> S | None:
        """The table as a struct, or None if anything in it is wrong.

        Args:
            kind: the struct.
            table: what TOML gave.
            at: the table's key path, "" for the file itself.
        """
        if not isinstance(table, dict):
            self._wrong(at, f"is {_say(table)}", f"write it as a section: [{at}]")
            return None
        before = len(self.problems)
        values = self.values(kind, table, at)
        return kind(**values) if len(self.problems) == before else None

    def values(self, kind: type[msgspec.Struct], table: Mapping[str, Any], at: str = "") -> dict[str, Any]:
        """Each field of `kind` that could be read or has a default, so that the others need not hide its mistakes."""
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        self.unknown_keys(table, fields, at)
        values = {field.name: self._field(field, table, at) for field in fields.values()}
        return {name: value for name, value in values.items() if value is not _MISSING}

    def unknown_keys(self, table: Mapping[str, Any], known: Iterable[str], at: str) -> None:
        """Names every key of `table` that nothing reads, with the nearest one that is read."""
        names = sorted(known)
        for key in table:
            if key not in names:
                self._wrong(_join(at, key), "is no known key", _nearest(key, names))

    def _field(self, field: FieldInfo, table: Mapping[str, Any], at: str) -> Any:
        key = _join(at, field.encode_name)
        if field.encode_name in table:
            return self._value(field.type, table[field.encode_name], key)
        if field.required:
            core, wanted = _unwrap(field.type)
            remedy = f"add a section [{key}]" if _is_struct(core) else f"add {field.encode_name} = {wanted}"
            self._wrong(key, "is missing", remedy)
        elif field.default is not msgspec.NODEFAULT:
            return field.default
        elif field.default_factory is not msgspec.NODEFAULT:
            return field.default_factory()
        return _MISSING

    def _value(self, kind: Any, value: object, key: str) -> Any:
        core, wanted = _unwrap(kind)
        if _is_struct(core):
            found = self.read(core, value, key)
            return _MISSING if found is None else found
        if core is Path:
            return self._path(value, key, wanted)
        origin, inner = get_origin(core), get_args(core)
        if origin is dict and isinstance(value, dict):
            return self._dict(inner[0], inner[1], value, key)
        if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis and isinstance(value, list):
            return tuple(self._value(inner[0], each, f"{key}[{place}]") for place, each in enumerate(value))
        return self._leaf(kind, value, key, wanted)

    def _dict(self, key_kind: Any, kind: Any, table: Mapping[str, Any], at: str) -> dict[Any, Any]:
        if isinstance(key_kind, type) and issubclass(key_kind, Enum):
            names = {member.value: member for member in key_kind}
            self.unknown_keys(table, names, at)
            return {names[key]: self._value(kind, each, _join(at, key)) for key, each in table.items() if key in names}
        return {key: self._value(kind, each, _join(at, key)) for key, each in table.items()}

    def _path(self, value: object, key: str, wanted: str) -> Any:
        if isinstance(value, str) and value:
            return self._base / value
        self._wrong(key, f"is {_say(value)}", f"write {wanted}")
        return _MISSING

    def _leaf(self, kind: Any, value: object, key: str, wanted: str) -> Any:
        try:
            return msgspec.convert(value, type=kind, strict=True)
        except msgspec.ValidationError:
            self._wrong(key, f"is {_say(value)}", f"{_near_member(kind, value)}write {wanted}")
            return _MISSING

    def _wrong(self, key: str, wrong: str, remedy: str) -> None:
        self.problems.append(Problem(key or "the file", wrong, remedy))


def _join(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _nearest(key: str, names: list[str]) -> str:
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"remove it; known here: {', '.join(names)}"


def _near_member(kind: Any, value: object) -> str:
    core, _ = _unwrap(kind)
    if not (isinstance(core, type) and issubclass(core, Enum) and isinstance(value, str)):
        return ""
    near = difflib.get_close_matches(value, [member.value for member in core], n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"? ' if near else ""


def _say(value: object) -> str:
    match value:
        case bool():
            return f"the switch {str(value).lower()}"
        case str():
            return f'the text "{value}"' if value else "an empty text"
        case int() | float():
            return f"the number {value}"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "a section"
        case _:
            return f"the {type(value).__name__} {value}"


_PLAIN: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    Path: "a path in quotes",
}


def _unwrap(kind: Any) -> tuple[Any, str]:
    """The bare type behind Annotated and `| None`, and the words for what is wanted."""
    wanted = ""
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind, *metas = get_args(kind)
            wanted = wanted or next((m.description for m in metas if isinstance(m, msgspec.Meta) and m.description), "")
        elif origin in (Union, types.UnionType):
            (kind,) = [each for each in get_args(kind) if each is not type(None)]
        else:
            return kind, wanted or _plain(kind)


def _plain(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(f'"{member.value}"' for member in kind)
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(kind))
    return _PLAIN.get(kind) or _PLAIN.get(typing.get_origin(kind)) or "a list, as the example file does"


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
