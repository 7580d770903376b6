"""What a stated confidence is worth: a monotone line through a few points, measured on drawn visits.

`calibration.json` lies beside the models and names the recogniser it was measured with; `python -m bench reliability
--fit` writes it. Without it confidences stand as the recogniser states them; one of another recogniser is refused.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from pathlib import Path
from typing import Final

import msgspec

from devices.anpr.errors import WeightsDamagedError, WeightsVersionError
from devices.anpr.weights import SHIPPED, origin

NAME: Final = "calibration.json"
_LAST: Final = 0.9999  # nothing is surer: beyond it there are too few errors to measure


def far(confidence: float) -> float:
    """The scale on which the line is straight: 0.9, 0.99 and 0.999 are equally far apart."""
    return -math.log10(max(1 - _LAST, 1 - confidence))


class Calibration(msgspec.Struct, frozen=True):
    """Stated and true confidence at a few points.

    Attributes:
        recogniser: sha256 of the model that it was measured with; "" for none.
        seed, visits: the drawn series that it was measured on (`bench.reliability`).
        knots: (stated, right), both rising.
    """

    recogniser: str = ""
    seed: int = 0
    visits: int = 0
    knots: tuple[tuple[float, float], ...] = ()

    def of(self, stated: float) -> float:
        """The confidence that is meant by `stated`, 0 to 1; rises with it."""
        if not self.knots:
            return stated
        place = bisect_right(self.knots, (stated, math.inf))
        if place in {0, len(self.knots)}:
            return self.knots[min(place, len(self.knots) - 1)][1]
        (x0, y0), (x1, y1) = self.knots[place - 1], self.knots[place]
        share = (far(stated) - far(x0)) / max(1e-9, far(x1) - far(x0))
        return round(1 - 10 ** -(far(y0) + share * (far(y1) - far(y0))), 4)


AS_STATED: Final = Calibration()
"""Confidences as the recogniser states them."""


def load(folder: Path = SHIPPED) -> Calibration:
    """The calibration beside the models of `folder`, or `AS_STATED` where there is none.

    Raises:
        WeightsDamagedError: it is not readable, or does not rise.
        WeightsVersionError: it was measured with another recogniser.
        WeightsMissingError: the folder has no `weights.json`.
    """
    file = folder / NAME
    if not file.exists():
        return AS_STATED
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Calibration)
    except msgspec.MsgspecError as error:
        raise WeightsDamagedError(f"{file}: not readable ({error}): remove it, or fit it anew") from error
    if any(list(line) != sorted(line) for line in zip(*found.knots, strict=True)):
        raise WeightsDamagedError(f"{file}: its points do not rise: remove it, or fit it anew")
    if found.recogniser != origin(folder).models["recogniser"].sha256:
        raise WeightsVersionError(f"{file}: measured with another recogniser: remove it, or fit it anew")
    return found
