"""People in the store: parties, accounts, signing in, and whose a consignment or bundle is.

Rules of this file: functions that take a connection, inside the caller's transaction; the rules are `core.model.people`,
`ownership` and `passwords`. An account is closed and never removed, for the audit log names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from core.errors import RefusedError
from core.model import passwords
from core.model.ownership import BUNDLE, CARGO, Owned
from core.model.passwords import SignInState
from core.model.people import NAME, TRADE, Account, Actor, Role, TradeParty, account_problems
from core.model.refusals import refusal

_SIGN_IN = ", ".join(SignInState.__struct_fields__)


def add_party(connection: Any, party: TradeParty) -> None:
    """Registers a party, or gives one another name."""
    connection.execute(
        "INSERT INTO parties(id, name) VALUES (%s, %s) ON CONFLICT(id) DO UPDATE SET name = excluded.name",
        (party.id, party.name),
    )


def parties(connection: Any) -> list[TradeParty]:
    """Every party, by identifier."""
    return [TradeParty(*row) for row in connection.execute("SELECT id, name FROM parties ORDER BY id")]


def is_party(connection: Any, party: str) -> bool:
    """Whether a party of that identifier is registered."""
    return connection.execute("SELECT 1 FROM parties WHERE id = %s", (party,)).fetchone() is not None


def add_account(connection: Any, account: Account, *, password: str = "", secret: str = "") -> None:
    """Opens an account.

    Args:
        connection: in a transaction.
        account: who.
        password: to sign in with; "" for one that is known by its login alone.
        secret: of its one-time codes; needed with a password.

    Raises:
        RefusedError: there is one, or there can be no such account.
    """
    known = {party.id for party in parties(connection)}
    problems = list(account_problems(account, parties=known))
    if find(connection, account.name) is not None:
        problems.append(refusal("account_there", name=account.name))
    if password and (problem := passwords.password_problem(account.name, password)):
        problems.append(problem)
    if problems:
        raise RefusedError(*problems)
    connection.execute(
        "INSERT INTO accounts(name, shown, roles, party, login, closed, password, secret, step, wrong, locked_until_ms) "
        "VALUES (%s, %s, %s, %s, %s, 0, %s, %s, 0, 0, 0)",
        (
            account.name,
            account.shown,
            _plain(account.roles),
            account.party,
            account.login,
            passwords.hashed(password) if password else "",
            secret,
        ),
    )


def open_first(connection: Any, login: str) -> Account | None:
    """Where there is no account at all, opens one for a login of the core's machine, by which it can open others.

    A name that no account may have becomes "first".
    """
    if connection.execute("SELECT 1 FROM accounts").fetchone():
        return None
    name = login if NAME.fullmatch(login) else "first"
    first = Account(name=name, roles=(Role.SUPERVISOR, Role.TECHNICIAN), login=login)
    add_account(connection, first)
    return first


def set_roles(connection: Any, name: str, roles: Iterable[Role]) -> None:
    """Gives an account other roles.

    Raises:
        RefusedError: there is no such account, nobody may have these roles together, or nobody could open accounts then.
    """
    account = _known(connection, name)
    wanted = msgspec.structs.replace(account, roles=tuple(roles))
    known = {party.id for party in parties(connection)}
    if problems := account_problems(wanted, parties=known):
        raise RefusedError(*problems)
    _somebody_stays(connection, account, wanted)
    connection.execute("UPDATE accounts SET roles = %s WHERE name = %s", (_plain(wanted.roles), name))


def close_account(connection: Any, name: str) -> None:
    """Closes an account for good.

    Raises:
        RefusedError: there is no such account, or nobody could open accounts then.
    """
    account = _known(connection, name)
    _somebody_stays(connection, account, msgspec.structs.replace(account, closed=True))
    connection.execute("UPDATE accounts SET closed = 1 WHERE name = %s", (name,))


def set_password(connection: Any, name: str, *, password: str, secret: str) -> None:
    """Gives an account another password and secret; its lock ends.

    Raises:
        RefusedError: there is no such account, or the password is none.
    """
    _known(connection, name)
    if problem := passwords.password_problem(name, password):
        raise RefusedError(problem)
    connection.execute(
        "UPDATE accounts SET password = %s, secret = %s, step = 0, wrong = 0, locked_until_ms = 0 WHERE name = %s",
        (passwords.hashed(password), secret, name),
    )


def _somebody_stays(connection: Any, before: Account, after: Account) -> None:
    others = [one for one in accounts(connection) if one.name != before.name]
    if not any(Role.SUPERVISOR in one.roles and not one.closed for one in (*others, after)):
        raise RefusedError(refusal("last_admin", name=before.name))


def accounts(connection: Any) -> list[Account]:
    """Every account, by name."""
    rows = connection.execute("SELECT name, shown, roles, party, login, closed FROM accounts ORDER BY name")
    return [_account(row) for row in rows]


def find(connection: Any, name: str) -> Account | None:
    """An account, open or closed."""
    row = connection.execute(
        "SELECT name, shown, roles, party, login, closed FROM accounts WHERE name = %s", (name,)
    ).fetchone()
    return _account(row) if row else None


def of_login(connection: Any, login: str) -> Account | None:
    """The open account of a login of the core's machine."""
    row = connection.execute(
        "SELECT name, shown, roles, party, login, closed FROM accounts WHERE login = %s AND closed = 0 ORDER BY name",
        (login,),
    ).fetchone()
    return _account(row) if row and login else None


def _known(connection: Any, name: str) -> Account:
    account = find(connection, name)
    if account is None:
        raise RefusedError(refusal("account_unknown", name=name))
    return account


def _account(row: Any) -> Account:
    name, shown, roles, party, login, closed = row
    return Account(
        name=name, shown=shown, roles=tuple(map(Role, roles.split())), party=party, login=login, closed=bool(closed)
    )


def _plain(roles: Iterable[Role]) -> str:
    return " ".join(sorted(set(roles)))


def actor(account: Account, login: str) -> Actor:
    """Who acts by an account."""
    return Actor(account=account.name, roles=frozenset(account.roles), party=account.party, login=login)


def sign_in_state(connection: Any, name: str) -> SignInState:
    """What is kept for signing in; of nobody, a state by which nobody can."""
    row = connection.execute(f"SELECT {_SIGN_IN} FROM accounts WHERE name = %s AND closed = 0", (name,)).fetchone()  # noqa: S608
    return SignInState(**dict(zip(SignInState.__struct_fields__, row, strict=True))) if row else _NOBODY


_NOBODY = SignInState(password="", secret="")


def keep_sign_in_state(connection: Any, name: str, state: SignInState) -> None:
    """Keeps it after a try."""
    connection.execute(
        "UPDATE accounts SET step = %s, wrong = %s, locked_until_ms = %s WHERE name = %s",
        (state.step, state.wrong, state.locked_until_ms, name),
    )


def own(connection: Any, kind: str, number: str, *, party: str, account: str) -> None:
    """Says whose a new consignment or bundle is."""
    connection.execute(
        "INSERT INTO owned(kind, number, party, account) VALUES (%s, %s, %s, %s)", (kind, number, party, account)
    )


def hand_to(connection: Any, ccrn: str, party: str) -> None:
    """Hands a consignment to a carrier, who may then bundle it.

    Raises:
        RefusedError: there is no such party.
    """
    if not is_party(connection, party):
        raise RefusedError(refusal("party_unknown", party=party))
    connection.execute("INSERT INTO carriers(ccrn, party) VALUES (%s, %s) ON CONFLICT DO NOTHING", (ccrn, party))


def owned(connection: Any, kind: str, number: str) -> Owned | None:
    """Whose something is; None where it is unknown here."""
    row = connection.execute("SELECT party FROM owned WHERE kind = %s AND number = %s", (kind, number)).fetchone()
    if row is None:
        return None
    found = connection.execute("SELECT party FROM carriers WHERE ccrn = %s", (number,)) if kind == CARGO else ()
    return Owned(row[0], frozenset(party for (party,) in found))


def bundles_of(connection: Any, party: str) -> frozenset[str]:
    """The UBRs of a party's bundles."""
    rows = connection.execute("SELECT number FROM owned WHERE kind = %s AND party = %s", (BUNDLE, party))
    return frozenset(number for (number,) in rows)


def is_of_trade(who: Actor) -> bool:
    """Whether somebody reaches only what is theirs."""
    return bool(TRADE.intersection(who.roles))
