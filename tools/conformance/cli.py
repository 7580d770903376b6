"""`rocars-conformance lane|core`: which clause of the contract does the side under test break?

Exit status: 0 every clause that was observed holds, 1 one is broken (or, with --all, was not observed), 2 the command
line, a key file or the broker is not as it must be.
"""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.conformance import core as for_cores
from tools.conformance import lane as for_lanes
from tools.conformance.clauses import Chapter, ClauseTimes, Unseen, chosen, tried
from tools.conformance.connection import Address, KitConnection
from tools.conformance.fake_core import CorePlayed
from tools.conformance.fake_lane import LanePlayed
from tools.conformance.keys import Trust, private_key, public_key
from tools.conformance.proxy import Proxy
from tools.conformance.report import status, told, write
from wire.envelope import Signer
from wire.topics import ALL_UP, LOG, LaneTopics

app = typer.Typer(
    help="Does a lane, or a core, keep the contract? The kit takes the other side's place at a broker, and says which "
    "clause is broken.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Broker = Annotated[str, typer.Option("--broker", help="HOST:PORT of the broker.")]
Lane = Annotated[str, typer.Option("--lane", help="The lane's name.")]
User = Annotated[
    str, typer.Option("--user", help="User name and client id at the broker; the side played, if left out.")
]
PasswordFile = Annotated[Path | None, typer.Option("--password-file", help="File with the password of that user.")]
Authority = Annotated[
    Path | None, typer.Option("--authority", help="PEM of the broker's authority: connects over TLS.")
]
Certificate = Annotated[Path | None, typer.Option("--certificate", help="PEM of the kit's own certificate.")]
TlsKey = Annotated[
    Path | None, typer.Option("--tls-key", help="PEM of that certificate's private key, if it is not in the same file.")
]
Further = Annotated[
    str, typer.Option("--further-key", help="A further private key (PEM) of the side played; FILE or FILE=KID.")
]
Keys = Annotated[
    str,
    typer.Option(
        "--keys",
        help="Command that makes the side under test have 1: both keys, 2: the further one alone, 3: the first alone; "
        "{n} is that number.",
    ),
]
Only = Annotated[str, typer.Option("--only", help="Clauses to try, by number, with commas.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write what was found to this file.")]
All = Annotated[bool, typer.Option("--all", help="A clause that was not observed fails too.")]
List = Annotated[bool, typer.Option("--list", help="Show the clauses, and try none.")]
Patience = Annotated[float, typer.Option("--patience", help="Seconds to wait for what must come.")]


@app.command()
def lane(  # noqa: PLR0917 - options are parameters
    broker: Broker = "127.0.0.1:1883",
    name: Lane = "",
    core_key: Annotated[
        str, typer.Option(help="Private key (PEM) that the lane takes for the core's; FILE or FILE=KID.")
    ] = "",
    lane_pub: Annotated[list[Path] | None, typer.Option(help="The lane's public key (PEM).")] = None,
    through: Annotated[str, typer.Option(help="HOST:PORT at which the kit listens for the lane's connection.")] = "",
    poke: Annotated[str, typer.Option(help="Command that makes the lane write a journal row; {n} is a number.")] = "",
    picture: Annotated[str, typer.Option(help="Name (hash) of a picture of evidence that the lane has.")] = "",
    further_key: Further = "",
    keys: Keys = "",
    user: User = "core",
    password_file: PasswordFile = None,
    authority: Authority = None,
    certificate: Certificate = None,
    tls_key: TlsKey = None,
    only: Only = "",
    json: Json = None,
    all_: All = False,
    list_: List = False,
    patience: Patience = 15.0,
) -> None:
    """Play the core against a lane."""
    if list_:
        raise _listed(for_lanes.CHAPTERS)
    address = _address(broker, user, password_file, (authority, certificate, tls_key))

    def trial(line: KitConnection, stack: contextlib.ExitStack) -> CorePlayed:
        proxy = Proxy(_place(through), (address.host, address.port)) if through else None
        if proxy is not None:
            stack.enter_context(proxy)
        return CorePlayed(
            line,
            name,
            signer=private_key(core_key),
            trust=Trust(map(public_key, lane_pub or ())),
            pace=ClauseTimes(patience=patience),
            clock=_utc_ms,
            poke=_command(poke),
            proxy=proxy,
            picture=picture,
            further=_further(further_key, keys),
        )

    _needs({"--lane": name, "--core-key": core_key, "--lane-pub": lane_pub})
    run = _Run(side="lane", chapters=for_lanes.CHAPTERS, only=only, json=json, unseen_too=all_)
    raise _tried(run, address, (ALL_UP,), trial)


@app.command()
def core(  # noqa: PLR0917 - options are parameters
    broker: Broker = "127.0.0.1:1883",
    name: Lane = "",
    lane_key: Annotated[
        str,
        typer.Option(
            help="The lane's private key (PEM); FILE, or FILE=KID where the core knows it by another name than enrolment gives."
        ),
    ] = "",
    core_pub: Annotated[
        list[Path] | None, typer.Option(help="A public key of the core's (PEM); may be repeated.")
    ] = None,
    grow: Annotated[str, typer.Option(help="Command that makes the core's list grow; {n} is a number.")] = "",
    order: Annotated[str, typer.Option(help="Command that makes the core send the lane a command.")] = "",
    further_key: Further = "",
    keys: Keys = "",
    user: User = "",
    password_file: PasswordFile = None,
    authority: Authority = None,
    certificate: Certificate = None,
    tls_key: TlsKey = None,
    only: Only = "",
    json: Json = None,
    all_: All = False,
    list_: List = False,
    patience: Patience = 15.0,
) -> None:
    """Play a lane against a core."""
    if list_:
        raise _listed(for_cores.CHAPTERS)
    _needs({"--lane": name, "--lane-key": lane_key, "--core-pub": core_pub})
    address = _address(broker, user or name, password_file, (authority, certificate, tls_key))

    def trial(line: KitConnection, _: contextlib.ExitStack) -> LanePlayed:
        return LanePlayed(
            line,
            name,
            signer=private_key(lane_key, lane=name),
            trust=Trust(map(public_key, core_pub or ())),
            pace=ClauseTimes(patience=patience),
            grow=_command(grow),
            order=_command(order, answered=True),
            further=_further(further_key, keys, lane=name),
        )

    run = _Run(side="core", chapters=for_cores.CHAPTERS, only=only, json=json, unseen_too=all_)
    raise _tried(run, address, (LaneTopics(name).all_down, LOG), trial)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What is tried, and where the findings go."""

    side: str
    chapters: Iterable[Chapter[Any]]
    only: str
    json: Path | None
    unseen_too: bool


def _tried(
    run: _Run, address: Address, filters: tuple[str, ...], trial: Callable[[KitConnection, contextlib.ExitStack], Any]
) -> typer.Exit:
    """Connects, tries the clauses, says what was found; the exit status."""
    try:
        clauses = chosen(run.chapters, filter(None, run.only.split(",")))
        with contextlib.ExitStack() as stack:
            line = KitConnection(address, filters)
            made = trial(line, stack)
            line.open()
            stack.callback(line.close)
            found = told(tried(clauses, made), typer.echo)
        if run.json is not None:
            write(run.json, run.side, found)
    except (ValueError, OSError) as error:  # key files, the broker, the command line
        return _wrong(str(error))
    return typer.Exit(status(found, unseen_too=run.unseen_too))


def _listed(chapters: Iterable[Chapter[Any]]) -> typer.Exit:
    for chapter in chapters:
        typer.echo(chapter.title)
        for clause in chapter.clauses:
            typer.echo(f"  {clause.number}  {clause.sentence}")
    return typer.Exit(0)


def _needs(options: dict[str, object]) -> None:
    missing = [name for name, value in options.items() if not value]
    if missing:
        raise _wrong(f"{', '.join(missing)} must be given; see --help")


def _wrong(problem: str) -> typer.Exit:
    """Says what is wrong with the command line; the exit status for it."""
    typer.echo(f"rocars-conformance: {problem}", err=True)
    return typer.Exit(2)


def _address(
    broker: str, user: str, password_file: Path | None, tls: tuple[Path | None, Path | None, Path | None]
) -> Address:
    try:
        host, port = _place(broker)
        password = password_file.read_text(encoding="utf-8").strip() if password_file is not None else ""
    except (OSError, ValueError) as error:
        raise _wrong(str(error)) from error
    authority, certificate, key = tls
    if authority is None and (certificate or key):
        raise _wrong(
            "--certificate and --tls-key are for TLS; give --authority, the PEM of the broker's authority, too"
        )
    if key is not None and certificate is None:
        raise _wrong("--tls-key is the key of a certificate; give that with --certificate")
    return Address(
        host=host, port=port, user=user, password=password, authority=authority, certificate=certificate, key=key
    )


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _command(text: str, *, answered: bool = False) -> Callable[[int], None] | None:
    """What runs a command given on the command line, `{n}` replaced; None if none was given.

    Args:
        text: the command and its words; "" for none.
        answered: the command waits for an answer that the kit itself has to give; it is not waited for.
    """
    if not text:
        return None

    def run(number: int) -> None:
        words = [word.replace("{n}", str(number)) for word in shlex.split(text)]
        try:
            if answered:
                line = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                threading.Thread(target=line.wait, name="order", daemon=True).start()
                return
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            raise Unseen(f"the command to cause it failed: {error}") from error

    return run


def _further(key: str, keys: str, *, lane: str = "") -> tuple[Signer, Callable[[int], None]] | None:
    """The further key, and what makes the side under test have it; None if the kit was not given both."""
    have = _command(keys)
    return (private_key(key, lane=lane), have) if key and have else None


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000  # noqa: TID251 - the kit's composition root


def main() -> None:
    """Runs the command."""
    app()
