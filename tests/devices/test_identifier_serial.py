"""A label reader over a pty pair, TCP and RFC 2217: the real driver against the shipped simulator, bad days included."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable

import pytest
import serial
import serial.rfc2217
from hypothesis import given
from hypothesis import strategies as st

from devices.identifier import IdentifierEvent, WatchedIdentifier, mark_itself
from devices.identifier_protocol import Alive, Labelled, LabelsPolled, MessageReader, Noise, decode, encode
from devices.identifier_serial import SerialLabels
from devices.simulated.label_reader import SimulatedLabelReader
from lane_agent.events import FaultCleared, FaultRaised, IdentifierRead
from lane_agent.model import Fault
from runtime.backoff import Backoff
from simulation.waiting import until

SILENT_MS = 900


def clock() -> int:
    """The machine's monotonic milliseconds."""
    return time.monotonic_ns() // 1_000_000


class Lane:
    """Everything the identifier told the lane."""

    def __init__(self) -> None:
        self.events: list[IdentifierEvent] = []

    def marks(self) -> list[str]:
        """The marks named, in order."""
        return [event.vrn for event in self.events if isinstance(event, IdentifierRead)]

    def faults(self) -> list[str]:
        """Details of the faults raised."""
        return [event.detail for event in self.events if isinstance(event, FaultRaised)]

    def works(self) -> bool:
        """The last fault is over."""
        return FaultCleared(Fault.IDENTIFIER) in self.events


Story = Callable[[SimulatedLabelReader, WatchedIdentifier, Lane], Awaitable[None]]


def identifier_at(port: str, silent_ms: int = SILENT_MS) -> WatchedIdentifier:
    """A required RFID reader at that port, tried again at once when it is lost."""
    return WatchedIdentifier(
        name="rfid",
        source=SerialLabels(port=port, clock=clock, silent_ms=silent_ms),
        mark_of=mark_itself,
        required=True,
        clock=clock,
        backoff=Backoff(0.02, 0.02),
    )


def over_a_cable(story: Story) -> Lane:
    """Runs a story with the lane at one end of a pty pair and the simulator at the other."""

    async def run() -> Lane:
        hardware, cable = os.openpty()
        lane, far_end = Lane(), SimulatedLabelReader(repeat_s=0.03)
        far_end.attach(hardware)
        identifier = identifier_at(os.ttyname(cable))
        await identifier.start(lane.events.append)
        identifier.vehicle_came()
        try:
            await until(lambda: far_end.asked)
            await story(far_end, identifier, lane)
        finally:
            await identifier.stop()
            await far_end.stop()
            os.close(hardware)
            os.close(cable)
        return lane

    return asyncio.run(run())


def test_a_label_is_told_once_however_often_it_is_read() -> None:
    """The reader repeats it for as long as the vehicle stands."""

    async def story(far_end: SimulatedLabelReader, identifier: WatchedIdentifier, lane: Lane) -> None:
        far_end.show("AB1234")
        await until(lambda: lane.marks() == ["AB1234"])
        await asyncio.sleep(0.5)

    assert over_a_cable(story).marks() == ["AB1234"]


def test_the_next_vehicle_makes_every_label_news_again() -> None:
    """What is in the field when a vehicle comes is told for it, be it the label of the one before."""

    async def story(far_end: SimulatedLabelReader, identifier: WatchedIdentifier, lane: Lane) -> None:
        far_end.show("AB1234")
        await until(lambda: lane.marks() == ["AB1234"])
        identifier.vehicle_left()
        identifier.vehicle_came()
        await until(lambda: lane.marks() == ["AB1234", "AB1234"])

    over_a_cable(story)


def test_a_read_carries_the_time_at_which_it_was_made() -> None:
    """The reader's own delay is taken off, and a read is never stamped later than it was."""
    said: list[int] = []

    async def story(far_end: SimulatedLabelReader, identifier: WatchedIdentifier, lane: Lane) -> None:
        far_end.age_ms = 4_000
        far_end.show("AB1234")
        await until(lane.marks)
        said.append(clock())

    (read,) = [event for event in over_a_cable(story).events if isinstance(event, IdentifierRead)]
    assert said[0] - 20_000 < read.edge_ms <= said[0] - 4_000


def test_noise_and_half_lines_are_no_labels() -> None:
    """A garbled line names nobody, and a line that comes in two pieces is one line."""

    async def story(far_end: SimulatedLabelReader, identifier: WatchedIdentifier, lane: Lane) -> None:
        far_end.babble(3)
        far_end.garble("XY77")
        far_end.send_in_pieces("AB1234")
        await until(lane.marks)

    lane = over_a_cable(story)
    assert lane.marks() == ["AB1234"]
    assert lane.faults() == []


def test_a_silent_reader_is_a_fault_and_comes_back() -> None:
    """It answers no question for longer than its limit; when it does again, the fault is over."""

    async def story(far_end: SimulatedLabelReader, identifier: WatchedIdentifier, lane: Lane) -> None:
        far_end.show("AB1234")
        await until(lane.marks)
        far_end.silent = True
        await until(lane.faults)
        far_end.silent = False
        await until(lane.works)

    assert "says nothing" in over_a_cable(story).faults()[0]


def test_a_reader_with_an_empty_field_is_not_silent() -> None:
    """It answers, and that is enough."""

    async def story(far_end: SimulatedLabelReader, identifier: WatchedIdentifier, lane: Lane) -> None:
        await asyncio.sleep(3 * SILENT_MS / 1_000)

    assert over_a_cable(story).faults() == []


def test_a_reader_that_says_it_is_broken_is_a_fault() -> None:
    """An antenna that fell off: the reader lives and reads nothing."""

    async def story(far_end: SimulatedLabelReader, identifier: WatchedIdentifier, lane: Lane) -> None:
        far_end.state = "antenna"
        await until(lane.faults)
        far_end.state = "ok"
        await until(lane.works)

    assert "broken: antenna" in over_a_cable(story).faults()[0]


def test_a_device_of_another_make_is_a_fault() -> None:
    """Eight lines without sense and none with: another speed, or another device."""

    async def story(far_end: SimulatedLabelReader, identifier: WatchedIdentifier, lane: Lane) -> None:
        await until(lambda: far_end.babble(4) or lane.faults())

    assert "GPGGA" in over_a_cable(story).faults()[0]


def test_a_port_that_is_not_there_is_a_fault_with_a_remedy() -> None:
    """Said once, however often it is tried."""

    async def run() -> Lane:
        lane, identifier = Lane(), identifier_at("/dev/no-such-reader")
        await identifier.start(lane.events.append)
        await until(lane.faults)
        await asyncio.sleep(0.2)
        await identifier.stop()
        return lane

    (fault,) = asyncio.run(run()).faults()
    assert "identifier.port" in fault


def test_over_tcp_and_back_after_the_reader_was_started_again() -> None:
    """The driver finds it again at the same port."""

    async def run() -> Lane:
        lane, far_end = Lane(), SimulatedLabelReader(repeat_s=0.03)
        port = await far_end.listen("127.0.0.1")
        far_end.show("AB1234")
        identifier = identifier_at(f"socket://127.0.0.1:{port}")
        await identifier.start(lane.events.append)
        await until(lane.marks)
        await far_end.stop()
        await until(lane.faults)
        again = SimulatedLabelReader(repeat_s=0.03)
        again.show("XY77")
        await again.listen("127.0.0.1", port)
        await until(lambda: lane.marks() == ["AB1234", "XY77"])
        await identifier.stop()
        await again.stop()
        return lane

    assert asyncio.run(run()).works()


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pyserial 3.5's own
def test_over_rfc2217() -> None:
    """A serial server in the network, which has no file descriptor to wait on."""
    hardware, cable = os.openpty()
    server = _SerialServer(os.ttyname(cable))

    async def run() -> Lane:
        lane, far_end = Lane(), SimulatedLabelReader(repeat_s=0.03)
        far_end.attach(hardware)
        far_end.show("AB1234")
        identifier = identifier_at(f"rfc2217://127.0.0.1:{server.port}", silent_ms=3_000)
        await identifier.start(lane.events.append)
        await until(lane.marks)
        await identifier.stop()
        await far_end.stop()
        return lane

    try:
        assert asyncio.run(run()).faults() == []
    finally:
        server.stop()
        os.close(hardware)
        os.close(cable)


class _Pty(serial.Serial):
    """A pty has no modem lines, and a server of serial ports wants some."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass


class _SerialServer:
    """A serial port served over RFC 2217, by pyserial's own port manager."""

    def __init__(self, device: str) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._serial = _Pty(device, timeout=0.02)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(0.02)
        self.connection = connection
        manager = serial.rfc2217.PortManager(self._serial, self)
        while not self._over.is_set():
            try:
                data = connection.recv(1_024)
                if not data:
                    break
                self._serial.write(b"".join(manager.filter(data)))
            except TimeoutError:
                pass
            found = self._serial.read(1_024)
            if found:
                connection.sendall(b"".join(manager.escape(found)))
        connection.close()

    def write(self, data: bytes) -> None:
        """What the port manager answers by itself."""
        self.connection.sendall(data)

    def stop(self) -> None:
        """Closes everything."""
        self._over.set()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()
        self._serial.close()


@pytest.mark.parametrize(
    "message", [LabelsPolled(), Alive(), Alive("antenna"), Labelled(0, "AB1234"), Labelled(70, "E20034")]
)
def test_every_message_survives_its_line(message: object) -> None:
    """What is said is what is heard."""
    assert decode(encode(message).rstrip(b"\n")) == message  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [b"T 1 *", b"T -1 AB12*", b"T 1 AB 12*", b"A *", b"X*", b""])
def test_what_is_no_message_is_noise(body: bytes) -> None:
    """Never an error, never a label."""
    assert isinstance(decode(body + b"0000"), Noise)


@given(st.binary(max_size=300), st.integers(0, 299))
def test_no_bytes_break_the_reader(noise: bytes, cut: int) -> None:
    """After any noise and a line end, the next line is read."""
    reader = MessageReader()
    for part in (noise[:cut], noise[cut:]):
        assert all(isinstance(message, Noise) for message in reader.feed(part))
    assert reader.feed(b"\n" + encode(Labelled(3, "AB1234")))[-1] == Labelled(3, "AB1234")
