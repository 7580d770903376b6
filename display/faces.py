"""The safe face as it was drawn last, kept on the disk: a screen shows it before the drawing library is loaded."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from display.settings import Size

log = logging.getLogger("display")

_DIGEST = 32  # bytes of sha256 before the pixels


class FaceStore:
    """Safe faces of one screen.

    Args:
        folder: where they are kept, one file a size; None keeps nothing.
        screen: the screen's name.
    """

    def __init__(self, folder: Path | None, screen: str) -> None:
        self._folder = folder
        self._screen = screen

    def load(self, size: Size, *, simulated: bool) -> bytes | None:
        """The pixels, or None if there are none, or others than were kept."""
        path = self._path(size, simulated=simulated)
        if path is None:
            return None
        try:
            content = path.read_bytes()
        except OSError:
            return None
        digest, pixels = content[:_DIGEST], content[_DIGEST:]
        whole = len(pixels) == size[0] * size[1] * 4 and hashlib.sha256(pixels).digest() == digest
        return pixels if whole else None

    def keep(self, pixels: bytes, size: Size, *, simulated: bool) -> None:
        """Remembers them, unless they are remembered; a disk that does not take them costs speed only."""
        path = self._path(size, simulated=simulated)
        if path is None or self.load(size, simulated=simulated) == pixels:
            return
        new = path.with_suffix(".new")
        try:
            new.write_bytes(hashlib.sha256(pixels).digest() + pixels)
            new.replace(path)
        except OSError as error:
            log.warning("the safe face cannot be kept at %s (%s): the next start is slower", path, error)

    def _path(self, size: Size, *, simulated: bool) -> Path | None:
        if self._folder is None:
            return None
        mark = "-simulated" if simulated else ""
        return self._folder / f"{self._screen}-{size[0]}x{size[1]}{mark}.face"
