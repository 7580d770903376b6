"""A month of the lanes' rows as a file: written, and read back.

    events-2026-10-0123456789abcdef.gz          the rows
    events-2026-10-0123456789abcdef.manifest    what is in it, signed by the core

Rules of this file:
- The rows are JSON, one a line, packed with gzip: `zcat` shows them when nothing of this software is there any more. Each
  journal is a member of its own, so that one journal is read without the others; its first line says whose rows follow.
- A body is its text where it is UTF-8, else base64 under another name (`raw`): never both. The hashes are not in it: they follow from
  boot, number and body (`wire.hashes`), and that they do is what is checked.
- The name has the SHA-256 of the rows; the manifest is signed over a topic of its own.
- A file that is not whole has no name yet.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Self

import msgspec

from core.errors import HistoryError
from runtime.files import flush_folder, write_whole
from wire.envelope import KeyRing, Signer
from wire.errors import WireError
from wire.hashes import journal_next
from wire.topics import ROOT

MANIFEST = f"{ROOT}/file/archive"
"""What a manifest's signature is for; no broker has it."""

_FORM = 1
_LARGEST = 64 << 20
"""Bytes of a manifest: some hundred thousand journals."""
_PORTION = 1 << 20
_VISIT = re.compile(rb'"visit":(\d{1,15})[,}]')


class ArchivedRow(msgspec.Struct, frozen=True):
    """A row as it came; `received_ms` is when (UTC)."""

    seq: int
    boot: str
    received_ms: int
    body: bytes


class ArchivedJournal(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one journal in the file.

    Attributes:
        first, last: their numbers; all between are there.
        previous, hash: the chain before the first and after the last, in hexadecimal digits.
        visits: the lowest and the highest number of a visit that they name; none: zeros.
        at, size: where in the file their member begins, and its bytes.
    """

    lane: str
    journal: str
    first: int
    last: int
    previous: str
    hash: str
    visits: tuple[int, int]
    at: int
    size: int


class ArchiveManifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is in a file; `made_ms` is when it was made (UTC)."""

    form: int
    month: str
    file: str
    sha256: str
    size: int
    rows: int
    made_ms: int
    journals: tuple[ArchivedJournal, ...]


class _Head(msgspec.Struct, frozen=True):
    lane: str
    journal: str
    previous: str


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    seq: int
    boot: str
    received_ms: int
    body: str | None = None
    raw: bytes | None = None

    @classmethod
    def of(cls, row: ArchivedRow) -> Self:
        try:
            return cls(row.seq, row.boot, row.received_ms, body=row.body.decode())
        except UnicodeDecodeError:
            return cls(row.seq, row.boot, row.received_ms, raw=row.body)

    @property
    def row(self) -> ArchivedRow:
        body = self.raw if self.body is None else self.body.encode()
        if body is None or (self.raw is not None and self.body is not None):
            raise HistoryError(f"row {self.seq} has no body, or two")
        return ArchivedRow(self.seq, self.boot, self.received_ms, body)


_encoder = msgspec.json.Encoder()
_line = msgspec.json.Decoder(_Line)
_head = msgspec.json.Decoder(_Head)


class ArchiveWriter:
    """Writes one file: journal by journal, then `keep`. Left without that, it leaves nothing behind.

    Args:
        folder: where it will be; it is there.
        month: as "2026-10".
    """

    def __init__(self, folder: Path, month: str) -> None:
        self._folder, self._month = folder, month
        self._path = folder / f".events-{month}.new"
        self._file: IO[bytes] = self._path.open("wb")
        self._journals: list[ArchivedJournal] = []
        self._rows = 0

    def add(self, lane: str, journal: str, previous: bytes, rows: Iterable[ArchivedRow]) -> ArchivedJournal | None:
        """Adds the next rows of a journal.

        Args:
            lane: whose.
            journal: which of theirs.
            previous: the chain before the first of them.
            rows: in their order, without a gap.

        Returns:
            What the manifest will say of them; None where there was none.
        """
        at, digest, first, last, visits = self._file.tell(), previous, 0, 0, VisitSpan()
        with gzip.GzipFile(filename="", mode="wb", fileobj=self._file, mtime=0, compresslevel=6) as member:
            member.write(_encoder.encode(_Head(lane, journal, previous.hex())) + b"\n")
            for row in rows:
                first, last = first or row.seq, row.seq
                digest = journal_next(digest, row.seq, row.boot, row.body)
                visits.note(row.body)
                member.write(_encoder.encode(_Line.of(row)) + b"\n")
        if not first:
            self._file.seek(at)
            self._file.truncate()
            return None
        told = ArchivedJournal(
            lane=lane,
            journal=journal,
            first=first,
            last=last,
            previous=previous.hex(),
            hash=digest.hex(),
            visits=visits.span,
            at=at,
            size=self._file.tell() - at,
        )
        self._journals.append(told)
        self._rows += last - first + 1
        return told

    def keep(self, signer: Signer, *, made_ms: int) -> Path | None:
        """Gives the rows their name and writes the manifest beside them, both on the medium when this returns.

        Returns:
            The file of the rows; None where there was none.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if not self._rows:
            self._path.unlink()
            return None
        digest, size = _digest(self._path)
        file = self._folder / f"events-{self._month}-{digest[:16]}.gz"
        manifest = ArchiveManifest(
            form=_FORM,
            month=self._month,
            file=file.name,
            sha256=digest,
            size=size,
            rows=self._rows,
            made_ms=made_ms,
            journals=tuple(self._journals),
        )
        self._path.replace(file)
        flush_folder(self._folder)
        write_whole(manifest_of(file), signer.seal(MANIFEST, msgspec.json.encode(manifest)))
        return file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def manifest_of(file: Path) -> Path:
    """Where the manifest of a file is."""
    return file.with_suffix(".manifest")


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while portion := file.read(_PORTION):
            digest.update(portion)
            size += len(portion)
    return digest.hexdigest(), size


class VisitSpan:
    """The lowest and the highest visit that rows name, as `decided` looks for them: by the text alone."""

    def __init__(self) -> None:
        self.span = (0, 0)

    def note(self, body: bytes) -> None:
        """Another row's body."""
        for visit in visits_in(body):
            low, high = self.span
            self.span = (min(low or visit, visit), max(high, visit))


def visits_in(body: bytes) -> Iterator[int]:
    """The visits that a row names."""
    yield from (int(found) for found in _VISIT.findall(body) if int(found))


class ArchiveFile:
    """A file that is there, with its manifest, whose signature was checked.

    Args:
        path: of the rows or of the manifest.
        ring: the core's keys.

    Raises:
        HistoryError: there is no manifest of that name that this core has signed.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path, ring: KeyRing) -> None:
        self.path = path.with_suffix(".gz")
        try:
            body = ring.open(MANIFEST, manifest_of(path).read_bytes(), largest=_LARGEST)
            self.manifest = msgspec.json.decode(body, type=ArchiveManifest)
        except (WireError, msgspec.DecodeError) as error:
            raise HistoryError(f"{manifest_of(path)}: {error}") from error
        if (self.manifest.form, self.manifest.file) != (_FORM, self.path.name):
            raise HistoryError(f"{manifest_of(path)}: it is of {self.manifest.file}, form {self.manifest.form}")

    def of(self, lane: str, journal: str) -> ArchivedJournal | None:
        """What it has of a journal."""
        return next((one for one in self.manifest.journals if (one.lane, one.journal) == (lane, journal)), None)

    def rows(self, one: ArchivedJournal) -> Iterator[ArchivedRow]:
        """The rows of a journal, each once it is proved that it has its place in the chain; all of them, or an error.

        Raises:
            HistoryError: they are not what the manifest says.
        """
        where, digest, expected = f"{self.path.name}: lane {one.lane}, journal {one.journal}", one.previous, one.first
        lines = self._lines(one, where)
        try:
            if _head.decode(next(lines, b"")) != _Head(one.lane, one.journal, one.previous):
                raise HistoryError(f"{where}: other rows are there")
            for line in lines:
                row = _line.decode(line).row
                if row.seq != expected:
                    raise HistoryError(f"{where}: row {expected} is missing")
                digest, expected = journal_next(bytes.fromhex(digest), row.seq, row.boot, row.body).hex(), expected + 1
                yield row
        except (msgspec.DecodeError, ValueError) as error:
            raise HistoryError(f"{where}: {error}") from error
        if (expected - 1, digest) != (one.last, one.hash):
            raise HistoryError(f"{where}: its rows do not lead to the hash of row {one.last}")

    def _lines(self, one: ArchivedJournal, where: str) -> Iterator[bytes]:
        unpacking, rest, left = zlib.decompressobj(wbits=31), b"", one.size
        try:
            with self.path.open("rb") as file:
                file.seek(one.at)
                while left and (packed := file.read(min(left, _PORTION))):
                    left -= len(packed)
                    *whole, rest = (rest + unpacking.decompress(packed)).split(b"\n")
                    yield from whole
        except zlib.error as error:
            raise HistoryError(f"{where}: it is damaged ({error})") from error
        if left or rest or not unpacking.eof or unpacking.unused_data:
            raise HistoryError(f"{where}: it is cut short")

    def check(self) -> None:
        """Reads all of it.

        Raises:
            HistoryError: it is not what the manifest says.
        """
        told = self.manifest
        if _digest(self.path) != (told.sha256, told.size):
            raise HistoryError(
                f"{self.path.name}: it has not the SHA-256 that was signed: it was changed, or is not whole"
            )
        rows = sum(1 for one in told.journals for _ in self.rows(one))
        if rows != told.rows:
            raise HistoryError(f"{self.path.name}: it has {rows} rows, {told.rows} were signed for")


def brought(folder: Path, ring: KeyRing) -> list[ArchiveFile]:
    """The files of a folder, in the order of their months.

    Raises:
        HistoryError: a manifest there is not this core's.
    """
    found = [ArchiveFile(one, ring) for one in sorted(folder.glob("events-*.manifest"))]
    return sorted(found, key=lambda one: (one.manifest.month, one.manifest.made_ms))
