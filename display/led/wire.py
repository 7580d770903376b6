"""The line to an LED board: a serial port, or a TCP connection; both by pyserial, which knows either by its address."""

from __future__ import annotations

import serial

from display.led.settings import LedSettings


class LedWire:
    """An open line.

    Raises:
        OSError: it cannot be opened (`serial.SerialException` is one).
    """

    def __init__(self, settings: LedSettings) -> None:
        self._line = serial.serial_for_url(settings.url, baudrate=settings.baud, timeout=0.02, write_timeout=0.5)

    def write(self, data: bytes) -> None:
        """Sends; raises `OSError`."""
        self._line.write(data)

    def read(self) -> bytes:
        """What has come, after 20 ms at the most; raises `OSError`."""
        waiting: int = getattr(self._line, "in_waiting", 0)
        got: bytes = self._line.read(max(1, waiting))
        return got

    def close(self) -> None:
        """Gives the port back."""
        self._line.close()
