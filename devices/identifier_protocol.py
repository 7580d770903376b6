"""The line protocol of a label reader (RFID), over a serial cable or TCP: pure encoding and reading.

Framed as in `devices.framing`:

| body | from | meaning |
|---|---|---|
| ``P`` | lane | are you there? |
| ``A <state>`` | reader | the answer: ``ok``, or one word for what is broken, such as ``antenna`` |
| ``T <age> <label>`` | reader | a label is in the field; it was read `age` ms before this line was sent |

A label is 1 to 64 letters and digits. While it stays in the field its line is repeated at least every half second. The
lane asks three times within its limit, so a reader that says nothing for that long is dead, not idle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from devices.framing import LineCutter, body_of, frame

OK = "ok"
"""The state of a reader that reads."""

LABEL = re.compile(r"[0-9A-Za-z]{1,64}")
"""What a reader can send."""


@dataclass(frozen=True, slots=True)
class LabelsPolled:
    """``P``."""


@dataclass(frozen=True, slots=True)
class Alive:
    """``A``."""

    state: str = OK


@dataclass(frozen=True, slots=True)
class Labelled:
    """``T``."""

    age_ms: int
    label: str


@dataclass(frozen=True, slots=True)
class Noise:
    """A line that fails its check or the grammar."""

    line: bytes


Message = LabelsPolled | Alive | Labelled | Noise


def encode(message: Message) -> bytes:
    """A message as its line; `Noise` is sent as it is (the simulator's way to make it)."""
    match message:
        case LabelsPolled():
            return frame("P")
        case Alive(state):
            return frame(f"A {state}")
        case Labelled(age_ms, label):
            return frame(f"T {age_ms} {label}")
        case Noise(line):
            return line + b"\n"


def decode(line: bytes) -> Message:
    """Reads one line without its line end; never raises: what is wrong is `Noise`."""
    try:
        words = body_of(line).split(" ")
    except ValueError:
        return Noise(line)
    match words:
        case ["P"]:
            return LabelsPolled()
        case ["A", state] if state:
            return Alive(state)
        case ["T", age, label] if age.isdigit() and LABEL.fullmatch(label):
            return Labelled(int(age), label)
        case _:
            return Noise(line)


class MessageReader:
    """Cuts a byte stream into messages."""

    def __init__(self) -> None:
        self._cutter = LineCutter()

    def feed(self, data: bytes) -> list[Message]:
        """Takes bytes as they arrive and returns the messages they complete, in order."""
        return [decode(line) for line in self._cutter.feed(data)]
