"""`rocars-lane read`: pictures, folders of pictures and videos, one JSON-able record a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.plate_read import PlateRead
from devices.anpr.plate_reader import PlateReader
from devices.anpr.selection import ALONE, mark_of

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
VIDEOS = frozenset({".mp4", ".mkv", ".avi", ".mov", ".webm", ".ts", ".mjpeg"})


def read_paths(paths: Iterable[Path], *, reader: PlateReader, release: float = ALONE) -> Iterator[dict[str, Any]]:
    """One record a picture, in the order given; folders are walked by name, videos frame by frame.

    A record is `{"file", "vrn", "reason", "plates"}`; a frame of a video is named `file#number`. What cannot be read
    is a record too: no vrn, and the reason.
    """
    for path in paths:
        for file in _walked(path):
            yield from _records(file, reader, release)


def count(paths: Iterable[Path]) -> int:
    """How many files `read_paths` will look at, for a progress bar."""
    return sum(1 for path in paths for _ in _walked(path))


def record(name: str, reads: tuple[PlateRead, ...], *, release: float = ALONE) -> dict[str, Any]:
    """The record of one picture."""
    vrn, reason = mark_of(reads, release=release)
    return {"file": name, "vrn": vrn, "reason": reason, "plates": [plate(read) for read in reads]}


def plate(read: PlateRead) -> dict[str, Any]:
    """One plate as plain values; corners in pixels to a tenth."""
    return {
        "text": read.text,
        "region": read.region.value,
        "rows": read.rows,
        "corners": [[round(float(x), 1), round(float(y), 1)] for x, y in read.corners],
        "confidence": round(read.confidence, 4),
        "characters": [[char, round(chance, 4)] for char, chance in read.characters],
    }


def _walked(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in sorted(path.rglob("*")) if file.suffix.lower() in PICTURES | VIDEOS)
    else:
        yield path


def _records(file: Path, reader: PlateReader, release: float) -> Iterator[dict[str, Any]]:
    if not file.exists():
        yield _unread(file, "no such file")
    elif file.suffix.lower() in VIDEOS:
        yield from _video(file, reader, release)
    else:
        image = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR) if file.stat().st_size else None
        if image is None:
            yield _unread(file, "not a picture, or cut short")
        else:
            yield record(str(file), reader.read(np.asarray(image, np.uint8)), release=release)


def _video(file: Path, reader: PlateReader, release: float) -> Iterator[dict[str, Any]]:
    try:
        with av.open(str(file)) as container:
            for number, frame in enumerate(container.decode(video=0)):
                image: NDArray[np.uint8] = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
                yield record(f"{file}#{number}", reader.read(image), release=release)
    except (av.FFmpegError, IndexError) as error:
        yield _unread(file, f"not a video that can be read ({error})")


def _unread(file: Path, why: str) -> dict[str, Any]:
    return {"file": str(file), "vrn": None, "reason": why, "plates": []}
