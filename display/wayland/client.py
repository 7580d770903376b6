"""What the compositor offers, and its outputs by connector name (`HDMI-A-1`), with what each monitor says of itself."""

from __future__ import annotations

import select
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from display.errors import NoDisplayError
from display.wayland.wire import Arguments, Wire

if TYPE_CHECKING:
    from display.settings import Size

_DISPLAY = 1
_SYNC, _GET_REGISTRY = 0, 1  # requests of wl_display
_BIND = 0
_GLOBAL, _GLOBAL_REMOVE = 0, 1
_OUTPUT_GEOMETRY, _OUTPUT_MODE = 0, 1
_CURRENT_MODE = 1
_GET_XDG_OUTPUT = 1
_XDG_OUTPUT_NAME = 3
_PING, _PONG = 0, 3
_TURN_S = 0.02

_NEEDED = {  # the version we speak; each is older than Debian 12
    "wl_compositor": 4,
    "wl_shm": 1,
    "xdg_wm_base": 1,
    "wp_presentation": 1,
    "zxdg_output_manager_v1": 2,
}


@dataclass(frozen=True, slots=True)
class WaylandOutput:
    """One output that has a monitor.

    Attributes:
        name: of the connector.
        monitor: make and model, as the monitor says.
        size: of its present picture, in pixels.
        number: the object's number, for requests.
    """

    name: str
    monitor: str
    size: Size
    number: int


class Compositor:
    """A connection to the compositor, its outputs kept up to date.

    Args:
        path: its socket.
        patience_s: seconds within which it must have said what it offers, else it is killed.
        mono_s: monotonic clock, seconds.
        pat: called while it is waited for.

    Raises:
        OSError: nobody listens there, or it does not answer.
        NoDisplayError: it lacks a part of the protocol.
    """

    def __init__(
        self,
        path: Path,
        *,
        patience_s: float,
        mono_s: Callable[[], float],
        pat: Callable[[], None] = lambda: None,
    ) -> None:
        self.wire = Wire(path)
        self._globals: dict[str, tuple[int, int]] = {}
        self._outputs: dict[int, WaylandOutput] = {}  # by global number
        self._bound: dict[str, int] = {}
        self._mono_s = mono_s
        self._pat = pat
        try:
            self._registry = self.wire.new(self._hear_registry)
            self.wire.send(_DISPLAY, _GET_REGISTRY, self._registry)
            self._settle(patience_s)
            self._bound = {name: self._bind(name, version) for name, version in _NEEDED.items()}
            for number in list(self._outputs):
                self._name(number)
            self._settle(patience_s)
        except BaseException:
            self.wire.close()
            raise

    @property
    def outputs(self) -> tuple[WaylandOutput, ...]:
        """Those whose name and size are known, by name."""
        return tuple(sorted((each for each in self._outputs.values() if each.name), key=lambda each: each.name))

    def bound(self, interface: str) -> int:
        """The object's number."""
        return self._bound[interface]

    def wait(self, seconds: float) -> None:
        """Takes in what comes within that time, and returns with the first.

        Raises:
            ConnectionError: the compositor is gone.
        """
        if select.select([self.wire], [], [], seconds)[0]:
            self.wire.receive()

    def close(self) -> None:
        """Ends the connection."""
        self.wire.close()

    def _settle(self, patience_s: float) -> None:
        """Waits until the compositor has done all it was asked."""
        answered: list[int] = []
        self.wire.send(_DISPLAY, _SYNC, self.wire.new(lambda opcode, _: answered.append(opcode)))
        end = self._mono_s() + patience_s
        while not answered:
            self._pat()
            if self._mono_s() >= end:
                self.wire.kill_peer()  # what stands on its outputs stands for as long as it lives
                raise TimeoutError("the compositor does not answer and was ended")
            self.wait(_TURN_S)

    def _bind(self, interface: str, version: int) -> int:
        number, offered = self._globals.get(interface, (0, 0))
        if offered < version:
            raise NoDisplayError(
                f"the compositor lacks {interface} version {version}: use the one of config/debian-packages.txt"
            )
        made = self.wire.new(self._hear_base if interface == "xdg_wm_base" else _nothing)
        self.wire.send(self._registry, _BIND, number, interface, version, made)
        return made

    def _hear_registry(self, opcode: int, arguments: Arguments) -> None:
        number = arguments.uint()
        if opcode == _GLOBAL_REMOVE:
            self._outputs.pop(number, None)
            return
        interface, version = arguments.text(), arguments.uint()
        if interface != "wl_output":
            self._globals[interface] = (number, version)
            return
        made = self.wire.new(lambda opcode, told: self._hear_output(number, opcode, told))
        self._outputs[number] = WaylandOutput("", "", (0, 0), made)
        self.wire.send(self._registry, _BIND, number, interface, 2, made)
        if self._bound:
            self._name(number)

    def _name(self, number: int) -> None:
        """Asks for the connector's name: in this age of the protocol an extension tells it."""
        made = self.wire.new(lambda opcode, told: self._hear_name(number, opcode, told))
        self.wire.send(self.bound("zxdg_output_manager_v1"), _GET_XDG_OUTPUT, made, self._outputs[number].number)

    def _hear_output(self, number: int, opcode: int, arguments: Arguments) -> None:
        known = self._outputs.get(number)
        if known is None:
            return
        if opcode == _OUTPUT_GEOMETRY:
            for _ in range(5):  # place, millimetres, order of the sub-pixels
                arguments.integer()
            self._outputs[number] = replace(known, monitor=f"{arguments.text()} {arguments.text()}".strip())
        elif opcode == _OUTPUT_MODE and arguments.uint() & _CURRENT_MODE:
            self._outputs[number] = replace(known, size=(arguments.integer(), arguments.integer()))

    def _hear_name(self, number: int, opcode: int, arguments: Arguments) -> None:
        if opcode == _XDG_OUTPUT_NAME and number in self._outputs:
            self._outputs[number] = replace(self._outputs[number], name=arguments.text())

    def _hear_base(self, opcode: int, arguments: Arguments) -> None:
        if opcode == _PING:
            self.wire.send(self.bound("xdg_wm_base"), _PONG, arguments.uint())


def _nothing(_opcode: int, _arguments: Arguments) -> None:
    """Events that tell us nothing: formats, the clock."""
