"""`rocars-core archive`: months of the lanes' rows into files, out of the database; and whether such a file is what was signed.

It asks no running core and waits for none: the database itself is worked on, and the core goes on beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli.options import Config
from core.cli.output import say, shown
from core.cli.people import keeper_of
from core.enrolment.keys import load_core_ring, load_lane_keys, load_signing_key
from core.errors import CoreSettingsError, RefusedError
from core.ledger.archive_file import ArchiveFile
from core.ledger.archiving import Archiver
from core.ledger.event_months import EventMonth
from core.ledger.store import CoreStore
from core.settings import CoreSettings, load
from domain.times import hong_kong_text
from runtime.clocks import utc_ms


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    app.command()(archive)


def archive(
    *,
    config: Config,
    before: Annotated[str, typer.Option(help="Every whole month before this one, 2026-11.")] = "",
    to: Annotated[Path | None, typer.Option(help="The folder for the files; it is there.")] = None,
    look: Annotated[
        Path | None, typer.Option(help="Instead: check this file, its manifest beside it, and say what is in it.")
    ] = None,
) -> None:
    """Put months of the lanes' rows into signed files, and take them out of the database; also beside a running core.

    Of each month a file of the rows and a manifest are written and read back before anything leaves the database. What somebody
    still has to deal with stays, and is named. `decided --archive` proves a visit from such a file.
    """
    settings = load(config)
    if look is not None and not before:
        _look(settings, look)
        return
    if to is None or not before or look is not None:
        raise RefusedError("give --before and --to, or --look alone")
    if not to.is_dir():
        raise RefusedError(f"{to}: there is no such folder; make it, where it is backed up")
    with CoreStore(settings.core.database, reading=True) as store:
        who = keeper_of(store, "archive")
    key = settings.core.signing_key
    archiver = Archiver(
        settings.core.database,
        load_signing_key(key),
        load_core_ring(key),
        load_lane_keys(settings.core.lane_keys),
        utc_ms,
        who,
    )
    count = 0
    for one in archiver.archive(_month(before), to):
        count += 1
        for reason in one.stays:
            say(shown(f"{one.month} stays from here on: {reason}"))
        if one.file is None:
            say(f"{one.month}: nothing of it could go")
        else:
            say(shown(f"{one.month}: {one.rows} rows are in {one.file}, read back, and out of the database"))
    say(f"{count} months before {before} had rows here" if count else f"there is nothing from before {before}")


def _month(text: str) -> EventMonth:
    try:
        return EventMonth.of(text)
    except ValueError as error:
        raise CoreSettingsError(f"--before {text!r}: write a month as 2026-11") from error


def _look(settings: CoreSettings, path: Path) -> None:
    try:
        file = ArchiveFile(path, load_core_ring(settings.core.signing_key))
        file.check()
    except OSError as error:
        raise RefusedError(
            f"{error.filename}: cannot be read ({error.strerror}); bring the file and its manifest into one folder"
        ) from error
    told = file.manifest
    for one in told.journals:
        visits = f", visits {one.visits[0]} to {one.visits[1]}" if one.visits[1] else ""
        say(shown(f"lane {one.lane}, journal {one.journal}: rows {one.first} to {one.last}{visits}"))
    say(
        shown(
            f"month {told.month}: {told.rows} rows of {len(told.journals)} journals, made {hong_kong_text(told.made_ms)}"
        )
    )
    say("GENUINE, and whole")
