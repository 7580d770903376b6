"""Whether the lane's records are what was recorded: the journal as the core acknowledged it, and the pictures it names.

Rules of this file:
- Nothing is changed; it may run beside the agent.
- A picture may be gone because its time is up, or because room was needed, which was written down. Any other is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from domain.times import DAY_MS
from edge import wiring
from edge.checks.findings import Finding, Surroundings, fault, ok
from edge.settings.load import Settings
from runtime.store_errors import StoreError
from sync.evidence import removed_early
from sync.journal import Chain, JournalRow
from sync.receipts import flaws
from sync.settings import PictureClass
from sync.store import LaneStore
from wire.envelope import KeyRing

_REMEDY = "stop the lane, keep this disk as it is, and call the maintainers"
_rows = msgspec.json.Decoder(dict[str, Any])


def records(settings: Settings, around: Surroundings) -> Iterator[Finding]:
    """The journal against the core's signature, and the pictures of the last days."""
    path = settings.lane.store
    if not path.exists():
        yield ok("records", "none yet")
        return
    try:
        ring = wiring.core_ring(settings.link.core_keys)
        with LaneStore(path, read_only=True) as store:
            problems = record_problems(
                Chain(store),
                ring,
                settings.lane.id,
                evidence=settings.lane.evidence,
                since_ms=int(around.utc().timestamp() * 1_000) - settings.evidence.reads_days * DAY_MS,
            )
    except OSError as error:
        yield fault("records", str(error), "mend that first")
        return
    for problem in problems:
        yield fault("records", problem, _REMEDY)
    if not problems:
        yield ok("records", "as the core acknowledged them; no picture is missing")


def record_problems(chain: Chain, ring: KeyRing, lane: str, *, evidence: Path, since_ms: int) -> list[str]:
    """What is wrong with the journal and the pictures that it has named since `since_ms` (UTC), in words."""
    try:
        flaw = chain.verify()
        found = [] if flaw is None else [f"journal row {flaw.seq} {flaw.what}"]
        found += flaws(chain, ring, lane)
        missing = missing_pictures(chain.rows(), evidence, since_ms=since_ms)
    except StoreError as error:
        return [str(error)]
    if missing:
        row, name = missing[0]
        rest = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
        found.append(f"row {row} names picture {name}, which was taken away{rest}")
    return found


def missing_pictures(rows: Iterable[JournalRow], evidence: Path, *, since_ms: int) -> list[tuple[int, str]]:
    """(row, picture) of each picture named since `since_ms` that is neither there nor written down as removed."""
    early = removed_early(evidence)
    there = {file.name for kind in PictureClass for file in (evidence / kind.value).glob("*")}
    found: dict[str, int] = {}
    for row in rows:
        entry = _rows.decode(row.body)
        if (entry["at"].get("utc_ms") or 0) > since_ms:
            for name in _pictures(entry["event"]):
                found.setdefault(name, row.seq)
    return [(seq, name) for name, seq in found.items() if name not in there and name not in early]


def _pictures(event: dict[str, Any]) -> list[str]:
    read = event.get("read")
    names = [*event.get("evidence", ()), *(read.get("evidence", ()) if isinstance(read, dict) else ())]
    return [str(name) for name in names]
