"""The lane's reader without its eyes: it is told where whole plates are, and reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from devices.anpr.detections import Detection
from devices.anpr.look import SecondLook
from devices.anpr.plate_reader import Found, PlateReader, View

_WHOLE = SecondLook((0.0, 1.0, 1.0, 0.0, 0.0, 0.0))  # a whole plate, of however many rows
_UNSEEN = np.empty((0, 0, 0), np.float32)


class ToldReader(PlateReader):
    """Rectification, recogniser and grammar are the lane's own; detector and second look are left out.

    Attributes:
        told: the places, each told by its corners.
    """

    told: Sequence[NDArray[np.float32]] = ()

    def view(self, image: NDArray[np.uint8]) -> View:  # noqa: ARG002 - the places are known
        """The places told, in order."""
        return View([Detection(1.0, corners) for corners in self.told], _UNSEEN, 1.0)

    def seen(self, view: View) -> list[Found]:
        """What was told."""
        return [(plate, _WHOLE) for plate in view.found]
