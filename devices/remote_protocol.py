"""The line protocol of a remote contact board, over a serial cable or TCP: pure encoding and reading.

Framed as in `devices.framing`:

| body | from | meaning |
|---|---|---|
| ``Q`` | lane | asks for all levels |
| ``S <seq> <lines> <levels>`` | board | all levels: so many lines, levels in hexadecimal, line 0 the lowest bit |
| ``E <seq> <line> <0 or 1> <age>`` | board | a raw edge, `age` ms before this line was sent |
| ``W <line> <0 or 1>`` | lane | switch an output |
| ``A <line> <0 or 1>`` | board | the output is switched |

`seq` counts the edges modulo 65,536; ``S`` carries the latest. A gap means an edge line was lost on the way, and the
lane asks with ``Q``: levels restore everything but the time of the edge. The lane asks at least twice a second, so a board
that says nothing for longer than its limit is silent, not idle.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.framing import LineCutter, body_of, frame

SEQUENCE = 65_536


@dataclass(frozen=True, slots=True)
class Levels:
    """``S``: the present level of every line."""

    seq: int
    high: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class RawEdge:
    """``E``: one raw edge, `age_ms` before it was sent."""

    seq: int
    line: int
    high: bool
    age_ms: int


@dataclass(frozen=True, slots=True)
class Switched:
    """``A`` from the board, ``W`` from the lane: an output and its level."""

    line: int
    high: bool
    order: bool = False


@dataclass(frozen=True, slots=True)
class LevelsPolled:
    """``Q``."""


@dataclass(frozen=True, slots=True)
class Garbled:
    """A line that fails its CRC or the grammar."""

    line: bytes


Message = Levels | RawEdge | Switched | LevelsPolled | Garbled


def encode(message: Message) -> bytes:
    """A message as its line; a `Garbled` is sent as it is (the simulator's way to make noise)."""
    match message:
        case Levels(seq, high):
            return frame(f"S {seq} {len(high)} {sum(1 << line for line, each in enumerate(high) if each):X}")
        case RawEdge(seq, line, high, age_ms):
            return frame(f"E {seq} {line} {high:d} {age_ms}")
        case Switched(line, high, order):
            return frame(f"{'W' if order else 'A'} {line} {high:d}")
        case LevelsPolled():
            return frame("Q")
        case Garbled(line):
            return line + b"\n"


def decode(line: bytes) -> Message:
    """Reads one line without its line end; never raises: what is wrong is `Garbled`."""
    try:
        return _parse(body_of(line).split(" "))
    except ValueError:
        return Garbled(line)


def _parse(words: list[str]) -> Message:
    match words:
        case ["Q"]:
            return LevelsPolled()
        case ["S", seq, lines, levels]:
            bits = int(levels, 16)
            return Levels(int(seq) % SEQUENCE, tuple(bool(bits >> line & 1) for line in range(min(int(lines), 64))))
        case ["E", seq, line, "0" | "1" as high, age]:
            return RawEdge(int(seq) % SEQUENCE, int(line), high == "1", max(0, int(age)))
        case [("A" | "W") as verb, line, "0" | "1" as high]:
            return Switched(int(line), high == "1", order=verb == "W")
        case _:
            raise ValueError(f"no such body: {words}")


class LineReader:
    """Cuts a byte stream into messages."""

    def __init__(self) -> None:
        self._cutter = LineCutter()

    def feed(self, data: bytes) -> list[Message]:
        """Takes bytes as they arrive and returns the messages they complete, in order."""
        return [decode(line) for line in self._cutter.feed(data)]
