"""What happens between a scene and its picture: hour, weather, lamps, lens, sensor, compression."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.training import weather
from tools.training.weather import Lamp

Picture = NDArray[np.uint8]
Quad = NDArray[np.float32]


def seen(
    rng: random.Random, noise: np.random.Generator, picture: Picture, quads: Sequence[Quad], lamps: Sequence[Lamp]
) -> Picture:
    """The scene as a camera delivers it; `quads` are its plates, `lamps` what may shine."""
    night = rng.random() < 0.18
    if night:
        dark, glow = rng.uniform(0.1, 0.65), rng.uniform(0.6, 1.7)
        picture = weather.infrared(picture, quads, noise, dark=dark, glow=glow)
    if lamps and rng.random() < (0.6 if night else 0.1):
        shining = [lamp for lamp in lamps if rng.random() < 0.8]
        picture = weather.bloom(picture, shining, strength=rng.uniform(0.3, 1.4), spread=rng.uniform(1.5, 5))
    if night and rng.random() < 0.4:
        picture = _glow(rng, picture)
    picture = _wet(rng, noise, picture)
    if rng.random() < 0.12:
        picture = weather.haze(picture, amount=rng.uniform(0.1, 0.6), level=rng.uniform(120, 240))
    return _exposed(rng, _focused(rng, picture))


def _glow(rng: random.Random, picture: Picture) -> Picture:
    """Bright plates bleed into what is beside them."""
    over = np.clip(picture.astype(np.float32) - 130, 0, None)
    halo = cv2.GaussianBlur(over, (0, 0), rng.uniform(2, 9)) * np.float32(rng.uniform(0.2, 1.0))
    return np.asarray(np.clip(picture + halo, 0, 255), np.uint8)


def _wet(rng: random.Random, noise: np.random.Generator, picture: Picture) -> Picture:
    if rng.random() < 0.12:
        picture = weather.rain(picture, noise, amount=rng.uniform(0.2, 1.0))
    if rng.random() < 0.05:
        picture = weather.drops(picture, noise, count=rng.randint(3, 25))
    return picture


def _motion(rng: random.Random, picture: Picture) -> Picture:
    size = rng.randint(3, 11)
    kernel = np.zeros((size, size), np.float32)
    if rng.random() < 0.5:
        kernel[size // 2] = 1 / size
    else:
        kernel[:, size // 2] = 1 / size
    return np.asarray(cv2.filter2D(picture, -1, kernel), np.uint8)


def _focused(rng: random.Random, picture: Picture) -> Picture:
    """Blur, smear, or the halos of a telephone's sharpening."""
    share = rng.random()
    if share < 0.45:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.8)), np.uint8)
    if share < 0.6:
        return _motion(rng, picture)
    if share < 0.75:
        soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.8, 2.0)).astype(np.float32)
        return np.asarray(np.clip(picture + (picture - soft) * rng.uniform(0.3, 1.5), 0, 255), np.uint8)
    return picture


@lru_cache(maxsize=1)
def _film() -> NDArray[np.float32]:
    """Sensor noise of unit strength, drawn once: each picture cuts its own part out of it."""
    return np.random.default_rng(3).standard_normal((1024, 1024, 1), np.float32)


def _grain(rng: random.Random, rows: int, columns: int) -> NDArray[np.float32]:
    top, left = rng.randint(0, 1024 - rows), rng.randint(0, 1024 - columns)
    return _film()[top : top + rows, left : left + columns][:: rng.choice((1, -1)), :: rng.choice((1, -1))]


def _exposed(rng: random.Random, picture: Picture) -> Picture:
    if rng.random() < 0.15:
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None], 3, 2).astype(np.uint8)
    cast = np.array([rng.gauss(1, 0.05) for _ in range(3)], np.float32) if rng.random() < 0.4 else np.float32(1)
    grain = _grain(rng, *picture.shape[:2]) * np.float32(rng.uniform(0, 12))
    light = picture * (cast * np.float32(rng.uniform(0.45, 1.25))) + (np.float32(rng.uniform(-25, 25)) + grain)
    picture = np.asarray(np.clip(light, 0, 255), np.uint8)
    if rng.random() < 0.5:
        bits = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(25, 90)])[1]
        picture = np.asarray(cv2.imdecode(bits, cv2.IMREAD_COLOR), np.uint8)
    return picture
