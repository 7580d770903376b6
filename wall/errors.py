"""The wall's errors, split by who must act.

WallError
├── WallSettingsError(ValueError)   technician: the settings file, or what it names
├── NeedRefusedError(ValueError)    officer: what was asked of a need of the queue cannot be done now
├── ShiftRefusedError(ValueError)   officer: a shift cannot be begun or ended now
├── PastRefusedError(ValueError)    officer: what was asked of the past is not there, or not this wall's
├── PagesError(RuntimeError)        officer: a story's pages cannot be drawn; it can be printed, and its record had alone
├── SignInRefusedError(ValueError)  officer, technician: the control room's provider signs nobody in, or not this person
└── LanePageError(ConnectionError)  officer, technician: a lane's own page cannot be had
"""

from __future__ import annotations


class WallError(Exception):
    """Any error of the wall."""


class WallSettingsError(WallError, ValueError):
    """The settings cannot be used.

    Attributes:
        problems: one line each: file, key, what is wrong and the remedy.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class NeedRefusedError(WallError, ValueError):
    """It is over, or somebody else's; the text is for the officer."""


class ShiftRefusedError(WallError, ValueError):
    """It is begun already, or cannot be ended yet; the text is for the officer."""


class PagesError(WallError, RuntimeError):
    """The pages of a story cannot be drawn; the text says why."""


class PastRefusedError(WallError, ValueError):
    """The core tells nothing of it; the text says why."""


class SignInRefusedError(WallError, ValueError):
    """Nobody is signed in; the text says why, and what to do."""


class LanePageError(WallError, ConnectionError):
    """A lane's page does not answer, or does not let the wall in; the text says why."""
