"""A device that is asked and answers in checked lines, over a serial cable or TCP: opening, reading and noticing its loss.

Rules of this file
- All of pyserial's ports: a device, ``socket://host:port``, ``rfc2217://host:port``. Not all of them have a file
  descriptor, so a thread reads, `SLICE_S` at a time; the event loop never waits for the cable.
- Nothing heard for longer than `silent_ms` means silent; whoever talks is to ask three times within it.
- What is heard is stamped with the beginning of its slice: never later than it was said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import serial

from devices.errors import DeviceError

SLICE_S = 0.1
"""How long one look at the port lasts, at most."""

MOST_GARBLED = 8
"""So many garbled lines with no good one between them: wrong speed, wrong device or a bad cable."""

_LOCAL_WRITE_S = 0.5
_MOST_AT_ONCE = 4_096


class PortTalk(Protocol):
    """What one opening of a port says and hears."""

    @property
    def heard_ms(self) -> int:
        """When something that makes sense was last heard, monotonic ms."""

    def outgoing(self, now_ms: int) -> bytes:
        """What is to be said now; nothing, as a rule."""

    def take(self, data: bytes, since_ms: int) -> None:
        """Takes bytes that came after `since_ms`.

        Raises:
            DeviceError: what is heard makes no sense, or says that the device is broken; named without the port.
        """


@dataclass(frozen=True, slots=True)
class PortLosses:
    """How a port's losses are called, and where a technician looks.

    Attributes:
        missing, silent: the errors.
        section: of the lane's settings, such as "identifier".
        device: in words, such as "the reader".
    """

    missing: type[DeviceError]
    silent: type[DeviceError]
    section: str
    device: str


class PolledPort:
    """A port and its losses.

    Args:
        name: a device such as ``/dev/ttyUSB1``, or a URL of pyserial's.
        baud: the speed of a serial line; ignored for ``socket://``.
        clock: monotonic milliseconds.
        silent_ms: the longest silence.
        losses: what they are called.
    """

    def __init__(self, *, name: str, baud: int, clock: Callable[[], int], silent_ms: int, losses: PortLosses) -> None:
        self._name, self._baud, self._clock, self._silent_ms, self._losses = name, baud, clock, silent_ms, losses
        self._looking: asyncio.Future[bytes] | None = None

    async def run(self, begin: Callable[[int], PortTalk]) -> None:
        """Opens the port and talks until it fails or is cancelled.

        Args:
            begin: makes the talk of this opening, given the time.

        Raises:
            DeviceError: missing, silent, or what the talk raised.
        """
        port = await asyncio.to_thread(self._open)
        talk = begin(self._clock())
        try:
            while True:
                await self._look(port, talk)
        except DeviceError as problem:
            raise type(problem)(f"{self._name} {problem}") from problem
        except OSError as problem:  # pyserial's own error is one
            lost = f"{self._name} was lost ({problem}): check its cable and its power"
            raise self._losses.missing(lost) from problem
        finally:
            if self._looking is not None:  # never close a port under a thread that reads it
                await asyncio.wait({self._looking}, timeout=2 * SLICE_S)
            await asyncio.shield(asyncio.to_thread(port.close))  # that of a TCP port sleeps for 0.3 s

    async def _look(self, port: serial.SerialBase, talk: PortTalk) -> None:
        """One look at the port; silent is also a port that does not even come back."""
        began = self._clock()
        self._looking = asyncio.ensure_future(asyncio.to_thread(_look, port, talk.outgoing(began)))
        done, _ = await asyncio.wait({self._looking}, timeout=self._silent_ms / 1_000)
        if done:
            talk.take(self._looking.result(), began)
        if not done or began - talk.heard_ms > self._silent_ms:
            losses = self._losses
            raise losses.silent(f"says nothing: check {losses.device}'s power and {losses.section}.baud")

    def _open(self) -> serial.SerialBase:
        try:
            if "://" in self._name:
                return serial.serial_for_url(self._name, self._baud, timeout=SLICE_S)
            return serial.Serial(self._name, self._baud, timeout=SLICE_S, write_timeout=_LOCAL_WRITE_S, exclusive=True)
        except (ValueError, OSError) as problem:
            remedy = f"check its cable, {self._losses.section}.port, and that the lane's user is in group dialout"
            raise self._losses.missing(f"{self._name} cannot be opened ({problem}): {remedy}") from problem


def _look(port: serial.SerialBase, said: bytes) -> bytes:
    """In a thread: says what is to be said, waits for a byte and takes what has come with it."""
    if said:
        port.write(said)
    found: bytes = port.read(1)
    while found and len(found) < _MOST_AT_ONCE and (waiting := port.in_waiting):  # type: ignore[attr-defined]
        found += port.read(min(waiting, _MOST_AT_ONCE))
    return found
