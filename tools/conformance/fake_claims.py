"""Which bundle is whose at a core that is played: claims, and the rows that end them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from wire.messages import ClaimAnswer, ClaimWanted, EventMessage
from wire.records import BundleRecord, Record

Visit = tuple[str, int]
"""(journal, number)."""


class ClaimLedger:
    """The claims of one lane, in memory.

    Attributes:
        held: the visit and number of the claim of each bundle.
        used: the visit that used each bundle.
        over: the highest number of a claim that each visit has given back.
    """

    def __init__(self) -> None:
        self.held: dict[str, tuple[Visit, int]] = {}
        self.used: dict[str, Visit] = {}
        self.over: dict[Visit, int] = {}

    def answer(self, wanted: ClaimWanted, rows: Iterable[Record], *, epoch: str, version: int) -> ClaimAnswer:
        """What is to be said to a claim, `rows` being the list."""
        state, detail = self._judge(wanted, {row.ubr: row for row in rows if isinstance(row, BundleRecord)})
        if state == "granted":
            visit = (wanted.journal, wanted.visit)
            self._drop(visit)
            self.held |= {ubr: (visit, wanted.claim) for ubr in wanted.ubrs if ubr not in self.used}
        return ClaimAnswer(
            lane=wanted.lane,
            journal=wanted.journal,
            visit=wanted.visit,
            claim=wanted.claim,
            ubrs=wanted.ubrs,
            epoch=epoch,
            version=version,
            state=state,  # type: ignore[arg-type]
            detail=detail,
        )

    def _judge(self, wanted: ClaimWanted, bundles: dict[str, BundleRecord]) -> tuple[str, str]:
        visit = (wanted.journal, wanted.visit)
        if wanted.claim <= self.over.get(visit, 0):
            return "refused", "this claim is over"
        if any(journal == wanted.journal and number < wanted.visit for (journal, number), _ in self.held.values()):
            return "wait", "an earlier visit has not ended yet"
        for ubr in wanted.ubrs:
            if ubr not in bundles or bundles[ubr].deleted:
                return "refused", f"UBR {ubr} is not in the list"
            if self.used.get(ubr, visit) != visit:
                return "refused", f"UBR {ubr} was used"
            if self.held.get(ubr, (visit, 0))[0] != visit:
                return "refused", f"UBR {ubr} is claimed by another visit"
        return "granted", ""

    def _drop(self, visit: Visit) -> None:
        self.held = {ubr: held for ubr, held in self.held.items() if held[0] != visit}

    def read(self, row: EventMessage) -> None:
        """A committed row: what it uses, and gives back."""
        for effect in _effects(row.body):
            visit = (row.journal, int(effect.get("visit", 0)))
            if effect.get("type") == "Consume":
                self._drop(visit)
                self.used |= dict.fromkeys(effect["ubrs"], visit)
            elif effect.get("type") == "GiveBack":
                self._drop(visit)
                self.over[visit] = max(int(effect["claim"]), self.over.get(visit, 0))


def _effects(body: bytes) -> list[dict[str, Any]]:
    """The effects of an entry, none where it has another form."""
    try:
        entry = json.loads(body)
    except ValueError:
        return []
    effects = entry.get("effects", []) if isinstance(entry, dict) else []
    return [effect for effect in effects if isinstance(effect, dict)]
