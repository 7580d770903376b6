"""EasyOCR as an engine: our recogniser as its user network, our detector before it, and nothing ever downloaded.

EasyOCR reads the recogniser through `easyocr.Reader`, as it reads any custom network: a YAML file with the alphabet, a
module with the network, a file with torch weights. The first and the last are written from the shipped ONNX file into a
folder that is deleted once the reader is loaded; the module is `devices.anpr.easyocr_network`.

`Reader.recognize` gives one text a crop, decoded greedily over all columns, and would read a two-row plate thrice. The
lane's grammar wants the columns themselves, so the batch goes straight to the network that the Reader has loaded.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.anpr.alphabet import ALPHABET, CROP
from devices.anpr.engine import NETWORKS, library, tried, understood
from devices.anpr.onnxruntime_engine import OnnxRuntimeEngine
from devices.anpr.weights import SHIPPED, load

NETWORK = "devices.anpr.easyocr_network"
"""EasyOCR imports its user network by this name, and looks for NETWORK.yaml and NETWORK.pth."""
EXTRA = "rocars-lane[easyocr]"


class EasyOcrEngine:
    """The recogniser by EasyOCR (torch, on one thread and the processor), the detector and the second look by onnxruntime.

    Raises:
        ReaderError: the extra is not installed, or the weights are missing, damaged or of another version.
    """

    def __init__(self, weights: Path = SHIPPED) -> None:
        model = load(weights)["recogniser"]
        self._torch = library("easyocr", "torch", EXTRA)
        self._torch.set_num_threads(1)
        _with_torchvision(self._torch)
        self._others = OnnxRuntimeEngine(weights, networks=tuple(name for name in NETWORKS if name != "recogniser"))
        network = library("easyocr", NETWORK, EXTRA)
        with understood("easyocr", weights, (network.GraphError, RuntimeError)):
            self._recogniser = _recogniser(model, network.state_of(model), self._torch)
            tried(self, weights)

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Engine`."""
        if name != "recogniser":
            return self._others.run(name, array)
        with self._torch.inference_mode():
            logits = self._recogniser(self._torch.tensor(array), None)
            return np.asarray(self._torch.softmax(logits, 2), np.float32)


def _recogniser(model: bytes, state: dict[str, Any], torch: ModuleType) -> Any:
    """The network as `easyocr.Reader` makes and fills it."""
    easyocr = library("easyocr", "easyocr", EXTRA)
    with TemporaryDirectory(prefix="rocars-easyocr-") as name:
        _write(Path(name), model, state, torch)
        try:
            reader = easyocr.Reader(
                ["en"],  # EasyOCR insists on a language of its own; it decides nothing here
                gpu=False,
                model_storage_directory=name,
                user_network_directory=name,
                recog_network=NETWORK,
                download_enabled=False,
                detector=False,
                verbose=False,
                quantize=False,
            )
        finally:
            sys.path[:] = [place for place in sys.path if place != name]  # the Reader has put it there
    return reader.recognizer.eval()


def _write(folder: Path, model: bytes, state: dict[str, Any], torch: ModuleType) -> None:
    """The three files by which EasyOCR knows a network. EasyOCR cuts the first seven letters off every weight's name."""
    graph = folder / "recogniser.onnx"
    graph.write_bytes(model)
    described = {
        "network_params": {"graph": str(graph)},
        "imgH": CROP[1],
        "lang_list": ["en"],
        "character_list": ALPHABET,
    }
    (folder / f"{NETWORK}.yaml").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")  # JSON is YAML
    torch.save({f"module.{name}": value for name, value in state.items()}, folder / f"{NETWORK}.pth")


def _with_torchvision(torch: ModuleType) -> None:
    """Imports torchvision, whose wheel on PyPI is built for CUDA and does not load its operators beside a torch without.

    Its import then stops at describing two operators that it does not have. EasyOCR uses none of them: they are declared,
    so that they can be described, and stay without a body.
    """
    try:
        library("easyocr", "torchvision", EXTRA)
    except RuntimeError:  # operator torchvision::nms does not exist
        declared = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            declared.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _DECLARED.append(declared)
        library("easyocr", "torchvision", EXTRA)


_DECLARED: list[Any] = []  # declarations end with the object that made them
