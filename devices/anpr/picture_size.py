"""How large a picture is, by the first bytes of its file: known before a decoder takes the memory for it."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import BinaryIO

_HEAD = 1 << 16
_PNM = re.compile(rb"P[1-6]\s+(?:#[^\n]*\n\s*)*(\d{1,9})\s+(?:#[^\n]*\n\s*)*(\d{1,9})\s")
_HEIF = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG's start-of-frame markers
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # JPEG's markers without a length
Size = tuple[int, int]


class UnknownPictureError(ValueError):
    """A picture of a kind that is not read; says which."""


def picture_size(file: BinaryIO) -> Size | None:
    """Width and height in pixels as its header says; None for what is no picture by its first bytes.

    JPEG, PNG, BMP, WebP, TIFF, GIF, PNM, JPEG 2000 and AVIF are known.

    Raises:
        UnknownPictureError: it is a picture (HEIC), but of a kind that is not read, or its header is cut short.
    """
    head = file.read(_HEAD)
    try:
        if head.startswith(b"\xff\xd8"):
            return _jpeg(file)
        return _tiff(file) if head.startswith((b"II*\0", b"MM\0*")) else _by_head(head)
    except (struct.error, IndexError) as error:
        raise UnknownPictureError("not a picture, or cut short") from error


def _by_head(head: bytes) -> Size | None:
    of_kind = next((size for at, begins, size in _KINDS if head.startswith(begins, at)), None)
    return of_kind(head) if of_kind else None


def _pair(form: str, head: bytes, at: int) -> Size:
    one, other = struct.unpack_from(form, head, at)
    return one, other


def _jpeg(file: BinaryIO) -> Size:
    """From marker to marker, over whatever a telephone has put before the picture."""
    file.seek(2)
    while True:
        lead, marker = struct.unpack(">BB", file.read(2))
        while marker == 0xFF:
            marker = file.read(1)[0]
        if lead != 0xFF:
            raise IndexError(marker)
        if marker in _BARE:
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker in _FRAMES:
            height, width = _pair(">HH", file.read(5), 1)
            return width, height
        file.seek(length - 2, 1)


def _png(head: bytes) -> Size:
    return _pair(">II", head, 16)


def _gif(head: bytes) -> Size:
    return _pair("<HH", head, 6)


def _bmp(head: bytes) -> Size:
    width, height = _pair("<HH", head, 18) if head[14] == 12 else _pair("<ii", head, 18)
    return abs(width), abs(height)


def _jpeg_2000(head: bytes) -> Size:
    height, width = _pair(">II", head, head.find(b"ihdr") + 4)
    return width, height


def _pnm(head: bytes) -> Size | None:
    found = _PNM.match(head)
    return (int(found[1]), int(found[2])) if found else None


def _webp(head: bytes) -> Size:
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = _pair("<HH", head, 26)
    return width & 0x3FFF, height & 0x3FFF


def _tiff(file: BinaryIO) -> Size:
    """The first picture's; its directory may be anywhere in the file."""
    file.seek(0)
    order = "<" if file.read(4)[0] == ord("I") else ">"
    file.seek(*struct.unpack(f"{order}I", file.read(4)))
    (count,) = struct.unpack(f"{order}H", file.read(2))
    found = {256: 0, 257: 0}
    for _ in range(count):
        entry = file.read(12)
        tag, kind = struct.unpack_from(f"{order}HH", entry)
        if tag in found:
            (found[tag],) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", entry, 8)
    return found[256], found[257]


def _heif(head: bytes) -> Size | None:
    if head[8:12] in _HEIF:
        raise UnknownPictureError("a HEIC picture, which is not read: convert it to JPEG")
    if head[8:12] not in {b"avif", b"avis"}:
        return None  # an MP4 video
    sizes = [_pair(">II", head, each.end() + 4) for each in re.finditer(rb"ispe", head)]
    return max(sizes, default=(0, 0))


_KINDS: tuple[tuple[int, bytes | tuple[bytes, ...], Callable[[bytes], Size | None]], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", _png),
    (0, (b"GIF87a", b"GIF89a"), _gif),
    (0, b"BM", _bmp),
    (8, b"WEBP", _webp),
    (4, b"ftyp", _heif),
    (4, b"jP  ", _jpeg_2000),
    (0, (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"), _pnm),
)
"""Where a kind's first bytes are, which, and where the size is."""
