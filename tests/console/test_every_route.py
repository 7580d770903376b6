"""Every route of the page, by who may use it: a route without a rule here fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from console.app import create_app
from console.officers import OfficerBook
from console.settings import ConsoleSettings
from simulation.night import ScriptedNight
from simulation.page_lane import PageLane
from tests.rigs.page import PATIENT, ManualClock, painted

WHO = {
    ("GET", "/"): "anybody",  # sent to the login
    ("GET", "/login"): "anybody",
    ("POST", "/login"): "anybody",  # with the form's token
    ("POST", "/logout"): "anybody",  # ends the own session alone
    ("POST", "/language"): "anybody",  # of the own browser
    ("GET", "/events"): "watcher",
    ("GET", "/picture/lane"): "watcher",
    ("GET", "/picture/lane/stream"): "watcher",
    ("GET", "/picture/lane/live"): "watcher",
    ("GET", "/picture/screen/{screen}"): "watcher",
    ("GET", "/picture/evidence/{digest}"): "officer",
    ("GET", "/picture/plate/{visit}"): "officer",
    ("POST", "/lock"): "officer",
    ("POST", "/unlock"): "officer",
    ("POST", "/here"): "officer",
    ("POST", "/action"): "officer",
    ("POST", "/second"): "officer",
    ("POST", "/deciding"): "officer",
    ("POST", "/acknowledge"): "officer",
    ("POST", "/close-alarm"): "officer",
    ("POST", "/shelve-alarm"): "officer",
    ("POST", "/simulation"): "officer",
}


def with_page(book: OfficerBook, folder: Path, ask: Callable[[Starlette, httpx.AsyncClient], Awaitable[None]]) -> None:
    """A page with a simulated world, asked without a server between."""

    async def run() -> None:
        lane = PageLane(clock=ManualClock(), paint=painted, policy=PATIENT)
        settings = ConsoleSettings(officers=folder / "officers.json", port=0)
        app, _ = create_app(
            feed=lane.page,
            settings=settings,
            officers=book,
            ticks=ManualClock().ticks,
            viewed=lambda _: None,
            simulation=ScriptedNight(lane),
        )
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            await ask(app, client)

    asyncio.run(run())


def routes(app: Starlette) -> list[tuple[str, str]]:
    """Method and path of every route but the static files."""
    found = [one for one in app.routes if isinstance(one, Route)]
    return [(method, one.path) for one in found for method in sorted((one.methods or set()) - {"HEAD"})]


def filled(path: str) -> str:
    """The path with examples in it."""
    return path.replace("{screen}", "xdb").replace("{digest}", "0" * 64).replace("{visit}", "1")


def test_every_route_has_a_rule_and_refuses_whoever_may_not_use_it(officers: OfficerBook, tmp_path: Path) -> None:
    """Without a login nothing of the lane is seen or done."""

    async def ask(app: Starlette, client: httpx.AsyncClient) -> None:
        assert sorted(routes(app)) == sorted(WHO)
        for method, path in routes(app):
            if WHO[method, path] != "anybody":
                answer = await client.request(method, filled(path), json={})
                assert (path, answer.status_code) == (path, 401)

    with_page(officers, tmp_path, ask)


@pytest.mark.parametrize("path", [path for (method, path), who in WHO.items() if method == "POST" and path != "/login"])
def test_no_route_that_changes_something_takes_a_request_of_another_site(
    officers: OfficerBook, tmp_path: Path, path: str
) -> None:
    """Nor one without the session's token (CSRF)."""

    async def ask(_app: Starlette, client: httpx.AsyncClient) -> None:
        page = (await client.get("/login")).text
        token = page.split('name="token" value="')[1].split('"')[0]
        form = {"name": "chan", "password": "correct horse battery", "token": token}
        assert (await client.post("/login", data=form)).status_code == 303
        assert (await client.post(path, json={})).status_code == 403
        csrf = (await client.get("/")).text.split('name="csrf" content="')[1].split('"')[0]
        headers = {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "cross-site"}
        assert (await client.post(path, json={}, headers=headers)).status_code == 403

    with_page(officers, tmp_path, ask)
