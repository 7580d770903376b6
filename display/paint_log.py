"""What a screen painted, when, and the hash of the pixels. No log ever stops a screen."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from display.failsafe import Showing
from lane_agent.model import Screen

log = logging.getLogger("display")


class PaintLog:
    """One JSON line a painting, flushed at once; what a judge compares with the truth.

    Keys: `utc_ms`, `mono_ms`, `screen`, `scene`, `serial`, `parameter`, `safe`, `sha256` (of the pixels), and
    `notice` where one was painted.
    """

    def __init__(self, file: TextIO, *, utc_ms: Callable[[], int], mono_s: Callable[[], float]) -> None:
        self._file = file
        self._utc_ms = utc_ms
        self._mono_s = mono_s

    def write(self, screen: Screen, showing: Showing, digest: Callable[[], str]) -> None:
        """Notes what `screen` has just painted. The clocks are read first: hashing takes milliseconds."""
        entry = {"utc_ms": self._utc_ms(), "mono_ms": round(self._mono_s() * 1000), "screen": screen.value}
        entry |= {"scene": showing.scene.value, "serial": showing.serial, "parameter": showing.parameter}
        if showing.notice:
            entry["notice"] = showing.notice
        entry |= {"safe": showing.safe, "sha256": digest()}
        try:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()
        except OSError as error:
            log.warning("the paint log cannot be written (%s): free space, or change --paint-log", error)


def open_paint_log(path: Path, stack: contextlib.ExitStack, *, utc_ms: Callable[[], int]) -> PaintLog | None:
    """The log, closed with the stack; None if it cannot be opened: no log ever stops a screen."""
    try:
        file = stack.enter_context(path.open("a", encoding="utf-8"))
    except OSError as error:
        log.warning(
            "the paint log cannot be opened (%s): make its folder, for the screens' user; painting goes on", error
        )
        return None
    return PaintLog(file, utc_ms=utc_ms, mono_s=time.monotonic)
