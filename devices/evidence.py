"""Evidence pictures: JPEG files named by the sha256 of their bytes, on the disk before anything names them.

The folder is one class of the lane's evidence, kept and pruned by `sync.evidence`: same names, same suffix for what is
unfinished.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    """The picture as JPEG."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


class EvidenceStore:
    """A folder of pictures by content.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, picture: NDArray[np.uint8], quality: int = 88) -> str:
        """Writes the picture, flushed to the disk with its name, and returns its sha256 as hex.

        Raises:
            OSError: it could not be made durable.
        """
        data = jpeg(picture, quality)
        name = hashlib.sha256(data).hexdigest()
        final = self.path(name)
        if not final.exists():
            fresh = final.with_name(f".unfinished-{name}")
            with fresh.open("wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(final)
            self._flush_folder()
        return name

    def path(self, name: str) -> Path:
        """Where the picture of that hash is."""
        return self.folder / name

    def _flush_folder(self) -> None:
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
