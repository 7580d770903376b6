"""Immigration's terminal over a serial cable or TCP, as an `ImmigrationTerminal`; its language is `terminal_protocol`.

A signal is told once, however often the terminal repeats it, and acknowledged in the next slice. What an opening has heard is kept
over the next one: a signal repeated after a cut cable is the same signal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from devices.errors import BoardGarbled, BoardMissing, BoardSilent
from devices.polled_port import MOST_GARBLED, PolledPort, PortLosses
from devices.terminal import TerminalSignal
from devices.terminal_protocol import (
    OK,
    Message,
    TerminalAlive,
    TerminalHeard,
    TerminalNoise,
    TerminalPolled,
    TerminalReader,
    TerminalSaid,
    TerminalVerb,
    encode,
)
from lane_agent.model import Contact

_LOSSES = PortLosses(BoardMissing, BoardSilent, "immigration", "the terminal")
_SIGNALS: Final = {
    TerminalVerb.STARTED: Contact.IMMIGRATION_STARTED,
    TerminalVerb.CLEARED: Contact.IMMIGRATION_CLEARED,
    TerminalVerb.REFERRED: Contact.IMMIGRATION_REFERRED,
}


class SerialTerminal:
    """An `ImmigrationTerminal` at the other end of a cable.

    Args:
        port: a device such as ``/dev/ttyS1``, or a URL of pyserial's.
        baud: the speed of a serial line; ignored for ``socket://``.
        clock: monotonic milliseconds.
        silent_ms: the longest silence.
    """

    def __init__(self, *, port: str, baud: int = 9_600, clock: Callable[[], int], silent_ms: int = 1_500) -> None:
        self._port = PolledPort(name=port, baud=baud, clock=clock, silent_ms=silent_ms, losses=_LOSSES)
        self._silent_ms = silent_ms
        self._last = ("", 0)

    async def run(self, said: Callable[[TerminalSignal], None], alive: Callable[[], None]) -> None:
        """Opens the port and reads until it fails (see `ImmigrationTerminal.run`)."""
        await self._port.run(lambda now_ms: _TerminalTalk(self._news, said, alive, now_ms, self._silent_ms))

    def _news(self, message: TerminalSaid) -> bool:
        """Whether this signal was not heard before."""
        session, seq = self._last
        if message.session == session and message.seq <= seq:
            return False
        self._last = (message.session, message.seq)
        return True


class _TerminalTalk:
    """What one opening has heard, and has to say."""

    def __init__(
        self,
        news: Callable[[TerminalSaid], bool],
        said: Callable[[TerminalSignal], None],
        alive: Callable[[], None],
        now_ms: int,
        silent_ms: int,
    ) -> None:
        self._news, self._said, self._alive, self._silent_ms = news, said, alive, silent_ms
        self._reader = TerminalReader()
        self._garbled = 0
        self._asked_ms: int | None = None
        self._answers = b""
        self.heard_ms = now_ms

    def outgoing(self, now_ms: int) -> bytes:
        """See `PortTalk`: what was heard, and three times within the limit a question."""
        said, self._answers = self._answers, b""
        if self._asked_ms is None or now_ms - self._asked_ms >= self._silent_ms / 3:
            self._asked_ms = now_ms
            said += encode(TerminalPolled())
        return said

    def take(self, data: bytes, since_ms: int) -> None:
        """See `PortTalk`.

        Raises:
            BoardGarbled: too many lines in a row made no sense, or the terminal says that it is broken.
        """
        for message in self._reader.feed(data):
            self._understand(message, since_ms)

    def _understand(self, message: Message, since_ms: int) -> None:
        if isinstance(message, TerminalNoise):
            self._garbled += 1
            if self._garbled >= MOST_GARBLED:
                raise BoardGarbled(f"sends {message.line[:24]!r}: check immigration.baud, its cable, its program")
            return
        self._garbled, self.heard_ms = 0, since_ms
        match message:
            case TerminalAlive(state) if state != OK:
                raise BoardGarbled(f"says that it is broken: {state}; ask Immigration to look there")
            case TerminalAlive():
                self._alive()
            case TerminalSaid(session, seq, verb, age_ms, mark):
                self._answers += encode(TerminalHeard(session, seq))
                if self._news(message):
                    self._said(TerminalSignal(_SIGNALS[verb], since_ms - age_ms, mark))
            case TerminalPolled() | TerminalHeard():
                pass  # nobody asks the lane
