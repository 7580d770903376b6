"""Settings as TOML: tables of plain values, lists of tables, and small tables in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def toml_text(settings: Mapping[str, Any]) -> str:
    """The text that reads as these settings again.

    Args:
        settings: sections, which hold plain values, lists of tables, and tables of tables.
    """
    plain = {key: value for key, value in settings.items() if not _is_table(value)}
    lines = [*_values(plain), ""] if plain else []
    for name, section in settings.items():
        if _is_table(section):
            lines += [*_section(name, section), ""]
    return "\n".join(lines)


def _section(name: str, section: Mapping[str, Any]) -> Iterator[str]:
    yield f"[{name}]"
    below = {key: value for key, value in section.items() if _is_tables(value) or _is_table_of_tables(value)}
    yield from _values({key: value for key, value in section.items() if key not in below})
    for key, value in below.items():
        if _is_tables(value):
            for table in value:
                yield ""
                yield f"[[{name}.{key}]]"
                yield from _values(table)
        else:
            yield ""
            yield f"[{name}.{key}]"
            yield from _values(value)


def _values(table: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key} = {_value(value)}" for key, value in table.items())


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            return f"{{ {', '.join(_values(value))} }}"
        case _:
            raise TypeError(f"{type(value).__name__} has no form in TOML here")


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _is_table_of_tables(value: Any) -> bool:
    """Such as [contacts.inputs]; a small table of plain values stays in one line."""
    return isinstance(value, Mapping) and any(isinstance(each, Mapping) for each in value.values())
