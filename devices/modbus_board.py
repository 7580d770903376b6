"""A bought Modbus module, over TCP or a serial cable (pymodbus), as a `Board`.

Moxa ioLogik, Advantech ADAM, Wago, Waveshare and their like: a table of addresses and nothing else to configure.

Rules of this file
- The lane polls; a module never speaks first. What it tells are looks, each between a request and its answer, and
  `devices/debounce.py` counts a level once two looks agree that are certainly a filter time apart. So no press is told twice,
  however late answers come: of a press of 100 ms that bounces for less than its filter time, at any pace.
- None is lost while two such looks fall into each 100 ms, with a filter of 30: polls every 20 ms, answers within 15. Where they
  do not, a press could have been lost; that is counted, and twenty of them in a minute are a fault, unless every input has
  its counter. A counter's press is told three answers later, and presses that are closer than that are one.
- An answer that is late, lost, or to another question is none: the next look began with the request that got no answer.
- A level that changes between two answers is given the time of the earlier request: an input may only look older than it
  is, never newer (design §2.1).
- An order is written at once, between two polls, and every second the outputs are read back: a module that was switched off
  and on has forgotten them, and an output that does not follow is a fault.
- Unplugged, silent, without such an address: three errors, because a technician does three different things.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException

from devices.contacts import Tell
from devices.debounce import BoardLook
from devices.errors import BoardGarbled, BoardMissing, BoardSilent, WiringWrong
from devices.modbus_settings import ModbusTable

COUNTS = 65_536
"""A counter is read as its low word."""

MOST_AT_ONCE = 50
"""More presses than this between two answers are no presses: the module began to count anew."""

READ_BACK_MS = 1_000
PRESS_MS, FILTERED_MS = 100, 30
"""The shortest press that must be seen, twice, so far apart."""
MOST_SLOW = 20
"""So many times within a minute that such a press could have been missed are no hiccup."""
LATE_S = 0.1
"""After a request without an answer nothing is asked on a cable for so long: an answer that is late has no number there."""

_GAP = 16  # addresses between two wired ones that are cheaper read along than asked for apart
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
"""pymodbus writes a page of bytes for each answer it misses; what matters here is told as a fault."""

_WRITES = 5  # the function code of an order to a coil
_ILLEGAL = {1: "no such table", 2: "no such address", 3: "no such address"}


@dataclass(frozen=True, slots=True)
class ModbusPort:
    """Where the module is.

    Attributes:
        name: ``tcp://host:port`` or a device such as ``/dev/ttyUSB0``.
        unit: the module's number on its cable, 1 to 247; modules on TCP mostly answer to any.
        baud, parity: of a serial cable; parity is N, E or O.
    """

    name: str
    unit: int = 1
    baud: int = 9_600
    parity: str = "N"


class ModbusBoard:
    """A `Board` that is a Modbus slave.

    Args:
        port: where it is.
        inputs: the counter of each input line, as the address of its low word; None where there is none.
        outputs: the coil addresses of the outputs.
        table: where the inputs are.
        counters: where the counters are.
        clock: monotonic milliseconds.
        poll_ms: between two polls.
        silent_ms: the longest silence.
    """

    def __init__(
        self,
        port: ModbusPort,
        *,
        inputs: Mapping[int, int | None],
        outputs: Iterable[int],
        clock: Callable[[], int],
        table: ModbusTable = ModbusTable.DISCRETE_INPUTS,
        counters: ModbusTable = ModbusTable.INPUT_REGISTERS,
        poll_ms: int = 20,
        silent_ms: int = 1_500,
    ) -> None:
        self._port, self._clock, self._poll_ms, self._silent_ms = port, clock, poll_ms, silent_ms
        self._counter_of = {line: address for line, address in inputs.items() if address is not None}
        self._all_counted = set(self._counter_of) == set(inputs)
        addresses = set(inputs) if table.bits else {line // 16 for line in inputs}
        self._table, self._spans = table, spans(addresses)
        self._counters, self._counter_spans = counters, spans(self._counter_of.values())
        self._lines = sorted(inputs)
        self._output_spans = spans(outputs)
        self._ordered: dict[int, bool] = {}
        self._unwritten: dict[int, bool] = {}
        self._stuck: set[int] = set()
        self._wake: asyncio.Event | None = None

    async def run(self, tell: Tell) -> None:
        """Opens the port and polls until it fails (see `Board.run`)."""
        client = self._client()
        self._ordered, self._unwritten, self._stuck, self._wake = {}, {}, set(), asyncio.Event()
        talk = _ModbusTalk(client, self._port, self._clock, self._silent_ms)
        try:
            connected = await client.connect()
            _end_if_told()
            if not connected:
                remedy = "check its power, its cable and contacts.port"
                raise BoardMissing(f"{self._port.name} cannot be opened: {remedy}")
            await self._poll(talk, tell, self._wake)
        finally:
            self._wake = None
            client.close()

    def write(self, line: int, high: bool) -> None:
        """Orders an output (see `Board.write`); a module that refuses it is a fault of `run`."""
        if self._wake is None:
            raise BoardMissing(f"{self._port.name} is not open")
        self._ordered[line] = self._unwritten[line] = high
        self._wake.set()

    def unanswered(self) -> tuple[int, ...]:
        """Outputs that were read back otherwise than ordered, twice (see `Board.unanswered`)."""
        return tuple(sorted(self._stuck))

    async def _poll(self, talk: _ModbusTalk, tell: Tell, wake: asyncio.Event) -> None:
        seen = _Inputs(self._lines, tell)
        pace = _Pace(self._port.name, tolerant=self._all_counted)
        read_back_ms = self._clock()
        unanswered_ms: int | None = None
        while True:
            asked_ms = self._clock()
            levels = await self._levels(talk)
            answered_ms = self._clock()
            counts = None if levels is None else await self._counts(talk)
            since_ms = asked_ms if unanswered_ms is None else unanswered_ms
            if levels is None or counts is None:
                unanswered_ms = since_ms
            else:
                unanswered_ms = None
                seen.take(levels, counts, BoardLook(since_ms, answered_ms, self._clock()))
                pace.looked(since_ms, answered_ms)
            await self._write_orders(talk)
            if self._clock() - read_back_ms >= READ_BACK_MS:
                read_back_ms = self._clock()
                await self._read_back(talk)
            wake.clear()
            if not self._unwritten:
                left_s = max(0, asked_ms + self._poll_ms - self._clock()) / 1_000
                await _wait(wake, left_s)

    async def _levels(self, talk: _ModbusTalk) -> dict[int, bool] | None:
        found: dict[int, int] = {}
        for first, count in self._spans:
            answer = await talk.read(self._table, first, count)
            if answer is None:
                return None
            found.update(zip(range(first, first + count), answer, strict=False))
        if self._table.bits:
            return {line: bool(found[line]) for line in self._lines}
        return {line: bool(found[line // 16] >> line % 16 & 1) for line in self._lines}

    async def _counts(self, talk: _ModbusTalk) -> dict[int, int] | None:
        found: dict[int, int] = {}
        for first, count in self._counter_spans:
            answer = await talk.read(self._counters, first, count)
            if answer is None:
                return None
            found.update(zip(range(first, first + count), answer, strict=False))
        return {line: found[address] for line, address in self._counter_of.items()}

    async def _write_orders(self, talk: _ModbusTalk) -> None:
        for line, high in list(self._unwritten.items()):
            if await talk.write(line, high) and self._unwritten.get(line) == high:
                del self._unwritten[line]

    async def _read_back(self, talk: _ModbusTalk) -> None:
        """Outputs that are not as ordered are written once more; if that does not help either, they are broken."""
        if wrong := await self._differing(talk):
            self._unwritten |= {line: self._ordered[line] for line in wrong}
            await self._write_orders(talk)
            wrong = await self._differing(talk)
        self._stuck = wrong

    async def _differing(self, talk: _ModbusTalk) -> set[int]:
        found: dict[int, int] = {}
        for first, count in self._output_spans:
            answer = await talk.read(ModbusTable.COILS, first, count)
            if answer is None:
                return set()
            found.update(zip(range(first, first + count), answer, strict=False))
        settled = {line: high for line, high in self._ordered.items() if line not in self._unwritten}
        return {line for line, high in settled.items() if bool(found.get(line, high)) != high}

    def _client(self) -> Any:
        # Three tries of a request fit into the longest silence; what is lost is asked for again by the next poll.
        timeout_s = self._silent_ms / 3_000
        rest: dict[str, Any] = {"timeout": timeout_s, "retries": 0, "reconnect_delay": 0}
        if self._port.name.startswith("/"):
            return AsyncModbusSerialClient(self._port.name, baudrate=self._port.baud, parity=self._port.parity, **rest)
        parts = urlsplit(self._port.name)
        return AsyncModbusTcpClient(parts.hostname or "", port=parts.port or 502, **rest)


class _ModbusTalk:
    """Requests of one opening: what failed, and for how long nothing was heard."""

    def __init__(self, client: Any, port: ModbusPort, clock: Callable[[], int], silent_ms: int) -> None:
        self._client, self._port, self._clock, self._silent_ms = client, port, clock, silent_ms
        self._heard_ms = clock()
        self._reads: dict[ModbusTable, Callable[..., Awaitable[Any]]] = {
            ModbusTable.DISCRETE_INPUTS: client.read_discrete_inputs,
            ModbusTable.COILS: client.read_coils,
            ModbusTable.INPUT_REGISTERS: client.read_input_registers,
            ModbusTable.HOLDING_REGISTERS: client.read_holding_registers,
        }

    async def read(self, table: ModbusTable, first: int, count: int) -> list[int] | None:
        """Bits or registers from `first` on, at least `count`; None if this request got no answer.

        Raises:
            BoardMissing, BoardSilent: gone, or silent for too long.
            WiringWrong: the module has no such address.
        """
        what = f"{table.value.replace('_', ' ')} {first} to {first + count - 1}"
        request = lambda: self._reads[table](first, count=count, device_id=self._port.unit)  # noqa: E731
        answer = await self._ask(request, table.reads, what)
        if answer is None:
            return None
        values = list(answer.bits if table.bits else answer.registers)
        if len(values) < count:
            raise BoardGarbled(
                f"{self._port.name} sends {len(values)} of {what}: check contacts.modbus.table and its program"
            )
        return values

    async def write(self, line: int, high: bool) -> bool:
        """Whether the module took the order for the coil at `line`; raises as `read` does."""
        unit = self._port.unit
        request = lambda: self._client.write_coil(line, high, device_id=unit)  # noqa: E731
        return await self._ask(request, _WRITES, f"output (coil) {line}") is not None

    async def _ask(self, request: Callable[[], Awaitable[Any]], function: int, what: str) -> Any:
        if not self._client.connected:
            raise BoardMissing(f"{self._port.name} was lost: check its cable and its power")
        try:
            answer = await request()
        except ConnectionException as problem:
            raise BoardMissing(f"{self._port.name} was lost ({problem}): check its cable and its power") from problem
        except (ModbusException, OSError):
            answer = None
        _end_if_told()
        if answer is not None and answer.function_code & 0x7F != function:  # late, to another request
            answer = None
        if answer is None and self._port.name.startswith("/"):
            await asyncio.sleep(LATE_S)
        if answer is not None and not answer.isError():
            self._heard_ms = self._clock()
            return answer
        if answer is not None and answer.exception_code in _ILLEGAL:
            wrong = f"{self._port.name} has {_ILLEGAL[answer.exception_code]}: {what}"
            raise WiringWrong(f"{wrong}; check contacts.inputs, contacts.outputs and contacts.modbus.table")
        if self._clock() - self._heard_ms > self._silent_ms:
            raise self._given_up(answer)
        return None  # lost on the cable, or the module is busy: the next poll asks again

    def _given_up(self, answer: Any) -> BoardSilent | BoardGarbled:
        if answer is not None:
            refusal = f"{self._port.name} refuses every request with Modbus exception {answer.exception_code}"
            return BoardGarbled(f"{refusal}: look the number up in its manual, and restart the module")
        serial = "contacts.baud, contacts.modbus.parity and " if self._port.name.startswith("/") else ""
        remedy = f"check its power, {serial}contacts.modbus.unit ({self._port.unit})"
        return BoardSilent(f"{self._port.name} does not answer: {remedy}")


class _Inputs:
    """Levels and counters of each answer, as looks."""

    def __init__(self, lines: list[int], tell: Tell) -> None:
        self._lines, self._tell = lines, tell
        self._counts: dict[int, int] = {}

    def take(self, levels: dict[int, bool], counts: dict[int, int], look: BoardLook) -> None:
        """Tells every level, and which counters have risen; a counter counts each time its input is switched on."""
        calm = BoardLook(look.asked_ms, look.answered_ms)
        for line in self._lines:
            rose = line in self._counts and 0 < (counts[line] - self._counts[line]) % COUNTS <= MOST_AT_ONCE
            self._tell(line, levels[line], look if rose else calm)
        self._counts = counts


class _Pace:
    """Whether a press of `PRESS_MS` is looked at twice, `FILTERED_MS` apart, whenever it begins."""

    def __init__(self, name: str, *, tolerant: bool) -> None:
        self._name, self._tolerant = name, tolerant
        self._looks: deque[tuple[int, int]] = deque()
        self._slow: deque[int] = deque(maxlen=MOST_SLOW + 1)

    def looked(self, asked_ms: int, answered_ms: int) -> None:
        """Takes note of a look.

        Raises:
            BoardSilent: a press could have been missed so often that this is how the module is.
        """
        looks = self._looks
        looks.append((asked_ms, answered_ms))
        while len(looks) > 2 and asked_ms - looks[1][1] >= FILTERED_MS:
            began_ms, _ = looks.popleft()
            if answered_ms - began_ms > PRESS_MS and (not self._slow or began_ms >= self._slow[-1]):
                self._slow.append(answered_ms)
        often = len(self._slow) > MOST_SLOW and answered_ms - self._slow[0] < 60_000
        if often and not self._tolerant:
            raise BoardSilent(
                f"{self._name} answers too slowly: a short press is lost between two answers. Raise contacts.baud, wire "
                "the contacts to neighbouring addresses, or name the module's counters"
            )


def _end_if_told() -> None:
    """Ends a task whose cancellation was swallowed: before Python 3.12 `asyncio.wait_for`, in which pymodbus waits, does that.

    Raises:
        CancelledError: the task was told to end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    """Until it is woken, or that long."""
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        pass


def spans(addresses: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """(first, count) of the fewest requests that read these addresses without reading far past them.

    >>> spans([0, 1, 5, 100])
    ((0, 6), (100, 1))
    """
    found: list[tuple[int, int]] = []
    for address in sorted(set(addresses)):
        if found and address - sum(found[-1]) <= _GAP and address - found[-1][0] < 120:
            found[-1] = (found[-1][0], address - found[-1][0] + 1)
        else:
            found.append((address, 1))
    return tuple(found)
