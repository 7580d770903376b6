"""The box's own pins, through gpiozero, as a `Board`: raw levels, told as the kernel reports them.

Rules of this file
- gpiozero's `bounce_time` is not used: it drops edges, and its mock pins ignore it. Debounce is ours.
- Levels are also sampled every `RESAMPLE_S`: should an edge be lost on the way, the level still gets through.
- The pin factory is named by the caller and never falls back to another.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import gpiozero

from devices.contacts import Tell
from devices.errors import BoardMissing, ContactsError, DriverMissing
from devices.settings import GPIO_LINES, Pull

RESAMPLE_S = 0.25

_NO_DRIVER = (
    "the driver of the pins (lgpio) is not installed: install rocars-lane again, or use contacts.board = 'remote'"
)


def _pin_errors() -> tuple[type[Exception], ...]:
    """What the pin libraries raise; lgpio's own error derives from Exception alone."""
    loaded = sys.modules.get("lgpio")
    return (gpiozero.GPIOZeroError, OSError) if loaded is None else (gpiozero.GPIOZeroError, OSError, loaded.error)


def _driver() -> Any:
    """Loads lgpio, in a folder of its own.

    It makes a pipe in the working folder, which a service cannot write to, and opens it there whatever LG_WD says. Once
    both ends are open the folder may go.

    Raises:
        DriverMissing: it is not installed.
    """
    if sys.modules.get("lgpio") is not None:
        return sys.modules["lgpio"]
    try:
        with tempfile.TemporaryDirectory(prefix="rocars-pins-") as folder, contextlib.chdir(folder):
            os.environ.pop("LG_WD", None)
            return importlib.import_module("lgpio")
    except ImportError as problem:
        raise DriverMissing(_NO_DRIVER) from problem


def lgpio_factory(chip: int) -> Any:
    """The gpiozero factory for /dev/gpiochip`chip`.

    Raises:
        BoardMissing: the chip cannot be opened, or (`DriverMissing`) lgpio is not installed.
    """
    _driver()
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415 - it loads lgpio, too

    try:
        return LGPIOFactory(chip=chip)
    except _pin_errors() as problem:
        remedy = "check contacts.chip, and that the lane's user is in group gpio"
        raise BoardMissing(f"/dev/gpiochip{chip} cannot be opened ({problem}): {remedy}") from problem


def look_at_chip(chip: int) -> str:
    """Opens /dev/gpiochip`chip` as the lane would, also beside a lane that has its lines; what it is, in words.

    Raises:
        BoardMissing: as `lgpio_factory`; or it has fewer lines than may be wired.
    """
    lgpio = _driver()
    try:
        handle = lgpio.gpiochip_open(chip)
        try:
            _, lines, name, label = lgpio.gpio_get_chip_info(handle)
        finally:
            lgpio.gpiochip_close(handle)
    except _pin_errors() as problem:
        remedy = "check contacts.chip, and that the lane's user is in group gpio"
        raise BoardMissing(f"/dev/gpiochip{chip} cannot be opened ({problem}): {remedy}") from problem
    if lines < GPIO_LINES:
        remedy = "set contacts.chip to the one of the header (gpiodetect lists them)"
        raise BoardMissing(f"/dev/gpiochip{chip} ({label or name}) has {lines} lines, and not {GPIO_LINES}: {remedy}")
    return f"{label or name} with {lines} lines"


class GpioBoard:
    """Pins as a `Board`. Lines are BCM numbers.

    Args:
        inputs: the resistor of each input line.
        outputs: the idle level of each output line, set the moment it is opened.
        factory: makes the gpiozero pin factory; called at each opening.
        clock: monotonic milliseconds.
    """

    def __init__(
        self,
        *,
        inputs: Mapping[int, Pull],
        outputs: Mapping[int, bool],
        factory: Callable[[], Any],
        clock: Callable[[], int],
    ) -> None:
        self._inputs, self._outputs = dict(inputs), dict(outputs)
        self._factory, self._clock = factory, clock
        self._open_outputs: dict[int, Any] = {}

    async def run(self, tell: Tell) -> None:
        """Opens the pins, tells every level, then every edge (see `Board.run`)."""
        loop = asyncio.get_running_loop()

        def edge(line: int, high: bool) -> None:  # in gpiozero's thread
            loop.call_soon_threadsafe(tell, line, high, self._clock())

        try:
            with ExitStack() as pins:
                await self._sample(self._open(pins, edge), tell)
        except ContactsError:
            raise
        except _pin_errors() as problem:
            raise BoardMissing(f"a pin does not work ({problem}): check chip and lines under contacts") from problem

    def write(self, line: int, high: bool) -> None:
        """Sets an output pin (see `Board.write`)."""
        device = self._open_outputs.get(line)
        if device is None:
            raise BoardMissing(f"output line {line} is not open: check contacts.outputs")
        try:
            device.value = high
        except _pin_errors() as problem:
            raise BoardMissing(f"output line {line} does not switch ({problem}): check contacts.outputs") from problem

    async def _sample(self, inputs: Mapping[int, Any], tell: Tell) -> None:
        loop = asyncio.get_running_loop()
        while True:
            for line, device in inputs.items():
                # Behind the edges already under way, so that samples stay in order.
                loop.call_soon(tell, line, bool(device.pin.state), self._clock())
            await asyncio.sleep(RESAMPLE_S)

    def _open(self, pins: ExitStack, edge: Callable[[int, bool], None]) -> dict[int, Any]:
        factory = self._factory()
        pins.callback(factory.close)
        pins.callback(self._open_outputs.clear)
        for line, idle in self._outputs.items():
            device = gpiozero.DigitalOutputDevice(line, initial_value=idle, pin_factory=factory)
            self._open_outputs[line] = pins.enter_context(device)
        return {line: pins.enter_context(_input(line, pull, factory, edge)) for line, pull in self._inputs.items()}


def _input(line: int, pull: Pull, factory: Any, edge: Callable[[int, bool], None]) -> Any:
    pull_up = {Pull.UP: True, Pull.DOWN: False, Pull.NONE: None}[pull]
    active_state = True if pull is Pull.NONE else None
    device = gpiozero.DigitalInputDevice(line, pull_up=pull_up, active_state=active_state, pin_factory=factory)
    # gpiozero calls a pulled-up input active when it is low.
    device.when_activated = lambda: edge(line, pull is not Pull.UP)
    device.when_deactivated = lambda: edge(line, pull is Pull.UP)
    return device
