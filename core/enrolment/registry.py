"""The lanes that may speak: the folder of their public keys, as it is at this moment.

Rules of this file:
- The folder is the register: a key put there counts, one taken away no longer does, within a second and without a
  restart (`refresh`, at every tick of a running core).
- A file that is no key takes its own lane off the register, and no other; it is told once.
- What is taken away goes to `revoked/` beside it: who was enrolled once is evidence.
"""

from __future__ import annotations

from pathlib import Path

from core.enrolment.keys import load_lane_keys, read_lane_keys
from core.errors import CoreSettingsError
from core.files import write_whole
from runtime.files import flush_folder
from wire.envelope import KeyRing, key_id, public_from_pem

Seen = dict[str, tuple[int, int, int]]


class LaneRegistry:
    """The register.

    Args:
        folder: of the public keys, `<lane>.pub` or `<lane>.<anything>.pub`.

    Attributes:
        rings: for each lane its keys.
        problems: files that are no keys, one line each.

    Raises:
        CoreSettingsError: the folder is missing, or a file in it is no key of a lane.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self.rings: dict[str, KeyRing] = load_lane_keys(folder)
        self._seen = self._look()

    def _look(self) -> Seen:
        states = {file.name: file.stat() for file in self.folder.glob("*.pub")}
        return {name: (state.st_ino, state.st_mtime_ns, state.st_size) for name, state in states.items()}

    def refresh(self) -> bool:
        """Reads the folder again if anything in it changed; returns whether it did. Without a folder nothing changes."""
        try:
            seen = self._look()
            if seen == self._seen:
                return False
            self.rings, self.problems = read_lane_keys(self.folder)
        except (OSError, CoreSettingsError) as error:
            self.problems = [f"{self.folder}: cannot be read ({error}); the lanes known until now stay"]
            return False
        self._seen = seen
        return True

    def add(self, lane: str, kid: str, pem: bytes, *, keep: frozenset[str] = frozenset()) -> None:
        """Registers a key of a lane; of the lane's others only those named in `keep` stay."""
        write_whole(self.folder / f"{kid}.pub", pem)
        self._put_away(lane, keep | {kid})
        self.refresh()

    def remove(self, lane: str) -> int:
        """Takes a lane off the register; returns how many keys it had."""
        gone = self._put_away(lane, frozenset())
        self.refresh()
        return gone

    def _put_away(self, lane: str, keep: frozenset[str]) -> int:
        every = [*self.folder.glob(f"{lane}.pub"), *self.folder.glob(f"{lane}.*.pub")]
        files = [file for file in every if not _names(lane, file) & keep]
        if files:
            revoked = self.folder / "revoked"
            revoked.mkdir(exist_ok=True)
            for file in files:
                file.replace(revoked / file.name)
            flush_folder(self.folder)
        return len(files)


def _names(lane: str, file: Path) -> frozenset[str]:
    """The names by which the key in this file goes (`core.enrolment.keys.read_lane_keys`)."""
    try:
        own = key_id(lane, public_from_pem(file.read_bytes()))
    except ValueError:  # no key at all: nobody can go by it
        return frozenset()
    return frozenset({file.stem, own} if file.stem == lane else {file.stem})
