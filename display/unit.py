"""One screen of a lane, as its own unit: `python -m display.unit --screen xdb --settings FILE --compositor SOCKET`.

It puts the kept safe face up, and only then loads what a screen needs (`display.unit_loop`).
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from display.first_face import put_up

_SLOW_S = 60.0  # to load everything and prepare the signs; the safe face stands meanwhile


def main(arguments: list[str] | None = None) -> int:
    """Runs one screen until it is told to end, or until its settings have changed."""
    signal.setitimer(signal.ITIMER_REAL, _SLOW_S)
    options = _options().parse_args(arguments)
    first = None
    if options.state is not None:
        first = put_up(options.state, options.screen, options.compositor, mono_s=time.monotonic)
    from display.unit_loop import serve
    from runtime.journald import log_for_people

    log_for_people("rocars-lane-screen")

    return serve(
        options.screen, settings_file=options.settings, compositor=options.compositor, state=options.state, first=first
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m display.unit", description="One screen of a lane.")
    parser.add_argument("--screen", choices=("xdb", "aiop"), required=True)
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the lane's settings")
    parser.add_argument("--compositor", type=Path, required=True, metavar="SOCKET", help="where the compositor listens")
    parser.add_argument("--state", type=Path, metavar="FOLDER", help="where faces and settings are remembered")
    return parser


if __name__ == "__main__":
    sys.exit(main())
