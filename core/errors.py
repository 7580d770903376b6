"""Everything the core can complain about, split by who must act.

CoreError
├── RefusedError          the trader, driver or officer: the request breaks a rule; nothing was changed
├── SettingsError      the technician: a configuration, key or store is not usable
├── EventError     the lane: an event or request that can not be what it says it is
└── HistoryError    the technician: the stored log contradicts its own hashes; nothing is published from it
"""

from __future__ import annotations


class CoreError(Exception):
    """The root of the tree; the message tells its reader what to do."""


class RefusedError(CoreError, ValueError):
    """A request breaks one or more rules; nothing was changed.

    Attributes:
        problems: one sentence per broken rule, in the order of the form.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class SettingsError(CoreError, ValueError):
    """A configuration, key file or store can not be used.

    Attributes:
        problems: one line each: file, key, what is wrong and the remedy.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class EventError(CoreError, ValueError):
    """A message from a lane is forged, malformed or contradicts what the lane sent before."""


class HistoryError(CoreError, RuntimeError):
    """The stored log and its hashes disagree."""
