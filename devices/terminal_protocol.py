"""The line protocol of Immigration's terminal, over a serial cable or TCP: pure encoding and reading.

It is ours, until the department names its own; then only this file and `terminal_serial` change.
Framed as in `devices.framing` (ASCII, CRC-16/CCITT-FALSE):

| body | from | meaning |
|---|---|---|
| ``P`` | lane | are you there? |
| ``A <state>`` | terminal | the answer: ``ok``, or one word for what is broken |
| ``V <session> <seq> <signal> <age> <mark>`` | terminal | ``S`` started, ``C`` cleared or ``R`` referred, `age` ms before this line was sent; the vehicle's mark, ``-`` where it knows none |
| ``K <session> <seq>`` | lane | that signal was heard |

`session` is 1 to 8 hexadecimal digits, new each time the terminal starts; `seq` counts its signals from 1. The terminal repeats
a signal about three times a second, its age growing, until the lane has acknowledged it, and sends the next one after that:
a cut cable delays a signal and loses none, and by its age a late one is known to be of the vehicle before. The lane asks three
times within its limit, so a terminal that says nothing for that long is dead, not idle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from devices.framing import LineCutter, body_of, frame

OK = "ok"
"""The state of a terminal that works."""

MARK = re.compile(r"[0-9A-Z]{1,12}")
"""A mark as the terminal sends it: capitals and digits without blanks."""

_SESSION = re.compile(r"[0-9A-F]{1,8}")
_MOST_DIGITS = 9


class TerminalVerb(Enum):
    """What the terminal says of a vehicle."""

    STARTED = "S"
    CLEARED = "C"
    REFERRED = "R"


@dataclass(frozen=True, slots=True)
class TerminalPolled:
    """``P``."""


@dataclass(frozen=True, slots=True)
class TerminalAlive:
    """``A``."""

    state: str = OK


@dataclass(frozen=True, slots=True)
class TerminalSaid:
    """``V``. `mark` is "" where the terminal knows none."""

    session: str
    seq: int
    verb: TerminalVerb
    age_ms: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class TerminalHeard:
    """``K``."""

    session: str
    seq: int


@dataclass(frozen=True, slots=True)
class TerminalNoise:
    """A line that fails its check or the grammar."""

    line: bytes


Message = TerminalPolled | TerminalAlive | TerminalSaid | TerminalHeard | TerminalNoise


def encode(message: Message) -> bytes:
    """A message as its line; `TerminalNoise` is sent as it is (the simulator's way to make noise)."""
    match message:
        case TerminalPolled():
            return frame("P")
        case TerminalAlive(state):
            return frame(f"A {state}")
        case TerminalSaid(session, seq, verb, age_ms, mark):
            return frame(f"V {session} {seq} {verb.value} {age_ms} {mark or '-'}")
        case TerminalHeard(session, seq):
            return frame(f"K {session} {seq}")
        case TerminalNoise(line):
            return line + b"\n"


def decode(line: bytes) -> Message:
    """Reads one line without its line end; never raises: what is wrong is `TerminalNoise`."""
    try:
        return _parse(body_of(line).split(" "))
    except ValueError:
        return TerminalNoise(line)


def _parse(words: list[str]) -> Message:
    match words:
        case ["P"]:
            return TerminalPolled()
        case ["A", state] if state:
            return TerminalAlive(state)
        case ["K", session, seq] if _SESSION.fullmatch(session):
            return TerminalHeard(session, _number(seq))
        case ["V", session, seq, verb, age, mark] if _SESSION.fullmatch(session):
            named = "" if mark == "-" else mark
            if named and not MARK.fullmatch(named):
                raise ValueError(f"no mark: {mark}")
            return TerminalSaid(session, _number(seq), TerminalVerb(verb), _number(age), named)
        case _:
            raise ValueError(f"no such body: {words}")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        raise ValueError(f"no number: {text}")
    return int(text)


class TerminalReader:
    """Cuts a byte stream into messages."""

    def __init__(self) -> None:
        self._cutter = LineCutter()

    def feed(self, data: bytes) -> list[Message]:
        """Takes bytes as they arrive and returns the messages they complete, in order."""
        return [decode(line) for line in self._cutter.feed(data)]
