"""What ails a camera whose pictures come: black, blinded, out of focus, moved. Told apart on a small grey picture; no camera in here.

| named | when | for how long |
|---|---|---|
| black | next to nothing in the lane's part is brighter than black | `LASTS_MS` |
| blinded | a large share of it is white, as by sun or headlights | `LASTS_MS` |
| out of focus | its edges are `BLURRED` of the reference's, with nobody in the lane | `LASTS_MS` |
| moved | the picture fits the reference at another place, with nobody in the lane | `LASTS_MS` |
| looks elsewhere | it fits the reference nowhere, with nobody in the lane | `ELSEWHERE_MS`: a vehicle that passes fits nowhere, too |

A camera that gives no pictures, or the same again and again, is `devices.stall`'s. The last three need a reference: a picture of the
empty lane that a technician has approved (`camera.reference`). Light changes, so edges are compared and not brightness.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.dated_picture import CameraError, Picture

LASTS_MS = 1_800
"""So long it must be seen before it is told: with two looks a second at rest, within three seconds of its beginning."""
ELSEWHERE_MS = 20_000
WELL_MS = 1_000
"""So long nothing must be seen of it before it is over."""
BLACK, WHITE = 24, 250
DARK_SHARE = 0.995
"""Of the lane's part at night, headlights and lamps leave more than this in the light."""
BLINDED_SHARE = 0.4
BLURRED = 0.35
MOVED_SHARE = 0.03
"""Of the picture's width; a bracket that a truck has touched moves the picture by more."""
FITS, FITS_NOWHERE = 0.15, 0.05
"""Of the peak of the phase correlation, 1 for the same picture; measured on drawn lanes with noise and other light."""

_WIDTH, _HEIGHT = 320, 180
_EDGES_LEAST = 2.0
"""Mean edge of a picture that has something to compare; fog and darkness have less."""

Grey = NDArray[np.uint8]


class CameraAilment(Enum):
    """What is wrong, as people read it with what to do."""

    BLACK = "the picture is black: look for a cover on the lens, and at the light of the lane"
    BLINDED = "the picture is blinded: shade the camera from sun or headlights, or lower its exposure"
    OUT_OF_FOCUS = "the picture is out of focus: clean the lens and its window, then focus"
    MOVED = "the camera has moved: put it back, or store a new reference once the lane is in its region again"
    ELSEWHERE = "the camera looks elsewhere than its reference: put it back, or store a new reference"


_LASTS: Final = {CameraAilment.ELSEWHERE: ELSEWHERE_MS}


def small_grey(picture: Picture) -> Grey:
    """The picture as `CameraCondition` looks at it: grey, 320 x 180."""
    height, width = picture.shape[:2]
    step = max(1, min(height // _HEIGHT, width // _WIDTH))
    thinned = np.ascontiguousarray(picture[::step, ::step])
    grey = cv2.cvtColor(thinned, cv2.COLOR_BGR2GRAY) if thinned.ndim == 3 else thinned
    return np.asarray(cv2.resize(grey, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def edges(grey: Grey) -> NDArray[np.float32]:
    """How strong the edges are, free of brightness."""
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down), np.float32)


@dataclass(frozen=True, slots=True)
class CameraReference:
    """The empty lane as a technician has approved it.

    Attributes:
        sharpness: of its edges in the lane's part.
    """

    shape: NDArray[np.float32]
    sharpness: float

    @classmethod
    def of(cls, grey: Grey, box: tuple[float, float, float, float]) -> CameraReference:
        """From a picture as `small_grey` makes it, and the lane's part of it in shares: left, top, right, bottom."""
        return cls(_comparable(edges(grey)), _sharpness(_part(grey, box)))

    @classmethod
    def read(cls, path: Path, box: tuple[float, float, float, float]) -> CameraReference:
        """From the file.

        Raises:
            CameraError: it is no picture.
        """
        found = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if found is None:
            raise CameraError(f"{path} is no picture: store the reference again (rocars-lane check --walk)")
        return cls.of(small_grey(np.asarray(found, np.uint8)), box)


class CameraCondition:
    """The condition of one camera.

    Args:
        box: the lane's part, in shares of the picture: left, top, right, bottom.
        reference: the empty lane; None where none was stored.
    """

    def __init__(self, box: tuple[float, float, float, float], reference: CameraReference | None = None) -> None:
        self._box, self._reference = box, reference
        self._since: dict[CameraAilment, int] = {}
        self._told: CameraAilment | None = None
        self._well_ms: int | None = None

    def saw(self, picture: Picture, at_ms: int, *, empty: bool) -> CameraAilment | None:
        """Looks at a picture; returns what ails the camera now.

        Args:
            picture: of any size.
            at_ms: when it was taken.
            empty: nobody is in the lane, so that it may be compared with the reference.
        """
        now = self._judge(small_grey(picture), empty=empty)
        if now is None and not empty and self._told not in (None, CameraAilment.BLACK, CameraAilment.BLINDED):
            return self._told  # nothing was compared
        self._since = {ailment: since for ailment, since in self._since.items() if ailment is now}
        if now is None:
            self._well_ms = at_ms if self._well_ms is None else self._well_ms
            if self._told is not None and at_ms - self._well_ms >= WELL_MS:
                self._told = None
            return self._told
        self._well_ms = None
        if at_ms - self._since.setdefault(now, at_ms) >= _LASTS.get(now, LASTS_MS):
            self._told = now
        return self._told

    def _judge(self, grey: Grey, *, empty: bool) -> CameraAilment | None:
        part = _part(grey, self._box)
        if float((part < BLACK).mean()) >= DARK_SHARE:
            return CameraAilment.BLACK
        if float((part >= WHITE).mean()) >= BLINDED_SHARE:
            return CameraAilment.BLINDED
        if not empty or self._reference is None:
            return None
        if _sharpness(part) < BLURRED * self._reference.sharpness:
            return CameraAilment.OUT_OF_FOCUS
        return self._place(grey, self._reference)

    def _place(self, grey: Grey, reference: CameraReference) -> CameraAilment | None:
        now = edges(grey)
        if float(now.mean()) < _EDGES_LEAST:
            return None
        then = reference.shape.copy()  # OpenCV lays the window over what it is given, each time anew
        (right, down), peak = cv2.phaseCorrelate(then, _comparable(now), _WINDOW)
        if peak < FITS_NOWHERE:
            return CameraAilment.ELSEWHERE
        moved = max(abs(right) / _WIDTH, abs(down) / _HEIGHT) > MOVED_SHARE
        return CameraAilment.MOVED if moved and peak >= FITS else None


_WINDOW = np.asarray(cv2.createHanningWindow((_WIDTH, _HEIGHT), cv2.CV_32F), np.float32)


def _comparable(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Edges softened by a few pixels, so that noise and a picture coded anew do not count."""
    return np.asarray(cv2.GaussianBlur(np.minimum(found, 120.0), (5, 5), 0), np.float32)


def _part(grey: Grey, box: tuple[float, float, float, float]) -> Grey:
    left, top, right, bottom = box
    height, width = grey.shape
    rows = slice(int(top * height), max(int(top * height) + 1, round(bottom * height)))
    columns = slice(int(left * width), max(int(left * width) + 1, round(right * width)))
    return grey[rows, columns]


def _sharpness(part: Grey) -> float:
    """How strong its finest edges are, in relation to its contrast: light alone does not change it.

    The noise of the sensor is fine as well, and is the same in every part: what most of the picture has is taken off.
    """
    found = np.abs(cv2.Laplacian(cv2.GaussianBlur(part, (5, 5), 0), cv2.CV_32F))
    fine = float(np.percentile(found, 99) - np.percentile(found, 50))
    spread = float(np.percentile(part, 98) - np.percentile(part, 2))
    return fine / max(spread, 8.0)
