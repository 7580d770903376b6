"""Every route of the wall by who may use it: a route without a rule here fails."""

from __future__ import annotations

from pathlib import Path

import httpx
import msgspec
import pytest
from starlette.routing import Route

from console.officers import OfficerRole
from console.tongues import Tongue
from runtime.store_errors import StoreError
from tests.rigs.wall import NOW, PEOPLE, WallRig, log_in, online, state
from wall.endpoints import Endpoint
from wall.people import RIGHTS, May

NEEDS = {
    ("GET", "/"): May.WATCH,
    ("GET", "/login"): May.ANYBODY,
    ("POST", "/login"): May.ANYBODY,
    ("POST", "/logout"): May.ANYBODY,  # ends the own session alone
    ("POST", "/unlock"): May.ANYBODY,  # of the own session
    ("POST", "/language"): May.ANYBODY,  # of the own browser
    ("POST", "/here"): May.ANYBODY,  # of the own session
    ("GET", "/events"): May.WATCH,
    ("GET", "/pictures"): May.WATCH,
    ("GET", "/sign/{screen}/{scene}"): May.WATCH,
    ("POST", "/needs/take"): May.TAKE,
    ("POST", "/needs/hand"): May.TAKE,
    ("GET", "/lanes/{lane}/enter"): May.DECIDE,
    ("GET", "/lanes/{lane}/live"): May.WATCH,
    ("GET", "/lanes/{lane}/video"): May.WATCH,
    ("POST", "/orders"): May.TAKE,  # and what the order itself needs
    ("GET", "/deeds"): May.LOOK_BACK,
    ("GET", "/shift"): May.TAKE,
    ("POST", "/shift/begin"): May.TAKE,
    ("POST", "/shift/end"): May.TAKE,
    ("GET", "/look"): May.SEARCH,
    ("GET", "/look/story"): May.SEARCH,
    ("GET", "/look/picture"): May.SEARCH,
    ("POST", "/look/export"): May.SEARCH,
    ("GET", "/look/video"): May.SEARCH,
    ("GET", "/numbers"): May.COUNT,
    ("GET", "/numbers.csv"): May.COUNT,
}
PAGES = {"/", "/look", "/look/story", "/look/video", "/lanes/{lane}/video", "/numbers"}
"""Whoever is not logged in is sent to the login."""
ENDLESS = {"/events", "/pictures"}


def test_every_route_has_a_rule_here_and_the_same_in_the_code(tmp_path: Path) -> None:
    """A route that nobody thought about fails."""
    rig = WallRig(tmp_path)
    rig.store.close()
    routes = [one for one in rig.routes.app().routes if isinstance(one, Route)]
    found = {(method, one.path) for one in routes for method in (one.methods or set()) - {"HEAD"}}
    assert found == set(NEEDS)
    ruled = {
        ("POST" if one.post else "GET", one.path): one.needs if isinstance(one, Endpoint) else May.ANYBODY
        for one in rig.routes.endpoints()
    }
    assert ruled == NEEDS


@pytest.mark.parametrize("name", PEOPLE)
def test_each_role_does_what_it_may_and_nothing_else(name: str, tmp_path: Path) -> None:
    """Asked as each role; without a login all of it is refused."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        for (method, path), needs in NEEDS.items():
            if needs is not May.ANYBODY:
                wanted = 303 if path in PAGES else 401
                assert (await client.request(method, path)).status_code == wanted, path
        headers = await log_in(client, name)
        for (method, path), needs in NEEDS.items():
            if needs is May.ANYBODY or path in ENDLESS or path == "/":
                continue
            place = path.format(screen="xdb", scene="WELCOME", lane="A-1")
            found = await client.request(
                method, place, headers=headers, json={"need": "none"} if method == "POST" else None
            )
            assert (found.status_code == 403) is (needs not in RIGHTS[PEOPLE[name]]), (path, found.text)

    WallRig(tmp_path).asked(ask)


def test_a_need_is_taken_by_one_and_the_other_reads_by_whom(tmp_path: Path) -> None:
    """The second officer is refused in words; a request without the page's token is refused too."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        rig.hears(online("A-1"), state("A-1", 1, alarms=[["AtOfficer", 4, "", NOW, ""]]))
        key = rig.desk.book.queue()[0].key
        assert (await client.post("/needs/take", json={"need": key})).status_code == 401
        headers = await log_in(client, "chan")
        assert (await client.post("/needs/take", json={"need": key})).status_code == 403
        assert (await client.post("/needs/take", json={"need": key}, headers=headers)).status_code == 200
        client.cookies.clear()
        headers = await log_in(client, "wong") | {"X-Lang": "zh-Hant-HK"}
        found = await client.post("/needs/take", json={"need": key}, headers=headers)
        assert (found.status_code, found.json()["words"]) == (409, "chan 已先行處理。")

    WallRig(tmp_path).asked(ask)


def test_who_looked_is_written_down(tmp_path: Path) -> None:
    """Looking back leaves a line of its own."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        await log_in(client, "lee")
        await client.get("/deeds?lane=A-1")
        assert [(look.who, look.what, look.lane) for look in rig.store.looks()] == [("lee", "deeds", "A-1")]

    WallRig(tmp_path).asked(ask)


def test_browsers_get_everything_once_and_then_what_differs(tmp_path: Path) -> None:
    """A plate that is read is one field of one tile."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        del client
        rig.hears(online("A-1"), online("A-2"), state("A-1", 1), state("A-2", 1))
        number, everything = rig.desk.feed.all(Tongue.CHINESE)
        assert set(msgspec.json.decode(everything)["tiles"]) == {"A-1", "A-2"}
        rig.hears(state("A-1", 2, vrn="AB1234"))
        await rig.desk.feed.changed()
        (change,) = rig.desk.feed.after(Tongue.CHINESE, number) or []
        assert msgspec.json.decode(change) == {"tiles": {"A-1": {"vrn": "AB1234"}}}

    WallRig(tmp_path).asked(ask)


def test_a_viewer_acts_nowhere_and_a_technician_decides_about_no_vehicle() -> None:
    """The rights of the wall's roles, in short."""
    assert RIGHTS[OfficerRole.VIEWER] == {May.ANYBODY, May.WATCH}
    assert May.DECIDE not in RIGHTS[OfficerRole.TECHNICIAN]
    assert May.MANY not in RIGHTS[OfficerRole.OFFICER]


WATCHING = RIGHTS[OfficerRole.VIEWER]
SHOWS = {May.SEARCH, May.COUNT, May.LOOK_BACK}
"""What shows something of the past, or of what people did."""
ASKED = {"text": "AB1234", "visit": "A-1/j/1", "picture": "ab" * 32, "day": "2026-11-22", "lane": "A-1"}


async def shown(client: httpx.AsyncClient, endpoint: Endpoint, headers: dict[str, str]) -> httpx.Response:
    """One route asked for something."""
    if endpoint.post:
        body = {"visit": ASKED["visit"], "purpose": "complaint 7"}
        return await client.post(endpoint.path, json=body, headers=headers)
    return await client.get(endpoint.path, params=ASKED)


def test_every_look_is_written_down_with_the_name_whatever_comes_of_it(tmp_path: Path) -> None:
    """By the routes: each that shows the past leaves one line, here with no core that answers."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        looking = [one for one in rig.routes.endpoints() if isinstance(one, Endpoint) and one.needs in SHOWS]
        assert {one.path for one in looking} >= {"/deeds", "/look", "/look/story", "/look/export", "/numbers"}
        headers = await log_in(client, "lee")
        for number, endpoint in enumerate(looking, start=1):
            await shown(client, endpoint, headers)
            looks = rig.store.looks()
            assert (len(looks), looks[0].who) == (number, "lee"), endpoint.path

    WallRig(tmp_path).asked(ask)


def test_what_cannot_be_written_down_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the routes: the store is full, and nothing of the past leaves the wall."""

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        headers = await log_in(client, "lee")
        monkeypatch.setattr(rig.store, "write_look", full)
        asked: list[str] = []
        monkeypatch.setattr(rig.past, "_asked", lambda _who, do, *_, **__: asked.append(do))
        for endpoint in rig.routes.endpoints():
            if isinstance(endpoint, Endpoint) and endpoint.needs in SHOWS:
                assert (await shown(client, endpoint, headers)).status_code == 503, endpoint.path
        assert asked == []

    WallRig(tmp_path).asked(ask)


def test_a_viewer_is_refused_by_every_route_that_acts_or_shows_the_past(tmp_path: Path) -> None:
    """By the routes: nothing is asked of the core, and nothing changes."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        headers = await log_in(client, "view")
        refused = [one for one in rig.routes.endpoints() if isinstance(one, Endpoint) and one.needs not in WATCHING]
        assert len(refused) > 8
        for endpoint in refused:
            place = endpoint.path.format(lane="A-1")
            method = "POST" if endpoint.post else "GET"
            found = await client.request(method, place, headers=headers, json={} if endpoint.post else None)
            assert found.status_code == 403, endpoint.path
        assert rig.store.looks() == []
        posts = {one.path for one in rig.routes.endpoints() if isinstance(one, Endpoint) and one.post}
        assert posts <= {one.path for one in refused} | {"/logout", "/unlock", "/language", "/here"}

    WallRig(tmp_path).asked(ask)
