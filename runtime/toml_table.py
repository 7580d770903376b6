"""Reads a TOML table into frozen msgspec structs; finds every mistake at once and reports each in one line.

msgspec itself stops at the first mistake and speaks to programmers; this file goes through the struct's fields, gives
msgspec one value at a time, and tells a technician what was found and what to write instead. The remedy of a field is the
`description` of its `msgspec.Meta`; see `runtime.sections`.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from runtime.sections import Fits, NamedFile, Problem, Section, shown

S = TypeVar("S", bound=msgspec.Struct)

_MISSING = object()


class TableReader:
    """Reads tables, and collects what is wrong.

    Args:
        base: relative paths are taken from here.
        on_this_box: look for the files and libraries that the settings name, too.
    """

    def __init__(self, base: Path, *, on_this_box: bool) -> None:
        self._base = base
        self._on_this_box = on_this_box
        self._values: list[Problem] = []
        self._contradictions: list[Problem] = []
        self._lacking: list[Problem] = []

    def problems(self, between: Iterable[Problem] = ()) -> list[Problem]:
        """Everything that is wrong: values, then contradictions, then what this box lacks.

        Args:
            between: contradictions between sections.
        """
        return [*self._values, *self._contradictions, *between, *self._lacking]

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
        before = len(self._values)
        values = self.values(kind, table, at)
        if len(self._values) != before:
            return None
        made = kind(**values)
        if isinstance(made, Section):
            self._contradictions += (_below(at, each) for each in made.contradictions())
            if self._on_this_box:
                self._lacking += (_below(at, each) for each in made.on_this_box())
        return made

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
            self._wrong(key, "is missing", _addition(field, key))
        elif field.default is not msgspec.NODEFAULT:
            return field.default
        elif field.default_factory is not msgspec.NODEFAULT:
            return field.default_factory()
        return _MISSING

    def _value(self, kind: Any, value: object, key: str) -> Any:
        core, wanted, notes = _unwrap(kind)
        if _is_struct(core):
            found = self.read(core, value, key)
            return _MISSING if found is None else found
        if core is Path:
            return self._path(value, key, wanted, notes)
        origin, inner = get_origin(core), get_args(core)
        if origin is dict and isinstance(value, dict):
            return self._dict(inner[0], inner[1], value, key)
        if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis and isinstance(value, list):
            return tuple(self._value(inner[0], each, f"{key}[{place}]") for place, each in enumerate(value))
        return self._leaf(kind, value, key, wanted, notes)

    def _dict(self, key_kind: Any, kind: Any, table: Mapping[str, Any], at: str) -> dict[Any, Any]:
        if isinstance(key_kind, type) and issubclass(key_kind, Enum):
            names = {member.value: member for member in key_kind}
            self.unknown_keys(table, names, at)
            return {names[key]: self._value(kind, each, _join(at, key)) for key, each in table.items() if key in names}
        return {key: self._value(kind, each, _join(at, key)) for key, each in table.items()}

    def _path(self, value: object, key: str, wanted: str, notes: list[Any]) -> Any:
        if not (isinstance(value, str) and value and value.isprintable() and value == value.strip()):
            self._wrong(key, f"is {_say(value)}", f"write {wanted}")
            return _MISSING
        files = [note for note in notes if isinstance(note, NamedFile)]
        path = files[0].place(self._base, value) if files else self._base / value
        if self._on_this_box:
            for file in files:
                self._lacking += (Problem(key, *each) for each in file.lacking(path))
        return path

    def _leaf(self, kind: Any, value: object, key: str, wanted: str, notes: list[Any]) -> Any:
        try:
            found = msgspec.convert(value, type=kind, strict=True)
        except msgspec.ValidationError:
            found = _MISSING
        if found is _MISSING or not all(note.test(found) for note in notes if isinstance(note, Fits)):
            self._wrong(key, f"is {_say(value)}", f"{_near_member(kind, value)}write {wanted}")
            return _MISSING
        return found

    def _wrong(self, key: str, wrong: str, remedy: str) -> None:
        self._values.append(Problem(key or "the file", wrong, remedy))


def _join(at: str, key: str) -> str:
    return f"{at}.{shown(key)}" if at else shown(key)


def _below(at: str, problem: Problem) -> Problem:
    """A section's own problem as the file's: the section at `at`."""
    return Problem(_join(at, problem.key) if problem.key else at, problem.wrong, problem.remedy)


def _addition(field: FieldInfo, key: str) -> str:
    """How a missing key is added."""
    core, wanted, _ = _unwrap(field.type)
    if _is_struct(core) or get_origin(core) is dict:
        return f"add a section [{key}]"
    if get_origin(core) is tuple and _is_struct(get_args(core)[0]):
        return f"add a section [[{key}]]"
    return f"add {field.encode_name} = {wanted}"


def _nearest(key: str, names: list[str]) -> str:
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"remove it; known here: {', '.join(names)}"


def _near_member(kind: Any, value: object) -> str:
    core, *_ = _unwrap(kind)
    if not (isinstance(core, type) and issubclass(core, Enum) and isinstance(value, str)):
        return ""
    near = difflib.get_close_matches(value, [member.value for member in core], n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"? ' if near else ""


def _say(value: object) -> str:
    match value:
        case bool():
            return f"the switch {str(value).lower()}"
        case str():
            return f'the text "{_short(shown(value))}"' if value else "an empty text"
        case int() | float():
            huge = isinstance(value, int) and value.bit_length() > 64  # str() refuses the longest
            return "a number out of all bounds" if huge else f"the number {value}"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "a section"
        case _:
            return f"the {type(value).__name__} {value}"


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:100]}..."


_PLAIN: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    Path: "a path in quotes",
}


def _unwrap(kind: Any) -> tuple[Any, str, list[Any]]:
    """The bare type behind Annotated and `| None`, the words for what is wanted, and what else Annotated says."""
    wanted, notes = "", list[Any]()
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind, *metas = get_args(kind)
            wanted = wanted or next((m.description for m in metas if isinstance(m, msgspec.Meta) and m.description), "")
            notes += metas
        elif origin in (Union, types.UnionType):
            (kind,) = [each for each in get_args(kind) if each is not type(None)]
        else:
            return kind, wanted or _plain(kind), notes


def _plain(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(f'"{member.value}"' for member in kind)
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(kind))
    return _PLAIN.get(kind) or _PLAIN.get(typing.get_origin(kind)) or "a list, as the example file does"


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
