"""What lies between a truck and the file of its picture: light, rain, sun, headlights, the sensor, the stream.

    sky = Sky(Weather.RAIN, seed=7, size=(960, 540))
    picture = sky.seen(picture, number=3, lamps=())

Everything is decided by the seed and the picture's number; what costs time is drawn once a visit.
"""

from __future__ import annotations

import math
import random
from enum import Enum
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Point = tuple[float, float]
_ROOM = 64  # how much larger the kept layers are than a picture, so that each picture cuts another part out of them


class Weather(Enum):
    """What the camera has to cope with."""

    DAY = "day"
    NIGHT = "night"  # infrared lamp, grey, headlights on
    RAIN = "rain"
    SUN = "low sun"


class Sky:
    """The light and the sensor of one visit.

    Args:
        weather: which kind.
        seed: how it is this time.
        size: width and height of the pictures, pixels.
    """

    def __init__(self, weather: Weather, seed: int, size: tuple[int, int] = (960, 540)) -> None:
        rng = random.Random(f"{seed}/sky/{weather.value}")  # noqa: S311  looks, not secrets
        noise = np.random.default_rng([seed, 11])
        self.weather = weather
        self.seed = seed
        self._size = size
        self._gain, self._offset = _exposure(rng, weather)
        self._soft = rng.uniform(0.3, 0.9) if rng.random() < 0.5 else 0.0
        self._grain = _grain(noise, rng.uniform(1.5, 5) if weather is Weather.DAY else rng.uniform(3, 9), size)
        self._veil = _veil(rng, size) if weather is Weather.SUN else None
        self._rain = _streaks(rng, size) if weather is Weather.RAIN else None
        self._drops = _drops(rng, size) if weather is Weather.RAIN else []
        bright = {Weather.NIGHT: (0.5, 1.0), Weather.RAIN: (0.0, 0.5)}.get(weather, (0.0, 0.0))
        self._bloom = _bloom(rng.uniform(*bright))

    def lit(self, lane: Picture) -> Picture:
        """The empty lane in this light; drawn once."""
        if self.weather is not Weather.NIGHT:
            return lane
        grey = cv2.convertScaleAbs(cv2.cvtColor(lane, cv2.COLOR_BGR2GRAY), alpha=0.3)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)

    def seen(self, picture: Picture, number: int, lamps: tuple[Point, ...] = (), near: float = 1.0) -> Picture:
        """The picture as the sensor gives it.

        Args:
            picture: the drawn lane.
            number: of the picture; chooses grain and rain.
            lamps: headlights in the picture, pixels.
            near: size of the truck against its size at the stop line.
        """
        rng = random.Random(f"{self.seed}/{number}")  # noqa: S311  looks, not secrets
        for lamp in lamps:
            self._shine(picture, lamp, near)
        if self._veil is not None:
            picture = np.asarray(cv2.add(picture, self._veil), np.uint8)
        if self._rain is not None:
            picture = np.asarray(cv2.add(picture, _part(self._rain, rng, self._size)), np.uint8)
            self._through_drops(picture)
        if self._soft:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), self._soft), np.uint8)
        picture = np.asarray(cv2.convertScaleAbs(picture, alpha=self._gain, beta=self._offset), np.uint8)
        lighter, darker = (_part(grain, rng, self._size) for grain in self._grain)
        return np.asarray(cv2.subtract(cv2.add(picture, lighter), darker), np.uint8)

    def _shine(self, picture: Picture, lamp: Point, near: float) -> None:
        """A headlight and the light around it that lens and mist scatter."""
        if not self._bloom.any():
            return
        side = max(8, int(420 * near))
        glow = np.asarray(cv2.resize(self._bloom, (side, side)), np.uint8)
        x, y = int(lamp[0]) - side // 2, int(lamp[1]) - side // 2
        glow = glow[max(0, -y) :, max(0, -x) :]
        place = picture[max(0, y) : max(0, y) + glow.shape[0], max(0, x) : max(0, x) + glow.shape[1]]
        if place.size:
            place[:] = cv2.add(place, np.ascontiguousarray(glow[: place.shape[0], : place.shape[1]]))

    def _through_drops(self, picture: Picture) -> None:
        """Drops on the glass before the lens: blurred and a little shifted where they sit."""
        for x, y, size in self._drops:
            place = picture[y : y + size, x : x + size]
            blurred = cv2.blur(place, (size // 2 | 1, size // 2 | 1))
            share = np.zeros((*place.shape[:2], 1), np.float32)
            cv2.circle(share, (size // 2, size // 2), size // 2 - 2, 0.8, -1, cv2.LINE_AA)
            place[:] = (place * (1 - share) + blurred * share).astype(np.uint8)


def _exposure(rng: random.Random, weather: Weather) -> tuple[float, float]:
    """Gain and offset: a dull day, a bright one, rain that takes the contrast away."""
    if weather is Weather.RAIN:
        return rng.uniform(0.45, 0.85), rng.uniform(10, 45)
    if weather is Weather.NIGHT:
        return rng.uniform(0.7, 1.1), rng.uniform(0, 10)
    return rng.uniform(0.6, 1.12), rng.uniform(-8, 12)


def _grain(noise: np.random.Generator, spread: float, size: tuple[int, int]) -> tuple[Picture, Picture]:
    """The sensor's noise as what is added and what is taken away, larger than a picture."""
    grain = noise.normal(0, spread, (size[1] + _ROOM, size[0] + _ROOM))
    both = np.dstack([grain] * 3)
    return np.clip(both, 0, 255).astype(np.uint8), np.clip(-both, 0, 255).astype(np.uint8)


def _part(layer: Picture, rng: random.Random, size: tuple[int, int]) -> Picture:
    top, left = rng.randrange(_ROOM), rng.randrange(_ROOM)
    return layer[top : top + size[1], left : left + size[0]]


def _veil(rng: random.Random, size: tuple[int, int]) -> Picture:
    """The light that a low sun scatters in the lens: strongest towards it."""
    x, y = rng.choice((0.0, 1.0, rng.random())) * size[0], -0.1 * size[1]
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    far = np.hypot(columns - x, rows - y) / size[0]
    light = rng.uniform(60, 150) * np.exp(-far / rng.uniform(0.35, 0.8))
    warm = np.array([0.82, 0.95, 1.0])
    return np.asarray(np.clip(light[..., None] * warm, 0, 255), np.uint8)


def _streaks(rng: random.Random, size: tuple[int, int]) -> Picture:
    """Falling rain as bright slanted lines."""
    layer = np.zeros((size[1] + _ROOM, size[0] + _ROOM, 3), np.uint8)
    lean = rng.uniform(-0.3, 0.3)
    area = layer.shape[0] * layer.shape[1] / (1024 * 604)
    for _ in range(round(rng.randint(60, 500) * area)):
        x, y, length = rng.randrange(layer.shape[1]), rng.randrange(layer.shape[0]), rng.randint(8, 42)
        light = rng.randint(12, 60)
        cv2.line(layer, (x, y), (int(x + lean * length), y + length), (light,) * 3, 1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), 0.7), np.uint8)


def _drops(rng: random.Random, size: tuple[int, int]) -> list[tuple[int, int, int]]:
    """Left edge, top edge and size of the drops on the glass."""
    sizes = [rng.randint(8, 30) for _ in range(rng.randint(0, 12))]
    return [(rng.randrange(size[0] - each), rng.randrange(size[1] - each), each) for each in sizes]


def _bloom(strength: float) -> Picture:
    """One headlight, (256, 256, 3): a burnt-out middle and a glow that falls off with the distance; empty for 0."""
    columns, rows = np.meshgrid(np.arange(256) - 128, np.arange(256) - 128)
    far = np.hypot(columns, rows) / 128
    light = strength * (400 * np.exp(-((far / 0.07) ** 2)) + 90 * np.exp(-far / 0.22)) * np.clip(1 - far, 0, 1)
    return np.dstack([np.clip(light, 0, 255).astype(np.uint8)] * 3)


def smeared(picture: Picture, across: float, down: float) -> Picture:
    """The picture moved by (`across`, `down`) pixels while the shutter was open; below a pixel nothing is done.

    A box along a line is a pair half a length apart, of pairs a quarter apart, and so on.
    """
    length = math.hypot(across, down)
    if length < 1:
        return picture
    share = 0.5
    for _ in range(math.ceil(math.log2(length)) + 1):
        shift = np.array([[1, 0, across * share], [0, 1, down * share]], np.float32)
        size = (picture.shape[1], picture.shape[0])
        moved = cv2.warpAffine(picture, shift, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        picture = np.asarray(cv2.addWeighted(picture, 0.5, moved, 0.5, 0), np.uint8)
        share /= 2
    return picture


class VideoStream:
    """The camera's network stream: JPEG picture by picture, or H.264, where each picture leans on the one before.

    Args:
        quality: of JPEG, 1 to 100; 0 for H.264.
        factor: constant rate factor of H.264; 23 is good, 34 poor.
        size: width and height of the pictures, pixels.
    """

    def __init__(self, *, quality: int = 0, factor: int = 28, size: tuple[int, int] = (960, 540)) -> None:
        self._quality = quality
        if quality:
            return
        self._encoder = av.CodecContext.create("libx264", "w")
        self._encoder.width, self._encoder.height = size
        self._encoder.pix_fmt = "yuv420p"
        self._encoder.time_base = Fraction(1, 25)
        self._encoder.thread_count = 1
        self._encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": str(factor)}
        self._decoder = av.CodecContext.create("h264", "r")
        self._decoder.thread_count = 1
        self._decoder.options = {"flags": "low_delay"}

    def through(self, picture: Picture) -> Picture:
        """What arrives of a picture.

        Raises:
            ValueError: nothing does; the codec at hand is not what this was written for.
        """
        if self._quality:
            bits = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self._quality])[1]
            return np.asarray(cv2.imdecode(bits, cv2.IMREAD_COLOR), np.uint8)
        for packet in self._encoder.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")):
            for frame in self._decoder.decode(packet):
                return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
        raise ValueError("the H.264 decoder keeps pictures back: use JPEG (quality=...)")
