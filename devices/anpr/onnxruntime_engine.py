"""The default engine: onnxruntime, the fastest of the three and the lightest but for OpenCV's own."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from devices.anpr.engine import NETWORKS, library, tried, understood
from devices.anpr.weights import EIGHT_BITS, SHIPPED, load

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
    """onnxruntime on one thread: the lane's other processes share the box. The detector runs with eight bits, where there is one.

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
        _shared(runtime)
        options.add_session_config_entry("session.use_env_allocators", "1")
        said = runtime.capi.onnxruntime_pybind11_state  # its errors have no common ancestor
        with understood("onnxruntime", weights, (ValueError, *(getattr(said, name) for name in _REFUSALS))):
            self._sessions = {
                name: runtime.InferenceSession(
                    models.get(name + EIGHT_BITS, models[name]), options, providers=["CPUExecutionProvider"]
                )
                for name in networks
            }
            for session in self._sessions.values():
                session._model_bytes = None  # noqa: SLF001  it keeps them for another provider, and there is none
            tried(self, weights, networks)

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Engine`."""
        return np.asarray(self._sessions[name].run(None, {"x": array})[0], np.float32)


@cache
def _shared(runtime: ModuleType) -> None:
    """One arena for the networks of this process, which run in turn, and no larger than they need.

    Each session's own would grow by doubling, and would keep what only the largest picture needed.
    """
    place = runtime.OrtMemoryInfo("Cpu", runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, runtime.OrtMemType.DEFAULT)
    exactly = {
        "max_mem": 0,
        "arena_extend_strategy": 1,
        "initial_chunk_size_bytes": 1 << 20,
        "max_dead_bytes_per_chunk": 1 << 20,
    }
    runtime.create_and_register_allocator(place, runtime.OrtArenaCfg(exactly))
