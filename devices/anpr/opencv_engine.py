"""OpenCV's own network module: slower, and no dependency at all where onnxruntime has no wheel."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.engine import NETWORKS, tried, understood
from devices.anpr.weights import SHIPPED, load


class OpenCvEngine:
    """OpenCV DNN, on as many threads as OpenCV is set to.

    Raises:
        ReaderError: the weights are missing, damaged or of another version.
    """

    def __init__(self, weights: Path = SHIPPED) -> None:
        models = load(weights)
        with understood("opencv", weights, (cv2.error,)):
            self._nets = {name: cv2.dnn.readNetFromONNX(np.frombuffer(models[name], np.uint8)) for name in NETWORKS}
            tried(self, weights)

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Engine`."""
        net = self._nets[name]
        net.setInput(array)
        return np.asarray(net.forward(), np.float32)
