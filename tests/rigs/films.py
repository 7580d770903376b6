"""Films of a camera for tests: H.264 whose pictures show their number."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from devices.dated_picture import Picture

WIDE, HIGH = 128, 64


def scene(number: int) -> Picture:
    """Picture `number`: a white bar of so many pixels."""
    picture = np.zeros((HIGH, WIDE, 3), np.uint8)
    picture[:, :number] = 255
    return picture


def number_of(picture: Picture) -> int:
    """Which one it is."""
    return int((picture.mean((0, 2)) > 128).sum())


def access_units(count: int, *, every: int, fps: int) -> list[bytes]:
    """So many pictures, each with its start codes; `every` one is a key frame with its parameter sets."""
    codec = av.CodecContext.create("libx264", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = WIDE, HIGH, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, fps), Fraction(fps)
    codec.options = {"tune": "zerolatency", "g": str(every), "sc_threshold": "0", "qp": "4"}
    units: list[bytes] = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(scene(number), format="bgr24")
        frame.pts = number
        units += [bytes(packet) for packet in codec.encode(frame)]
    return units
