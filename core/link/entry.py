"""A journal entry as the core reads it: strict types and limits, before anything is made of it.

Rules of this file:
- What an entry says is read piece by piece (`docs/schemas/entry.json`): a piece that does not fit is a problem, named, and
  the others count all the same. Nothing here raises for what a lane wrote.
- An effect or event whose type is not read here is no problem: it is the lane's own affair, or of a newer lane.
- Limits are far above what a lane writes. They bound what one row can cost: the depth of its JSON (by the decoder), the
  number of its effects and facts, the length of each text, the size of each number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from domain.times import LAST_MS
from wire.records import Ubr

MOST_EFFECTS = 64
"""Of one entry; a lane's longest has some fifteen."""

MOST_FACTS = 64
"""Of one record; a visit's base record has thirty-four."""

MOST_FACT_BYTES = 64 << 10
"""Of one record, all names and values together; a base record that names 2,000 consignments has 24 kB."""

T = TypeVar("T")

Visit = Annotated[int, Meta(ge=1, le=2**53)]
Kind = Annotated[str, Meta(min_length=1, max_length=64)]
Mark = Annotated[str, Meta(min_length=1, max_length=16)]
Fact = tuple[Annotated[str, Meta(max_length=64)], str]


class When(Struct, frozen=True):
    """When the lane wrote it: UTC ms, and how far to believe that."""

    utc_ms: Annotated[int, Meta(ge=0, le=LAST_MS)]
    quality: Annotated[str, Meta(max_length=16)] = ""


class FactsOfVisit(Struct, frozen=True, tag_field="type", tag="Record"):
    """A record; `visit` is 0 where it is about no vehicle."""

    kind: Kind
    visit: Annotated[int, Meta(ge=0, le=2**53)]
    facts: Annotated[tuple[Fact, ...], Meta(max_length=MOST_FACTS)] = ()


class AlarmOfLane(Struct, frozen=True, tag_field="type", tag="Alarm"):
    """An alarm that the lane raised."""

    kind: Kind
    visit: Annotated[int, Meta(ge=0, le=2**53)] = 0
    detail: str = ""
    cause: Annotated[str, Meta(max_length=256)] = ""


class AlarmEndedOfLane(Struct, frozen=True, tag_field="type", tag="AlarmEnded"):
    """The cause of an alarm of the lane is gone."""

    kind: Kind
    visit: Annotated[int, Meta(ge=0, le=2**53)] = 0
    cause: Annotated[str, Meta(max_length=256)] = ""


class UseOfBundles(Struct, frozen=True, tag_field="type", tag="Consume"):
    """The visit has used these bundles."""

    visit: Visit
    ubrs: Annotated[tuple[Ubr, ...], Meta(max_length=64)]


class ClaimReturned(Struct, frozen=True, tag_field="type", tag="GiveBack"):
    """The visit gives its claim back."""

    visit: Visit
    claim: Annotated[int, Meta(ge=1, le=2**53)]


class _SettledRead(Struct, frozen=True):
    vrn: Mark


class PlateSettled(Struct, frozen=True, tag_field="type"):
    """The reader has read this visit's mark."""

    visit: Visit
    read: _SettledRead

    @property
    def mark(self) -> str:
        """The mark as read."""
        return self.read.vrn


class OfficerCorrected(Struct, frozen=True, tag_field="type"):
    """An officer has typed this visit's mark."""

    visit: Visit
    vrn: Mark

    @property
    def mark(self) -> str:
        """The mark as typed."""
        return self.vrn


class ClaimTold(Struct, frozen=True, tag_field="type", tag="ClaimAnswered"):
    """The lane has heard the answer to a claim of this visit; `refusal` is "" where it was granted."""

    visit: Visit
    claim: Annotated[int, Meta(ge=1, le=2**53)]
    ubrs: Annotated[tuple[Ubr, ...], Meta(min_length=1, max_length=64)]
    refusal: str = ""


class LinkTold(Struct, frozen=True, tag_field="type", tag="LinkChanged"):
    """The lane's own verdict on its link has changed; the values are those of `lane_agent.model.Link`."""

    link: Annotated[str, Meta(max_length=16)]


Read = PlateSettled | OfficerCorrected
EntryEffect = FactsOfVisit | AlarmOfLane | AlarmEndedOfLane | UseOfBundles | ClaimReturned


class _Outer(Struct, frozen=True):
    at: Raw = Raw()
    event: Raw = Raw()
    effects: list[Raw] = []


class _Tagged(Struct, frozen=True):
    type: str = ""


_EFFECTS: dict[str, type[EntryEffect]] = {
    "Record": FactsOfVisit,
    "Alarm": AlarmOfLane,
    "AlarmEnded": AlarmEndedOfLane,
    "Consume": UseOfBundles,
    "GiveBack": ClaimReturned,
}
_CLAIMS: dict[str, type[ClaimTold]] = {"ClaimAnswered": ClaimTold}
_LINKS: dict[str, type[LinkTold]] = {"LinkChanged": LinkTold}
_READS: dict[str, type[Read]] = {"PlateSettled": PlateSettled, "OfficerCorrected": OfficerCorrected}


@dataclass(slots=True)
class JournalEntry:
    """What the core reads of an entry.

    Attributes:
        when: None where it does not say.
        claim: the answer to a claim that this entry is about, None for every other event.
        link: what the lane's link has become, None for every other event.
        read: the mark that this entry gives its visit, None for every other event.
        effects: those that the core reads, in order.
        problems: what does not fit, in words; empty if all does.
    """

    when: When | None = None
    read: Read | None = None
    claim: ClaimTold | None = None
    link: LinkTold | None = None
    effects: list[EntryEffect] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, body: bytes) -> JournalEntry:
        """Reads a row's body."""
        entry = cls()
        outer = entry._piece(body, _Outer, "the entry")
        if outer is None:
            return entry
        if outer.at:
            entry.when = entry._piece(outer.at, When, "at")
        if outer.event:
            entry.read = entry._chosen(outer.event, _READS, "event")
            entry.claim = entry._chosen(outer.event, _CLAIMS, "event")
            entry.link = entry._chosen(outer.event, _LINKS, "event")
        if len(outer.effects) > MOST_EFFECTS:
            entry.problems.append(f"{len(outer.effects)} effects; at most {MOST_EFFECTS} are read")
        for place, raw in enumerate(outer.effects[:MOST_EFFECTS]):
            effect = entry._chosen(raw, _EFFECTS, f"effect {place}")
            if isinstance(effect, FactsOfVisit) and _size(effect) > MOST_FACT_BYTES:
                entry.problems.append(f"effect {place}: {_size(effect)} characters of facts; at most {MOST_FACT_BYTES}")
            elif effect is not None:
                entry.effects.append(effect)
        return entry

    def _chosen(self, raw: Raw, kinds: dict[str, type[T]], where: str) -> T | None:
        tagged = self._piece(raw, _Tagged, where)
        kind = None if tagged is None else kinds.get(tagged.type)
        return None if kind is None else self._piece(raw, kind, where)

    def _piece(self, raw: bytes | Raw, kind: type[T], where: str) -> T | None:
        try:
            return msgspec.json.decode(raw, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.problems.append(f"{where}: {error}")
            return None


def _size(record: FactsOfVisit) -> int:
    return sum(len(name) + len(value) for name, value in record.facts)
