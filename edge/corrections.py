"""What officers corrected, as labelled pictures: picture, what was read, what is true. For `rocars-lane corrections`.

The pictures are the evidence of those visits; they are kept and pruned as all evidence is (`sync.evidence`), so a
correction older than the site keeps pictures has none left. Nothing leaves the box by itself: an officer of the site
exports a folder and carries it.

Rules of this file: the journal and the evidence are only read.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.visit_record import RecordKind
from sync.journal import Chain
from sync.store import LaneStore

COLUMNS = ("file", "plate", "region", "layout", "x", "y", "w", "h", "quad", "read", "visit", "taken_ms")
"""Of `labels.csv`: those of a folder of labelled pictures (`rocars-bench plates --data`), then what the lane knew.

Where the plate is nobody marked: its box is empty. `read` is "" where nothing was read.
"""
_PICTURE = re.compile(r"[0-9a-f]{64}")
_CORRECTED = f'"{RecordKind.CORRECTED}"'.encode()
_READS = (b'"PlateSettled"', b'"PlateUnread"', b'"PlateDoubted"')


@dataclass(frozen=True, slots=True)
class Correction:
    """An officer's word on one visit.

    Attributes:
        visit: its number at this lane.
        at_ms: when it was typed, UTC.
        read: the mark that the lane had, "" for none.
        truth: the mark that the officer typed, normalised.
        pictures: names of the visit's evidence, the whole picture first.
    """

    visit: int
    at_ms: int
    read: str
    truth: str
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorrectionsExported:
    """What an export wrote, and what it could not: corrections whose pictures are no longer kept."""

    written: int
    without_picture: int


def corrections(bodies: Iterable[bytes]) -> Iterator[Correction]:
    """The corrections of a journal, oldest first, from the bodies of its rows."""
    seen: dict[int, tuple[str, ...]] = {}
    for body in bodies:
        if _CORRECTED not in body and not any(name in body for name in _READS):
            continue
        row: dict[str, Any] = json.loads(body)
        event = row["event"]
        evidence = event.get("read", event).get("evidence", ())
        if evidence:
            seen = {event["visit"]: tuple(evidence)}  # one visit at a time: older ones are over
        for effect in row["effects"]:
            if effect.get("kind") == RecordKind.CORRECTED:
                facts, visit = dict(effect["facts"]), effect["visit"]
                at = int(row["at"]["utc_ms"])
                yield Correction(visit, at, facts.get("was", ""), facts["vrn"], seen.get(visit, ()))


def export(store: Path, evidence: Path, out: Path) -> CorrectionsExported:
    """Writes every correction that has a picture into the new folder `out`: JPEG files and `labels.csv`.

    Args:
        store: a lane's store, also beside a running agent.
        evidence: its folder of evidence pictures.
        out: made here; its parent must exist.

    Raises:
        StoreError: the store cannot be read; the text says what to do.
        FileExistsError: `out` is there already; an export is never mixed with another.
        OSError: it cannot be written.
    """
    opened = LaneStore(store, read_only=True)
    try:
        found = list(corrections(row.body for row in Chain(opened).rows()))
    finally:
        opened.close()
    out.mkdir(mode=0o750)
    written = 0
    with (out / "labels.csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(COLUMNS)
        for one in found:
            picture = _kept(evidence, one.pictures)
            if picture is None:
                continue
            name = f"{one.visit}-{picture.name[:16]}.jpg"
            shutil.copyfile(picture, out / name)
            place = (0, 0, 0, 0, "")
            table.writerow((name, one.truth, "HK", "", *place, one.read, one.visit, one.at_ms))
            written += 1
    return CorrectionsExported(written, len(found) - written)


def _kept(evidence: Path, names: tuple[str, ...]) -> Path | None:
    """The first of these pictures that is still there: whole pictures stand before the plates cut out of them."""
    for name in names:
        if _PICTURE.fullmatch(name) and (found := next(evidence.glob(f"*/{name}"), None)):
            return found
    return None
