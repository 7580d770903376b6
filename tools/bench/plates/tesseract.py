"""Tesseract 5 as a contender, through the C interface of its library: `python -m tools.bench.plates.tesseract`.

No process is started for a picture and none is written to a file, so that its time is for reading alone. English
letters; sparse text (page segmentation 11), which finds more plates than any other mode; a crop is one line (7).
"""

from __future__ import annotations

import csv
import ctypes
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.bench.plates.installed import of_debian
from tools.bench.plates.serve import AbsentError, serve
from tools.bench.plates.wire import ContenderHello, ContenderReply, ReadAnswer, ReadRequest

_LIBRARY = "libtesseract.so.5"
_PACKAGES = ("tesseract-ocr", "tesseract-ocr-eng", "tesseract-ocr-osd", "libtesseract5", "liblept5")
_SPARSE, _LINE = 11, 7
_WORD = "5"  # the level of a word in its table
_RESOLUTION = 70  # dots an inch: what it takes where a picture does not say; set, or it writes a warning each time


class Tesseract:
    """See `tools.bench.plates.serve.Contender`."""

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL(_LIBRARY)
        except OSError as error:
            raise AbsentError(f"not installed ({error}): apt-get install tesseract-ocr") from error
        self._library.TessVersion.restype = ctypes.c_char_p
        self._library.TessBaseAPICreate.restype = ctypes.c_void_p
        self._library.TessBaseAPIGetTsvText.restype = ctypes.c_void_p
        self._handle = ctypes.c_void_p(self._library.TessBaseAPICreate())
        if self._library.TessBaseAPIInit3(self._handle, None, b"eng"):
            raise AbsentError("its English letters are not installed: apt-get install tesseract-ocr-eng")
        self._library.TessBaseAPISetVariable(self._handle, b"debug_file", b"/dev/null")
        version = self._library.TessVersion().decode()
        self.hello = ContenderHello(f"{version}, English letters", of_debian(*_PACKAGES), pieces=True)

    def read(self, image: NDArray[np.uint8], asked: ReadRequest) -> ContenderReply:
        """Every word that it gives."""
        grey = np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
        self._library.TessBaseAPISetPageSegMode(self._handle, _LINE if asked.crop else _SPARSE)
        self._library.TessBaseAPISetImage(
            self._handle, grey.ctypes.data_as(ctypes.c_void_p), grey.shape[1], grey.shape[0], 1, grey.strides[0]
        )
        self._library.TessBaseAPISetSourceResolution(self._handle, _RESOLUTION)
        table = ctypes.c_void_p(self._library.TessBaseAPIGetTsvText(self._handle, 0))
        try:
            return ContenderReply(list(_words(ctypes.string_at(table).decode())))
        finally:
            self._library.TessDeleteText(table)


def _words(table: str) -> Iterator[ReadAnswer]:
    """Words of its table: level, page, block, paragraph, line, word, left, top, width, height, confidence, text."""
    for row in csv.reader(table.split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE):
        if len(row) == 12 and row[0] == _WORD and row[11].strip():
            x, y, w, h = (float(cell) for cell in row[6:10])
            yield ReadAnswer(row[11], ((x, y), (x + w, y), (x + w, y + h), (x, y + h)), float(row[10]) / 100)


if __name__ == "__main__":
    serve(Tesseract)
