"""Signing in with the control room's account: the routes by which a browser goes to the provider and comes back.

Rules of this file: the answer counts in the browser alone that began, by a cookie of its own. That one is Lax, since the browser comes
from another site; the session's stays Strict, and so the last page goes on by itself instead of being a redirection.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.access import Access
from console.errors import RequestRefusedError
from console.login import DrawPage, LoginRoutes
from console.officers import OfficerBook
from console.sessions import Session
from wall.endpoints import OpenEndpoint
from wall.errors import SignInRefusedError
from wall.oidc import BACK, BEGUN_MS, OidcClient, RoomAccount
from wall.words import sign_in_refused

log = logging.getLogger("rocars.wall")

_COOKIE = "rocars-wall-oidc"


class OidcRoutes:
    """The routes `/oidc/start` and `/oidc/back`.

    Args:
        client: at the provider.
        access, officers, login, page: the wall's.
        look: writes down that somebody signed in; raises StoreError where it cannot.
        secure: whether the wall is served over TLS.
    """

    def __init__(
        self,
        client: OidcClient,
        *,
        access: Access,
        officers: OfficerBook,
        login: LoginRoutes,
        page: DrawPage,
        look: Callable[[str, str], None],
        secure: bool,
    ) -> None:
        self._client, self._access, self._officers = client, access, officers
        self._login, self._page, self._look, self._secure = login, page, look, secure
        self._leave: dict[str, str] = {}
        self._mark = secrets.token_hex(16)
        access.wall_fingerprint = lambda _: self._mark

    def endpoints(self) -> list[OpenEndpoint]:
        """All of them."""
        return [OpenEndpoint("/oidc/start", self._start), OpenEndpoint(BACK, self._back)]

    async def _start(self, request: Request) -> Response:
        """To the provider; whose page has locked itself is asked for the password there again."""
        session = self._access.session(request)
        locked = session is not None and self._access.sessions.locked(session)
        try:
            where, browser = await self._client.begin(again=locked)
        except SignInRefusedError as refused:
            return self._refused(request, refused, 503)
        response = RedirectResponse(where, status_code=303)
        response.set_cookie(
            _COOKIE, browser, BEGUN_MS // 1_000, path="/oidc", httponly=True, samesite="lax", secure=self._secure
        )
        return response

    async def _back(self, request: Request) -> Response:
        """From the provider: a session begins."""
        try:
            person = await self._client.finish(request.query_params, request.cookies.get(_COOKIE, ""))
        except SignInRefusedError as refused:
            return self._refused(request, refused, 403)
        self._look(person.login, f"signed in as {person.role.value} with the control room's account")
        response = self._page("signed_in.html", request, name=person.shown)
        self._begin(request, response, person)
        response.delete_cookie(_COOKIE, path="/oidc")
        return response

    def _begin(self, request: Request, response: Response, person: RoomAccount) -> None:
        self._officers.introduce(person.login, person.shown)
        self._access.log_in_from_wall(request, response, person=person.login, fingerprint=self._mark, role=person.role)
        while len(self._leave) >= 256:
            self._leave.pop(next(iter(self._leave)))
        self._leave[person.login] = person.leave

    def leave(self, session: Session) -> str:
        """Where a browser goes to be signed out at the provider too; "" for whoever signed in here."""
        return self._leave.pop(session.officer, "") if session.role is not None else ""

    def _refused(self, request: Request, refused: SignInRefusedError, status: int) -> Response:
        log.warning("a sign-in with the control room's account was refused: %s (%s)", refused, self._client.trouble)
        return self._login.refused(request, RequestRefusedError(status, sign_in_refused(str(refused))))
