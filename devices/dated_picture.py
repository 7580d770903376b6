"""A picture and when it was taken, and what every camera does."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


class CameraError(OSError):
    """The camera gives no pictures; says what a technician can do."""


class LatePictures(CameraError):  # noqa: N818 - what it is, not that it is an error
    """The camera's pictures reach the box too late to say who is in the lane now."""


def monotonic_ms() -> int:
    """The box's time since boot, asleep or awake: a picture from before a sleep is old after it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@dataclass(frozen=True, slots=True)
class DatedPicture:
    """A picture as its camera gives it.

    Attributes:
        picture: (height, width, 3) blue-green-red.
        taken_ms: when it was taken, on the monotonic clock, as well as is known.
        earliest_ms: it was certainly not taken before. A stream without time stamps is known to be no older than its
            connection, and no more.
    """

    picture: Picture
    taken_ms: int
    earliest_ms: int

    @classmethod
    def now(cls, picture: Picture) -> DatedPicture:
        """Of a camera whose pictures are taken when they are asked for."""
        now = monotonic_ms()
        return cls(picture, now, now)


class Camera(Protocol):
    """Gives one picture after another."""

    def read(self) -> DatedPicture:
        """The next picture; blocks until there is one.

        Raises:
            CameraError: there will be none.
        """

    def close(self) -> None:
        """Lets go of the device."""
