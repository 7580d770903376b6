"""What the reader says of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray


class Region(Enum):
    """Whose plate it is; the value is the word in the output of `rocars-lane read`."""

    HONG_KONG = "HK"
    CROSS_BORDER = "CN-crossborder"
    MAINLAND = "CN"
    MACAU = "MO"
    UNKNOWN = "unknown"


class Background(Enum):
    """The colour behind the characters. It chooses the grammar: a black plate is never a Hong Kong mark."""

    WHITE = "white"
    YELLOW = "yellow"
    GREEN = "green"
    BLACK = "black"
    BLUE = "blue"
    OTHER = "other"  # paintwork: a badge or lettering, no plate of any kind

    @property
    def light(self) -> bool:
        """Dark characters on a light background."""
        return self in {Background.WHITE, Background.YELLOW, Background.GREEN}


@dataclass(frozen=True, slots=True)
class PlateRead:
    """One plate of one picture.

    Attributes:
        text: as read, in the characters of `ALPHABET`; "" where nothing was legible.
        region: from colour and grammar.
        rows: 1 or 2.
        corners: clockwise from the top left of the plate, (4, 2) float32, pixels of the picture.
        confidence: the lowest character confidence, 0 to 1; 0 for no text.
        characters: each character with its own confidence.
        score: how sure the detector is that this is a plate at all, 0 to 1.
        inside: whether it is in the lane's part of the picture, and whole; what is not never counts.
        lengths: how many characters each row has, the upper first; empty where that is not certain.
        explained: how surely a second look sees a whole plate of so many rows here, 0 to 1 (`devices.anpr.look`).
    """

    text: str
    region: Region
    rows: int
    corners: NDArray[np.float32]
    confidence: float
    characters: tuple[tuple[str, float], ...]
    score: float = 1.0
    inside: bool = True
    lengths: tuple[int, ...] = ()
    explained: float = 1.0

    @property
    def area(self) -> float:
        """Of the plate in the picture, square pixels."""
        x, y = self.corners[:, 0], self.corners[:, 1]
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
