"""Modbus answers for the fuzz: good ones as frames, and the way they go through pymodbus and the driver."""

from __future__ import annotations

import asyncio
import random

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsResponse, ReadDiscreteInputsResponse
from pymodbus.pdu.register_message import ReadInputRegistersResponse

from devices.errors import ContactsError
from devices.modbus_board import ModbusPort, _ModbusTalk
from devices.modbus_settings import ModbusTable


class ModbusParsers:
    """Both framings.

    Attributes:
        tcp, rtu: good frames.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._tcp, self._rtu = FramerSocket(DecodePDU(False)), FramerRTU(DecodePDU(False))
        answers: list[ModbusPDU] = [
            ReadDiscreteInputsResponse(bits=[True, False] * 8, dev_id=1, transaction_id=1),
            ReadCoilsResponse(bits=[False] * 8, dev_id=1, transaction_id=1),
            ReadInputRegistersResponse(registers=[1, 2, 3], dev_id=1, transaction_id=1),
        ]
        self.tcp = [self._tcp.buildFrame(one) for one in answers]
        self.rtu = [self._rtu.buildFrame(one) for one in answers]
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """Ends the loop in which the driver was asked."""
        self._loop.close()

    def take_tcp(self, data: bytes) -> object:
        """An answer over TCP."""
        return self._take(self._tcp, data)

    def take_rtu(self, data: bytes) -> object:
        """An answer over a cable."""
        return self._take(self._rtu, data)

    def _take(self, framer: FramerSocket | FramerRTU, data: bytes) -> object:
        try:
            _used, found = framer.handleFrame(data, 1, 1)
        except (ModbusException, ValueError, IndexError):  # which pymodbus's transport drops; the driver hears silence
            return None
        return None if found is None else self._loop.run_until_complete(self._driver(found))

    async def _driver(self, answer: ModbusPDU) -> object:
        """What the driver makes of whatever pymodbus passes on."""
        talk = _ModbusTalk(_Answering(answer), ModbusPort("tcp://fuzz"), lambda: 0, 1_500)
        try:
            return await talk.read(self._chance.choice(list(ModbusTable)), 0, self._chance.randrange(1, 20))
        except ContactsError:
            return None


class _Answering:
    """A client that has this one answer."""

    connected = True

    def __init__(self, answer: ModbusPDU) -> None:
        self._answer = answer

    async def read_coils(self, *_: object, **__: object) -> ModbusPDU:
        return self._answer

    read_discrete_inputs = read_input_registers = read_holding_registers = read_coils
