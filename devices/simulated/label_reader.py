"""A label reader in software: the other end of `SerialLabels`, driven from the hardware's side.

It speaks the protocol over a file descriptor (one side of a pty pair) or as a TCP server, so that the real driver is
exercised to the last byte, on bad days too: it misreads, repeats the last vehicle's label, makes noise, says
nothing. Never chosen by the lane itself.
"""

from __future__ import annotations

import asyncio
from functools import partial

from devices.identifier_protocol import OK, Alive, Labelled, LabelsPolled, Message, MessageReader, Noise, encode
from devices.simulated.serial_device import Hear, SerialDevice, Wire


class SimulatedLabelReader(SerialDevice):
    """The firmware of the reader.

    Args:
        repeat_s: how often it says the labels in its field.

    Attributes:
        stuck: does not notice that a label leaves the field.
        state: what it answers when it is asked.
        age_ms: how old its reads are when they are sent.
        asked: how often the lane has asked.
    """

    def __init__(self, *, repeat_s: float = 0.1) -> None:
        super().__init__("simulated label reader", new_cable=self._cable, again=self._say_field, repeat_s=repeat_s)
        self._field: list[str] = []
        self.stuck = False
        self.state = OK
        self.age_ms = 0
        self.asked = 0

    def show(self, *labels: str) -> None:
        """These labels are in the field from now on, and no others; a stuck reader keeps saying what it had."""
        if not self.stuck or not self._field:
            self._field = list(labels)

    def babble(self, times: int) -> None:
        """Sends lines of another protocol."""
        for _ in range(times):
            self._say(Noise(b"$GPGGA,,,,,,0"))

    def garble(self, label: str) -> None:
        """Says a label, with one byte changed on the cable."""
        line = encode(Labelled(0, label))
        self._say(Noise(line[:4] + bytes([line[4] ^ 0x01]) + line[5:-1]))

    def send_in_pieces(self, label: str) -> None:
        """Says a label in two parts: a cable does not keep lines together."""
        line = encode(Labelled(0, label))
        self.send(line[:5])
        asyncio.get_running_loop().call_later(0.15, self.send, line[5:])

    def _cable(self) -> Hear:
        return partial(self._hear, MessageReader())

    def _say_field(self) -> None:
        for label in self._field:
            self._say(Labelled(self.age_ms, label))

    def _hear(self, reader: MessageReader, data: bytes, wire: Wire) -> None:
        for message in reader.feed(data):
            if not isinstance(message, LabelsPolled):
                continue
            self.asked += 1
            if not self.silent:
                wire(encode(Alive(self.state)))

    def _say(self, message: Message) -> None:
        self.send(encode(message))
