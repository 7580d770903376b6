r"""Checked lines over a serial cable or TCP, as the boards and readers of a lane speak them: framing alone, no meaning.

A line is ``<body>*<crc>\n``: ASCII, `crc` the CRC-16/CCITT-FALSE of the body as four hexadecimal digits.
"""

from __future__ import annotations

import binascii

LONGEST = 128
"""Longest line; anything longer is noise and is dropped up to the next line end."""


def frame(body: str) -> bytes:
    """The line that carries `body`."""
    raw = body.encode("ascii")
    return raw + b"*%04X\n" % binascii.crc_hqx(raw, 0xFFFF)


def body_of(line: bytes) -> str:
    """The body of one line without its line end.

    Raises:
        ValueError: the check does not fit, or it is not ASCII.
    """
    body, star, crc = line.rpartition(b"*")
    if not star or int(crc, 16) != binascii.crc_hqx(body, 0xFFFF):
        raise ValueError(f"the check of {line[:24]!r} does not fit")
    return body.decode("ascii")


class LineCutter:
    """Cuts a byte stream into lines."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """Takes bytes as they arrive and returns the lines they complete, in order, without their ends.

        A line longer than `LONGEST` comes out cut to the end of it, so that its check fails.
        """
        *ended, self._rest = (self._rest + data).split(b"\n")
        lines = [line.rstrip(b"\r") for line in ended]
        if self._skipping and lines:
            lines[0] = b"..." + lines[0][:LONGEST].replace(b"*", b".")
            self._skipping = False
        if len(self._rest) > LONGEST:
            self._rest, self._skipping = b"", True
        return lines
