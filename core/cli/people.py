"""People at the centre: signing in, accounts and parties, and the audit log of what everybody did and looked at.

Accounts are a supervisor's. With the core stopped whoever may write its store may open them too: that is how the first ones
come, and how somebody comes in again when nobody can sign in. The audit log says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from core.cli.ask import ask_core, print_all, when
from core.cli.options import AsJson, Config
from core.cli.output import say, shown
from core.cli.sessions import keep_session, kept_session
from core.errors import HistoryError, RefusedError
from core.ledger import audit_log
from core.ledger.store import CoreStore
from core.logins import own_login
from core.model import passwords
from core.model.audit import ChainedLine, flaws
from core.model.people import Account, Role, TradeParty
from core.model.refusals import refusal
from core.office import people
from core.office import requests as ask
from core.office.admin import AdminClient, CoreUnreachableError
from core.office.answers import SignedIn
from core.office.door import Caller, PeopleDoor
from core.office.people_desk import PeopleDesk
from core.settings import load
from runtime.clocks import utc_ms

T = TypeVar("T")

Name = Annotated[str, typer.Argument(help="The account's name: 2 to 32 small letters, digits, dots, hyphens.")]
Roles = Annotated[list[Role], typer.Option("--role", help="What they are there for. May be repeated.")]
PasswordFile = Annotated[Path | None, typer.Option(help="A file with the password, instead of being asked for it.")]

account = typer.Typer(help="Who may ask this core, and what.", no_args_is_help=True)
party = typer.Typer(help="Companies and persons of the trade.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    panel = "People"
    app.add_typer(account, name="account", rich_help_panel=panel)
    app.add_typer(party, name="party", rich_help_panel=panel)
    for command in (sign_in, sign_out, whoami, audit):
        app.command(rich_help_panel=panel)(command)


def sign_in(
    config: Config,
    name: Name,
    password_file: PasswordFile = None,
    code: Annotated[str, typer.Option(help="The six digits of the authenticator, instead of being asked.")] = "",
) -> None:
    """Sign in: the commands that follow are yours, until sign-out, an hour of nothing, or twelve hours."""
    word = _password(password_file)
    digits = code or str(typer.prompt("code"))
    socket = load(config).core.admin_socket

    async def asked() -> SignedIn:
        async with AdminClient(socket) as core:
            return await core.sign_in(name, word, digits)

    who = asyncio.run(asked())
    keep_session(who.token)
    say(shown(f"signed in as {who.shown or who.account}: {', '.join(who.roles)}"))


def _password(file: Path | None, *, twice: bool = False) -> str:
    if file is None:
        return str(typer.prompt("password", hide_input=True, confirmation_prompt=twice))
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise RefusedError(f"{file}: cannot be read ({error.strerror}); give the right path") from error


def sign_out(config: Config) -> None:
    """End the session."""
    try:
        ask_core(config, lambda core: core.sign_out())
    except RefusedError:
        pass  # it was over
    finally:
        keep_session("")
    say("signed out")


def whoami(config: Config) -> None:
    """Who the core takes you for, and why."""
    token = kept_session()
    who = ask_core(config, lambda core: core.send(ask.Resume(token=token), SignedIn))
    by = "signed in" if token else f"by the login {own_login()}"
    say(shown(f"{who.account} ({by}): {', '.join(who.roles)}{f', of party {who.party}' if who.party else ''}"))


@account.command("add")
def add(
    *,
    config: Config,
    name: Name,
    role: Roles,
    shown_as: Annotated[str, typer.Option("--shown", help="Their name as others see it.")] = "",
    of_party: Annotated[str, typer.Option("--party", help="Of a trader or driver: whose they are.")] = "",
    of_login: Annotated[
        str, typer.Option("--login", help="Their login on the core's machine; by it they need not sign in.")
    ] = "",
    password_file: PasswordFile = None,
) -> None:
    """Open an account. Without --login it gets a password, and a secret for an authenticator, which is shown once."""
    new = Account(name=name, shown=shown_as, roles=tuple(role), party=of_party, login=of_login)
    word = "" if of_login and password_file is None else _password(password_file, twice=True)
    link = _do(config, ask.AddAccount(account=new, password=word), str, lambda desk, _: desk.open(new, word))
    _tell_link(f"account {name} is open", link)


def _tell_link(what: str, link: str) -> None:
    say(shown(what))
    if link:
        say(shown(f"for the authenticator, shown this once: {link}"))


@account.command("roles")
def roles(config: Config, name: Name, role: Roles) -> None:
    """Give an account these roles in place of those it has."""
    request = ask.SetRoles(name=name, roles=tuple(role))
    _do(config, request, type(None), lambda _, db: people.set_roles(db, name, role))
    say(shown(f"{name}: {', '.join(role)}"))


@account.command("close")
def close(config: Config, name: Name) -> None:
    """Close an account for good; its sessions end at once."""
    _do(config, ask.CloseAccount(name=name), type(None), lambda _, db: people.close_account(db, name))
    say(shown(f"account {name} is closed"))


@account.command("password")
def password(config: Config, name: Name, password_file: PasswordFile = None) -> None:
    """Give an account another password and another secret; its sessions end, and its lock."""
    word = _password(password_file, twice=True)
    link = _do(config, ask.NewPassword(name=name, password=word), str, lambda desk, _: desk.renew(name, word))
    _tell_link(f"account {name} has another password", link)


@account.command("list")
def listed(config: Config, as_json: AsJson = False) -> None:
    """Everybody who may ask."""
    columns: dict[str, Callable[[Any], object]] = {
        "account": lambda one: one.name,
        "name": lambda one: one.shown,
        "roles": lambda one: ", ".join(one.roles),
        "party": lambda one: one.party,
        "login": lambda one: one.login,
        "": lambda one: "closed" if one.closed else "",
    }
    found = _do(config, ask.ListAccounts(), list[Account], lambda _, db: people.accounts(db))
    print_all(found, as_json, columns)


@party.command("add")
def add_party(
    config: Config,
    id: Annotated[str, typer.Argument(help="Its identifier, as its registration has it.")],  # noqa: A002
    name: Annotated[str, typer.Argument(help="Its name.")],
) -> None:
    """Register a company or person of the trade."""
    request = ask.AddParty(id=id, name=name)
    _do(config, request, type(None), lambda _, db: people.add_party(db, TradeParty(id, name)))
    say(shown(f"party {id}: {name}"))


def _do(config: Path, request: ask.Request, kind: type[T], stopped: Callable[[PeopleDesk, Any], T]) -> T:
    """Asks the running core; where none runs, does the same on its store, and the audit log says so."""
    files = load(config, planned=True).core

    async def asked() -> T:
        async with AdminClient(files.admin_socket, session=kept_session()) as core:
            return await core.send(request, kind)

    if files.admin_socket.exists():  # a core that was killed leaves it behind
        with contextlib.suppress(CoreUnreachableError):
            return asyncio.run(asked())
    with CoreStore(files.database) as store, store.transaction():
        done = stopped(PeopleDesk(store), store.connection)
        what, name = str(request.__struct_config__.tag), getattr(request, "name", "") or getattr(request, "id", "")
        named = request.account.name if isinstance(request, ask.AddAccount) else name
        detail = f"{what} {named}".strip()
        store.write_diary(at_ms=utc_ms(), who=f"login {own_login()}", what="ordered, core stopped", detail=detail)
    return done


def audit(
    *,
    config: Config,
    text: Annotated[str, typer.Argument(help="Only lines that name it: a person, a number, a mark.")] = "",
    most: Annotated[int, typer.Option(help="How many.")] = 50,
    verify: Annotated[bool, typer.Option(help="Prove the chain, from the store itself or a copy of it.")] = False,
    head: Annotated[str, typer.Option(help="With --verify: a hash kept elsewhere, which must be in the chain.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who did what and who looked at what, newest first; reading it is in it too. With --verify: is it whole?"""
    if verify:
        _verify(config, head)
        return
    found = ask_core(config, lambda core: core.send(ask.ReadAudit(most=most, text=text), list[ChainedLine]))
    columns: dict[str, Callable[[Any], object]] = {
        "line": lambda one: one.seq,
        "when": lambda one: when(one.at_ms),
        "who": lambda one: one.who,
        "what": lambda one: one.what,
        "detail": lambda one: one.detail,
    }
    print_all(found, as_json, columns)


def _verify(config: Path, head: str) -> None:
    try:
        kept = bytes.fromhex(head) if head else None
    except ValueError as error:
        raise RefusedError(f"--head {head}: is no hash; the core's log of messages has them, 64 digits") from error
    with CoreStore(load(config).core.database, reading=True) as store:
        problems = list(flaws(audit_log.chain(store.connection), head=kept))
        lines, last = audit_log.head(store.connection)
    if problems:
        raise HistoryError(f"NOT PROVED: {'; '.join(problems[:5])}")
    say(f"PROVED: {lines} lines; the last one's hash is {last.hex()}")


def keeper_of(store: CoreStore, request: str = "restart-log") -> str:
    """The account of this login, which may work on the store itself.

    Raises:
        RefusedError: it has none, or one for other things.
    """
    account = people.of_login(store.connection, own_login())
    if account is None:
        raise RefusedError(refusal("nobody", login=own_login()))
    if not {Role.SUPERVISOR, Role.TECHNICIAN}.intersection(account.roles):
        raise RefusedError(
            refusal("role", account=account.name, request=request, needed=f"{Role.SUPERVISOR}, {Role.TECHNICIAN}")
        )
    return account.name


def second_person(store: CoreStore, name: str, password_file: Path | None, code: str) -> None:
    """Lets another supervisor agree, with password and code, while the core is stopped.

    Raises:
        RefusedError: they are no supervisor, or it is not them.
    """
    account = people.find(store.connection, name)
    word = _password(password_file)
    caller = Caller(own_login(), right_password=passwords.is_password(word, _known_password(store, name)))
    PeopleDoor(store, utc_ms).sign_in(
        ask.SignIn(name=name, password="", code=code or str(typer.prompt("code"))), caller
    )
    if account is None or Role.SUPERVISOR not in account.roles:
        raise RefusedError(refusal("role", account=name, request="restart-log --approve", needed=Role.SUPERVISOR))


def _known_password(store: CoreStore, name: str) -> str:
    return people.sign_in_state(store.connection, name).password
