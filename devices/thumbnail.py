"""A camera's picture made small, for a tile among many."""

from __future__ import annotations

import cv2
import numpy as np

_QUALITY = 70


def thumbnail(jpeg: bytes, width: int) -> bytes | None:
    """The picture, `width` pixels wide at most, as JPEG; None where `jpeg` is no picture.

    It is decoded at a quarter of its size where that is still large enough, which costs a fraction of the whole.
    """
    raw = np.frombuffer(jpeg, np.uint8)
    picture = cv2.imdecode(raw, cv2.IMREAD_REDUCED_COLOR_4)
    if picture is not None and picture.shape[1] < width:
        picture = cv2.imdecode(raw, cv2.IMREAD_COLOR)
    if picture is None:
        return None
    if picture.shape[1] > width:
        height = round(picture.shape[0] * width / picture.shape[1])
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
