"""Every route of the wall by who may use it: a route without a rule here fails."""

from __future__ import annotations

from pathlib import Path

import httpx
import msgspec
import pytest
from starlette.routing import Route

from console.officers import OfficerRole
from console.tongues import Tongue
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
    ("POST", "/orders"): May.TAKE,  # and what the order itself needs
    ("GET", "/deeds"): May.LOOK_BACK,
}
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
            if needs is not May.ANYBODY and path != "/":
                assert (await client.request(method, path)).status_code == 401, path
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
