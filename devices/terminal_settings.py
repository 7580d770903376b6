"""The section `[immigration]` of a lane's settings: how Immigration's signals come."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from devices.settings import Baud, SerialPort
from runtime.sections import Problem, Seconds, Section


class ImmigrationKind(Enum):
    """What gives *started*, *cleared* and *referred*."""

    CONTACTS = "contacts"  # three lines of the contact board
    TERMINAL = "terminal"  # checked lines that may name the vehicle (`devices.terminal_protocol`)


class ImmigrationSettings(Section, frozen=True, kw_only=True):
    """Immigration's signals.

    Attributes:
        port, baud, silent_s: of kind terminal: device or socket://host:port; longest silence.
    """

    kind: ImmigrationKind = ImmigrationKind.CONTACTS
    port: SerialPort | None = None
    baud: Baud = 9_600
    silent_s: Seconds = 1.5

    @property
    def vouched(self) -> bool:
        """Whether the origin of the marks it names is proved: a cable of its own, and not a network (design §2.13)."""
        return self.port is not None and self.port.startswith("/dev/")

    def contradictions(self) -> Iterator[Problem]:
        """A terminal has a port; contacts have none."""
        terminal = self.kind is ImmigrationKind.TERMINAL
        if terminal and self.port is None:
            yield Problem("port", "is missing for kind terminal", 'add port = "/dev/ttyS1" or "socket://host:port"')
        if not terminal and self.port is not None:
            yield Problem("port", "is of no use to kind contacts", 'remove it, or write kind = "terminal"')
        if not 0.3 <= self.silent_s <= 3:
            remedy = "write 0.3 to 3: a lost terminal is to be noticed within 3 s"
            yield Problem("silent_s", f"{self.silent_s:g} s does not do", remedy)
