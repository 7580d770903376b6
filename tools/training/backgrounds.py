"""Photographs as backgrounds and as pictures without a plate, from Debian packages; none is in the repository.

`PHOTOS` names what is used if the packages are unpacked under one of the folders given; nothing else there is touched.
"""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

PHOTOS = {
    "lomiri-wallpapers-16.04": (  # CC-BY-4.0, CC-BY-SA-4.0, CC0-1.0
        "Bridge_by_Sander_Klootwijk Dragonfly_by_Bolly Picture_0B_by_freespace Picture_1A_by_freespace "
        "Wine_by_Jakkub_Mede aitzgorri_by_Aitzol_Berasategi free_by_Peter_Nerlich friends_by_Aitzol_Berasategi "
        "greentock_by_Peter_Nerlich life_by_Aitzol_Berasategi picosdeeuropa_by_Aitzol_Berasategi "
        "seeding_by_Clements_Engelhardt sunset_by_Aitzol_Berasategi"
    ),
    "lomiri-wallpapers-20.04": "Kleiber_by_Lukas_Baubkus",  # CC-BY-SA-4.0
    "mate-backgrounds": (  # GPL-2+
        "Aqua Blinds Dune FreshFlower Garden GreenMeadow LadyBird RainDrops Storm TwoWings Wood YellowFlower"
    ),
    "plasma-workspace-wallpapers": (  # LGPL-3, GPL-2+
        "BytheWater ColdRipple ColorfulCups DarkestHour EveningGlow FallenLeaf Grey Kite OneStandsOut Path"
    ),
}
"""Debian package: its photographs, by file name or, where all files are named for their size, by folder."""

Picture = NDArray[np.uint8]
LARGEST = 1600  # longer side, pixels, at which a photograph is kept


def _found(folders: tuple[Path, ...]) -> dict[str, Path]:
    """The largest file of each photograph wanted."""
    wanted = {name for names in PHOTOS.values() for name in names.split()}
    found: dict[str, Path] = {}
    for file in (file for folder in folders for file in sorted(folder.rglob("*.jpg"))):
        name = next((part for part in (file.stem, *file.parts) if part in wanted), None)
        if name and (name not in found or found[name].stat().st_size < file.stat().st_size):
            found[name] = file
    return dict(sorted(found.items()))


@lru_cache(maxsize=1)
def photos(folders: tuple[Path, ...]) -> tuple[Picture, ...]:
    """Every photograph found under `folders`; empty where no package is unpacked."""
    kept = []
    for file in _found(folders).values():
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if picture is not None:
            scale = min(1.0, LARGEST / max(picture.shape[:2]))
            size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
            kept.append(np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8))
    return tuple(kept)


def piece(rng: random.Random, photo: Picture, side: int) -> Picture:
    """A random square of a photograph, brought to `side` pixels."""
    rows, columns = photo.shape[:2]
    edge = int(min(rows, columns) * rng.uniform(0.25, 1))
    top, left = rng.randint(0, rows - edge), rng.randint(0, columns - edge)
    cut = photo[top : top + edge, left : left + edge]
    if rng.random() < 0.5:
        cut = cut[:, ::-1]
    method = cv2.INTER_AREA if edge > side else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(cut, (side, side), interpolation=method), np.uint8)
