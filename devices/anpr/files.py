"""`rocars-lane read`: pictures, folders of pictures and videos, one JSON-able record a picture."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.picture_size import UnknownPictureError, picture_size
from devices.anpr.plate_read import PlateRead
from devices.anpr.plate_reader import PlateReader
from devices.anpr.selection import ALONE, mark_of

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
VIDEOS = frozenset({".mp4", ".mkv", ".avi", ".mov", ".webm", ".ts", ".mjpeg"})
"""What files of these names are called where they cannot be read; what they are, their first bytes say."""
LEAST_EDGE = 8
MOST_PIXELS = 100_000_000
"""The largest telephones' pictures, and 300 MB once decoded."""
MOST_BYTES = 1 << 28
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpegtsraw,mpeg,mpegvideo,mjpeg,mpjpeg,flv,asf,dhav,h264,hevc,m4v,ogg"
"""FFmpeg's names of what is opened: nothing that names other files, addresses or devices, and no plain text."""


def read_paths(paths: Iterable[Path], *, reader: PlateReader, release: float = ALONE) -> Iterator[dict[str, Any]]:
    """One record for every file, in the order given; folders are walked by name, videos frame by frame.

    A record is `{"file", "vrn", "reason", "plates"}`; a frame of a video is named `file#number`. What cannot be read,
    or is no picture at all, is a record too: no vrn, and the reason.
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
    """The file, or every file of a folder and of those in it, by name; links to other folders are not followed."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        yield from (here / name for name in sorted([*files, *links]))


def _records(file: Path, reader: PlateReader, release: float) -> Iterator[dict[str, Any]]:
    """Of one file, whatever it is: what goes wrong with it is its record, and the next file's turn."""
    try:
        if not file.exists():
            yield _unread(file, "no such file")
        elif not file.is_file():
            yield _unread(
                file, "a link to a folder: name that folder" if file.is_dir() else "no file with pictures in it"
            )
        else:
            yield from _opened(file, reader, release)
    except MemoryError:
        yield _unread(file, "too large for this machine's memory")
    except (av.FFmpegError, cv2.error) as error:
        yield _unread(file, f"cannot be decoded ({_words(error)})")
    except OSError as error:
        yield _unread(file, f"cannot be read ({_words(error)})")


def _opened(file: Path, reader: PlateReader, release: float) -> Iterator[dict[str, Any]]:
    """By what its first bytes say it is; its name says nothing."""
    with file.open("rb") as data:
        try:
            size = picture_size(data)
        except UnknownPictureError as why:
            yield _unread(file, str(why))
            return
        data.seek(0)
        if size is None:
            yield from _video(file, data, reader, release)
        elif why_not := _misfit(size):
            yield _unread(file, why_not)
        else:
            yield _still(file, data, reader, release)


def _still(file: Path, data: BinaryIO, reader: PlateReader, release: float) -> dict[str, Any]:
    if os.fstat(data.fileno()).st_size > MOST_BYTES:
        return _unread(file, f"too large for a picture: more than {MOST_BYTES >> 20} MiB")
    image = cv2.imdecode(np.frombuffer(data.read(), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return _unread(file, "not a picture, or cut short")
    return record(str(file), reader.read(np.asarray(image, np.uint8)), release=release)


def _misfit(size: tuple[int, int]) -> str:
    """Why a picture of that size is not decoded; "" where it is."""
    width, height = size
    if min(size) < LEAST_EDGE:
        return (
            f"too small: {width} x {height} pixels, needed are {LEAST_EDGE} each way"
            if max(size)
            else "of unknown size"
        )
    if width * height > MOST_PIXELS:
        return f"too large: {width} x {height} pixels, at most {MOST_PIXELS // 1_000_000} million are read"
    return ""


def _video(file: Path, data: BinaryIO, reader: PlateReader, release: float) -> Iterator[dict[str, Any]]:
    """Frame by frame, the right way up; what is damaged further on ends it with a record that says so."""
    number = 0
    try:
        with av.open(data, "r", container_options={"format_whitelist": FORMATS}) as container:
            if not container.streams.video:
                yield _unread(file, "a video without pictures: it has sound alone")
                return
            stream = container.streams.video[0]
            stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            if why_not := _misfit((stream.codec_context.width, stream.codec_context.height)):
                yield _unread(file, why_not)
                return
            for frame in container.decode(stream):
                upright = np.rot90(frame.to_ndarray(format="bgr24"), round(frame.rotation / 90))
                image: NDArray[np.uint8] = np.ascontiguousarray(upright, np.uint8)
                yield record(f"{file}#{number}", reader.read(image), release=release)
                number += 1
    except (av.FFmpegError, ValueError) as error:
        why = _words(error)
        yield _unread(file, f"the rest of it cannot be read ({why})" if number else _unknown(file, why))
        return
    if not number:
        yield _unread(file, "a video without a single whole picture")


def _unknown(file: Path, why: str) -> str:
    """What cannot be opened, called by what its name promises."""
    if file.suffix.lower() in PICTURES:
        return "not a picture, or cut short"
    kind = "not a video" if file.suffix.lower() in VIDEOS else "neither a picture nor a video"
    return f"{kind} that can be read ({why})"


def _words(error: Exception) -> str:
    known = error.strerror if isinstance(error, OSError | av.FFmpegError) else None
    return known or " ".join(str(error).split())[:200]


def _unread(file: Path, why: str) -> dict[str, Any]:
    return {"file": str(file), "vrn": None, "reason": why, "plates": []}
