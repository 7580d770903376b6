"""RapidOCR (PP-OCR) as a contender: `python -m tools.bench.plates.rapidocr`, also by an interpreter of another environment.

The general Chinese and English models of its wheel, one thread, everything else as it comes. A crop is given to its
recogniser alone: the plate is found already.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.bench.plates.installed import of_distributions
from tools.bench.plates.serve import AbsentError, serve
from tools.bench.plates.wire import ContenderHello, ContenderReply, ReadAnswer, ReadRequest

_ONE_THREAD = {
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Global.log_level": "error",
}
_REMEDY = "pip install '.[bench]' here, or name an interpreter that has rapidocr: --python rapidocr=PATH"


class RapidOcr:
    """See `tools.bench.plates.serve.Contender`."""

    def __init__(self) -> None:
        try:
            importlib.import_module("onnxruntime")  # RapidOCR asks for it only when it starts
            library = importlib.import_module("rapidocr")
        except ImportError as error:
            raise AbsentError(f"not installed ({error}): {_REMEDY}") from error
        self._engine: Any = library.RapidOCR(params=_ONE_THREAD)
        size = of_distributions("rapidocr", "onnxruntime")
        self.hello = ContenderHello(f"{version('rapidocr')}, models of its wheel", size, pieces=True)

    def read(self, image: NDArray[np.uint8], asked: ReadRequest) -> ContenderReply:
        """Every line of text that it gives."""
        if asked.crop:
            said = self._engine(image, use_det=False, use_cls=False, use_rec=True)
            whole = [asked.plates[0] for _ in said.txts or ()]
            return ContenderReply(_answers(said.txts, whole, said.scores))
        said = self._engine(image)
        return ContenderReply(_answers(said.txts, [] if said.boxes is None else said.boxes.tolist(), said.scores))


def _answers(texts: Any, corners: list[Any], scores: Any) -> list[ReadAnswer]:
    rows = zip(texts or (), corners, scores or (), strict=True)
    return [ReadAnswer(text, place, float(score)) for text, place, score in rows]


if __name__ == "__main__":
    serve(RapidOcr)
