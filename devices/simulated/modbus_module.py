"""A Modbus module in software: the other end of `ModbusBoard`, driven from the hardware's side.

It is pymodbus's own server over TCP or a serial cable, so the driver is exercised to the last byte. Never chosen by the lane itself.
"""

from __future__ import annotations

import asyncio
from typing import Any

from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

_INPUT_READ, _COUNTER_READ = 2, 4  # function codes; what is left is coils


class SimulatedModbusModule:
    """A module with inputs that count, and relays.

    Args:
        lines: how many inputs it has, at the discrete inputs from 0 on; each counts in the input register of its number.
        relays: how many coils it has, from 0 on.
        unit: its number on the cable.

    Attributes:
        relays: what the coils are.
        delay_s: how long it thinks over each answer.
        busy: answers that it is busy while true.
        stuck: coils that take an order and do not follow it.
    """

    def __init__(self, *, lines: int = 8, relays: int = 4, unit: int = 1) -> None:
        self.relays = [False] * relays
        self.delay_s = 0.0
        self.busy = False
        self.stuck: set[int] = set()
        self._speaking = asyncio.Event()
        self._speaking.set()
        self._levels = [False] * lines
        self._counts = [0] * lines
        self._unit = unit
        self._server: Any = None

    def mute(self, mute: bool) -> None:
        """Answers nothing any more, as a module that has hung, or answers again."""
        if mute:
            self._speaking.clear()
        else:
            self._speaking.set()

    async def serve_tcp(self, port: int = 0) -> int:
        """Begins to answer on loopback; returns the port."""
        self._server = ModbusTcpServer(self._device(), address=("127.0.0.1", port))
        await self._server.listen()
        return int(self._server.transport.sockets[0].getsockname()[1])

    async def serve_serial(self, device: str, *, baud: int = 9_600) -> None:
        """Begins to answer on a serial device, such as one end of a pty pair."""
        self._server = ModbusSerialServer(self._device(), framer=FramerType.RTU, port=device, baudrate=baud)
        await self._server.listen()

    async def stop(self) -> None:
        """Stops answering and drops whoever is connected: the power is off."""
        self._speaking.set()  # an answer that is still thought over would keep the server
        server, self._server = self._server, None
        if server is not None:
            await server.shutdown()
        self.restart()

    def restart(self) -> None:
        """As after a moment without power: counters begin anew, relays fall off."""
        self._counts = [0] * len(self._counts)
        self.relays = [False] * len(self.relays)

    def drive(self, line: int, high: bool) -> None:
        """The wire at `line` takes this level."""
        if high and not self._levels[line]:
            self._counts[line] = (self._counts[line] + 1) % 65_536
        self._levels[line] = high

    def _device(self) -> SimDevice:
        bits = SimData(0, count=len(self._levels), values=False, datatype=DataType.BITS)
        coils = SimData(0, count=len(self.relays), values=False, datatype=DataType.BITS)
        counts = SimData(0, count=len(self._counts), values=0, datatype=DataType.REGISTERS)
        return SimDevice(id=self._unit, simdata=([coils], [bits], [counts], [counts]), action=self._answer)

    async def _answer(self, *request: Any) -> ExcCodes | None:
        """The server asks before each answer; `current` is the whole table, bits packed sixteen to a register."""
        function, _, address, _, current, wanted = request
        await asyncio.sleep(self.delay_s)
        await self._speaking.wait()
        if self.busy:
            return ExcCodes.DEVICE_BUSY
        tables: dict[int, list[Any]] = {_INPUT_READ: self._levels, _COUNTER_READ: self._counts}
        known = tables.get(function, self.relays)
        if address >= len(known):
            return ExcCodes.ILLEGAL_ADDRESS
        if wanted is not None:
            if address not in self.stuck:
                self.relays[address] = bool(wanted[0])
        elif function == _COUNTER_READ:
            current[: len(known)] = known
        else:
            for place, each in enumerate(known):
                bit = 1 << place % 16
                current[place // 16] = current[place // 16] & ~bit | bit * each
        return None
