"""Who may watch the lane and who may act. Every route asks here first.

Rules of this file: watching needs a session, or loopback where the settings say so. Acting needs a session that is not
locked, of an officer who is still in the file with the same password, the session's CSRF token, and a request that the
browser does not call cross-site.

Wrong passwords of a stranger must not keep an officer out (domain §4: the lane needs its officer at any hour):
- A browser in which an officer has logged in before has a cookie that says so, signed with what only the officers' file
  knows of the password. It waits for its own failures alone, and has its own turn. So does a session that unlocks.
- Any other browser waits for the failures of where it comes from; and for those with that name from anywhere once it has
  failed more than once itself. So a first try from a quiet place is always judged.
- Of one origin two logins wait at a time at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import Response

from console.errors import OfficersFileError, RequestRefusedError
from console.gate import origin
from console.officers import OfficerBook, OfficerRole
from console.ports import Ticks
from console.sessions import Session, Sessions
from console.settings import ConsoleSettings
from console.throttle import Throttle
from console.tongues import Both, Tongue

NOBODY = "(not logged in)"
MAY_NOT_LISTEN = Both("Only an officer or a supervisor may listen.", "只有關員或主管可以聆聽。")
_QUEUE = 32
"""Logins that may wait for their turn; each costs a hash of tens of milliseconds, one at a time."""

_OF_ORIGIN = 2
"""Of them from one origin, or of one known device."""

_KNOWN_S = 180 * 24 * 3_600
"""How long a browser counts as known after its last login."""


class _Turn:
    """Logins one at a time, few of them waiting."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def of(self, whose: str) -> AsyncIterator[None]:
        """Waits for the turn of somebody.

        Raises:
            RequestRefusedError: too many wait (429).
        """
        if self._waiting.total() >= _QUEUE or self._waiting[whose] >= _OF_ORIGIN:
            raise RequestRefusedError(429, "Too many logins at once: try again in a moment.", 2)
        self._waiting[whose] += 1
        try:
            async with self._lock:  # one at a time: the wait is judged after the failure before it
                yield
        finally:
            self._waiting[whose] -= 1
            self._waiting += Counter()  # forgets those of whom nobody waits


class Access:
    """Sessions, logins and tokens of one page."""

    def __init__(self, *, settings: ConsoleSettings, officers: OfficerBook, ticks: Ticks, lane: str) -> None:
        self._settings = settings
        self._officers = officers
        self._throttle = Throttle(ticks)
        self._lane = lane
        self._strangers, self._known = _Turn(), _Turn()
        self._secret = secrets.token_bytes(32)
        self.sessions = Sessions(ticks, settings.idle_s * 1_000, settings.shift_s * 1_000)
        # Cookies are not kept apart by port: two lanes on one host need two names.
        self.wall_fingerprint: Callable[[str], str] = lambda _: ""
        self._cookie = f"rocars-{re.sub(r'[^A-Za-z0-9_-]', '-', lane)}"

    def session(self, request: Request) -> Session | None:
        """The session of this request's cookie, if it is alive and the officer still the same."""
        session = self.sessions.find(request.cookies.get(self._cookie, ""))
        return session if session is not None and self._still(session) else None

    def _still(self, session: Session) -> bool:
        if session.role is not None:
            known = self.wall_fingerprint(session.officer)
            return known != "" and hmac.compare_digest(known, session.fingerprint)
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
            RequestRefusedError: nobody is logged in (401), the token is wrong or the account is a viewer's (403), or the
                session is locked (423).
        """
        session = self.present(request)
        if self._role(session) is OfficerRole.VIEWER:
            raise RequestRefusedError(403, "Your account may watch, and not act.")
        return session

    def second(self, request: Request) -> Session:
        """The session of somebody who may approve what another officer asks for.

        Raises:
            RequestRefusedError: as `officer`; or it is a technician's (403).
        """
        session = self.officer(request)
        if self._role(session) not in {OfficerRole.OFFICER, OfficerRole.SUPERVISOR}:
            raise RequestRefusedError(403, "Only an officer or a supervisor may approve this.")
        return session

    def listener(self, request: Request) -> tuple[Session, bool]:
        """The session of an officer who may listen at the kiosk now, and whether he may listen into calls that others have.

        Raises:
            RequestRefusedError: as `officer`; or it is a technician's (403).
        """
        session = self.officer(request)
        role = self._role(session)
        if role not in {OfficerRole.OFFICER, OfficerRole.SUPERVISOR}:
            raise RequestRefusedError(403, MAY_NOT_LISTEN)
        return session, role is OfficerRole.SUPERVISOR

    def listens(self, request: Request) -> bool | None:
        """Whether whoever watches may listen into calls that others have; None where he may not listen at all."""
        session = self.session(request)
        role = None if session is None else self._role(session)
        return role is OfficerRole.SUPERVISOR if role in {OfficerRole.OFFICER, OfficerRole.SUPERVISOR} else None

    def helper(self, request: Request) -> Session:
        """The session of an officer who may answer a driver now, locked or not (see `console.call_routes`).

        Raises:
            RequestRefusedError: nobody is logged in (401), or the token is wrong or the account is a viewer's (403).
        """
        session = self.own(request)
        if self._role(session) is OfficerRole.VIEWER:
            raise RequestRefusedError(403, "Your account may watch, and not act.")
        if not self.sessions.locked(session):
            self.sessions.touch(session)
        return session

    def present(self, request: Request) -> Session:
        """The session of somebody who sits at the page now, whatever they may do.

        Raises:
            RequestRefusedError: nobody is logged in (401), the token is wrong (403), or the session is locked (423).
        """
        session = self.ready(request)
        self.sessions.touch(session)
        return session

    def ready(self, request: Request) -> Session:
        """The session of a page that is not locked, whoever sits there; raises as `present`."""
        session = self.own(request)
        if self.sessions.locked(session):
            raise RequestRefusedError(423, "The page has locked itself: give your password again.")
        return session

    def own(self, request: Request) -> Session:
        """The session of our own page, locked or not.

        Raises:
            RequestRefusedError: nobody is logged in (401), or the token is wrong (403).
        """
        session = self.session(request)
        if session is None:
            raise RequestRefusedError(401, "Log in to act.")
        self.check_token(request, session)
        return session

    def _role(self, session: Session) -> OfficerRole:
        if session.role is not None:
            return session.role
        try:
            return self._officers.role(session.officer)
        except OfficersFileError:
            return OfficerRole.VIEWER

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
        device = self._device(request, name)
        if device:
            await self._check_known(f"device:{device}", name, password)
        else:
            await self._check_stranger(request, name, password)
        self.log_out(request)
        fingerprint = self._officers.fingerprint(name)
        self._set(response, self._cookie, self.sessions.open(name, fingerprint))
        device = device or secrets.token_hex(8)
        mark = f"{device}.{self._mark(name, device, fingerprint)}"
        self._set(response, self._known_cookie(name), mark, max_age=_KNOWN_S)

    def log_in_from_wall(
        self, request: Request, response: Response, *, person: str, fingerprint: str, role: OfficerRole
    ) -> None:
        """Begins the session of somebody whom a wall brings, after its ticket was checked (`console.wall_visits`)."""
        self.log_out(request)
        self._set(response, self._cookie, self.sessions.open(person, fingerprint, role))

    async def unlock(self, session: Session, password: str) -> None:
        """Unlocks an idle session with the password of its officer.

        Raises:
            RequestRefusedError: as `log_in`; or the person came from the wall (403).
        """
        if session.role is not None:
            raise RequestRefusedError(403, "You came from the wall: open the lane from there again.")
        await self._check_known(f"session:{session.csrf}", session.officer, password)
        self.sessions.unlock(session)

    def log_out(self, request: Request) -> None:
        """Ends the session of this request, if it has one."""
        self.sessions.close(request.cookies.get(self._cookie, ""))

    def tongue(self, request: Request) -> Tongue:
        """The language that this officer chose in this browser; before a login, the one chosen last."""
        session = self.session(request)
        own = request.cookies.get(self._tongue_cookie(session.officer), "") if session is not None else ""
        return Tongue.of(own or request.cookies.get(self._tongue_cookie(""), ""))

    def keep_tongue(self, request: Request, response: Response, tongue: Tongue) -> None:
        """Keeps the language of this officer, and of the login page, in the browser.

        Raises:
            RequestRefusedError: the request came from another site (403).
        """
        _refuse_cross_site(request)
        session = self.session(request)
        for name in {"", session.officer if session is not None else ""}:
            self._set(response, self._tongue_cookie(name), tongue.value, max_age=_KNOWN_S)

    def _tongue_cookie(self, name: str) -> str:
        return f"{self._cookie}-tongue-{re.sub(r'[^a-z0-9._-]', '', name)[:32]}"

    def _device(self, request: Request, name: str) -> str:
        """The random name of this browser if the officer has logged in with it before, else ""."""
        device, _, mark = request.cookies.get(self._known_cookie(name), "").partition(".")
        try:
            fingerprint = self._officers.fingerprint(name)
        except OfficersFileError:
            return ""
        good = fingerprint and _same(mark, self._mark(name, device, fingerprint))
        return device if good else ""

    def _known_cookie(self, name: str) -> str:
        return f"{self._cookie}-known-{re.sub(r'[^a-z0-9._-]', '', name)[:32]}"

    def _mark(self, name: str, device: str, fingerprint: str) -> str:
        """What only this box can write: it ends with the officer's password, and holds over a restart."""
        said = f"known device|{self._lane}|{name}|{device}"
        return hmac.new(fingerprint.encode(), said.encode(), "sha256").hexdigest()

    async def _check_known(self, key: str, name: str, password: str) -> None:
        async with self._known.of(key):
            await self._check_password(self._throttle.wait_ms(key), key, name=name, password=password)

    async def _check_stranger(self, request: Request, name: str, password: str) -> None:
        place, account = f"from:{origin(address(request))}", f"name:{name}"
        async with self._strangers.of(place):
            forgiven = self._throttle.failures(place) <= 1
            wait_ms = self._throttle.wait_ms(place) if forgiven else self._throttle.wait_ms(place, account)
            await self._check_password(wait_ms, place, account, name=name, password=password)

    async def _check_password(self, wait_ms: int, own: str, *others: str, name: str, password: str) -> None:
        """Judges a password; a failure counts for all keys, a success forgets those of `own`."""
        wait_s = -(-wait_ms // 1_000)
        if wait_s:
            raise RequestRefusedError(
                429,
                Both(f"Too many wrong passwords: try again in {wait_s} s.", f"密碼錯誤過多，請於 {wait_s} 秒後再試。"),
                wait_s,
            )
        try:
            right = await asyncio.to_thread(self._officers.verify, name, password)
        except OfficersFileError as error:
            raise RequestRefusedError(503, f"Nobody can log in: {error}") from error
        if not right:
            self._throttle.failed(own, *others)
            raise RequestRefusedError(401, "Wrong name or password.")
        self._throttle.succeeded(own)

    def _set(self, response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
        secure = self._settings.secure
        response.set_cookie(name, value, max_age, httponly=True, samesite="strict", secure=secure, path="/")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def address(request: Request) -> str:
    """The address the request came from; "" if unknown."""
    return request.client.host if request.client else ""


def _from_loopback(request: Request) -> bool:
    try:
        return ipaddress.ip_address(address(request)).is_loopback
    except ValueError:
        return False


def _refuse_cross_site(request: Request) -> None:
    """Browsers name the site a request comes from; one that does so and names another is refused."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise RequestRefusedError(403, "The request came from another site.")
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host', '')}":
        raise RequestRefusedError(403, "The request came from another site.")
