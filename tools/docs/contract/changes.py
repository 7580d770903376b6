"""What differs between two contracts, and which rule of the compatibility policy each difference falls under.

Rules of this file: contracts are compared as plain data (`pages.contract`): channels, schemas, vectors. A difference
that no rule is made for falls under the strictest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Needs(Enum):
    """What a change asks for, once v1 is frozen; while it is a draft, NEW_TOPICS is a raised middle number."""

    NEW_TOPICS = "new topics under rocars/v2/, beside v1"
    MINOR = "a raised middle number of the contract"
    NOTHING = "a raised last number of the contract"


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule of the policy."""

    name: str
    text: str
    needs: Needs


REMOVED = PolicyRule("P1", "Nothing that v1 has is taken away: no topic, message, field or value.", Needs.NEW_TOPICS)
FIELD_ADDED = PolicyRule(
    "P2",
    "No field is added to a message, not even an optional one: a reader refuses what it does not know, and a lane that "
    "does not understand the core stops releasing.",
    Needs.NEW_TOPICS,
)
TYPE_CHANGED = PolicyRule(
    "P3",
    "No type, limit or default of a field changes: narrower refuses what was right, wider is refused by those who "
    "have not changed.",
    Needs.NEW_TOPICS,
)
VALUE_ADDED = PolicyRule("P4", "No value is added to a closed set (an enum, a union, a type).", Needs.NEW_TOPICS)
ROW_CHANGED = PolicyRule(
    "P5", "No place of a row changes or is added: its bytes are hashed. It takes a new epoch as well.", Needs.NEW_TOPICS
)
MESSAGE_ADDED = PolicyRule(
    "P6", "No message is added to a topic that exists: its readers refuse what they do not know.", Needs.NEW_TOPICS
)
CHANNEL_ADDED = PolicyRule(
    "P7",
    "A topic may be added. A side that does not know it counts it as refused and goes on; nothing may rest on its being "
    "read.",
    Needs.MINOR,
)
DELIVERY_CHANGED = PolicyRule(
    "P8", "Who writes a topic, whether it is signed, its address and its retain flag stay.", Needs.NEW_TOPICS
)
QOS_CHANGED = PolicyRule("P9", "A topic's QoS may change: nothing rests on a broker's delivery.", Needs.MINOR)
OPEN_ADDED = PolicyRule(
    "P10", "What is open (journal entries, facts of a state) may grow; readers pass over what is new.", Needs.MINOR
)
BYTES_CHANGED = PolicyRule(
    "P11", "The same inputs give the same bytes, signatures and hashes for as long as v1 lives.", Needs.NEW_TOPICS
)
WORDS_CHANGED = PolicyRule("P12", "Words, titles and examples may change.", Needs.NOTHING)

RULES = (
    REMOVED,
    FIELD_ADDED,
    TYPE_CHANGED,
    VALUE_ADDED,
    ROW_CHANGED,
    MESSAGE_ADDED,
    CHANNEL_ADDED,
    DELIVERY_CHANGED,
    QOS_CHANGED,
    OPEN_ADDED,
    BYTES_CHANGED,
    WORDS_CHANGED,
)


@dataclass(frozen=True, slots=True)
class ContractChange:
    """One difference: where, what, and the rule it falls under."""

    place: str
    what: str
    rule: PolicyRule

    def __str__(self) -> str:
        return f"{self.place}: {self.what}\n    {self.rule.name}: {self.rule.text} Needs {self.rule.needs.value}."


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[ContractChange]:
    """Every difference from `old` to `new` (`pages.contract`), in a steady order."""
    found = [*_channels(old["channels"], new["channels"]), *_schemas(old["schemas"], new["schemas"])]
    fresh = {change.place.split(".")[0] for change in found}
    return [*found, *_vectors(old["vectors"], new["vectors"], fresh)]


def _channels(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[ContractChange]:
    for name in sorted(old.keys() - new.keys()):
        yield ContractChange(f"topic {name}", "is gone", REMOVED)
    for name in sorted(new.keys() - old.keys()):
        yield ContractChange(f"topic {name}", "is new", CHANNEL_ADDED)
    for name in sorted(old.keys() & new.keys()):
        yield from _channel(f"topic {name}", old[name], new[name])


def _channel(place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[ContractChange]:
    for body in sorted(set(old["bodies"]) - set(new["bodies"])):
        yield ContractChange(place, f"no longer carries {body}", REMOVED)
    for body in sorted(set(new["bodies"]) - set(old["bodies"])):
        yield ContractChange(place, f"carries {body} too", MESSAGE_ADDED)
    for key in ("address", "writer", "retained", "signed"):
        if old[key] != new[key]:
            yield ContractChange(place, f"{key} is {new[key]!r}, was {old[key]!r}", DELIVERY_CHANGED)
    if old["qos"] != new["qos"]:
        yield ContractChange(place, f"QoS is {new['qos']}, was {old['qos']}", QOS_CHANGED)


def _schemas(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[ContractChange]:
    for name in sorted(old.keys() - new.keys()):
        yield ContractChange(name, "is gone", REMOVED)
    for name in sorted(old.keys() & new.keys()):
        yield from _value(name, old[name], new[name], closed=_is_closed(old[name]))


def _is_closed(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "array" or schema.get("additionalProperties") is False


_WORDS = {"description", "title", "$id", "$schema", "examples"}
_SETS = {"enum", "anyOf", "oneOf"}


def _value(place: str, old: Any, new: Any, *, closed: bool) -> Iterator[ContractChange]:
    """Differences of two schemas, or of two parts of one."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _key(place, key, old, new, closed=closed)
    elif old != new:
        yield ContractChange(place, f"is {new!r}, was {old!r}", TYPE_CHANGED)


def _key(
    place: str, key: str, old: Mapping[str, Any], new: Mapping[str, Any], *, closed: bool
) -> Iterator[ContractChange]:
    before, after = old.get(key), new.get(key)
    if before == after:
        return
    if key in {"properties", "definitions"}:
        yield from _names(place, before or {}, after or {}, closed=closed)
    elif key in _WORDS:
        yield ContractChange(place, f"{key} reads differently", WORDS_CHANGED)
    elif key in _SETS:
        yield from _set(place, before or [], after or [])
    elif key == "required":
        pass  # said by the field that came, went, or has another default
    elif key in {"items", "minItems", "maxItems"} and isinstance(old.get("items"), list):
        yield from _places(place, key, before, after)
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _value(f"{place}.{key}", before, after, closed=closed)
    else:
        yield ContractChange(place, f"{key} is {after!r}, was {before!r}", TYPE_CHANGED)


def _names(place: str, old: Mapping[str, Any], new: Mapping[str, Any], *, closed: bool) -> Iterator[ContractChange]:
    for name in sorted(old.keys() - new.keys()):
        yield ContractChange(f"{place}.{name}", "is gone", REMOVED)
    for name in sorted(new.keys() - old.keys()):
        yield ContractChange(f"{place}.{name}", "is new", FIELD_ADDED if closed else OPEN_ADDED)
    for name in sorted(old.keys() & new.keys()):
        within = _is_closed(old[name]) if "properties" in old[name] else closed
        yield from _value(f"{place}.{name}", old[name], new[name], closed=within)


def _set(place: str, old: list[Any], new: list[Any]) -> Iterator[ContractChange]:
    for one in (one for one in old if one not in new):
        yield ContractChange(place, f"{_short(one)} is no longer among its values", REMOVED)
    for one in (one for one in new if one not in old):
        yield ContractChange(place, f"{_short(one)} is a new value", VALUE_ADDED)


def _places(place: str, key: str, old: Any, new: Any) -> Iterator[ContractChange]:
    if key == "items":
        what = "one of its places differs" if len(new) == len(old) else f"it has {len(new)} places, had {len(old)}"
        yield ContractChange(place, what, ROW_CHANGED)
    else:
        yield ContractChange(place, f"{key} is {new!r}, was {old!r}", ROW_CHANGED)


def _short(one: Any) -> str:
    return str(one["$ref"]).rpartition("/")[2] if isinstance(one, dict) and "$ref" in one else repr(one)


def _vectors(old: Mapping[str, Any], new: Mapping[str, Any], fresh: set[str]) -> Iterator[ContractChange]:
    """Bytes that changed although no schema explains it."""
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name] and name.split(".")[0] not in fresh:
            yield ContractChange(f"vector {name}", "the same input gives other bytes", BYTES_CHANGED)


def allowed(old: str, new: str, changes: list[ContractChange]) -> str:
    """Why the contract may not go from version `old` to `new` with these changes; "" if it may."""
    was, now = _numbers(old), _numbers(new)
    needs = {change.rule.needs for change in changes}
    if Needs.NEW_TOPICS in needs and was[0] > 0:
        return f"v1 is frozen (contract {old}): these changes need topics under rocars/v2/, beside v1"
    if needs & {Needs.NEW_TOPICS, Needs.MINOR} and now[:2] <= was[:2]:
        return f"raise the middle number of the contract's version, {old}, in tools/docs/contract/channels.py"
    if needs and now <= was:
        return f"raise the last number of the contract's version, {old}, in tools/docs/contract/channels.py"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
