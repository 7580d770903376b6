"""`python -m tools.bench.voice.counted FILE ...`: the voice process as shipped, which counts itself on SIGUSR1.

It writes into FILE how many asyncio tasks and tracked objects it holds. What is open from outside (memory, descriptors, threads,
children), /proc says.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from devices.voice.__main__ import main

_ANSWER_S: Final = 15.0


def count_into(file: Path) -> None:
    """From now on each SIGUSR1 writes `voice_tasks` and `voice_objects` there, whole or not at all."""

    def write(*_: Any) -> None:
        gc.collect()
        found = {"voice_tasks": len(asyncio.all_tasks()), "voice_objects": len(gc.get_objects())}
        half = file.with_suffix(".half")
        half.write_text(json.dumps(found), encoding="utf-8")
        half.replace(file)

    signal.signal(signal.SIGUSR1, write)


def counted_by(pid: int, file: Path) -> dict[str, int]:
    """Has the process count itself.

    Raises:
        TimeoutError: it does not.
    """
    file.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    began = time.monotonic()
    while not file.exists():
        if time.monotonic() - began > _ANSWER_S:
            raise TimeoutError(f"process {pid} does not count itself")
        time.sleep(0.02)
    found: dict[str, int] = json.loads(file.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    count_into(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
