"""Evidence pictures: files named by what is in them, on the medium before the row that names them.

Rules of this file:
- A file's name is the SHA-256 of its bytes, in hexadecimal; reading it checks that.
- A folder a class, and a retention policy a class: so many days, so many bytes, whichever is reached first; the oldest
  go first. Pictures are personal data: they are kept as long as they are needed and no longer (domain §8).
- What a row names that the core has not acknowledged is never pruned, nor is a file so new that its row may still be
  on its way.
- A picture that goes before its time is up, for want of room, is written down first (`removed_early`): what is neither
  there, nor written down, nor past its time was taken away by somebody else.
- A file's age is by its own stamp, set from the clock given here. A clock set back makes it expire late, never early.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runtime.files import flush_folder
from runtime.store_errors import StoreDamagedError, translated_os_error

_NAME = re.compile(r"[0-9a-f]{64}")
_NAMED = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_UNFINISHED = ".unfinished-"
_EARLY = "removed-early"
_GRACE_MS = 10 * 60 * 1_000  # far longer than any visit may take from its picture to its row


@dataclass(frozen=True, slots=True)
class Retention:
    """How long pictures of one class are kept, in milliseconds, and how many bytes they may take together."""

    max_age_ms: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a round of pruning did.

    Attributes:
        files, freed: how many files went, and their bytes.
        over: classes that take more than their budget all the same, because unacknowledged rows name their files:
            the link has been away too long for this disk, say so.
    """

    files: int
    freed: int
    over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _EvidenceFile:
    stamp_ms: int
    size: int
    path: Path


def named(bodies: Iterable[bytes]) -> set[str]:
    """Every hash that these journal bodies name, whatever else they say."""
    return {found.decode() for body in bodies for found in _NAMED.findall(body)}


def removed_early(folder: Path) -> set[str]:
    """Names of the pictures in this folder of evidence that went before their time was up; for a reader, too."""
    try:
        return set((folder / _EARLY).read_text(encoding="ascii").split())
    except FileNotFoundError:
        return set()


def _stamp_ms(found: os.stat_result) -> int:
    return found.st_mtime_ns // 1_000_000


class Evidence:
    """The pictures of one lane, under one folder."""

    def __init__(self, folder: Path, classes: Mapping[str, Retention], *, now_ms: Callable[[], int]) -> None:
        """Opens the folder, creating it and one folder a class where they are missing.

        Args:
            folder: where the pictures lie; its parent must exist.
            classes: the retention policy of each class, by its name.
            now_ms: the clock, UTC milliseconds.

        Raises:
            StoreError: a folder cannot be created.
        """
        self.folder = folder
        self._classes = dict(classes)
        self._now_ms = now_ms
        self._guard = threading.Lock()  # pruning may run in another thread
        try:
            for place in (folder, *(folder / name for name in classes)):
                place.mkdir(mode=0o750, exist_ok=True)
                flush_folder(place.parent)
        except OSError as error:
            raise translated_os_error(error, folder) from error

    def put(self, picture: bytes, *, kind: str) -> str:
        """Writes a picture and waits until it is on the medium.

        Args:
            picture: the encoded picture, as it is to be kept.
            kind: its class.

        Returns:
            Its name, to be written in the row. The same picture twice is one file, of the first's class, as old as
            the second.

        Raises:
            KeyError: no such class.
            StoreError: it is not on the medium; do not name it in a row.
        """
        self._classes[kind]
        digest = hashlib.sha256(picture).hexdigest()
        try:
            with self._guard:
                self._write(picture, self.path(digest) or self.folder / kind / digest)
        except OSError as error:
            raise translated_os_error(error, self.folder / kind / digest) from error
        return digest

    def path(self, digest: str) -> Path | None:
        """The file of the picture of that name, None where there is none. Safe with a name from outside."""
        if not _NAME.fullmatch(digest):
            return None
        places = (self.folder / kind / digest for kind in self._classes)
        return next((place for place in places if place.is_file()), None)

    def get(self, digest: str) -> bytes:
        """The picture of that name.

        Raises:
            FileNotFoundError: there is none, or it was pruned.
            StoreDamagedError: the file is not what its name says.
        """
        place = self.path(digest)
        if place is None:
            raise FileNotFoundError(f"evidence {digest}: there is none, or it was pruned")
        picture = place.read_bytes()
        if hashlib.sha256(picture).hexdigest() != digest:
            raise StoreDamagedError(f"evidence {place}: it is not what was written; keep it, and check the medium")
        return picture

    def reclass(self, digest: str, kind: str) -> None:
        """Moves a picture to another class, when the visit turned out to be one whose pictures are kept longer.

        Raises:
            KeyError: no such class.
            FileNotFoundError: no such picture.
            StoreError: it could not be moved, and is where it was.
        """
        self._classes[kind]
        place = self.path(digest)
        if place is None:
            raise FileNotFoundError(f"evidence {digest}: there is none, or it was pruned")
        try:
            place.rename(self.folder / kind / digest)
            flush_folder(self.folder / kind)
        except OSError as error:
            raise translated_os_error(error, place) from error

    def prune(self, unacknowledged: Callable[[], AbstractSet[str]]) -> Pruned:
        """Deletes what the policies no longer keep.

        Call it while the time is proven: a clock set wrongly ahead would make every picture old.

        Args:
            unacknowledged: asked only where something would go: the names in rows the core has not acknowledged
                (`named` of their bodies).

        Raises:
            StoreError: a file cannot be deleted; those before it are.
        """
        chosen = {kind: self._outlived(kind) for kind in self._classes}
        kept = unacknowledged() if any(chosen.values()) else frozenset[str]()
        outlived = (file for files in chosen.values() for file in files if file.path.name not in kept)
        try:
            gone = [file for file in outlived if self._deleted(file, self._classes[file.path.parent.name])]
        except OSError as error:
            raise translated_os_error(error, self.folder) from error
        over = tuple(kind for kind in self._classes if self.size(kind) > self._classes[kind].max_bytes)
        return Pruned(len(gone), sum(file.size for file in gone), over)

    def make_room(self, wanted: int, unacknowledged: Callable[[], AbstractSet[str]]) -> Pruned:
        """Deletes the oldest pictures, class by class in the order given, until `wanted` bytes are freed.

        For a disk that fills: the journal needs the room more. What a row names that the core has not acknowledged
        stays, as in `prune`.

        Raises:
            StoreError: a file cannot be deleted; those before it are.
        """
        kept, now = unacknowledged(), self._now_ms()
        gone: list[_EvidenceFile] = []
        freed = 0
        try:
            for kind in self._classes:
                for file in sorted(self._files(kind), key=lambda file: (file.stamp_ms, file.path)):
                    fixed = file.path.name in kept or 0 <= now - file.stamp_ms < _GRACE_MS
                    if freed < wanted and not fixed and self._deleted(file, self._classes[kind]):
                        gone.append(file)
                        freed += file.size
        except OSError as error:
            raise translated_os_error(error, self.folder) from error
        return Pruned(len(gone), freed, ())

    def size(self, kind: str) -> int:
        """Bytes that the pictures of a class take."""
        return sum(file.size for file in self._files(kind))

    def _outlived(self, kind: str) -> list[_EvidenceFile]:
        """Files past their class's age or budget, oldest first; those too new to have a row are left out."""
        now, policy = self._now_ms(), self._classes[kind]
        files = sorted(self._files(kind), key=lambda file: (file.stamp_ms, file.path))
        excess = sum(file.size for file in files) - policy.max_bytes
        chosen = []
        for file in files:
            age = now - file.stamp_ms
            if (age > policy.max_age_ms or excess > 0) and not 0 <= age < _GRACE_MS:
                chosen.append(file)
                excess -= file.size
        return chosen

    def removed_early(self) -> set[str]:
        """Names of the pictures that went before their time was up, because the room was needed."""
        return removed_early(self.folder)

    def _deleted(self, file: _EvidenceFile, policy: Retention) -> bool:
        """Deletes the file, unless it was written again or moved since it was looked at."""
        with self._guard:
            try:
                if _stamp_ms(file.path.stat()) != file.stamp_ms:
                    return False
                if self._now_ms() - file.stamp_ms <= policy.max_age_ms:
                    with (self.folder / _EARLY).open("a", encoding="ascii") as book:
                        book.write(f"{file.path.name}\n")
                file.path.unlink()
            except FileNotFoundError:
                return False
            return True

    def _files(self, kind: str) -> Iterator[_EvidenceFile]:
        for entry in os.scandir(self.folder / kind):
            if _NAME.fullmatch(entry.name) or entry.name.startswith(_UNFINISHED):
                with suppress(FileNotFoundError):  # moved or finished meanwhile
                    found = entry.stat()
                    yield _EvidenceFile(_stamp_ms(found), found.st_size, Path(entry.path))

    def _write(self, picture: bytes, place: Path) -> None:
        """Whole under its name, or not there: written beside, flushed, renamed, the folder flushed."""
        now = self._now_ms() * 1_000_000
        beside = place.with_name(_UNFINISHED + secrets.token_hex(8))
        try:
            with beside.open("xb") as file:
                file.write(picture)
                file.flush()
                os.utime(file.fileno(), ns=(now, now))
                os.fsync(file.fileno())
            beside.rename(place)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        flush_folder(place.parent)
