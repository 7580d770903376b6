"""Plates as the reader of one picture gives them."""

from __future__ import annotations

import numpy as np

from devices.anpr.plate_read import PlateRead, Region


def plate(
    text: str,
    region: Region = Region.HONG_KONG,
    *,
    x: float = 100,
    y: float = 100,
    wide: float = 120,
    sure: float = 0.95,
) -> PlateRead:
    """A plate of one row, a quarter as high as it is wide."""
    corners = np.array([[x, y], [x + wide, y], [x + wide, y + wide / 4], [x, y + wide / 4]], np.float32)
    return PlateRead(text, region, 1, corners, sure, tuple((char, sure) for char in text))
