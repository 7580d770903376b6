"""One engine in a process of its own, so that its time and memory are its own.

    python -m tools.bench.engine_child ENGINE FOLDER

FOLDER has `recogniser.npy` and `detector.npy`: inputs, one a row. The child reports when it is ready and how large it is after
reading a picture with six plates; then it runs what each line of its input asks for (network, first row, row after the
last) and answers with nanoseconds of processor time a row. At the end of its input it writes the outputs as `ENGINE-NETWORK.npy`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.engine import NETWORKS, Engine
from devices.anpr.engines import ENGINES
from devices.anpr.errors import ReaderError
from devices.anpr.weights import SHIPPED


def largest_mb() -> float:
    """The largest that this process has been, 10^6 bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def _timed(engine: Engine, name: str, rows: NDArray[np.float32], into: NDArray[np.float32]) -> list[int]:
    spent = []
    for place, row in enumerate(rows):
        start = time.process_time_ns()
        output = engine.run(name, row[None])
        spent.append(time.process_time_ns() - start)
        into[place] = output[0]
    return spent


def main() -> int:
    """Serves until the end of its input."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    cv2.setNumThreads(1)
    inputs = {network: np.load(folder / f"{network}.npy", mmap_mode="r") for network in NETWORKS}
    begun = time.process_time()
    try:
        engine = ENGINES[name](SHIPPED)
    except ReaderError as error:
        _say(absent=str(error))
        return 1
    start_s = time.process_time() - begun
    first = {network: engine.run(network, np.asarray(rows[: _AT_ONCE[network]])) for network, rows in inputs.items()}
    _say(start_s=start_s, peak_mb=largest_mb())
    outputs = {
        network: np.empty((len(rows), *first[network].shape[1:]), np.float32) for network, rows in inputs.items()
    }
    for line in sys.stdin:
        network, start, end = json.loads(line)
        spent = _timed(engine, network, np.asarray(inputs[network][start:end]), outputs[network][start:end])
        _say(spent_ns=spent)
    for network, output in outputs.items():
        np.save(folder / f"{name}-{network}.npy", output)
    return 0


_AT_ONCE = {"detector": 1, "corners": 6, "look": 6, "recogniser": 6}


if __name__ == "__main__":
    sys.exit(main())
