"""The link into the site's own video system: filled, written down, and refused where it leads nowhere certain."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from runtime.store_errors import StoreError
from tests.rigs.wall import NOW, WallRig, log_in
from wall.settings import CameraSection
from wall.video_link import link_problems, video_link

LINK = "https://vms.example/play?camera={lane}-{camera}&from={from}&to={to}&at={from_ms}-{to_ms}&site={point}"
REAR = CameraSection(name="Rear left", lanes=("A-1",), url="rtsp://127.0.0.1/rear")


def test_names_cannot_change_where_the_link_leads() -> None:
    """Whatever a lane or camera is called, it stays in its place; times are UTC, as text and as milliseconds."""
    found = video_link(LINK, lane="A&1", point="深圳灣/1", camera="x?#=", from_ms=NOW, to_ms=NOW + 1)
    parts = urlsplit(found)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", "vms.example", "/play", "")
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert asked == {
        "camera": "A&1-x?#=",
        "from": "2026-11-21T19:00:00.000Z",
        "to": "2026-11-21T19:00:00.001Z",
        "at": f"{NOW}-{NOW + 1}",
        "site": "深圳灣/1",
    }


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("http://vms.example/{lane}", "is no https address; write such as"),
        ("https:///{lane}", "is no https address"),
        ("https://vms.example/{lame}", "unknown place {lame}; use {lane}, {point}"),
        ("https://vms.example/{lane", "a single brace"),
        ("https://{lane}.vms.example/play", "a place before its path"),
        ("https://user:word@vms.example/{lane}", "has a login in it"),
        ("https://vms.example/{lane}?token=12345", "has a login in it"),
        ("https://vms.example/{lane}", ""),
    ],
)
def test_a_template_that_cannot_be_right_is_told_what_to_write(template: str, told: str) -> None:
    """At `check`, and not when an officer needs it."""
    problems = [str(one) for one in link_problems(template)]
    assert told in problems[0] if told else problems == []


def test_whoever_goes_there_is_written_down_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lane's last minute by its camera, and a visit by its times; without the record nobody is sent on."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        await log_in(client, "chan")
        page = (await client.get("/")).text
        assert re.search(r'<a id="lane-video" target="_blank" rel="noopener noreferrer">', page)
        found = await client.get("/lanes/A-1/video", params={"camera": "Rear left"})
        assert found.status_code == 303
        asked = parse_qs(urlsplit(found.headers["location"]).query)
        assert (asked["camera"], asked["at"]) == (["A-1-Rear left"], [f"{NOW - 60_000}-{NOW}"])
        assert "form-action 'self'" in found.headers["content-security-policy"]
        found = await client.get("/look/video", params={"visit": "A-2/j/7", "from": NOW, "to": NOW + 30_000})
        assert parse_qs(urlsplit(found.headers["location"]).query)["camera"] == ["A-2-lane"]
        looks = [(one.who, one.what, one.lane, one.detail) for one in rig.store.looks()]
        assert looks == [
            ("chan", "video", "A-2", f"A-2/j/7 {NOW}/{NOW + 30_000}"),
            ("chan", "video", "A-1", "Rear left"),
        ]
        for place in ("/lanes/B-9/video", "/lanes/A-2/video?camera=Rear left", "/look/video?visit=A-1/j/1&from=x&to=2"):
            refused = await client.get(place, headers={"X-Lang": "zh-Hant-HK"})
            assert (refused.status_code, refused.json()["words"]) == (404, "沒有此通道、鏡頭或時間。")

        rig.clock.ms += 3_600_000
        locked = await client.get("/look/video", params={"visit": "A-2/j/7", "from": NOW, "to": NOW + 30_000})
        assert locked.status_code == 423

        def full(*_: object) -> None:
            raise StoreError("the disk is full")

        monkeypatch.setattr(rig.store, "write_look", full)
        assert (await client.get("/lanes/A-1/video")).status_code == 503

    WallRig(tmp_path, cameras=(REAR,), video_link=LINK).asked(ask)


def test_without_a_template_there_is_no_link(tmp_path: Path) -> None:
    """Neither on the page nor behind it."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        del rig
        await log_in(client, "chan")
        assert "lane-video" not in (await client.get("/")).text
        assert (await client.get("/lanes/A-1/video")).status_code == 404

    WallRig(tmp_path).asked(ask)
