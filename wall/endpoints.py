"""Every route of the wall, each with what it lets somebody do: there is no other way to make one.

Rules of this file: a route that changes something is a POST, and asks for a session that is not locked and for its CSRF token. Who
may do what is `wall.people`; the refusal says which role may.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.access import Access
from console.errors import OfficersFileError, RequestRefusedError
from console.officers import OfficerBook, OfficerRole
from console.sessions import Session
from console.tongues import Both
from wall.people import May, may
from wall.words import ROLES

Handler = Callable[[Request, Session], Awaitable[Response]]
OpenHandler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route. `page` sends whoever is not logged in to the login."""

    path: str
    needs: May
    serve: Handler
    post: bool = False
    page: bool = False


@dataclass(frozen=True, slots=True)
class OpenEndpoint:
    """A route for anybody: the login itself, and nothing that tells of a lane."""

    path: str
    serve: OpenHandler
    post: bool = False


class Gatekeeper:
    """Makes routes of endpoints."""

    def __init__(self, access: Access, officers: OfficerBook) -> None:
        self._access = access
        self._officers = officers

    def route(self, endpoint: Endpoint | OpenEndpoint) -> Route:
        """The route, which asks first who it is."""
        methods = ["POST"] if endpoint.post else ["GET"]
        if isinstance(endpoint, OpenEndpoint):
            return Route(endpoint.path, endpoint.serve, methods=methods)

        async def serve(request: Request) -> Response:
            session = self._access.session(request)
            if session is None and endpoint.page:
                return RedirectResponse("/login", status_code=303)
            if session is None:
                raise RequestRefusedError(401, Both("Log in to see the wall.", "請先登入。"))
            self.check(session, endpoint.needs)
            return await endpoint.serve(request, self._access.present(request) if endpoint.post else session)

        return Route(endpoint.path, serve, methods=methods)

    def check(self, session: Session, needs: May) -> None:
        """Returns if this person may do that.

        Raises:
            RequestRefusedError: they may not (403).
        """
        role = self.role(session)
        if not may(role, needs):
            shown = ROLES[role]
            said = Both(f"Your role ({shown}) may not do this.", f"你的身分（{shown.chinese}）不可執行此操作。")
            raise RequestRefusedError(403, said)

    def role(self, session: Session) -> OfficerRole:
        """Somebody's role now, by the control room's account or the file; where that cannot be read, a viewer's."""
        if session.role is not None:
            return session.role
        try:
            return self._officers.role(session.officer)
        except OfficersFileError:
            return OfficerRole.VIEWER
