"""One screen of a development or demonstration, a child of the agent: `python -m display --screen xdb --socket PATH`.

A lane's own screens are `display.unit`.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import signal
import sys
import time
from pathlib import Path

from display.board import PaintedSurface
from display.errors import DisplayError
from display.failsafe import Failsafe
from display.paint_log import PaintLog, open_paint_log
from display.process import AlarmWatchdog, ScreenProcess
from display.settings import Mode, Size
from display.wording_file import use_words
from lane_agent.model import Screen
from runtime.children import end_with_parent
from runtime.clocks import utc_ms
from runtime.journald import log_for_people


def main(arguments: list[str] | None = None) -> int:
    """Runs one screen until it is told to end; exit status 2 if it cannot begin."""
    log_for_people("rocars-lane-screen")
    options = _options().parse_args(arguments)
    use_words(options.wording)
    if options.end_with:
        end_with_parent(signal.SIGTERM, parent=options.end_with)  # SIGTERM, so that the safe face is painted last
    try:
        board = PaintedSurface(options.screen, size=options.size, mode=options.mode)
    except DisplayError as error:
        print(f"display: {error}", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stack:
        stack.callback(board.close)
        paint_log = None
        if options.paint_log is not None:
            paint_log = open_paint_log(options.paint_log, stack, utc_ms=utc_ms)
        _serve(options, board, paint_log)
    return 0


def _serve(options: argparse.Namespace, board: PaintedSurface, paint_log: PaintLog | None) -> None:
    failsafe = Failsafe(silence_s=options.silence_limit, simulated=options.simulated)
    watchdog = AlarmWatchdog(options.silence_limit)
    process = ScreenProcess(
        screen=options.screen,
        socket_path=options.socket,
        surface=board,
        failsafe=failsafe,
        mono_s=time.monotonic,
        chance=random.SystemRandom().random,
        watchdog=watchdog,
        paint_log=paint_log,
    )
    signal.signal(signal.SIGTERM, lambda _signal, _frame: process.stop())
    signal.signal(signal.SIGINT, lambda _signal, _frame: process.stop())
    process.paint_due()  # before the signs are prepared: a dark board says nothing
    board.warm(simulated=options.simulated)
    process.run()
    watchdog.rest()


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m display", description="One screen of the lane (XDB or AIOP).")
    parser.add_argument("--screen", type=_screen, required=True, metavar="xdb|aiop", help="which screen this is")
    parser.add_argument("--socket", type=Path, required=True, help="the Unix socket where the agent listens")
    parser.add_argument("--size", type=_size, metavar="WxH", help="pixels; XDB square 96 to 1024, AIOP 4:3")
    parser.add_argument("--paint-log", type=Path, metavar="FILE", help="append a JSON line for every painting")
    parser.add_argument("--silence-limit", type=_seconds, default=2.0, metavar="S", help="seconds until the safe face")
    parser.add_argument("--wording", default="", metavar="FILE", help="the site's own words")
    parser.add_argument("--simulated", action="store_true", help="show the ribbon from the start")
    parser.add_argument("--end-with", type=int, metavar="PID", help="end when this parent process ends")
    parser.add_argument(
        "--window", dest="mode", action="store_const", const=Mode.WINDOW, help="paint in a window, not unseen"
    )
    parser.set_defaults(mode=Mode.HEADLESS)
    return parser


def _screen(text: str) -> Screen:
    try:
        return Screen(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a screen: xdb or aiop") from None


def _size(text: str) -> Size:
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: write it like 256x256")
    return int(found[1]), int(found[2])


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.2 <= seconds <= 10:
        raise argparse.ArgumentTypeError(f"{text!r} is not a silence limit: 0.2 to 10 seconds")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
