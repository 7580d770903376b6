"""The contract's files under `docs/`: their names and texts, and the contract read back from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tools.docs.contract.asyncapi import document
from tools.docs.contract.changes import ContractChange, allowed, compare
from tools.docs.contract.channels import TIMES, VERSION, summary
from tools.docs.contract.policy import policy_page
from tools.docs.contract.schemas import schemas
from tools.docs.contract.vectors import vectors
from wire.channels import CHANNELS

INDEX = "schemas/index.json"


def contract() -> dict[str, Any]:
    """What is compared between versions: version, channels, schemas, and a digest of each vector."""
    return {
        "version": VERSION,
        "channels": {channel.name: summary(channel) for channel in CHANNELS},
        "schemas": schemas(),
        "vectors": _vectors(vectors()),
    }


def _vectors(found: dict[str, Any]) -> dict[str, Any]:
    """Each vector under the name of the schema that explains it, where there is one."""
    named = {f"{one['body_type']}.envelope": one["payload"] for one in found["envelopes"]}
    rows = {f"row_{one['key'][0]}.{place}": one["element"][:64] for place, one in enumerate(found["rows"])}
    whole = {name: json.dumps(found[name], sort_keys=True) for name in ("state", "journal", "log", "keys")}
    return named | rows | whole


def pages() -> dict[str, str]:
    """Every file: its path under `docs/` and its text."""
    index = {
        "contract": VERSION,
        "times": {name: getattr(TIMES, name) for name in TIMES.__struct_fields__},
        "channels": {channel.name: summary(channel) for channel in CHANNELS},
    }
    files = {
        "asyncapi.json": _json(document()),
        "vectors.json": _json(vectors()),
        "compatibility.md": policy_page(),
        INDEX: _json(index),
    }
    return files | {f"schemas/{name}.json": _json(schema) for name, schema in schemas().items()}


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def committed(read: Callable[[str], str], names: list[str]) -> dict[str, Any]:
    """The contract as the files under `docs/` have it; `read` gives a file's text, `names` are the schemas' files."""
    index, found = json.loads(read(INDEX)), json.loads(read("vectors.json"))
    return {
        "version": index["contract"],
        "channels": index["channels"],
        "schemas": {name.removesuffix(".json"): json.loads(read(f"schemas/{name}")) for name in sorted(names)},
        "vectors": _vectors(found),
    }


def changed(old: dict[str, Any]) -> tuple[list[ContractChange], str]:
    """The changes since `old` (`committed`), and why they may not be written ("" if they may)."""
    new = contract()
    changes = compare(old, new)
    return changes, allowed(old["version"], new["version"], changes)
