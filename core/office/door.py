"""Who asks: the kernel's login of a connection, or the account that signed in over it.

Rules of this file: a name that somebody only typed is never believed. A session belongs to the login that began it; it ends by
itself, when the account is closed or gets another password, and with the core. Every try is in the audit log.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from core.errors import RefusedError
from core.ledger.store import CoreStore
from core.model import passwords
from core.model.passwords import SignInState
from core.model.people import Actor
from core.model.refusals import refusal
from core.office import people
from core.office.answers import SignedIn
from core.office.requests import Resume, SignIn
from domain.times import MINUTE_MS, UtcClock, hong_kong_text

IDLE_MS = 60 * MINUTE_MS
"""A session of which nothing is heard ends."""

LONGEST_MS = 12 * 60 * MINUTE_MS
"""A session ends with the shift."""

_MOST = 1_000


@dataclass(slots=True)
class Caller:
    """One connection.

    Attributes:
        login: as the kernel names it.
        session: the token it goes by; "" for the login's own account.
        right_password: whether the password of the sign-in that is to be served next was right.
    """

    login: str
    session: str = ""
    right_password: bool = False


@dataclass(slots=True)
class _Session:
    account: str
    login: str
    password: str
    began_ms: int
    heard_ms: int


class PeopleDoor:
    """Who may come in.

    Args:
        clock: the present time in UTC ms.
    """

    def __init__(self, store: CoreStore, clock: UtcClock) -> None:
        self._store = store
        self._clock = clock
        self._sessions: dict[str, _Session] = {}

    async def look_at(self, request: object, caller: Caller) -> None:
        """Before a sign-in is served: the slow half, the password, in a thread of its own. Nothing for other requests."""
        if isinstance(request, SignIn):
            known = people.sign_in_state(self._store.connection, request.name).password
            caller.right_password = await asyncio.to_thread(passwords.is_password, request.password, known)

    def actor(self, caller: Caller) -> Actor:
        """Who asks over this connection.

        Raises:
            RefusedError: nobody that is known here, or a session that is over.
        """
        if caller.session:
            return self._of_session(caller)
        account = people.of_login(self._store.connection, caller.login)
        if account is None:
            raise RefusedError(refusal("nobody", login=caller.login))
        return people.actor(account, caller.login)

    def _of_session(self, caller: Caller) -> Actor:
        now, session = self._clock(), self._sessions.get(caller.session)
        if session is not None and session.login == caller.login and not self._is_over(session, now):
            account = people.find(self._store.connection, session.account)
            if account is not None and not account.closed:
                session.heard_ms = now
                return people.actor(account, caller.login)
        self._sessions.pop(caller.session, None)
        raise RefusedError(refusal("session"))

    def _is_over(self, session: _Session, now: int) -> bool:
        late = now - session.heard_ms > IDLE_MS or now - session.began_ms > LONGEST_MS
        return late or people.sign_in_state(self._store.connection, session.account).password != session.password

    def sign_in(self, request: SignIn, caller: Caller) -> SignedIn:
        """Takes a try; `look_at` has looked at the password.

        Raises:
            RefusedError: it is not right, or too many were not.
        """
        now, right, caller.right_password = self._clock(), caller.right_password, False
        state = people.sign_in_state(self._store.connection, request.name)
        if passwords.is_locked(state, now):
            raise RefusedError(refusal("locked", until=hong_kong_text(state.locked_until_ms)))
        step = passwords.step_of(request.code, state, now) if right else 0
        with self._store.transaction():
            people.keep_sign_in_state(
                self._store.connection, request.name, passwords.after_try(state, step=step, now_ms=now)
            )
            what = "signed in" if step else "sign-in failed"
            detail = f"login {caller.login}"
            self._store.write_diary(at_ms=now, who=request.name[:64], what=what, detail=detail)
        if not step:
            raise RefusedError(refusal("sign_in"))
        return self._begin(request.name, state, caller, now)

    def _begin(self, name: str, state: SignInState, caller: Caller, now: int) -> SignedIn:
        self._sessions = {token: one for token, one in self._sessions.items() if not self._is_over(one, now)}
        while len(self._sessions) >= _MOST:
            del self._sessions[next(iter(self._sessions))]
        caller.session = secrets.token_urlsafe(32)
        self._sessions[caller.session] = _Session(name, caller.login, state.password, now, now)
        return self.signed_in(caller)

    def resume(self, request: Resume, caller: Caller) -> SignedIn:
        """Makes a connection that of an earlier sign-in.

        Raises:
            RefusedError: that session is over, or another login's.
        """
        caller.session = request.token
        return self.signed_in(caller)

    def sign_out(self, caller: Caller) -> None:
        """Ends the session of a connection."""
        self._sessions.pop(caller.session, None)
        caller.session = ""

    def signed_in(self, caller: Caller) -> SignedIn:
        """Who a connection is.

        Raises:
            RefusedError: nobody that is known here.
        """
        who = self.actor(caller)
        account = people.find(self._store.connection, who.account)
        shown = account.shown if account else ""
        return SignedIn(
            account=who.account, shown=shown, roles=tuple(sorted(who.roles)), party=who.party, token=caller.session
        )
