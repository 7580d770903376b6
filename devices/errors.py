"""What can go wrong with the devices of a lane; every message tells a technician what to do.

    DeviceError
    ├── ContactsError          the board that carries buttons, loops and signal lines
    │   ├── BoardMissing       it cannot be opened, or was unplugged          (also OSError)
    │   │   └── DriverMissing  the library that drives the pins is not installed
    │   ├── BoardSilent        it is there and does not answer                (also TimeoutError)
    │   ├── BoardGarbled       it answers, and what it says makes no sense    (also ValueError)
    │   └── WiringWrong        the wiring table contradicts itself or the board (also ValueError)
    ├── IdentifierError        the second identifier                          (also OSError)
    │   ├── IdentifierMissing  it cannot be opened, or was unplugged
    │   ├── IdentifierSilent   it is there and does not answer
    │   ├── IdentifierGarbled  it answers, and what it says makes no sense
    │   └── IdentifierFaulty   it says itself that it is broken
    └── LabelsWrong            the table of labels cannot be used             (also ValueError)

All of these are the technician's; the officer is only told that the lane is in manual mode.
"""

from __future__ import annotations


class DeviceError(Exception):
    """Something physical does not work. The message names it and says what to do."""


class ContactsError(DeviceError):
    """The board of the contacts; becomes `FaultRaised(Fault.CONTACTS)`."""


class BoardMissing(ContactsError, OSError):  # noqa: N818 - a state of the board reads better than "...Error"
    """The board cannot be opened, or has gone."""


class DriverMissing(BoardMissing):
    """The library that drives the pins is not installed, whatever is plugged in."""


class BoardSilent(ContactsError, TimeoutError):  # noqa: N818
    """The board does not answer within its limit."""


class BoardGarbled(ContactsError, ValueError):  # noqa: N818
    """The board talks, but not in the protocol we know."""


class WiringWrong(ContactsError, ValueError):  # noqa: N818
    """Two contacts on one line, or a line the board does not have."""


class IdentifierError(DeviceError, OSError):
    """The second identifier; a fault where the lane requires it, else an alarm."""


class IdentifierMissing(IdentifierError):  # noqa: N818
    """It cannot be opened, or has gone."""


class IdentifierSilent(IdentifierError):  # noqa: N818
    """It does not answer within its limit."""


class IdentifierGarbled(IdentifierError):  # noqa: N818
    """It talks, but not in the protocol we know."""


class IdentifierFaulty(IdentifierError):  # noqa: N818
    """It answers, and says that it cannot read."""


class LabelsWrong(DeviceError, ValueError):  # noqa: N818
    """The table that says which label belongs to which mark is missing, or contradicts itself."""
