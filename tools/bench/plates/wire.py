"""What a contender and the bench say to each other: lines of JSON. Only the standard library: contenders import it.

contender  {"version": …, "megabytes": …, "pieces": …, "release": …}              ready (`ContenderHello`), or
           {"absent": "why, and what to do"}                                      and the end
bench      {"file": path, "plates": [four corners, …], "crop": …}                 `ReadRequest`
contender  {"answers": […], "marks": {…}, "cost": {…}}                            `ContenderReply`

Numbers are plain; text is escaped by JSON, so any encoding of the pipe carries it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Corners = Sequence[Sequence[float]]
"""Four points (x, y) in pixels of the picture, clockwise from the top left."""


@dataclass(frozen=True, slots=True)
class ContenderHello:
    """What a contender says of itself.

    Attributes:
        version: name and version.
        megabytes: installed size (10^6 bytes), None where it cannot be told.
        pieces: its answers are pieces of text, not whole plates.
        release: its release threshold in use, "" where it chooses no mark to act on.
    """

    version: str
    megabytes: float | None
    pieces: bool
    release: str = ""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One request.

    Attributes:
        file: the picture.
        plates: where plates are; for those that are told, and for crops.
        crop: the plate is the whole picture.
    """

    file: str
    plates: Sequence[Corners] = ()
    crop: bool = False


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """A text and where it is; confidence 0 to 1."""

    text: str
    corners: Corners
    confidence: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What one picture took, from the decoded picture to the answers.

    Attributes:
        ms: by the clock.
        cpu_ms: of the processor, all threads; on a quiet core the same.
        parts: processor milliseconds of named parts of the work.
        held_mb: memory (10^6 bytes) that the process holds when the answers are there; `peak_mb`: the most it ever held.
    """

    ms: float = 0.0
    cpu_ms: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    held_mb: float = 0.0
    peak_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class ContenderReply:
    """What a contender says of one picture.

    Attributes:
        answers: every text.
        marks: by release threshold the Hong Kong mark that would be acted on; empty where it chooses none.
        cost: a contender fills in `parts`, if it has any.
    """

    answers: Sequence[ReadAnswer]
    marks: dict[str, str | None] = field(default_factory=dict)
    cost: Cost = Cost()


def reply(said: dict[str, Any]) -> ContenderReply:
    """The reply that a line of JSON holds."""
    return ContenderReply([ReadAnswer(**one) for one in said["answers"]], said["marks"], Cost(**said["cost"]))
