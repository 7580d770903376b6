"""The engines by the names that configuration gives them. The port is `devices.anpr.engine`; one file each.

All run the same models and give the same probabilities; they differ in whose arithmetic it is, in what must be
installed, and in time and memory (`rocars-bench engines`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from devices.anpr.easyocr_engine import EasyOcrEngine
from devices.anpr.engine import Engine
from devices.anpr.onnxruntime_engine import OnnxRuntimeEngine
from devices.anpr.opencv_engine import OpenCvEngine

__all__ = ["ENGINES", "EasyOcrEngine", "Engine", "OnnxRuntimeEngine", "OpenCvEngine"]

ENGINES: dict[str, Callable[[Path], Engine]] = {
    "onnxruntime": OnnxRuntimeEngine,
    "opencv": OpenCvEngine,
    "easyocr": EasyOcrEngine,
}
"""Each takes the folder of the models and raises `ReaderError` when it cannot start."""
