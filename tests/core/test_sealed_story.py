"""Pages that a wall made of an exported record: what the core seals, and what `rocars-core verify` finds of a changed byte."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pypdf import PdfWriter

from core.cli.app import main
from core.errors import RefusedError
from core.model.people import Actor, Role
from core.office.looking_back import LookingBack
from core.office.sealed_file import PAGES_TOPIC, open_file, seal_file
from core.office.sealed_story import KEPT_MS, MOST_KEPT, ExportedRecords, is_pdf, open_pages
from core.office.wall_requests import ExportStory, SealPages
from tests.core.test_looking_back import CHAN, desk_of, visits
from wire.envelope import public_to_pem
from wire.sealed_pages import with_seal, without_seal

LEE = Actor(account="lee", roles=frozenset({Role.LANE_OFFICER}), login="wall")


def pdf(*attached: tuple[str, bytes]) -> bytes:
    """One empty page, and what is attached to it."""
    writer = PdfWriter()
    writer.add_blank_page(width=100, height=100)
    for name, content in attached:
        writer.add_attachment(name, content)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


class Exporting:
    """Somebody exports a visit at a wall.

    Attributes:
        record: as the core gave it.
    """

    def __init__(self, core: Any, lane: Any) -> None:
        visits(core, lane, 1, "AB1234")
        self.core, self.lane = core, lane
        self.key = f"{lane.name}/{lane.journal}/1"
        self.desk: LookingBack = desk_of(core, lane)
        self.record: bytes = self.desk.answer(ExportStory(visit=self.key, purpose="case 3"), CHAN, {lane.name}).encode()

    def sealed(self, pages: bytes, *, who: Actor = CHAN, visit: str = "") -> bytes:
        """The pages with the core's seal on them."""
        record, drawn = hashlib.sha256(self.record).hexdigest(), hashlib.sha256(pages).hexdigest()
        asked = SealPages(visit=visit or self.key, record=record, pages=drawn)
        return with_seal(pages, self.desk.answer(asked, who, {self.lane.name}).encode())


@pytest.fixture
def exporting(core: Any, lane: Any) -> Exporting:
    """A visit that chan has just exported."""
    return Exporting(core, lane)


def test_the_seal_says_whose_pages_they_are_and_of_which_record(exporting: Exporting) -> None:
    """Wall and person as the core knows them; the record inside is the one that it signed."""
    seal, record = open_pages(exporting.core.log.ring, exporting.sealed(pdf(("story.json", exporting.record))))
    assert (seal.wall, seal.by, seal.visit) == ("wall", "chan by wall", exporting.key)
    assert seal.sealed_ms == exporting.core.clock()
    assert record == exporting.record
    open_file(exporting.core.log.ring, record)


def test_each_changed_byte_of_it_is_found(exporting: Exporting) -> None:
    """Pages, record, seal, cross-reference, end: every byte of the file, one after another, and what is put before, after or left off."""
    file = exporting.sealed(pdf(("story.json", exporting.record)))
    ring = exporting.core.log.ring
    open_pages(ring, file)
    assert len(file) > 2_000
    for place in range(len(file)):
        changed = bytearray(file)
        changed[place] ^= 1
        with pytest.raises(RefusedError, match="NOT GENUINE"):
            open_pages(ring, bytes(changed))
    for other in (file + b"\n", b"\n" + file, file[:-1], file + file, without_seal(file)[0], b""):
        with pytest.raises(RefusedError, match="NOT GENUINE"):
            open_pages(ring, other)


def test_a_seal_of_other_pages_is_none_of_these(exporting: Exporting) -> None:
    """Nor is the signature of a record the seal of pages, or a seal a record."""
    one = exporting.sealed(pdf(("story.json", exporting.record)))
    _, line = without_seal(one)
    ring = exporting.core.log.ring
    with pytest.raises(RefusedError, match="pages or record were changed"):
        open_pages(ring, with_seal(pdf(("story.json", exporting.record), ("more", b"x")), line))
    with pytest.raises(RefusedError, match="NOT GENUINE: bad_signature"):
        open_pages(ring, with_seal(pdf(("story.json", exporting.record)), exporting.record))
    with pytest.raises(RefusedError, match="NOT GENUINE: bad_signature"):
        open_file(ring, line)
    with pytest.raises(RefusedError, match="NOT GENUINE"):
        open_pages(ring, with_seal(without_seal(one)[0], seal_file(exporting.core.signer, b"{}", topic=PAGES_TOPIC)))


@pytest.mark.parametrize("attached", [(), ("other.json",), ("story.json", "story.json"), ("story.json", "more.json")])
def test_pages_that_have_not_this_one_record_attached_are_refused(
    exporting: Exporting, attached: tuple[str, ...]
) -> None:
    """A wall that attaches nothing, or something besides, is found out although the core sealed it."""
    file = exporting.sealed(pdf(*((name, exporting.record) for name in attached)))
    with pytest.raises(RefusedError, match="files are attached"):
        open_pages(exporting.core.log.ring, file)


def test_pages_with_another_record_or_that_are_no_pdf_are_refused(exporting: Exporting) -> None:
    """Sealed by the core, by their hash alone: it reads nothing of them until they are verified."""
    with pytest.raises(RefusedError, match="another one is attached"):
        open_pages(exporting.core.log.ring, exporting.sealed(pdf(("story.json", b"{}\n"))))
    exporting.record = exporting.desk.answer(
        ExportStory(visit=exporting.key, purpose="x"), CHAN, {exporting.lane.name}
    ).encode()
    with pytest.raises(RefusedError, match="not the one they were made of"):
        open_pages(exporting.core.log.ring, exporting.sealed(b"no pages at all\nstartxref\n0\n%%EOF\n"))


def test_only_whoever_was_given_the_record_has_its_pages_sealed_once_and_soon(exporting: Exporting) -> None:
    """Not another person, not for another visit, not a second time, not an hour later, not for a record that is unknown."""
    pages = pdf(("story.json", exporting.record))
    for wrong in ({"who": LEE}, {"visit": f"{exporting.lane.name}/x/1"}):
        with pytest.raises(RefusedError, match="export it again"):
            exporting.sealed(pages, **wrong)
    exporting.sealed(pages)
    with pytest.raises(RefusedError, match="export it again"):
        exporting.sealed(pages)
    exporting.desk.answer(ExportStory(visit=exporting.key, purpose="case 3"), CHAN, {exporting.lane.name})
    exporting.record = b"unknown"
    with pytest.raises(RefusedError, match="export it again"):
        exporting.sealed(pages)


def test_records_are_remembered_for_some_minutes_and_not_without_end() -> None:
    """The oldest go first."""
    records = ExportedRecords()
    digest = hashlib.sha256(b"a").hexdigest()
    records.add(b"a", visit="v", by="chan", now_ms=0)
    assert not records.take(digest, visit="v", by="chan", now_ms=KEPT_MS + 1)
    assert records.take(digest, visit="v", by="chan", now_ms=KEPT_MS)
    records.add(b"a", visit="v", by="chan", now_ms=0)
    for number in range(MOST_KEPT):
        records.add(str(number).encode(), visit="v", by="chan", now_ms=0)
    assert not records.take(digest, visit="v", by="chan", now_ms=0)


def test_a_pdf_is_known_by_its_beginning_or_by_its_seal(exporting: Exporting) -> None:
    """So that a change of the beginning is not taken for a damaged record."""
    file = exporting.sealed(pdf(("story.json", exporting.record)))
    assert is_pdf(file)
    assert is_pdf(b"#" + file[1:])
    assert not is_pdf(exporting.record)


class Verifying:
    """`rocars-core verify` with the public keys alone."""

    def __init__(self, folder: Path, core: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys
        (folder / "keys").mkdir()
        (folder / "keys" / f"{core.signer.kid}.pub").write_bytes(public_to_pem(core.signer.public))
        settings = f'[core]\ndatabase = "dbname=rocars"\nsigning_key = "keys/{core.signer.kid}.key"\nlane_keys = "l"\n'
        settings += 'admin_socket = "s"\n[[broker]]\nhost = "localhost"\nport = 1\nclient_id = "core"\n'
        (folder / "core.toml").write_text(settings + '[points]\nSZB = "Shenzhen Bay"\n', encoding="utf-8")

    def __call__(self, file: bytes, *more: str) -> tuple[int, str]:
        """Exit code, and what it said, on one line."""
        (self._folder / "file").write_bytes(file)
        with pytest.raises(SystemExit) as left:
            main(["verify", str(self._folder / "file"), "--config", str(self._folder / "core.toml"), *more])
        said = self._capsys.readouterr()
        return int(left.value.code or 0), " ".join((said.out + said.err).split())


@pytest.fixture
def verifying(tmp_path: Path, core: Any, capsys: pytest.CaptureFixture[str]) -> Verifying:
    """The command."""
    return Verifying(tmp_path, core, capsys)


def test_the_command_says_of_pages_and_record_each_by_itself(exporting: Exporting, verifying: Verifying) -> None:
    """Who exported and why, who made the pages, and whose words they are."""
    file = exporting.sealed(pdf(("story.json", exporting.record)))
    code, said = verifying(file)
    assert code == 0, said
    for words in (
        "exported by chan by wall at",
        "case 3",
        f"record: signed by the core, SHA-256 {hashlib.sha256(exporting.record).hexdigest()}",
        "pages: made by the wall wall for chan by wall at",
        "not changed since",
        "the core has not read; for the core's own: --out FOLDER",
        "GENUINE",
    ):
        assert words in said, said
    changed = bytearray(file)
    changed[file.index(b"/Page")] ^= 1
    code, said = verifying(bytes(changed))
    assert (code, "pages or record were changed" in said) == (1, True), said
    assert verifying(b"#" + file[1:])[0] == 1


def test_the_record_inside_is_written_out_as_it_was_signed(
    tmp_path: Path, exporting: Exporting, verifying: Verifying
) -> None:
    """And verifies by itself."""
    file = exporting.sealed(pdf(("story.json", exporting.record)))
    assert verifying(file, "--out", str(tmp_path / "out"))[0] == 0
    record = (tmp_path / "out" / "record.json").read_bytes()
    assert record == exporting.record
    assert json.loads((tmp_path / "out" / "story.json").read_text())["purpose"] == "case 3"
    code, said = verifying(record)
    assert (code, "pages:" in said) == (0, False), said


def test_pages_of_another_persons_record_are_refused_by_the_command(exporting: Exporting, verifying: Verifying) -> None:
    """Whatever a core was brought to seal, record and pages are of one person and one visit."""
    core, pages = exporting.core, pdf(("story.json", exporting.record))
    seal, _ = open_pages(core.log.ring, exporting.sealed(pages))
    other = msgspec.json.encode(msgspec.structs.replace(seal, by="lee by wall"))
    code, said = verifying(with_seal(pages, seal_file(core.signer, other, topic=PAGES_TOPIC)))
    assert (code, "of another person or visit" in said) == (1, True), said
