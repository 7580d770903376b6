"""Photographs behind negatives: those that scikit-image ships and whose licence allows it, where it is installed.

`python -m pip install scikit-image` brings them; without it the backgrounds are drawn. None is in the repository.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from simulation.drawn.weather import Picture

FREE = ("astronaut.png", "brick.png", "chelsea.png", "coffee.png", "grass.png", "gravel.png", "rocket.jpg")
"""CC0, or works of NASA in the public domain (scikit-image's LICENSE and the notes of `skimage.data`)."""


@lru_cache(maxsize=1)
def photographs() -> tuple[Picture, ...]:
    """All that are found; empty without the package."""
    spec = find_spec("skimage")
    folder = Path(spec.origin).parent / "data" if spec and spec.origin else None
    files = [folder / name for name in FREE] if folder else []
    found = [cv2.imread(str(file), cv2.IMREAD_COLOR) for file in files if file.is_file()]
    return tuple(np.asarray(one, np.uint8) for one in found if one is not None)
