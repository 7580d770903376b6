"""The detector a second time, most of it with weights and activations of eight bits: a fifth quicker where plain arithmetic counts.

Its first two layers stay as they are, being no quicker, and so does everything after the features: what is small there
decides. Weights use seven of the eight bits, since a processor without instructions for it would overflow. How large
activations become is seen on drawn scenes.

    python -m tools.training quantise --folder RUN --weights FOLDER
"""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from devices.anpr.detections import SIDE
from devices.anpr.plate_reader import fitted
from devices.anpr.weights import EIGHT_BITS
from tools.training.scenes import any_truck, draw_lane

SCENES = 64
"""Drawn to see how large activations become: of the lane, since what only the hardest of the detector's own scenes have makes
every step coarser."""
_LAYERS = ("eighth.2", "eighth.3", "sixteenth.", "thirty_second.", "merge_16.", "merge_8.")


class _Scenes(CalibrationDataReader):  # type: ignore[misc]
    """Drawn scenes, one at a time, as the detector takes them."""

    def __init__(self, seed: int) -> None:
        self._rng, self._noise = random.Random(f"{seed}/quantise"), np.random.default_rng([seed, 8])
        self._left = SCENES

    def get_next(self) -> dict[str, Any] | None:
        """The next one, or None at the end."""
        if not self._left:
            return None
        self._left -= 1
        return {"x": fitted(draw_lane(self._rng, self._noise, any_truck(self._rng)).picture, SIDE)[0]}


def quantise(weights: Path, seed: int) -> None:
    """Writes the detector of `weights` with eight bits beside it, and notes it.

    Args:
        weights: a folder with the detector and its record of origin.
        seed: of the scenes.
    """
    cv2.setNumThreads(1)
    sheet = weights / "weights.json"
    paper = json.loads(sheet.read_text(encoding="utf-8"))
    told = paper["models"]["detector"]
    name = "detector" + EIGHT_BITS
    with TemporaryDirectory(prefix="rocars-quantise-") as made:
        source, target = Path(made) / "named.onnx", Path(made) / "small.onnx"
        layers = _named(weights / told["file"], source)
        quantize_static(
            str(source),
            str(target),
            _Scenes(seed),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=layers,
        )
        data = target.read_bytes()
    (weights / f"{name}.onnx").write_bytes(data)
    noted = {"file": f"{name}.onnx", "sha256": hashlib.sha256(data).hexdigest(), "seed": seed}
    paper["models"][name] = {key: told[key] for key in ("samples", "parameters")} | noted
    sheet.write_text(json.dumps(paper, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _named(file: Path, target: Path) -> list[str]:
    """The model with a name for every node; returns the names of the layers to quantise."""
    model = onnx.load(file)
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"node{number}"
    onnx.save(model, target)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    return [node.name for node in convolutions if node.input[1].removeprefix("net.").startswith(_LAYERS)]
