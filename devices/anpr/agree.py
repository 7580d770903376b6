"""Several cuts of the same plate, read one by one, made one reading: what changes with a slightly other cut is doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devices.anpr.beam import Reading


def _weight(reading: Reading) -> float:
    return min((chance for _, chance in reading.characters), default=0.0)


def agreed(readings: Sequence[Reading]) -> Reading:
    """The best-supported text; its characters are as sure as all cuts together make them.

    A text that satisfies a grammar goes before one that does not. A cut that says something else counts as a zero for
    every character.
    """
    support: dict[tuple[bool, str], float] = {}
    for reading in readings:
        key = (reading.form is not None, reading.text)
        support[key] = support.get(key, 0.0) + _weight(reading)
    text = max(support, key=lambda key: (key[0], support[key]))[1]
    same = [reading for reading in readings if reading.text == text]
    columns = zip(*(reading.characters for reading in same), strict=True)
    characters = tuple((spots[0][0], round(sum(c for _, c in spots) / len(readings), 4)) for spots in columns)
    return replace(same[0], characters=characters)
