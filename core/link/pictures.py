"""Evidence pictures that lanes have sent: by lane, class and content hash, kept as long as their class says.

Rules of this file:
- A picture is `<folder>/<lane>/<class>/<hash>`; one that is still coming is `<folder>/<lane>/.part-<hash>`. Folders and
  names say everything, so nothing here can disagree with a database that was restored.
- It counts as held when all its bytes are there, have the hash that names them, are on the disk, and carry its name.
  Parts before that are not flushed: what a power cut spoils is found by the hash, and asked for again.
- Once wrong may be this side's doing: it is asked for again from the beginning. Twice wrong is refused.
- Past its class's days, or the oldest while all together exceed the quota, a picture goes.
- Pictures are personal data (domain §8): who looks at one is in the audit log (`office.admin_handler`).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from core.errors import RefusedError
from domain.times import DAY_MS, UtcClock
from runtime.files import flush_folder
from wire.messages import PictureHeld, PictureOffered, PicturePart

_NAME = re.compile(r"[0-9a-f]{64}")
_CLASS = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PART = ".part-"
_ABANDONED_MS = 7 * DAY_MS


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A picture held here; `received_ms` in UTC ms."""

    lane: str
    kind: str
    picture: str
    size: int
    received_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How pictures are kept.

    Attributes:
        folder: where; None where this core takes none.
        quota: bytes of all together.
        days: of each class; `other_days` of a class not named.
    """

    folder: Path | None
    quota: int = 20_000 * 1_000_000
    days: Mapping[str, int] = field(default_factory=dict)
    other_days: int = 30


class PictureStore:
    """The pictures of every lane.

    Args:
        keeping: where and how long.
        clock: the present time, UTC ms.
    """

    def __init__(self, keeping: Keeping, clock: UtcClock) -> None:
        self._keeping = keeping
        self._clock = clock
        self._offers: dict[str, PictureOffered] = {}
        self._wrong: set[tuple[str, str]] = set()
        self._used = sum(size for _, size in self._sizes())

    def offered(self, offer: PictureOffered) -> PictureHeld:
        """A lane would send a picture: from where on, or why not.

        Raises:
            OSError: the folder cannot be used.
        """
        problem = self._problem(offer)
        if problem:
            return _held(offer, 0, "refused", problem)
        self._offers[offer.lane] = offer
        if self._find(offer.lane, offer.picture) is not None:
            return _held(offer, offer.size, "whole")
        part = self._part(offer)
        part.parent.mkdir(parents=True, exist_ok=True)
        size = part.stat().st_size if part.is_file() else 0
        if size > offer.size:
            self._forget(part)
            size = 0
        return self._finish(offer, part) if size == offer.size else _held(offer, size, "part")

    def _problem(self, offer: PictureOffered) -> str:
        if self._keeping.folder is None:
            return "this core keeps no pictures; set pictures.folder in its configuration"
        if not _CLASS.fullmatch(offer.kind):
            return f"{offer.kind!r} cannot be a class of pictures"
        if (offer.lane, offer.picture) in self._wrong:
            return "its bytes do not have the hash that names it, twice"
        if self._used + offer.size > self._keeping.quota:
            self.prune()
        if self._used + offer.size > self._keeping.quota:
            return f"the quota of {self._keeping.quota // 1_000_000} MB is used up"
        return ""

    def _folder(self) -> Path:
        assert self._keeping.folder is not None
        return self._keeping.folder

    def _part(self, offer: PictureOffered) -> Path:
        return self._folder() / offer.lane / f"{_PART}{offer.picture}"

    def part(self, part: PicturePart) -> PictureHeld | None:
        """Bytes of the picture a lane offered last; None where there is no such offer, and the lane offers it anew.

        Raises:
            OSError: they could not be written.
        """
        offer = self._offers.get(part.lane)
        if offer is None or (offer.offer, offer.picture) != (part.offer, part.picture):
            return None
        path = self._part(offer)
        size = path.stat().st_size if path.is_file() else 0
        if part.offset != size or size + len(part.data) > offer.size:
            return _held(offer, min(size, offer.size), "part")
        with path.open("ab") as file:
            file.write(part.data)
        self._used += len(part.data)
        size += len(part.data)
        return self._finish(offer, path) if size == offer.size else _held(offer, size, "part")

    def _finish(self, offer: PictureOffered, path: Path) -> PictureHeld:
        if hashlib.sha256(path.read_bytes()).hexdigest() != offer.picture:
            self._forget(path)
            key = (offer.lane, offer.picture)
            if key not in self._wrong:
                self._wrong.add(key)
                return _held(offer, 0, "part")
            return _held(offer, 0, "refused", "its bytes do not have the hash that names it, twice")
        self._wrong.discard((offer.lane, offer.picture))
        place = self._folder() / offer.lane / offer.kind / offer.picture
        place.parent.mkdir(parents=True, exist_ok=True)
        now = self._clock() * 1_000_000
        with path.open("rb") as file:
            os.utime(file.fileno(), ns=(now, now))
            os.fsync(file.fileno())
        path.rename(place)
        for folder in (path.parent, place.parent, self._folder()):
            flush_folder(folder)
        del self._offers[offer.lane]
        return _held(offer, offer.size, "whole")

    def _forget(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            self._used -= path.stat().st_size
            path.unlink()

    def kept(self, *, lane: str = "") -> list[Kept]:
        """Every picture held, or those of a lane, the newest first."""
        found = [one for one, _ in self._whole() if lane in {"", one.lane}]
        return sorted(found, key=lambda one: one.received_ms, reverse=True)

    def find(self, lane: str, picture: str) -> Kept | None:
        """A picture of that lane, if it is held."""
        path = self._find(lane, picture) if self._keeping.folder is not None and _NAME.fullmatch(picture) else None
        return None if path is None else _kept(path, path.stat().st_size)

    def read(self, picture: str, *, lane: str = "") -> bytes:
        """The bytes of a picture; with its lane it is found at once.

        Raises:
            RefusedError: there is none of that name, or its file is not what its name says.
        """
        if lane:
            path = self._find(lane, picture) if self.find(lane, picture) is not None else None
        else:
            path = next((path for one, path in self._whole() if one.picture == picture), None)
        if path is None:
            raise RefusedError(f"picture {picture}: it is not here; ask its lane for it (rocars-core fetch-picture)")
        body = path.read_bytes()
        if hashlib.sha256(body).hexdigest() != picture:
            raise RefusedError(f"{path}: it is not what was written; keep it, check the disk, ask the lane again")
        return body

    def prune(self) -> int:
        """Takes away what has outlived its class or the quota, and parts that nobody finished; returns how many."""
        now, gone = self._clock(), 0
        keeping = self._keeping
        for one, path in sorted(self._whole(), key=lambda found: found[0].received_ms):
            age_days = (now - one.received_ms) / DAY_MS
            if age_days > keeping.days.get(one.kind, keeping.other_days) or self._used > keeping.quota:
                self._forget(path)
                gone += 1
        for path, _ in list(self._sizes()):
            if path.name.startswith(_PART) and now - path.stat().st_mtime_ns // 1_000_000 > _ABANDONED_MS:
                self._forget(path)
                gone += 1
        return gone

    def _find(self, lane: str, picture: str) -> Path | None:
        return next((path for path in (self._folder() / lane).glob(f"*/{picture}")), None)

    def _whole(self) -> Iterator[tuple[Kept, Path]]:
        for path, size in self._sizes():
            if _NAME.fullmatch(path.name):
                yield _kept(path, size), path

    def _sizes(self) -> Iterator[tuple[Path, int]]:
        folder = self._keeping.folder
        if folder is not None and folder.is_dir():
            for path in [*folder.glob("*/*/*"), *folder.glob(f"*/{_PART}*")]:
                yield path, path.stat().st_size


def _kept(path: Path, size: int) -> Kept:
    kind, lane, received = path.parent.name, path.parent.parent.name, path.stat().st_mtime_ns // 1_000_000
    return Kept(lane=lane, kind=kind, picture=path.name, size=size, received_ms=received)


def _held(offer: PictureOffered, offset: int, state: str, detail: str = "") -> PictureHeld:
    return PictureHeld(
        lane=offer.lane,
        offer=offer.offer,
        picture=offer.picture,
        offset=offset,
        state=state,  # type: ignore[arg-type]
        detail=detail,
    )
