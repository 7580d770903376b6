"""One screen of a lane, as its own unit: `python -m display.unit --screen xdb --settings FILE --compositor SOCKET`.

Rules of this file:

1. The face comes first: the safe face kept on the disk is on the output before the drawing library is loaded.
2. It needs neither agent nor settings, nor a compositor that is there already: it waits for each and shows what it can.
3. The unit's watchdog is fed by the paint loop alone, from the moment on that it turns.
4. Settings that change end the process, and its unit starts it again with the new ones.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from display.errors import DisplayError
from display.faces import FaceStore
from display.failsafe import Failsafe
from display.paint_log import open_paint_log
from display.process import AlarmWatchdog, ScreenProcess
from display.unit_settings import Remembered, UnitSettings, stamp
from display.wayland.place import Wanted
from display.wayland.surface import OutputSurface
from lane_agent.model import Screen
from runtime.clocks import utc_ms

log = logging.getLogger("display")

_SLOW_S = 20.0  # while the libraries are loaded and the signs prepared; the safe face stands
_HANG_S = 1.0  # a paint loop that does not turn for so long is ended; the unit's WatchdogSec is the same
_LOOK_S = 1.0  # between two looks at the settings file
_NOWHERE = Path("/nonexistent/agent.sock")


class UnitWatchdog:
    """The kernel's timer for a loop that hangs, and the unit's watchdog for a process that is stopped."""

    def __init__(self) -> None:
        self._alarm = AlarmWatchdog(_SLOW_S)
        self._feed: Callable[[], None] = _nothing
        self._feed_s = 0.0

    def turning(self) -> None:
        """The paint loop begins: from now on a hang is short."""
        from runtime.sd_notify import Systemd  # asyncio comes with it, and is not needed for the first face

        systemd = Systemd.from_environment()
        self._alarm = AlarmWatchdog(_HANG_S)
        self._feed = systemd.feed
        systemd.ready("paints")

    def pat(self) -> None:
        """The loop turns."""
        self._alarm.pat()
        now = time.monotonic()
        if now - self._feed_s >= _HANG_S / 5:
            self._feed_s = now
            self._feed()

    def rest(self) -> None:
        """No longer wanted."""
        self._alarm.rest()


def _nothing() -> None:
    """Until the loop turns, the unit's watchdog waits for READY."""


class SettingsWatch:
    """Notices settings that changed.

    Args:
        file: the lane's settings.
        known: what counts now, and who reads it anew.
    """

    def __init__(self, file: Path, known: UnitSettings, remembered: Remembered) -> None:
        self._file = file
        self._known = known
        self._remembered = remembered
        self._stamp = stamp(file)
        self._look_s = time.monotonic() + _LOOK_S

    def changed(self) -> bool:
        """Whether others count now; looks at the file once a second."""
        now = time.monotonic()
        if now < self._look_s:
            return False
        self._look_s = now + _LOOK_S
        seen = stamp(self._file)
        if seen == self._stamp:
            return False
        self._stamp = seen
        return self._remembered.or_new(self._file) != self._known


def main(arguments: list[str] | None = None) -> int:
    """Runs one screen until it is told to end, or until its settings have changed."""
    logging.basicConfig(level=logging.INFO, format="display: %(message)s")
    options = _options().parse_args(arguments)
    watchdog = UnitWatchdog()
    watchdog.pat()
    remembered = Remembered(options.state, options.screen)
    settings = remembered.or_new(options.settings)
    surface = OutputSurface(
        Wanted(options.screen, settings.output, settings.monitor, settings.size),
        options.compositor,
        faces=FaceStore(options.state, options.screen),
        mono_s=time.monotonic,
        pat=watchdog.pat,
    )
    with contextlib.ExitStack() as stack:
        stack.callback(surface.close)
        process = _process(options, settings, surface, watchdog, stack)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _signal, _frame: process.stop())
        process.look_after()
        process.paint_due()  # rule 1
        try:
            _learn_to_draw(options.screen, settings, surface)
        except DisplayError as error:
            log.critical("%s", error)
            return 2
        watchdog.turning()
        process.run(SettingsWatch(options.settings, settings, remembered).changed)
    watchdog.rest()
    return 0


def _learn_to_draw(screen: Screen, settings: UnitSettings, surface: OutputSurface) -> None:
    from display.easel import Easel  # pygame comes with it: the slow part

    easel = Easel(screen)
    surface.easel = easel
    easel.warm(settings.size, simulated=settings.simulated)


def _process(
    options: argparse.Namespace,
    settings: UnitSettings,
    surface: OutputSurface,
    watchdog: UnitWatchdog,
    stack: contextlib.ExitStack,
) -> ScreenProcess:
    return ScreenProcess(
        screen=options.screen,
        socket_path=Path(settings.socket) if settings.socket else _NOWHERE,
        surface=surface,
        failsafe=Failsafe(silence_s=settings.silent_s, simulated=settings.simulated),
        mono_s=time.monotonic,
        chance=random.SystemRandom().random,
        watchdog=watchdog,
        paint_log=open_paint_log(Path(settings.paint_log), stack, utc_ms=utc_ms) if settings.paint_log else None,
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m display.unit", description="One screen of a lane.")
    parser.add_argument("--screen", type=Screen, choices=tuple(Screen), required=True, metavar="xdb|aiop")
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the lane's settings")
    parser.add_argument("--compositor", type=Path, required=True, metavar="SOCKET", help="where the compositor listens")
    parser.add_argument("--state", type=Path, metavar="FOLDER", help="where faces and settings are remembered")
    return parser


if __name__ == "__main__":
    sys.exit(main())
