"""The page's errors, split by who must act.

ConsoleError
├── RequestRefusedError(PermissionError)  officer: the request is refused; says why, and what to do
│   └── LiveUnavailableError              officer: there is no live picture, and pictures are shown instead
├── OfficersFileError(ValueError)         technician: the officers' file
└── ConsoleSettingsError(ValueError)      technician: the page's settings
"""

from __future__ import annotations


class ConsoleError(Exception):
    """Any error of the page."""


class RequestRefusedError(ConsoleError, PermissionError):
    """A request is refused; `status` is the HTTP status, `words` are shown to the officer."""

    def __init__(self, status: int, words: str, retry_after_s: int = 0) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.retry_after_s = retry_after_s


class LiveUnavailableError(RequestRefusedError):
    """There is no live picture now, or of this camera never."""

    def __init__(self, words: str) -> None:
        super().__init__(409, words)


class OfficersFileError(ConsoleError, ValueError):
    """The officers' file is missing, unreadable by us, readable by others, or not what it should be."""


class ConsoleSettingsError(ConsoleError, ValueError):
    """The page cannot be served with these settings."""
