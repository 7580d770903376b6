"""A label reader (RFID) over a serial cable or TCP, as a `LabelSource`; its language is `identifier_protocol`.

Rules of this file
- All of pyserial's ports: a device, ``socket://host:port``, ``rfc2217://host:port``. Not all of them have a file
  descriptor, so a thread reads, `SLICE_S` at a time; the event loop never waits for the cable.
- The lane asks three times within `silent_ms`; nothing heard for longer means silent, also while labels are few.
- A read is stamped with the beginning of its slice, less the age the reader gives it: never later than it was, so that
  a label of the vehicle before is not taken for this one's. A label that stays is repeated, so it is not missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import serial

from devices.errors import IdentifierFaulty, IdentifierGarbled, IdentifierMissing, IdentifierSilent
from devices.identifier import Seen
from devices.identifier_protocol import OK, Alive, Labelled, LabelsPolled, Message, MessageReader, Noise, encode

SLICE_S = 0.1
"""How long one look at the port lasts."""

MOST_GARBLED = 8
"""So many garbled lines with no good one between them: wrong speed, wrong reader or a bad cable."""

_LOCAL_WRITE_S = 0.5


class SerialLabels:
    """A `LabelSource` at the other end of a cable.

    Args:
        port: a device such as ``/dev/ttyUSB1``, or a URL of pyserial's.
        baud: the speed of a serial line; ignored for ``socket://``.
        clock: monotonic milliseconds.
        silent_ms: the longest silence.
    """

    def __init__(self, *, port: str, baud: int = 115_200, clock: Callable[[], int], silent_ms: int = 3_000) -> None:
        self._name, self._baud, self._clock, self._silent_ms = port, baud, clock, silent_ms
        self._looking: asyncio.Future[bytes] | None = None

    async def run(self, seen: Seen, alive: Callable[[], None]) -> None:
        """Opens the port and reads until it fails (see `LabelSource.run`)."""
        port = await asyncio.to_thread(self._open)
        talk = _LabelTalk(seen, alive, self._clock())
        try:
            while True:
                await self._look(port, talk)
        except (IdentifierGarbled, IdentifierFaulty, IdentifierSilent) as problem:
            raise type(problem)(f"{self._name} {problem}") from problem
        except OSError as problem:  # pyserial's own error is one
            raise IdentifierMissing(f"{self._name} was lost ({problem}): check its cable and its power") from problem
        finally:
            if self._looking is not None:  # never close a port under a thread that reads it
                await asyncio.wait({self._looking}, timeout=2 * SLICE_S)
            await asyncio.shield(asyncio.to_thread(port.close))  # that of a TCP port sleeps for 0.3 s

    async def _look(self, port: serial.SerialBase, talk: _LabelTalk) -> None:
        """One look at the port.

        Raises:
            IdentifierSilent: nothing was heard for too long, or the port does not even come back.
        """
        began = self._clock()
        self._looking = asyncio.ensure_future(asyncio.to_thread(_look, port, talk.due(began, self._silent_ms)))
        done, _ = await asyncio.wait({self._looking}, timeout=self._silent_ms / 1_000)
        if done:
            talk.take(self._looking.result(), began)
        if not done or began - talk.heard_ms > self._silent_ms:
            raise IdentifierSilent("says nothing: check the reader's power and identifier.baud")

    def _open(self) -> serial.SerialBase:
        try:
            if "://" in self._name:
                return serial.serial_for_url(self._name, self._baud, timeout=SLICE_S)
            return serial.Serial(self._name, self._baud, timeout=SLICE_S, write_timeout=_LOCAL_WRITE_S, exclusive=True)
        except (ValueError, OSError) as problem:
            remedy = "check its cable, identifier.port, and that the lane's user is in group dialout"
            raise IdentifierMissing(f"{self._name} cannot be opened ({problem}): {remedy}") from problem


def _look(port: serial.SerialBase, ask: bool) -> bytes:
    """In a thread: asks if that is due, and takes what comes within a slice."""
    if ask:
        port.write(encode(LabelsPolled()))
    found: bytes = port.read(512)
    return found


class _LabelTalk:
    """What one opening has heard."""

    def __init__(self, seen: Seen, alive: Callable[[], None], now_ms: int) -> None:
        self._seen, self._alive = seen, alive
        self._reader = MessageReader()
        self._garbled = 0
        self._asked_ms: int | None = None
        self.heard_ms = now_ms

    def due(self, now_ms: int, silent_ms: int) -> bool:
        """Whether it is time to ask; if so, it counts as asked."""
        if self._asked_ms is not None and now_ms - self._asked_ms < silent_ms / 3:
            return False
        self._asked_ms = now_ms
        return True

    def take(self, data: bytes, since_ms: int) -> None:
        """Takes bytes that came after `since_ms`.

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
