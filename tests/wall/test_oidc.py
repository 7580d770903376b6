"""The control room's own accounts: signing in through a real provider on loopback, and what is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from joserfc.jwk import OctKey, RSAKey

from console.officers import OfficerRole, is_login
from console.server import ConsoleServer
from runtime.clocks import utc_ms
from runtime.files import PRIVATE, write_whole
from runtime.toml_table import TableReader
from simulation.children import free_port
from tests.rigs.desk import expect, violations
from tests.rigs.provider import Claims, Provider
from tests.rigs.wall import PASSWORD, WallRig, log_in, online, state
from wall.oidc import OidcClient, safe
from wall.settings import OidcSection

ROLES = {"lane-officers": OfficerRole.OFFICER, "lane-supervisors": OfficerRole.SUPERVISOR}
HOME = "http://127.0.0.1"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider."""
    made = Provider()
    yield made
    made.close()


def section(provider: Provider, folder: Path, **changes: Any) -> OidcSection:
    """A wall's settings at it."""
    secret = folder / "client.secret"
    write_whole(secret, b"known to both\n", mode=PRIVATE)
    usual = OidcSection(
        issuer=provider.issuer,
        client_id="rocars-wall",
        address=HOME,
        roles=ROLES,
        roles_claim="realm.roles",
        client_secret=secret,
    )
    return msgspec.structs.replace(usual, **changes)


class Clock:
    """The time of the wall, ahead of the provider's by so much."""

    ahead_ms = 0

    def __call__(self) -> int:
        """UTC ms."""
        return utc_ms() + self.ahead_ms


Ask = Callable[[WallRig, httpx.AsyncClient], Awaitable[None]]


def at_the_wall(folder: Path, oidc: OidcSection, ask: Ask, clock: Clock | None = None) -> None:
    """A wall that lets people in by that provider, without a server between."""
    client = OidcClient(oidc, now_ms=clock or Clock(), is_login=is_login)
    WallRig(folder, oidc=client).asked(ask)


async def goes(client: httpx.AsyncClient, sub: str = "u1") -> httpx.Response:
    """A person's browser: to the provider, who is that person there, and back; the wall's last answer."""
    start = await client.get("/oidc/start")
    assert start.status_code == 303, start.text
    return await client.get(await allowed(start.headers["location"], sub))


async def allowed(where: str, sub: str) -> str:
    """At the provider: where it sends the browser back to."""
    async with httpx.AsyncClient(trust_env=False) as there:
        back = await there.post(where, data={"sub": sub})
    assert back.status_code in {302, 303}, back.text
    return str(back.headers["location"])


def said(answer: httpx.Response) -> str:
    """Why nobody was let in."""
    found = re.search(r'role="alert">([^<]*)<', answer.text)
    return found[1].replace("&#39;", "'") if found else ""


def test_somebody_signs_in_with_the_role_that_the_provider_says(tmp_path: Path, provider: Provider) -> None:
    """By name and role; written down; the session is the wall's own, and a supervisor's of two roles."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        for sub, login, shown, role in (("u1", "ng", "Ng Ka-ming", "officer"), ("u2", "ho", "Ho Wai", "supervisor")):
            client.cookies.clear()
            back = await goes(client, sub)
            assert (back.status_code, shown in back.text) == (200, True)
            page = (await client.get("/")).text
            assert f'data-officer="{login}"' in page
            assert shown in page
            assert f'<span class="muted">{role}</span>' in page
        looks = [(look.who, look.what) for look in rig.store.looks()]
        assert ("ho", "signed in as supervisor with the control room's account") in looks
        cookies = [one for one in client.cookies.jar if one.name.startswith("rocars-wall")]
        assert all("oidc" not in one.name for one in cookies)

    at_the_wall(tmp_path, section(provider, tmp_path), ask)


def test_what_somebody_may_do_follows_the_providers_role(tmp_path: Path, provider: Provider) -> None:
    """An officer of the control room takes a need, is handed one, and orders no group of lanes."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        rig.hears(online("A-1"), state("A-1", 1, alarms=[("AtOfficer", 4, "", 1, "")], visit=4))
        await goes(client)
        headers = {"X-CSRF-Token": re.findall(r'name="csrf" content="([^"]+)"', (await client.get("/")).text)[0]}
        [key] = rig.desk.book.open
        assert (await client.post("/needs/take", json={"need": key}, headers=headers)).status_code == 200
        assert rig.desk.book.open[key].taken_by == "ng"
        many = {"name": "open", "lanes": ["A-1", "A-2"]}
        assert (await client.post("/orders", json=many, headers=headers)).status_code == 403
        assert (await client.get("/deeds")).status_code == 403
        client.cookies.clear()
        headers = await log_in(client, "chan")
        assert (await client.post("/needs/take", json={"need": key, "had": "ng"}, headers=headers)).status_code == 200
        assert (await client.post("/needs/hand", json={"need": key, "to": "ng"}, headers=headers)).status_code == 200

    at_the_wall(tmp_path, section(provider, tmp_path), ask)


@pytest.mark.parametrize(
    ("sub", "why"),
    [("u3", "Your account has no role at this wall."), ("u4", "has not the form of a login here")],
)
def test_without_a_role_or_a_login_nobody_comes_in(tmp_path: Path, provider: Provider, sub: str, why: str) -> None:
    """There is no usual role, and no name that records could mistake."""

    async def ask(_rig: WallRig, client: httpx.AsyncClient) -> None:
        back = await goes(client, sub)
        assert (back.status_code, why in said(back)) == (403, True)
        assert (await client.get("/")).status_code == 303

    at_the_wall(tmp_path, section(provider, tmp_path), ask)


def without(name: str) -> Callable[[Claims], Claims]:
    """The claims but for one."""
    return lambda claims: {known: value for known, value in claims.items() if known != name}


LIES: dict[str, Callable[[Claims], Claims]] = {
    "issuer": lambda claims: claims | {"iss": "https://elsewhere.example"},
    "audience": lambda claims: claims | {"aud": "another-client"},
    "audiences without a party": lambda claims: claims | {"aud": ["rocars-wall", "another"]},
    "party": lambda claims: claims | {"azp": "another-client"},
    "nonce": lambda claims: claims | {"nonce": "of another sign-in"},
    "no nonce": without("nonce"),
    "expired": lambda claims: claims | {"exp": claims["iat"] - 120},
    "no end": without("exp"),
    "issued long ago": lambda claims: claims | {"iat": claims["iat"] - 700},
    "issued tomorrow": lambda claims: claims | {"iat": claims["iat"] + 700},
    "no subject": without("sub"),
}


@pytest.mark.parametrize("lie", list(LIES.values()), ids=list(LIES))
def test_a_token_that_is_not_for_this_wall_this_sign_in_and_now_counts_for_nothing(
    tmp_path: Path, provider: Provider, lie: Callable[[Claims], Claims]
) -> None:
    """Issuer, audience, party, nonce, times, subject; each signed by the provider's own key."""
    provider.lie = lie

    async def ask(_rig: WallRig, client: httpx.AsyncClient) -> None:
        back = await goes(client)
        assert back.status_code == 403
        assert said(back)
        assert (await client.get("/")).status_code == 303

    at_the_wall(tmp_path, section(provider, tmp_path), ask)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(RSAKey.generate_key(2048), "RS256"), (OctKey.generate_key(256), "HS256")],
    ids=["another key", "a secret"],
)
def test_a_token_that_the_providers_key_did_not_sign_counts_for_nothing(
    tmp_path: Path, provider: Provider, key: Any, algorithm: str
) -> None:
    """Another key, or a secret that both would know."""
    provider.key, provider.algorithm = key, algorithm

    async def ask(_rig: WallRig, client: httpx.AsyncClient) -> None:
        back = await goes(client)
        assert (back.status_code, "not good here" in said(back)) == (403, True)

    at_the_wall(tmp_path, section(provider, tmp_path), ask)


def test_an_answer_counts_once_in_the_browser_that_began_and_in_time(tmp_path: Path, provider: Provider) -> None:
    """Nobody is signed in by a link that another made (login CSRF), nor twice, nor with another's code."""
    clock = Clock()

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        start = await client.get("/oidc/start")
        back = await allowed(start.headers["location"], "u1")
        transport = httpx.ASGITransport(app=rig.routes.app())
        async with httpx.AsyncClient(transport=transport, base_url=HOME) as another:
            assert (await another.get(back)).status_code == 403  # in another browser; and it is used up by that
        assert (await client.get(back)).status_code == 403
        start = await client.get("/oidc/start")
        mine = urlsplit(await allowed(start.headers["location"], "u1"))
        theirs = parse_qs(urlsplit(back).query)["code"][0]
        state_ = parse_qs(mine.query)["state"][0]
        redeemed = len(provider.redeemed)
        answer = await client.get(f"/oidc/back?code={theirs}&state={state_}")
        assert (answer.status_code, len(provider.redeemed)) == (403, redeemed + 1)  # the verifier does not fit (PKCE)
        start = await client.get("/oidc/start")
        back = await allowed(start.headers["location"], "u1")
        clock.ahead_ms = 601_000
        assert "took too long" in said(await client.get(back))
        clock.ahead_ms = 0
        start = await client.get("/oidc/start")
        back = await allowed(start.headers["location"], "u1")
        assert "another provider" in said(await client.get(f"{back}&iss=https://elsewhere.example"))
        start = await client.get("/oidc/start")
        state_ = parse_qs(urlsplit(start.headers["location"]).query)["state"][0]
        denied = await client.get(f"/oidc/back?error=access_denied&state={state_}")
        assert "did not sign you in" in said(denied)
        assert (await client.get("/")).status_code == 303
        assert (await goes(client)).status_code == 200

    at_the_wall(tmp_path, section(provider, tmp_path), ask, clock)


def test_with_the_provider_down_the_walls_own_accounts_go_on_and_it_is_said(tmp_path: Path, provider: Provider) -> None:
    """In the officer's language; and when it is back, so is the way in."""
    gone = section(provider, tmp_path, issuer=f"http://localhost:{free_port()}")

    async def ask(_rig: WallRig, client: httpx.AsyncClient) -> None:
        start = await client.get("/oidc/start")
        assert (start.status_code, "does not answer. Log in here" in said(start)) == (503, True)
        assert 'id="password"' in start.text
        await client.post("/language", json={"tongue": "zh-Hant-HK"})
        assert said(await client.get("/oidc/start")) == "控制室登入服務沒有回應，請使用本系統的帳戶登入。"
        await log_in(client, "chan")
        assert 'data-officer="chan"' in (await client.get("/")).text

    at_the_wall(tmp_path, gone, ask)


def test_a_page_that_locks_asks_the_provider_for_the_password_again(tmp_path: Path, provider: Provider) -> None:
    """The password of this wall, which the person has not, is not asked for."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        await goes(client)
        page = (await client.get("/")).text
        headers = {"X-CSRF-Token": re.findall(r'name="csrf" content="([^"]+)"', page)[0]}
        assert 'href="/oidc/start"' in page
        rig.clock.ms += 901_000
        assert (
            await client.post("/orders", json={"name": "open", "lanes": ["A-1"]}, headers=headers)
        ).status_code == 423
        told = await client.post("/unlock", json={"password": PASSWORD}, headers=headers)
        assert (told.status_code, "control room's account" in told.text) == (403, True)
        start = await client.get("/oidc/start")
        assert "prompt=login" in start.headers["location"]
        assert (await client.get(await allowed(start.headers["location"], "u1"))).status_code == 200
        page = (await client.get("/")).text
        headers = {"X-CSRF-Token": re.findall(r'name="csrf" content="([^"]+)"', page)[0]}
        assert (
            await client.post("/orders", json={"name": "open", "lanes": ["A-1"]}, headers=headers)
        ).status_code == 200
        assert "prompt" not in (await client.get("/oidc/start")).headers["location"]

    at_the_wall(tmp_path, section(provider, tmp_path), ask)


def test_signing_out_ends_both_sessions(tmp_path: Path, provider: Provider) -> None:
    """The wall's at once; the provider's by the address that the browser is given."""

    async def ask(_rig: WallRig, client: httpx.AsyncClient) -> None:
        await goes(client)
        headers = {"X-CSRF-Token": re.findall(r'name="csrf" content="([^"]+)"', (await client.get("/")).text)[0]}
        told = (await client.post("/logout", headers=headers)).json()
        where = urlsplit(told["goes_to"])
        asked = parse_qs(where.query)
        assert f"{where.scheme}://{where.netloc}{where.path}" == f"{provider.issuer}/oauth2/end_session"
        assert asked["post_logout_redirect_uri"] == [f"{HOME}/login"]
        assert asked["id_token_hint"][0].count(".") == 2
        assert (await client.get("/")).status_code == 303
        headers = await log_in(client, "chan")
        assert "goes_to" not in (await client.post("/logout", headers=headers)).json()

    at_the_wall(tmp_path, section(provider, tmp_path), ask)


def test_the_settings_say_what_is_missing(tmp_path: Path) -> None:
    """A provider in the clear, no role for anybody, no ID token: each told with its remedy."""
    reader = TableReader(tmp_path, on_this_box=False)
    good = {
        "issuer": "https://login.example/r",
        "client_id": "w",
        "address": "https://wall.example",
        "roles": {"a": "officer"},
    }
    assert reader.read(OidcSection, good) is not None
    assert not reader.problems()
    for bad in (
        {"issuer": "http://login.example"},
        {"roles": {}},
        {"scopes": ["profile"]},
        {"roles": {"a": "admiral"}},
    ):
        reader = TableReader(tmp_path, on_this_box=False)
        reader.read(OidcSection, good | bad)
        assert reader.problems(), bad
    assert [safe(one) for one in ("https://a.example/x", "http://localhost:1/", "http://a.example/x", "x")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.long
def test_in_a_browser_somebody_signs_in_and_out_through_the_provider(tmp_path: Path, provider: Provider) -> None:
    """With the cookies as a browser keeps them: Strict, Lax, and a page that goes on by itself; axe finds nothing."""
    sync_api = pytest.importorskip("playwright.sync_api")
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    oidc = section(provider, tmp_path, address=home)

    async def serve() -> None:
        client = OidcClient(oidc, now_ms=Clock(), is_login=is_login)
        rig = WallRig(tmp_path, oidc=client, port=port)
        server = ConsoleServer(rig.routes.app(), rig.routes, rig.settings.page)
        server.bind()
        serving = asyncio.create_task(server.serve())
        await server.ready()
        try:
            await asyncio.to_thread(browse)
        finally:
            server.stop()
            await serving
            rig.store.close()

    def browse() -> None:
        with sync_api.sync_playwright() as tool:
            browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            tab = browser.new_page(viewport={"width": 1280, "height": 720})
            tab.goto(home)
            assert violations(tab) == []
            tab.click("#oidc")
            tab.click("text=u2")
            expect(tab.locator("body[data-officer=ho]")).to_be_visible()
            expect(tab.locator(".who")).to_contain_text("Ho Wai supervisor")
            tab.click("#logout")
            tab.click("button:has-text('End session')")
            expect(tab.locator("#oidc")).to_be_visible()
            tab.goto(home)
            expect(tab.locator("#password")).to_be_visible()
            browser.close()

    asyncio.run(serve())
