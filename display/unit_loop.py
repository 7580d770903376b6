"""A lane's screen, once its face is up: settings, drawing, watchdogs, the loop.

Rules of this file:

1. It needs neither agent nor settings, nor a compositor that is there already: it waits for each and shows what it can.
2. The unit's watchdog is fed by the paint loop alone, from the moment on that it turns.
3. Settings that change end the process, and its unit starts it again with the new ones.
"""

from __future__ import annotations

import contextlib
import logging
import random
import signal
import time
from pathlib import Path

from display.easel import SignEasel
from display.errors import DisplayError
from display.faces import FaceStore
from display.failsafe import Failsafe
from display.first_face import FirstFace
from display.led.settings import LedSettings
from display.led.surface import LedSurface
from display.led.wire import LedWire
from display.light import LightWatch
from display.paint_log import open_paint_log
from display.process import AlarmWatchdog, ScreenProcess
from display.unit_settings import Remembered, UnitSettings, stamp
from display.wayland.place import Wanted
from display.wayland.surface import OutputSurface
from display.wording_file import use_words
from lane_agent.model import Screen
from runtime.clocks import utc_ms
from runtime.sd_notify import Systemd

log = logging.getLogger("display")

_SLOW_S = 60.0  # while the libraries are loaded and the signs prepared; the safe face stands
_HANG_S = 1.0  # a paint loop that does not turn for so long is ended, where no unit says otherwise
_LOOK_S = 1.0  # between two looks at the settings file
_NOWHERE = Path("/nonexistent/agent.sock")


class UnitWatchdog:
    """The kernel's timer for a loop that hangs, and the unit's watchdog for a process that is stopped.

    Attributes:
        limit_s: after which both end it; the unit's WatchdogSec.
    """

    def __init__(self, systemd: Systemd) -> None:
        self._systemd = systemd
        self.limit_s = systemd.watchdog_s or _HANG_S
        self._alarm = AlarmWatchdog(_SLOW_S)
        self._turning = False
        self._feed_s = 0.0

    def turning(self) -> None:
        """The paint loop begins: from now on a hang is short."""
        self._alarm = AlarmWatchdog(self.limit_s)
        self._turning = True
        self._systemd.ready("paints")

    def pat(self) -> None:
        """The loop turns."""
        self._alarm.pat()
        now = time.monotonic()
        if self._turning and now - self._feed_s >= self.limit_s / 5:
            self._feed_s = now
            self._systemd.feed()

    def rest(self) -> None:
        """No longer wanted."""
        self._alarm.rest()


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
        self._stamp, self._worded = stamp(file), self._words()
        self._look_s = time.monotonic() + _LOOK_S

    def _words(self) -> tuple[int, int, int] | None:
        return stamp(Path(self._known.wording)) if self._known.wording else None

    def changed(self) -> bool:
        """Whether others count now, or other words; looks at both files once a second."""
        now = time.monotonic()
        if now < self._look_s:
            return False
        self._look_s = now + _LOOK_S
        if self._words() != self._worded:
            return True
        seen = stamp(self._file)
        if seen == self._stamp:
            return False
        self._stamp = seen
        return self._remembered.or_new(self._file) != self._known


def serve(
    name: str, *, settings_file: Path, compositor: Path, state: Path | None, first: FirstFace | None = None
) -> int:
    """Runs one screen until it is told to end, or until its settings have changed; its exit status.

    Args:
        name: which screen.
        settings_file: the lane's settings.
        compositor: where the compositor listens.
        state: where faces and settings are remembered.
        first: the safe face that stands already.
    """
    screen, watchdog = Screen(name), UnitWatchdog(Systemd.from_environment())
    remembered = Remembered(state, screen)
    settings = remembered.or_new(settings_file)
    surface = (
        _led_board(settings.led, settings, watchdog)
        if settings.led
        else OutputSurface(
            Wanted(screen, settings.output, settings.monitor, settings.size),
            compositor,
            faces=FaceStore(state, name),
            mono_s=time.monotonic,
            frame_s=watchdog.limit_s,
            pat=watchdog.pat,
            first=first,
        )
    )
    with contextlib.ExitStack() as stack:
        stack.callback(surface.close)
        process = _process(screen, settings, surface, watchdog, stack)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _signal, _frame: process.stop())
        process.look_after()
        process.paint_due()
        use_words(settings.wording)
        try:
            surface.easel = easel = SignEasel(screen)
        except DisplayError as error:
            log.critical("%s", error)
            return 2
        easel.warm(settings.size, simulated=settings.simulated)
        watchdog.turning()
        process.run(SettingsWatch(settings_file, settings, remembered).changed)
    watchdog.rest()
    return 0


def _led_board(led: LedSettings, settings: UnitSettings, watchdog: UnitWatchdog) -> LedSurface:
    return LedSurface(
        settings.size, lambda: LedWire(led), mono_s=time.monotonic, pat=watchdog.pat, simulated=settings.simulated
    )


def _process(
    screen: Screen,
    settings: UnitSettings,
    surface: OutputSurface | LedSurface,
    watchdog: UnitWatchdog,
    stack: contextlib.ExitStack,
) -> ScreenProcess:
    light = LightWatch(settings.light, board=screen is Screen.XDB, utc_ms=utc_ms, mono_s=time.monotonic)
    return ScreenProcess(
        screen=screen,
        socket_path=Path(settings.socket) if settings.socket else _NOWHERE,
        surface=surface,
        failsafe=Failsafe(silence_s=settings.silent_s, simulated=settings.simulated),
        mono_s=time.monotonic,
        chance=random.SystemRandom().random,
        watchdog=watchdog,
        paint_log=open_paint_log(Path(settings.paint_log), stack, utc_ms=utc_ms) if settings.paint_log else None,
        light=light.now,
    )
