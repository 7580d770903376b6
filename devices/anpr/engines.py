"""What runs the two networks. The port is one method; the engines differ only in whose arithmetic it is."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from devices.anpr.weights import SHIPPED, load


class Engine(Protocol):
    """Runs a network by name."""

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output for one input batch.

        Args:
            name: "detector" (1, 3, H, W; H and W multiples of 32) or "recogniser" (B, 1, 64, 160), in -1..1.
            array: the batch.

        Returns:
            (1, 9, H/8, W/8) of the detector; (B, 120, classes) of the recogniser, probabilities.
        """


class OnnxRuntimeEngine:
    """onnxruntime on one thread: the lane's other processes share the box.

    Raises:
        ReaderError: the weights are missing, damaged or of another version.
    """

    def __init__(self, weights: Path = SHIPPED, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._sessions = {
            name: onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
            for name, data in load(weights).items()
        }

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Engine`."""
        return np.asarray(self._sessions[name].run(None, {"x": array})[0], np.float32)


class OpenCvEngine:
    """OpenCV's own network module: slower, and one dependency fewer where onnxruntime has no wheel.

    Raises:
        ReaderError: the weights are missing, damaged or of another version.
    """

    def __init__(self, weights: Path = SHIPPED) -> None:
        self._nets = {
            name: cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8)) for name, data in load(weights).items()
        }

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Engine`."""
        net = self._nets[name]
        net.setInput(array)
        return np.asarray(net.forward(), np.float32)


ENGINES = {"onnxruntime": OnnxRuntimeEngine, "opencv": OpenCvEngine}
"""Engines by the name the configuration uses."""
