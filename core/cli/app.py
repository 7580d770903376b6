"""`rocars-core`: the central side that the lanes need. The composition root: the wall clock is chosen here.

A command that asks the running core loads nothing of what only the core itself needs.

Exit codes: 0 done, 1 refused or failed, 2 the configuration or command line is wrong.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from core.cli import after_loss, alarms, archive, ask, audit, enrol, keys, lanes, people, versions
from core.cli.options import Config
from core.cli.output import say, shown
from core.cli.people import keeper_of, second_person
from core.cli.sessions import language
from core.enrolment.keys import load_core_ring, load_lane_keys, load_signing_key, make_signing_key
from core.errors import CoreError, CoreSettingsError, RefusedError
from core.ledger.list_history import HistoricList
from core.ledger.log import ReplicatedLog, live
from core.ledger.new_epoch import holds_to_end, make_strictest
from core.ledger.sqlite_import import import_sqlite as take_over_file
from core.ledger.store import CoreStore
from core.logins import own_login
from core.model.refusals import FormLanguage
from core.settings import load
from domain.marks import normalise
from domain.times import DAY_MS, expected_span, hong_kong_text
from runtime.journald import log_for_people
from runtime.store_errors import StoreError
from wire.enrolment import EnrolmentError

app = typer.Typer(
    help="The core: cargo information, bundling, screening, and the signed list that the lanes hold.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
ask.add_to(app)
lanes.add_to(app)
alarms.add_to(app)
audit.add_to(app)
archive.add_to(app)
people.add_to(app)
enrol.add_to(app)
keys.add_to(app)
versions.add_to(app)
after_loss.add_to(app)


def utc_ms() -> int:
    """The present time, UTC ms, by this machine's clock."""
    return time.time_ns() // 1_000_000


@app.command()
def init(config: Config) -> None:
    """Make the signing key and an empty store, once. Neither is ever overwritten."""
    from core.parts import open_first_account

    settings = load(config, planned=True)
    key = settings.core.signing_key
    settings.core.lane_keys.mkdir(parents=True, exist_ok=True)
    if not key.exists():
        public = make_signing_key(key)
        say(f"signing key made: {key} (keep it secret); give every lane {public}")
    with CoreStore(settings.core.database, create=True) as store, store.transaction():
        epoch = ReplicatedLog(store, load_signing_key(key)).restart(at_ms=utc_ms(), reason="first list")
        open_first_account(store, utc_ms())
    say(f"tables made in {store.name}; its log begins with epoch {epoch}")
    say(f"account {own_login()} opened: supervisor, technician; open the others with rocars-core account add")


@app.command()
def import_sqlite(
    config: Config, file: Annotated[Path, typer.Argument(help="The core's former store, core.db.")]
) -> None:
    """Take over the SQLite file that a core kept its list in before, into an empty database, once."""
    from core.parts import open_first_account

    settings = load(config)
    key = settings.core.signing_key
    with CoreStore(settings.core.database, create=True) as store:
        counts = take_over_file(file, store)
        log = ReplicatedLog(store, load_signing_key(key), load_core_ring(key))
        log.check()
        head = log.head()
        open_first_account(store, utc_ms())
    say(
        f"{sum(counts.values())} rows of {len(counts)} tables taken over; the list goes on at version {head.version} of epoch "
        f"{head.epoch}"
    )


@app.command()
def check(config: Config) -> None:
    """Check the configuration, the keys and the store, and say what is wrong. Works beside a running core."""
    from core.enrolment.expiry import endings

    settings = load(config)
    lanes = load_lane_keys(settings.core.lane_keys)
    signer = load_signing_key(settings.core.signing_key)
    with CoreStore(settings.core.database, reading=True) as store:
        log = ReplicatedLog(store, signer, load_core_ring(settings.core.signing_key))
        log.check()
        head = log.head()
        log.list_at(head.epoch, head.version)  # every signature and every link, and not the last one alone
    for ending in endings(settings, lanes, utc_ms()):
        say(f"warning: {ending}", err=True)
    missing = keys.warning(settings)
    if missing:
        say(f"warning: {missing}", err=True)
    say(f"in order: {len(lanes)} lanes registered; list at version {head.version} of epoch {head.epoch}")


@app.command()
def run(
    config: Config,
    level: Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the core until it is told to stop (SIGTERM, Ctrl-C). Where another runs on the same database, it stands by."""
    log_for_people("rocars-core", logging.getLevelNamesMapping()[level.upper()])
    from core.serving import CoreProcess

    CoreProcess(load(config), utc_ms, config).run()


@app.command()
def history(
    config: Config,
    version: Annotated[int | None, typer.Option(help="The version of the list; the latest if left out.")] = None,
    at: Annotated[str, typer.Option(help="Instead: the list at this time (Hong Kong), 2026-11-22T15:04.")] = "",
    epoch: Annotated[str, typer.Option(help="An earlier epoch; the present one if left out.")] = "",
    vrn: Annotated[str, typer.Option(help="Show only what it said of this vehicle.")] = "",
) -> None:
    """Which list was in force: rebuild a version from the signed deltas and prove its hashes. Works beside a core."""
    settings = load(config)
    key = settings.core.signing_key
    with CoreStore(settings.core.database, reading=True) as store:
        log = ReplicatedLog(store, load_signing_key(key), load_core_ring(key))
        if at:
            epoch, version = log.version_at(_moment(at))
        head = log.head()
        _show_list(log.list_at(epoch or head.epoch, head.version if version is None else version), vrn)


def _moment(text: str) -> int:
    try:
        return expected_span(text)[1]
    except ValueError as error:
        raise CoreSettingsError(f"--at {text!r}: write a time as 2026-11-22T15:04 (Hong Kong)") from error


def _show_list(found: HistoricList, vrn: str) -> None:
    since = hong_kong_text(found.at_ms) if found.version else "the beginning of the epoch"
    say(f"version {found.version} of epoch {found.epoch}, in force since {since}: proved")
    say(f"log hash   {found.log_hash.hex()}\nstate hash {found.state_hash.hex()}")
    rows = [row for row in found.rows.values() if not vrn or row.vrn == normalise(vrn)]
    for row in rows:
        say(shown(row))
    say(f"{len(rows)} rows")


@app.command()
def restart_log(
    *,
    config: Config,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the epoch.")],
    without_hold: Annotated[
        list[str] | None, typer.Option(help="A hold that is not carried over; needs --approve. May be repeated.")
    ] = None,
    approve: Annotated[
        str, typer.Option(help="The account of the second person, who agrees that these holds end.")
    ] = "",
    password_file: Annotated[Path | None, typer.Option(help="A file with their password, instead of asking.")] = None,
    code: Annotated[str, typer.Option(help="Their authenticator's digits, instead of asking.")] = "",
) -> None:
    """Begin a new epoch with the rows that still count (core stopped). Every lane then loads the whole list anew.

    Of the rows in the store and those that the signed deltas say, the stricter counts. Every hold is carried over; for
    one that is not, two people answer: who runs this, by their login, and a supervisor, who signs for it with their password
    and code. The lanes go on to no list that says nothing of a hold they know.
    """
    settings = load(config)
    key = settings.core.signing_key
    now = utc_ms()
    with CoreStore(settings.core.database) as store:
        officer = keeper_of(store)
        ended = holds_to_end(without_hold or [], officer=officer, approve=approve)
        if ended:
            second_person(store, approve, password_file, code)
        with store.transaction():
            log = ReplicatedLog(store, load_signing_key(key), load_core_ring(key))
            told = make_strictest(log, ended)
            epoch = log.restart(at_ms=now, reason=reason, keep=lambda row: live(row, now, grace_ms=DAY_MS))
            by = f"{officer}, approved by {approve}, without the holds of {', '.join(ended)}" if ended else officer
            store.write_diary(at_ms=now, who=officer, what="restarted log", detail=f"{epoch}: {reason} ({by})")
            version = log.head().version
    for line in told:
        say(line)
    say(f"epoch {epoch} begun at version {version}")


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: problems are lines on standard error, never a traceback for what a person can mend.

    Args:
        arguments: instead of the command line's.
    """
    tongue = FormLanguage.ENGLISH
    try:
        tongue = language()
        app(arguments, prog_name="rocars-core")
    except CoreSettingsError as error:
        sys.exit(_told(error.problems, 2))
    except EnrolmentError as error:
        sys.exit(_told((str(error),), 1))
    except CoreError as error:
        told = error.told(tongue) if isinstance(error, RefusedError) else (str(error),)
        sys.exit(_told(told, 1))
    except StoreError as error:
        sys.exit(_told((str(error),), 1))
    except psycopg.Error as error:
        sys.exit(_told((f"the database has failed: {error}; look at the server with systemctl status postgresql",), 1))
    except OSError as error:
        sys.exit(_told((f"{error}: check the disk, its free space and the rights of the core's files",), 1))


def _told(problems: tuple[str, ...], code: int) -> int:
    for problem in problems:
        say(f"rocars-core: {problem}", err=True)
    return code
