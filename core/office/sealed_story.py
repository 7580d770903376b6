"""A story as a PDF: the pages are a wall's, the record inside is the core's, and the core's seal is on all of it.

Rules of this file:
- The core seals pages of a record that it has just signed for the same person at the same wall, once. What the pages say it has not
  read: the seal says who made them, for whom, when, of which record, and which bytes they are.
- Nothing of a file is parsed before its seal holds for each of its bytes.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import msgspec

from core.errors import RefusedError
from core.model.people import Actor
from core.model.refusals import refusal
from core.office.sealed_file import PAGES_TOPIC, open_file, seal_file
from core.office.wall_requests import PAGES_FORM, PagesSeal, SealPages
from wire.envelope import KeyRing, Signer
from wire.sealed_pages import PDF, RECORD_NAME, without_seal

KEPT_MS: Final = 600_000
"""How long after its export pages of a record are sealed: a wall draws them within a minute or two."""

MOST_KEPT: Final = 64


class _Export(NamedTuple):
    visit: str
    by: str
    at_ms: int


class ExportedRecords:
    """The records that were exported a moment ago; a core that starts anew knows none, and they are exported again."""

    def __init__(self) -> None:
        self._kept: dict[str, _Export] = {}

    def add(self, file: bytes, *, visit: str, by: str, now_ms: int) -> None:
        """This signed file of that visit was given to that person."""
        while len(self._kept) >= MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[hashlib.sha256(file).hexdigest()] = _Export(visit, by, now_ms)

    def take(self, record: str, *, visit: str, by: str, now_ms: int) -> bool:
        """Whether that person was given this record of that visit, within `KEPT_MS`; it is asked once."""
        export = self._kept.get(record)
        if export is None or (export.visit, export.by) != (visit, by) or now_ms - export.at_ms > KEPT_MS:
            return False
        del self._kept[record]
        return True


def seal_pages(signer: Signer, request: SealPages, who: Actor, *, now_ms: int) -> bytes:
    """The line of the seal."""
    seal = PagesSeal(
        form=PAGES_FORM,
        wall=who.login,
        by=who.words,
        sealed_ms=now_ms,
        visit=request.visit,
        record=request.record,
        pages=request.pages,
    )
    return seal_file(signer, msgspec.json.encode(seal), topic=PAGES_TOPIC)


def is_pdf(file: bytes) -> bool:
    """Whether it is a PDF, or was one before somebody changed its beginning."""
    return file.startswith(PDF) or bool(without_seal(file)[1])


def open_pages(ring: KeyRing, file: bytes) -> tuple[PagesSeal, bytes]:
    """What the core vouches for about these pages, and the record inside, which has a signature of its own.

    Raises:
        RefusedError: a byte was changed, or no key on the ring has sealed it; the text says what does not hold.
    """
    pages, line = without_seal(file)
    if not line:
        raise RefusedError(refusal("file_unsealed"))
    try:
        seal = msgspec.json.decode(open_file(ring, line, topic=PAGES_TOPIC), type=PagesSeal)
    except msgspec.DecodeError as error:
        raise RefusedError(refusal("file_changed", error=error)) from error
    if seal.form != PAGES_FORM or hashlib.sha256(pages).hexdigest() != seal.pages:
        raise RefusedError(refusal("pages_changed"))
    from core.office.attached import attached_record  # noqa: PLC0415 - its library is for this alone

    record = attached_record(pages, RECORD_NAME)
    if hashlib.sha256(record).hexdigest() != seal.record:
        raise RefusedError(refusal("pages_without_record", detail="another one is attached"))
    return seal, record
