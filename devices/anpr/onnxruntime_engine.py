"""The default engine: onnxruntime, the fastest of the three and the lightest but for OpenCV's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.anpr.engine import NETWORKS, library, tried, understood
from devices.anpr.weights import SHIPPED, load

_REFUSALS = (
    "InvalidProtobuf",
    "InvalidGraph",
    "InvalidArgument",
    "NotImplemented",
    "NoModel",
    "Fail",
    "RuntimeException",
)


class OnnxRuntimeEngine:
    """onnxruntime on one thread: the lane's other processes share the box.

    Args:
        weights: folder of the models.
        threads: of the arithmetic.
        networks: which of the models to load.

    Raises:
        ReaderError: onnxruntime is not installed, or the weights are missing, damaged or of another version.
    """

    def __init__(self, weights: Path = SHIPPED, *, threads: int = 1, networks: tuple[str, ...] = NETWORKS) -> None:
        models = load(weights)
        runtime = library("onnxruntime", "onnxruntime", "onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = (
            False  # a plan of memory for every picture size ever seen is a leak by another name
        )
        options.log_severity_level = 3
        said = runtime.capi.onnxruntime_pybind11_state  # its errors have no common ancestor
        with understood("onnxruntime", weights, (ValueError, *(getattr(said, name) for name in _REFUSALS))):
            self._sessions = {
                name: runtime.InferenceSession(models[name], options, providers=["CPUExecutionProvider"])
                for name in networks
            }
            tried(self, weights, networks)

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Engine`."""
        return np.asarray(self._sessions[name].run(None, {"x": array})[0], np.float32)
