"""Immigration's terminal in software: the other end of `SerialTerminal`, driven from the officer's side.

It speaks the protocol over a file descriptor (one side of a pty pair) or as a TCP server, on bad days too. Never chosen by the lane
itself.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from functools import partial

from devices.simulated.serial_device import Hear, SerialDevice, Wire
from devices.terminal_protocol import (
    OK,
    TerminalAlive,
    TerminalHeard,
    TerminalNoise,
    TerminalPolled,
    TerminalReader,
    TerminalSaid,
    TerminalVerb,
    encode,
)


class SimulatedTerminal(SerialDevice):
    """The terminal's program.

    Args:
        repeat_s: how often a signal is repeated until the lane has heard it.

    Attributes:
        state: what it answers when it is asked.
        asked: how often the lane has asked.
        waiting: signals that the lane has not heard yet, the oldest first.
    """

    def __init__(self, *, repeat_s: float = 0.3) -> None:
        super().__init__("simulated terminal", new_cable=self._cable, again=self._say_first, repeat_s=repeat_s)
        self._session, self._seq = secrets.token_hex(3).upper(), 0
        self.waiting: deque[tuple[int, TerminalVerb, str, float]] = deque()
        self.state = OK
        self.asked = 0

    def press(self, verb: TerminalVerb, mark: str = "") -> None:
        """Immigration's officer starts with, clears or refers a vehicle; `mark` as the terminal knows it."""
        self._seq += 1
        self.waiting.append((self._seq, verb, mark, time.monotonic()))
        if len(self.waiting) == 1:
            self._say_first()

    def babble(self, times: int) -> None:
        """Sends lines of another protocol."""
        for _ in range(times):
            self.send(encode(TerminalNoise(b"$GPGGA,,,,,,0")))

    def restart(self) -> None:
        """It was switched off and on: a new session, and what waited is forgotten."""
        self._session, self._seq = secrets.token_hex(3).upper(), 0
        self.waiting.clear()

    def _cable(self) -> Hear:
        return partial(self._hear, TerminalReader())

    def _say_first(self) -> None:
        if self.waiting:
            seq, verb, mark, at = self.waiting[0]
            age_ms = round((time.monotonic() - at) * 1_000)
            self.send(encode(TerminalSaid(self._session, seq, verb, age_ms, mark)))

    def _hear(self, reader: TerminalReader, data: bytes, wire: Wire) -> None:
        for message in reader.feed(data):
            if isinstance(message, TerminalPolled):
                self.asked += 1
                if not self.silent:
                    wire(encode(TerminalAlive(self.state)))
            elif isinstance(message, TerminalHeard) and not self.silent:
                self._heard(message)

    def _heard(self, message: TerminalHeard) -> None:
        if self.waiting and (message.session, message.seq) == (self._session, self.waiting[0][0]):
            self.waiting.popleft()
            self._say_first()
