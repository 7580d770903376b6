"""Profiles that are read anew when their file changes, while the core runs. A wrong edit keeps those in force, and says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import CoreError
from core.select.engine import Profile

LOOK_S = 0.25
"""Between two looks. An edit counts once two looks found the same file: an editor may still be writing at the first."""

_Signature = tuple[int, int, int]


class LiveProfiles:
    """Watches one file.

    Args:
        path: the file.
        read: reads the profiles in it; raises CoreError or OSError where it cannot be used.
        use: puts profiles in force.

    Attributes:
        problem: why the file, as it is, does not count; "" where it does.
    """

    def __init__(self, path: Path, read: Callable[[Path], Profile], use: Callable[[Profile], None]) -> None:
        self._path = path
        self._read = read
        self._use = use
        self._taken = self._seen = self._signature()
        self.problem = ""

    def _signature(self) -> _Signature | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def look(self) -> str:
        """Takes an edit over; what to tell the technician, "" where nothing changed."""
        before, self._seen = self._seen, self._signature()
        if self._seen != before or self._seen == self._taken:
            return ""
        self._taken = self._seen
        try:
            profile = self._read(self._path)
        except (CoreError, OSError) as error:
            self.problem = f"the profiles in force stay as they were: {error}"
            return self.problem
        self._use(profile)
        self.problem = ""
        return f"{len(profile.rules)} profiles in force, as {self._path} has them now"
