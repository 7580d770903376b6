"""The heads of journals that lanes have named: what a broker swallows on its way here, the nonces still tell of.

A lane whose store was put back to a copy from before rows that never arrived contradicts nothing that is committed here. It
contradicts its own signed word: the head that it named before (design §2.16).
"""

from __future__ import annotations

from typing import NamedTuple

MOST_JOURNALS = 8
"""Of a lane, the latest: a lane that makes up journals costs no memory."""


class NamedHead(NamedTuple):
    """A row of a journal, and its hash."""

    last: int = 0
    digest: bytes = bytes(32)

    def is_before(self, furthest: NamedHead) -> bool:
        """Whether whoever names this one has lost what it named before: the row is an earlier one, or another."""
        return self.last < furthest.last or (self.last == furthest.last and self.digest != furthest.digest)


class NamedHeads:
    """The furthest head of each journal, since this core started."""

    def __init__(self) -> None:
        self._heads: dict[str, dict[str, NamedHead]] = {}

    def on_nonce(self, lane: str, journal: str, named: NamedHead) -> NamedHead:
        """The furthest head of that journal, this one included."""
        heads = self._heads.setdefault(lane, {})
        furthest = max(heads.pop(journal, NamedHead()), named, key=lambda head: head.last)
        heads[journal] = furthest
        if len(heads) > MOST_JOURNALS:
            del heads[next(iter(heads))]
        return furthest
