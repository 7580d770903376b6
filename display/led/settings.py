"""The part `led` of a board's settings: the line to its LED controller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from runtime.sections import Host, Port, Problem, Section


class LedSettings(Section, frozen=True, kw_only=True):
    """Either `device`, a serial port with its `baud`, or `host` and `port`."""

    device: Annotated[str, Meta(pattern=r"^/dev/", description='a serial port, such as "/dev/ttyUSB0"')] | None = None
    baud: Annotated[int, Meta(ge=9_600, le=4_000_000, description="bits a second, 9600 to 4000000")] = 115_200
    host: Host | None = None
    port: Port | None = None

    def contradictions(self) -> Iterator[Problem]:
        """One line, and all of it."""
        if (self.device is None) == (self.host is None):
            yield Problem(
                "device", "and host: one of the two is needed", 'write device = "/dev/ttyUSB0", or host and port'
            )
        elif (self.host is None) != (self.port is None):
            yield Problem("port", "and host belong together", "give both, or neither")

    @property
    def url(self) -> str:
        """As pyserial opens it."""
        return self.device or f"socket://{self.host}:{self.port}"
