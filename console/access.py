"""Who may watch the lane and who may act. Every route asks here first.

Rules of this file: watching needs a session, or loopback where the settings say so. Acting needs a session that is not
locked, of an officer who is still in the file with the same password, the session's CSRF token, and a request that the
browser does not call cross-site.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

from console.errors import OfficersFileError, RequestRefusedError
from console.officers import OfficerBook
from console.ports import Ticks
from console.sessions import Session, Sessions
from console.settings import ConsoleSettings
from console.throttle import Throttle

NOBODY = "(not logged in)"
_QUEUE = 8
"""Logins that may wait for their turn; each costs a hash of tens of milliseconds, one at a time."""


class Access:
    """Sessions, logins and tokens of one page."""

    def __init__(self, *, settings: ConsoleSettings, officers: OfficerBook, ticks: Ticks, lane: str) -> None:
        self._settings = settings
        self._officers = officers
        self._throttle = Throttle(ticks)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._secret = secrets.token_bytes(32)
        self.sessions = Sessions(ticks, settings.idle_s * 1_000, settings.shift_s * 1_000)
        # Cookies are not kept apart by port: two lanes on one host need two names.
        self._cookie = f"rocars-{re.sub(r'[^A-Za-z0-9_-]', '-', lane)}"

    def session(self, request: Request) -> Session | None:
        """The session of this request's cookie, if it is alive and the officer still the same."""
        session = self.sessions.find(request.cookies.get(self._cookie, ""))
        return session if session is not None and self._still(session) else None

    def _still(self, session: Session) -> bool:
        try:
            return hmac.compare_digest(self._officers.fingerprint(session.officer), session.fingerprint)
        except OfficersFileError:
            return False

    def may_watch(self, request: Request) -> bool:
        """Whether this request may see the lane."""
        return self.session(request) is not None or (self._settings.view_without_login and _from_loopback(request))

    def watcher(self, request: Request) -> str:
        """The login of who watches, or `NOBODY`.

        Raises:
            RequestRefusedError: they may not watch (401).
        """
        session = self.session(request)
        if session is None and not self.may_watch(request):
            raise RequestRefusedError(401, "Log in to see the lane.")
        return NOBODY if session is None else session.officer

    def officer(self, request: Request) -> Session:
        """The session of an officer who may act now.

        Raises:
            RequestRefusedError: nobody is logged in (401), the token is wrong (403), or the session is locked (423).
        """
        session = self.session(request)
        if session is None:
            raise RequestRefusedError(401, "Log in to act.")
        self.check_token(request, session)
        if self.sessions.locked(session):
            raise RequestRefusedError(423, "The page has locked itself: give your password again.")
        self.sessions.touch(session)
        return session

    def check_token(self, request: Request, session: Session) -> None:
        """Checks that the request was made by our own page.

        Raises:
            RequestRefusedError: it was not, or the page is older than the login (403).
        """
        _refuse_cross_site(request)
        if not _same(request.headers.get("x-csrf-token", ""), session.csrf):
            raise RequestRefusedError(403, "This page is older than your login: load it again.")

    def form_token(self, request: Request) -> tuple[str, str]:
        """For the login page, before there is a session: (cookie value, the form's token that belongs to it)."""
        seed = request.cookies.get(f"{self._cookie}-form") or secrets.token_urlsafe(24)
        return seed, hmac.new(self._secret, seed.encode(), "sha256").hexdigest()

    def check_form(self, request: Request, token: str) -> None:
        """Checks the login form's token.

        Raises:
            RequestRefusedError: it does not belong to this browser (403).
        """
        _refuse_cross_site(request)
        if not _same(token, self.form_token(request)[1]):
            raise RequestRefusedError(403, "The login form was too old: try again.")

    def set_form_cookie(self, response: Response, seed: str) -> None:
        """Keeps the login form's seed in the browser."""
        self._set(response, f"{self._cookie}-form", seed)

    async def log_in(self, request: Request, name: str, password: str, response: Response) -> None:
        """Checks a password and begins a session, whose cookie is put on `response`.

        Raises:
            RequestRefusedError: wrong (401), too many tries (429), or the officers' file cannot be used (503).
        """
        await self._check_in_turn(request, name, password)
        self.log_out(request)
        self._set(response, self._cookie, self.sessions.open(name, self._officers.fingerprint(name)))

    async def unlock(self, request: Request, session: Session, password: str) -> None:
        """Unlocks an idle session with the password of its officer.

        Raises:
            RequestRefusedError: as `log_in`.
        """
        await self._check_in_turn(request, session.officer, password)
        self.sessions.unlock(session)

    def log_out(self, request: Request) -> None:
        """Ends the session of this request, if it has one."""
        self.sessions.close(request.cookies.get(self._cookie, ""))

    async def _check_in_turn(self, request: Request, name: str, password: str) -> None:
        if self._waiting >= _QUEUE:
            raise RequestRefusedError(429, "Too many logins at once: try again in a moment.", 2)
        self._waiting += 1
        try:
            async with self._turn:  # one at a time: the wait is judged after the failure before it
                await self._check_password(f"name:{name}", f"from:{_address(request)}", name=name, password=password)
        finally:
            self._waiting -= 1

    async def _check_password(self, *keys: str, name: str, password: str) -> None:
        wait_s = -(-self._throttle.wait_ms(*keys) // 1_000)
        if wait_s:
            raise RequestRefusedError(429, f"Too many wrong passwords: try again in {wait_s} s.", wait_s)
        try:
            right = await asyncio.to_thread(self._officers.verify, name, password)
        except OfficersFileError as error:
            raise RequestRefusedError(503, f"Nobody can log in: {error}") from error
        if not right:
            self._throttle.failed(*keys)
            raise RequestRefusedError(401, "Wrong name or password.")
        self._throttle.succeeded(*keys)

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(name, value, httponly=True, samesite="strict", secure=self._settings.secure, path="/")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def address(request: Request) -> str:
    """The address the request came from; "" if unknown."""
    return _address(request)


def _from_loopback(request: Request) -> bool:
    try:
        return ipaddress.ip_address(_address(request)).is_loopback
    except ValueError:
        return False


def _refuse_cross_site(request: Request) -> None:
    """Browsers name the site a request comes from; one that does so and names another is refused."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise RequestRefusedError(403, "The request came from another site.")
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host', '')}":
        raise RequestRefusedError(403, "The request came from another site.")
