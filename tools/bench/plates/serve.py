"""The side of a contender: one process that reads one picture at a time and reports what it cost.

Only the standard library, OpenCV and numpy are needed here, so that a contender can live in an environment of its own.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.bench.plates.wire import ContenderHello, ContenderReply, Cost, ReadRequest


class AbsentError(Exception):
    """The contender cannot be started here; the message says how to install it."""


class Contender(Protocol):
    """A reader in its own process."""

    hello: ContenderHello

    def read(self, image: NDArray[np.uint8], asked: ReadRequest) -> ContenderReply:
        """What a picture (height, width, 3) blue-green-red says; its time and memory are filled in by `serve`."""


def memory_mb() -> tuple[float, float]:
    """What this process holds of memory, and the most it ever held, MB (10^6 bytes)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    held, peak = (re.search(rf"{name}:\s+(\d+) kB", status) for name in ("VmRSS", "VmHWM"))
    assert held is not None
    assert peak is not None
    return int(held[1]) * 1.024e-3, int(peak[1]) * 1.024e-3


def serve(make: Callable[[], Contender]) -> None:
    """Answers requests until standard input ends."""
    say = _voice()
    cv2.setNumThreads(1)
    try:
        contender = make()
    except AbsentError as error:
        say({"absent": str(error)})
        return
    say(asdict(contender.hello))
    for line in sys.stdin:
        say(asdict(_timed(contender, ReadRequest(**json.loads(line)))))


def _timed(contender: Contender, asked: ReadRequest) -> ContenderReply:
    image = np.asarray(cv2.imread(asked.file, cv2.IMREAD_COLOR), np.uint8)
    begun, busy = time.perf_counter(), time.process_time()
    reply = contender.read(image, asked)
    ms, cpu_ms = 1_000 * (time.perf_counter() - begun), 1_000 * (time.process_time() - busy)
    return replace(reply, cost=Cost(ms, cpu_ms, reply.cost.parts, *memory_mb()))


def _voice() -> Callable[[dict[str, Any]], None]:
    """Standard output for replies alone: whatever a library prints goes to standard error."""
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(line: dict[str, Any]) -> None:
        kept.write(json.dumps(line) + "\n")
        kept.flush()

    return say
