"""`rocars-core decided`: afterwards, why, and from which list? Works beside a running core, or on a copy of its store."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.options import Config
from core.cli.output import say, shown
from core.enrolment.keys import load_core_ring, load_lane_keys, load_signing_key
from core.errors import HistoryError, RefusedError
from core.ledger.decision_audit import AuditedDecision, AuditedVisit, AuditVerdict, Decisions
from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.settings import load
from domain.times import hong_kong_text


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    app.command()(decided)


def decided(
    *,
    config: Config,
    lane: Annotated[str, typer.Argument(help="The lane; with a row's number.")] = "",
    seq: Annotated[int, typer.Argument(help="A row of its journal, of the visit in question.")] = 0,
    journal: Annotated[str, typer.Option(help="Which journal; the lane's latest if left out.")] = "",
    visit: Annotated[str, typer.Option(help="Instead: a visit, lane/journal/number.")] = "",
    ubr: Annotated[str, typer.Option(help="Instead: the bundle that was used.")] = "",
) -> None:
    """After it crossed: why a lane released or stopped a vehicle, proved. To give a consignment a code: `decide`.

    Shows the lookup that decided, the list of that version, and what followed, and checks all signatures and hashes. Where
    nothing was looked up (no plate was read, say) it shows and proves what the lane recorded of the visit. Exit code 1 if
    anything does not agree.
    """
    settings = load(config)
    key = settings.core.signing_key
    with CoreStore(settings.core.database, reading=True) as store:
        log = ReplicatedLog(store, load_signing_key(key), load_core_ring(key))
        decisions = Decisions(store, log, load_lane_keys(settings.core.lane_keys))
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
