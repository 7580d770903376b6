"""`rocars-core decided`: afterwards, why, and from which list? `rocars-core verify`: is an exported story genuine?

Both work beside a running core; `decided` also on a copy of its store, and `verify` with the core's public keys alone.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from core.cli.options import Config
from core.cli.output import say, shown
from core.enrolment.keys import load_core_ring, load_lane_keys, load_signing_key
from core.errors import HistoryError, RefusedError
from core.ledger.archive_file import brought
from core.ledger.decision_audit import AuditedDecision, AuditedVisit, AuditVerdict, Decisions
from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.model.refusals import refusal
from core.office.sealed_file import open_file
from core.office.sealed_story import is_pdf, open_pages
from core.office.wall_requests import STORY_FORM, PagesSeal, StoryFile
from core.settings import load
from domain.times import hong_kong_text
from wire.envelope import KeyRing


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    app.command()(decided)
    app.command()(verify)


def verify(
    config: Config,
    file: Annotated[Path, typer.Argument(help="What was exported at a wall: a PDF, or the signed record alone.")],
    out: Annotated[
        Path | None, typer.Option(help="A folder for the record, its pictures and its text; made if missing.")
    ] = None,
) -> None:
    """Check an exported story: that this core signed it and that not a byte was changed. Exit code 1 if not.

    Says whose story it is, who exported it and why, and whether the core could prove the visit then; of a PDF also which wall made
    its pages, whose words the core has not read. With --out, the record, its pictures and its text are written where other
    programs can read them: of a PDF this is what the core itself said.
    """
    ring = load_core_ring(load(config, planned=True).core.signing_key)
    try:
        found = file.read_bytes()
    except OSError as error:
        raise RefusedError(f"{file}: cannot be read ({error.strerror}); give the right path") from error
    seal, record = open_pages(ring, found) if is_pdf(found) else (None, found)
    body, told = _opened(ring, file, record)
    if seal is not None and (seal.by, seal.visit) != (told.by, told.story.key):
        raise RefusedError(refusal("pages_without_record", detail="it is of another person or visit"))
    if out is not None:
        _write_out(out, told, body, record)
    _show_record(told)
    if seal is not None:
        _show_pages(seal, out)
    say("GENUINE" if told.proof.problems else "GENUINE, and the visit was PROVED when it was exported")


def _opened(ring: KeyRing, file: Path, record: bytes) -> tuple[bytes, StoryFile]:
    """A record as it was signed, and what it says."""
    body = open_file(ring, record)
    try:
        told = msgspec.json.decode(body, type=StoryFile)
    except msgspec.DecodeError as error:
        raise RefusedError(f"{file}: it is signed, and of a form that this version does not read ({error})") from error
    wrong = [name for name, picture in told.pictures.items() if hashlib.sha256(picture).hexdigest() != name]
    if told.form != STORY_FORM or wrong:
        raise RefusedError(f"{file}: it is signed, and not whole: form {told.form}, {len(wrong)} wrong pictures")
    return body, told


def _show_record(told: StoryFile) -> None:
    story, proof = told.story, told.proof
    say(shown(f"visit {story.key}, vehicle {story.crossing.vrn or 'not read'}"))
    say(shown(f"exported by {told.by} at {hong_kong_text(told.exported_ms)}: {told.purpose}"))
    say(f"{len(story.rows)} rows of the journal, {len(told.pictures)} pictures, {len(story.missing)} missing")
    for problem in proof.problems:
        say(shown(f"not proved then: {problem}"))


def _show_pages(seal: PagesSeal, out: Path | None) -> None:
    say(shown(f"record: signed by the core, SHA-256 {seal.record}"))
    made = f"made by the wall {seal.wall} for {seal.by} at {hong_kong_text(seal.sealed_ms)} from that record"
    say(shown(f"pages: {made}, and not changed since"))
    say(
        "their words are the wall's, which the core has not read"
        + ("" if out else "; for the core's own: --out FOLDER")
    )


def _write_out(folder: Path, told: StoryFile, body: bytes, record: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_bytes(record)
    (folder / "story.json").write_bytes(msgspec.json.format(body))
    for name, picture in told.pictures.items():
        (folder / f"{name}.jpg").write_bytes(picture)


def decided(
    *,
    config: Config,
    lane: Annotated[str, typer.Argument(help="The lane; with a row's number.")] = "",
    seq: Annotated[int, typer.Argument(help="A row of its journal, of the visit in question.")] = 0,
    journal: Annotated[str, typer.Option(help="Which journal; the lane's latest if left out.")] = "",
    visit: Annotated[str, typer.Option(help="Instead: a visit, lane/journal/number.")] = "",
    ubr: Annotated[str, typer.Option(help="Instead: the bundle that was used.")] = "",
    archive: Annotated[
        Path | None, typer.Option(help="A folder with files of the archive, for what is not in the database any more.")
    ] = None,
) -> None:
    """After it crossed: why a lane released or stopped a vehicle, proved. To give a consignment a code: `decide`.

    Shows the lookup that decided, the list of that version, and what followed, and checks all signatures and hashes. Where
    nothing was looked up (no plate was read, say) it shows and proves what the lane recorded of the visit. Exit code 1 if
    anything does not agree.
    """
    settings = load(config)
    key = settings.core.signing_key
    files = brought(archive, load_core_ring(key)) if archive is not None else []
    with CoreStore(settings.core.database, reading=True) as store:
        log = ReplicatedLog(store, load_signing_key(key), load_core_ring(key))
        decisions = Decisions(store, log, load_lane_keys(settings.core.lane_keys), files)
        verdict = decisions.prove(_wanted(decisions, lane, seq, journal, visit, ubr))
    _show(verdict)
    if verdict.problems:
        raise HistoryError(f"NOT PROVED: {'; '.join(verdict.problems)}")
    say("PROVED")


def _wanted(decisions: Decisions, lane: str, seq: int, journal: str, visit: str, ubr: str) -> AuditedVisit:  # noqa: PLR0917 (three ways to name one thing)
    if ubr:
        return decisions.of_bundle(ubr)
    if visit:
        parts = visit.split("/")
        if len(parts) != 3 or not parts[2].isdecimal():
            raise RefusedError(f"--visit {visit!r}: write it as lane/journal/number, as rocars-core crossings shows it")
        return decisions.of_visit(parts[0], parts[1], int(parts[2]))
    if not lane or seq < 1:
        raise RefusedError("name a lane and a row, or --visit, or --ubr")
    return decisions.at_row(lane, journal, seq)


def _show(verdict: AuditVerdict) -> None:
    one = verdict.decision
    say(shown(f"visit {one.lane}/{one.journal}/{one.visit}"))
    if isinstance(one, AuditedDecision):
        _show_lookup(one, verdict)
    else:
        say("nothing was looked up in it, so no list decided; what the lane recorded:")
    for line in one.course:
        say(shown(f"  row {line.seq}  {hong_kong_text(line.at_ms)}  {line.words}"))
    for check in verdict.checks:
        say(shown(f"proved: {check}"))


def _show_lookup(one: AuditedDecision, verdict: AuditVerdict) -> None:
    codes = one.codes
    say(shown(f"vehicle {codes['vrn']}"))
    say(shown(f"looked up in row {one.seq} at {hong_kong_text(one.at_ms)} (time {one.quality}), link {codes['link']}"))
    say(shown(f"list: version {codes['version']} of epoch {codes['epoch']}, state hash {codes['state_hash']}"))
    if verdict.found is not None and verdict.found.version:
        say(shown(f"that list was in force from {hong_kong_text(verdict.found.at_ms)}; of {codes['vrn']} it said:"))
    for row in verdict.rows:
        say(shown(f"  {row}"))
    if not verdict.rows:
        say("  nothing")
    say("then, at the lane:")
