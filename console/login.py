"""The login of a page: form, session, lock and language. A lane's page and the wall of lanes have the same.

Rules of this file: whoever is not logged in learns nothing here but the form; every route asks `access`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import jinja2
import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.access import Access
from console.chinese import told
from console.context import answer, read
from console.errors import RequestRefusedError
from console.tongues import Tongue, in_tongue


class PageLanguage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The language of the pages from now on."""

    tongue: Tongue


class PagePassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of the officer whose page has locked itself."""

    password: str


class DrawPage(Protocol):
    """Draws a template for whoever asks."""

    def __call__(self, template: str, request: Request, *, status: int = 200, **values: object) -> Response:
        """The page."""


def templates(folder: Path) -> jinja2.Environment:
    """Templates as every page has them: escaped, and with no name left undefined."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class LoginRoutes:
    """What the routes of a login do.

    Args:
        access: the page's.
        page: draws `login.html`, which gets `token` and `words`.
    """

    def __init__(self, access: Access, page: DrawPage) -> None:
        self._access = access
        self._page = page

    async def form(self, request: Request) -> Response:
        """The login form."""
        return self._show(request, words="", status=200)

    def _show(self, request: Request, *, words: str, status: int, wait_s: int = 0) -> Response:
        seed, token = self._access.form_token(request)
        response = self._page(
            "login.html",
            request,
            status=status,
            token=token,
            words=in_tongue(told(words), self._access.tongue(request)),
        )
        self._access.set_form_cookie(response, seed)
        if wait_s:
            response.headers["Retry-After"] = str(wait_s)
        return response

    def refused(self, request: Request, refused: RequestRefusedError) -> Response:
        """The login form, with why another way in was refused."""
        return self._show(request, words=refused.words, status=refused.status, wait_s=refused.retry_after_s)

    async def log_in(self, request: Request) -> Response:
        """The form came back."""
        form = await request.form(max_files=0, max_fields=4)
        response = RedirectResponse("/", status_code=303)
        name, password = str(form.get("name", "")).strip().lower(), str(form.get("password", ""))
        try:
            self._access.check_form(request, str(form.get("token", "")))
            await self._access.log_in(request, name, password, response)
        except RequestRefusedError as refused:
            return self._show(request, words=refused.words, status=refused.status, wait_s=refused.retry_after_s)
        return response

    async def log_out(self, request: Request) -> Response:
        """Ends the session."""
        session = self._access.session(request)
        if session is not None:
            self._access.check_token(request, session)
            self._access.log_out(request)
        return answer(accepted=True, words="Logged out.")

    async def language(self, request: Request) -> Response:
        """Keeps the language of this officer, or of whoever comes to the login page, in the browser."""
        if (session := self._access.session(request)) is not None:
            self._access.check_token(request, session)
        given = await read(request, PageLanguage)
        response = answer(accepted=True, words="")
        self._access.keep_tongue(request, response, given.tongue)
        return response

    async def lock(self, request: Request) -> Response:
        """Its officer leaves the page: it locks at once, and not after a while."""
        self._access.sessions.lock(self._access.present(request))
        return answer(accepted=True, words="Locked.")

    async def unlock(self, request: Request) -> Response:
        """The password again, for a session that has locked itself."""
        session = self._access.session(request)
        if session is None:
            raise RequestRefusedError(401, "Log in to act.")
        self._access.check_token(request, session)
        given = await read(request, PagePassword)
        await self._access.unlock(session, given.password)
        return answer(accepted=True, words="Unlocked.")

    async def here(self, request: Request) -> Response:
        """The page says that its officer pressed a key or clicked."""
        self._access.present(request)
        return answer(accepted=True, words="")
