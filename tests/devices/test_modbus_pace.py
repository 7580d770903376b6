"""What a Modbus module's answers are worth: to which question, and how far apart."""

from __future__ import annotations

import asyncio

import pytest
from pymodbus.pdu.bit_message import ReadCoilsResponse, ReadDiscreteInputsResponse

from devices.errors import BoardSilent
from devices.modbus_board import ModbusPort, _ModbusTalk, _Pace
from devices.modbus_settings import ModbusTable


def test_an_answer_to_another_question_is_no_level_and_no_sign_of_life() -> None:
    """On a cable an answer has no number: one that read the coils, and comes late, must not be taken for the inputs."""
    answers = [ReadCoilsResponse(bits=[True] * 8), ReadDiscreteInputsResponse(bits=[False] * 8)]

    class LateClient:
        connected = True

        async def read_discrete_inputs(self, *_: object, **__: object) -> object:
            return answers[0]

        read_coils = read_input_registers = read_holding_registers = read_discrete_inputs

    now_ms = 0
    talk = _ModbusTalk(LateClient(), ModbusPort("/dev/ttyUSB0"), lambda: now_ms, 600)
    assert asyncio.run(talk.read(ModbusTable.DISCRETE_INPUTS, 0, 4)) is None
    now_ms = 600 + 1
    with pytest.raises(BoardSilent):
        asyncio.run(talk.read(ModbusTable.DISCRETE_INPUTS, 0, 4))
    del answers[0]
    assert asyncio.run(talk.read(ModbusTable.DISCRETE_INPUTS, 0, 4)) == [False] * 8


@pytest.mark.parametrize(
    ("apart_ms", "took_ms", "too_slow"), [(20, 5, False), (20, 15, False), (22, 20, True), (300, 5, True)]
)
def test_a_pace_at_which_a_press_of_100_ms_is_not_looked_at_twice_is_too_slow(
    apart_ms: int, took_ms: int, too_slow: bool
) -> None:
    """Twice, 30 ms apart, and certainly so."""
    pace = _Pace("a module", tolerant=False)
    try:
        for number in range(200):
            pace.looked(apart_ms * number, apart_ms * number + took_ms)
    except BoardSilent:
        assert too_slow
    else:
        assert not too_slow
