"""The section `[contacts.modbus]` of a lane's settings: which module, and where it keeps what."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Literal

from msgspec import Meta

from runtime.sections import Problem, Section


class ModbusTable(Enum):
    """Where a module keeps its inputs. In the registers a line is 16 x address + bit."""

    DISCRETE_INPUTS = "discrete_inputs"
    COILS = "coils"
    INPUT_REGISTERS = "input_registers"
    HOLDING_REGISTERS = "holding_registers"

    @property
    def bits(self) -> bool:
        """Whether an address is one input."""
        return self in {ModbusTable.DISCRETE_INPUTS, ModbusTable.COILS}

    @property
    def reads(self) -> int:
        """The function code that reads it (Modbus Application Protocol 1.1b3, section 6)."""
        return {
            ModbusTable.COILS: 1,
            ModbusTable.DISCRETE_INPUTS: 2,
            ModbusTable.HOLDING_REGISTERS: 3,
            ModbusTable.INPUT_REGISTERS: 4,
        }[self]


class ModbusSettings(Section, frozen=True, kw_only=True):
    """A Modbus module. Addresses count from 0, as they travel: what a manual calls 10001 or 30001 is 0.

    Attributes:
        unit: the module's number on its cable; most modules on TCP answer to any.
        parity: of a serial cable.
        table: where the inputs are.
        counters: where the counters of the inputs are, if the module has them.
        poll_ms: between two polls.
        failsafe_s: the module's own time-out without a request, after which it switches its outputs off; it is set at the module
            (host watchdog, safe value) and said here. Needed for a barrier or a signal head.
    """

    unit: Annotated[int, Meta(ge=0, le=247, description="the module's number, 1 to 247")] = 1
    parity: Literal["N", "E", "O"] = "N"
    table: ModbusTable = ModbusTable.DISCRETE_INPUTS
    counters: ModbusTable = ModbusTable.INPUT_REGISTERS
    poll_ms: Annotated[int, Meta(ge=5, le=50, description="milliseconds, 5 to 50")] = 20
    failsafe_s: Annotated[float, Meta(gt=0, le=3, description="seconds, above 0 and up to 3")] | None = None

    def contradictions(self) -> Iterator[Problem]:
        """Counters are numbers, so they are in registers."""
        if self.counters.bits:
            remedy = 'write "input_registers" or "holding_registers"'
            yield Problem("counters", f"{self.counters.value} hold single bits", remedy)
