"""`rocars-core skip-numbers`, `without-papers`: after the database of a copy took the place of one that had more.

Rules of this file: what was acknowledged in the seconds that the copy lacks has left traces outside: a number in a trader's hand, a bundle
in the lanes. No number is given twice, and a bundle without its papers is named.
"""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.options import Config
from core.cli.output import say, shown
from core.cli.people import keeper_of
from core.ledger.store import CoreStore, the_row
from core.office import numbers
from core.settings import load
from runtime.clocks import utc_ms
from wire.codec import decode_record
from wire.records import BundleRecord

_GO_ON = "INSERT INTO series(name, last) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET last = series.last + %s RETURNING last"
_WITHOUT = "SELECT body FROM rows WHERE kind = 'bundle' AND NOT EXISTS (SELECT 1 FROM bundles WHERE ubr = rows.key) ORDER BY key"


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(skip_numbers)
    app.command()(without_papers)


def skip_numbers(
    config: Config,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit log.")],
    count: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="How many of each series are never given.")
    ] = 10_000,
) -> None:
    """Leave numbers out (core stopped): those given away by a database that was lost are not given again to others."""
    with CoreStore(load(config).core.database) as store:
        who = keeper_of(store, "skip-numbers")
        with store.transaction() as db:
            for series, first in numbers.FIRST.items():
                (last,) = the_row(db.execute(_GO_ON, (series, first - 1 + count, count)))
                say(f"{series}: the next one is {numbers.reference(last + 1)}")
            detail = f"{count} of each series: {reason}"
            store.write_diary(at_ms=utc_ms(), who=who, what="skipped numbers", detail=detail)


def without_papers(config: Config) -> None:
    """Show the bundles that lanes gave back, and whose papers were lost with the database. Works beside a running core."""
    with CoreStore(load(config).core.database, reading=True) as store:
        rows = [decode_record(body) for (body,) in store.connection.execute(_WITHOUT)]
    found = [row for row in rows if isinstance(row, BundleRecord) and not row.deleted]
    for row in found:
        say(shown(row))
    say(f"{len(found)} bundles without papers")
