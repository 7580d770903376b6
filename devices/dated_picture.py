"""A picture and when it was taken, and what every camera does."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


class CameraError(OSError):
    """The camera gives no pictures; says what a technician can do."""


class LatePictures(CameraError):  # noqa: N818 - what it is, not that it is an error
    """The camera's pictures reach the box too late to say who is in the lane now."""


class LoginRefused(CameraError):  # noqa: N818 - what it is, not that it is an error
    """The camera does not let this user in. Asked again and again, many a camera locks the address."""


def monotonic_ms() -> int:
    """The box's time since boot, asleep or awake: a picture from before a sleep is old after it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class DatedPicture:
    """A picture as its camera gives it.

    Args:
        picture: (height, width, 3) blue-green-red; or what makes it, which is done once and only if somebody looks: most
            pictures of a stream are never looked at, and their colours cost as much as a third of their decoding.
        taken_ms: when it was taken, on the monotonic clock, as well as is known.
        earliest_ms: it was certainly not taken before. A stream without time stamps is known to be no older than its
            connection, and no more.
    """

    def __init__(self, picture: Picture | Callable[[], Picture], taken_ms: int, earliest_ms: int) -> None:
        self._source = picture
        self.taken_ms = taken_ms
        self.earliest_ms = earliest_ms

    @cached_property
    def picture(self) -> Picture:
        """The picture.

        Raises:
            CameraError: it cannot be made.
        """
        return self._source() if callable(self._source) else self._source

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


class PictureDemand:
    """What passes between a camera's thread and whoever looks at its pictures.

    Attributes:
        full: somebody is in the lane, every picture may be wanted; else a few a second are enough.
        heard_ms: when the camera last sent a picture, in time and whole, that was left undecoded.
    """

    def __init__(self, *, full: bool = True) -> None:
        self.full = full
        self.heard_ms = 0
