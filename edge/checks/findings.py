"""What a check found: one line for a person, one object for a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from devices.settings import CameraSettings
from runtime.clocks import ClockState


class Severity(Enum):
    """How bad it is. A fault keeps the lane out of automatic; a warning will become one."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        area: what was looked at, such as "store" or "broker 10.20.0.5:8883".
        what: what was seen.
        remedy: what to do; "" where nothing is to be done.
    """

    area: str
    level: Severity
    what: str
    remedy: str = ""


def ok(area: str, what: str) -> Finding:
    """It is as it should be."""
    return Finding(area, Severity.OK, what)


def warning(area: str, what: str, remedy: str) -> Finding:
    """It works, and should not stay like this."""
    return Finding(area, Severity.WARNING, what, remedy)


def fault(area: str, what: str, remedy: str) -> Finding:
    """The lane would not work, or not in automatic."""
    return Finding(area, Severity.FAULT, what, remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The box as the checks see it; tests and the command line give their own.

    Attributes:
        camera: opens the camera, takes frames for a moment and says in words what it saw. Raises OSError or a
            `devices.errors.DeviceError` whose text says what to do. None: the camera is not looked at.
        clock: reads the kernel's clock state; may raise OSError.
        installed: whether a Debian package is installed; None where there is no dpkg.
        utc: now, aware.
        root: where dev/ and sys/ are.
        environment: as `os.environ`.
        chip: opens a GPIO chip by its number with the library that drives it, and says in words what it is. Raises a
            `devices.errors.DeviceError` whose text says what to do. None: it is not opened.
    """

    camera: Callable[[CameraSettings], str] | None
    clock: Callable[[], ClockState]
    installed: Callable[[str], bool | None]
    utc: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    root: Path = Path("/")
    environment: Mapping[str, str] = field(default_factory=dict)
    chip: Callable[[int], str] | None = None
