"""A label reader (RFID) over a serial cable or TCP, as a `LabelSource`; its language is `identifier_protocol`.

A read is stamped with the beginning of its slice (`devices.polled_port`), less the age the reader gives it, so that a label of
the vehicle before is not taken for this one's. A label that stays is repeated, so it is not missed.
"""

from __future__ import annotations

from collections.abc import Callable

from devices.errors import IdentifierFaulty, IdentifierGarbled, IdentifierMissing, IdentifierSilent
from devices.identifier import Seen
from devices.identifier_protocol import OK, Alive, Labelled, LabelsPolled, Message, MessageReader, Noise, encode
from devices.polled_port import MOST_GARBLED, PolledPort, PortLosses

_LOSSES = PortLosses(IdentifierMissing, IdentifierSilent, "identifier", "the reader")


class SerialLabels:
    """A `LabelSource` at the other end of a cable.

    Args:
        port: a device such as ``/dev/ttyUSB1``, or a URL of pyserial's.
        baud: the speed of a serial line; ignored for ``socket://``.
        clock: monotonic milliseconds.
        silent_ms: the longest silence.
    """

    def __init__(self, *, port: str, baud: int = 115_200, clock: Callable[[], int], silent_ms: int = 3_000) -> None:
        self._port = PolledPort(name=port, baud=baud, clock=clock, silent_ms=silent_ms, losses=_LOSSES)
        self._silent_ms = silent_ms

    async def run(self, seen: Seen, alive: Callable[[], None]) -> None:
        """Opens the port and reads until it fails (see `LabelSource.run`)."""
        await self._port.run(lambda now_ms: _LabelTalk(seen, alive, now_ms, self._silent_ms))


class _LabelTalk:
    """What one opening has heard."""

    def __init__(self, seen: Seen, alive: Callable[[], None], now_ms: int, silent_ms: int) -> None:
        self._seen, self._alive, self._silent_ms = seen, alive, silent_ms
        self._reader = MessageReader()
        self._garbled = 0
        self._asked_ms: int | None = None
        self.heard_ms = now_ms

    def outgoing(self, now_ms: int) -> bytes:
        """See `PortTalk`: three times within the limit it is asked whether it is there."""
        if self._asked_ms is not None and now_ms - self._asked_ms < self._silent_ms / 3:
            return b""
        self._asked_ms = now_ms
        return encode(LabelsPolled())

    def take(self, data: bytes, since_ms: int) -> None:
        """See `PortTalk`.

        Raises:
            IdentifierGarbled: too many lines in a row made no sense.
            IdentifierFaulty: the reader says that it is broken.
        """
        for message in self._reader.feed(data):
            self._understand(message, since_ms)

    def _understand(self, message: Message, since_ms: int) -> None:
        if isinstance(message, Noise):
            self._garbled += 1
            if self._garbled >= MOST_GARBLED:
                raise IdentifierGarbled(f"sends {message.line[:24]!r}: check identifier.baud, its cable, its program")
            return
        self._garbled, self.heard_ms = 0, since_ms
        match message:
            case Alive(state) if state != OK:
                raise IdentifierFaulty(f"says that it is broken: {state}; look there")
            case Alive():
                self._alive()
            case Labelled(age_ms, label):
                self._seen(label, since_ms - age_ms)
            case LabelsPolled():
                pass  # nobody asks the lane
