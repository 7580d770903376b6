"""A lane that a camera may see well or badly: the pictures that real MJPEG and RTSP servers show in tests and measurements."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache, partial

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from devices.dated_picture import Picture

WIDE, HIGH = 640, 360


@cache
def _scene() -> Picture:
    draw = np.random.default_rng(7)
    picture = np.full((HIGH, WIDE, 3), 110, np.uint8)
    for _ in range(60):
        left, top = (int(one) for one in draw.integers(0, (WIDE - 40, HIGH - 30)))
        wide, high = (int(one) for one in draw.integers(10, 110, 2))
        grey = int(draw.integers(30, 220))
        cv2.rectangle(picture, (left, top), (left + wide, top + high), (grey, grey, grey), -1)
    return picture


@cache
def _noise() -> NDArray[np.int16]:
    return np.random.default_rng(1).normal(0, 4, (HIGH, WIDE, 3)).astype(np.int16)


@cache
def _base(ailment: str) -> NDArray[np.int16]:
    scene = _scene()
    drawn = {
        "black": np.full_like(scene, 2),
        "blinded": cv2.add(scene, np.full_like(scene, 190)),
        "out of focus": cv2.GaussianBlur(scene, (0, 0), 9),
        "moved": np.roll(scene, 50, 1),
    }
    return drawn.get(ailment, scene).astype(np.int16)


def _living(ailment: str, number: int) -> Picture:
    """With the noise of a sensor: no two are the same to the bit, and none costs the server much."""
    noise = np.roll(_noise().ravel(), 977 * number).reshape(HIGH, WIDE, 3)
    return np.asarray(np.clip(_base(ailment) + noise, 0, 255), np.uint8)


def well(number: int = 0) -> Picture:
    """The empty lane."""
    return _living("", number)


AILING: dict[str, Callable[[int], Picture]] = {
    "frozen": lambda _: well(1),
    **{ailment: partial(_living, ailment) for ailment in ("black", "blinded", "out of focus", "moved")},
}
"""What it shows, by the word that the fault is to name."""


def coded(picture_of: Callable[[int], Picture], *, count: int = 20, fps: int = 10) -> list[bytes]:
    """As H.264 access units for an RTSP camera, each a key frame, so that one film can follow another at any picture."""
    out, at, units = io.BytesIO(), 0, []
    with av.open(out, "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        stream.options = {
            "tune": "zerolatency",
            "preset": "ultrafast",
            "g": "1",
            "qp": "20",
            "x264-params": "repeat-headers=1",
        }
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture_of(number), format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
            units.append(out.getvalue()[at:])
            at = len(out.getvalue())
    return units
