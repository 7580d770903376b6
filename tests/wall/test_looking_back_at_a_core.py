"""Looking back from a wall at a running core: by certificate its own lanes, by name each person, and both write it down."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from core.enrolment.keys import load_core_ring
from core.errors import RefusedError
from core.office.sealed_story import open_pages
from core.settings import load
from domain.times import DAY_MS, start_of
from simulation.broker import PrivateBroker
from tests.rigs.past import DAY, LANES, PastPoint
from tests.rigs.wall import WallRig, log_in, online, state
from wall.errors import PastRefusedError
from wall.orders import CoreAwayError, CoreLine
from wall.paper_press import PaperPress
from wall.past import PastDesk, PastWanted

SINCE, BEFORE = start_of(DAY), DAY - timedelta(days=1)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastPoint]:
    """A point with a past, its core running."""
    folder = tmp_path_factory.mktemp("p")
    with PrivateBroker(folder / "broker", lanes=LANES) as broker:
        made = PastPoint(folder, broker)
        asyncio.run(made.core.start_ready())
        yield made
        made.core.end()


def at_the_wall(folder: Path, past: PastPoint, ask: Callable[[WallRig, httpx.AsyncClient], Awaitable[None]]) -> None:
    """A wall that has this core."""
    WallRig(folder, past.line).asked(ask)


def test_a_search_a_story_and_figures_come_from_the_core_and_are_in_its_audit_log(past: PastPoint) -> None:
    """Each with the person's name and the wall's."""

    async def ask() -> None:
        desk = PastDesk(CoreLine(past.line))
        wanted = PastWanted(text="RT5093", since_ms=SINCE, until_ms=SINCE + DAY_MS)
        found = await desk.search("chan", wanted)
        assert [(one.vrn, one.near) for one in found.visits] == [("RT50931", True), ("RT5093", False)]
        story = await desk.story("chan", past.keys[0])
        assert (story["lookup"]["version"], len(story["pictures"]), story["missing"]) == (48_211, 2, [])
        picture = await desk.picture("wong", past.keys[0], story["pictures"][0]["picture"])
        assert picture.startswith(b"\xff\xd8")
        rows = await desk.figures("chan", SINCE, SINCE + DAY_MS)
        assert sorted(one.outcome for one in rows) == ["examine", "released", "released", "released"]
        await desk.line.hang_up()

    asyncio.run(ask())
    told = past.core.command("audit", "--most", "20", "--json")
    assert "chan by wall" in told
    assert "wong by wall" in told
    assert "RT5093" in told


def test_a_shift_is_in_the_cores_audit_log_with_name_note_and_time(past: PastPoint, tmp_path: Path) -> None:
    """As two acts of that person at that wall; and the day's page says who was on."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        rig.clock.ms = SINCE + 7 * 3_600_000
        rig.desk.shifts.begin("chan")
        rig.clock.ms += 8 * 3_600_000
        headers = await log_in(client, "chan")
        await client.post("/shift/end", json={"note": "barrier of A-1 sticks"}, headers=headers)
        for _ in range(2):
            await rig.desk.shifts.tell(rig.orders)
        assert rig.store.untold_shifts() == []
        page = (await client.get("/numbers", params={"day": str(DAY)})).text
        assert f'<th scope="row">Chan</th><td class="mono">{DAY} 07:00' in page
        assert re.findall(r'<th scope="row">([^<]*)<small>([^<]*)</small>', page) == [("07:00–15:00", "Chan")]
        file = (await client.get("/numbers.csv", params={"day": str(DAY)})).text
        assert "Chan" not in file

    at_the_wall(tmp_path, past, ask)
    told = past.core.command("audit", "--most", "30", "--json")
    assert "barrier of A-1 sticks" in told
    assert told.count("tell_shift") == 2 or told.count('"shift"') == 2, told


def test_a_visit_that_is_not_there_and_a_core_that_is_away_are_said(past: PastPoint) -> None:
    """A refusal in words; away is another thing."""

    async def ask() -> None:
        desk = PastDesk(CoreLine(past.line))
        with pytest.raises(PastRefusedError, match="is not here"):
            await desk.story("chan", f"{LANES[0]}/none/1")
        with pytest.raises(PastRefusedError, match="may not look at lane"):
            await desk.story("chan", "B-9/j/1")
        await desk.line.hang_up()
        with pytest.raises(CoreAwayError):
            await PastDesk(CoreLine(None)).story("chan", past.keys[0])

    asyncio.run(ask())


def test_the_page_tells_a_story_in_one_language(past: PastPoint, tmp_path: Path) -> None:
    """What was read, what the list said with its hash, every row; in Chinese no sentence of it is English."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        headers = await log_in(client, "chan")
        page = (await client.get("/look/story", params={"visit": past.keys[2]})).text
        for text in ("RT50931", "48211", "5f5f5f5f", "papers in order", "Officer: release", "Released"):
            assert text in page, text
        await client.post("/language", json={"tongue": "zh-Hant-HK"}, headers=headers)
        found = (await client.get("/look", params={"text": "RT5093", "near": "1", "since": f"{DAY}T00:00"})).text
        assert "RT50931" in found
        assert "相近" in found
        page = (await client.get("/look/story", params={"visit": past.keys[2]})).text
        assert "關員：放行" in page
        assert "Officer: release" not in page
        looks = [(look.who, look.what) for look in rig.store.looks()]
        assert looks == [("chan", "story"), ("chan", "search"), ("chan", "story")]
        for key in past.keys:
            page = (await client.get("/look/story", params={"visit": key})).text
            happened = re.findall(r'<span class="what">(.*?)</span>', page)
            assert len(happened) > 10
            written = "papers in order"  # by an officer
            assert [one for one in happened if re.search(r"[a-z]+ [a-z]+", one.replace(written, ""))] == []

    at_the_wall(tmp_path, past, ask)


def test_what_is_exported_is_one_pdf_of_which_every_byte_is_sealed(past: PastPoint, tmp_path: Path) -> None:
    """From the page to the command line: pages that people's programs read, the record inside, and no byte that can be changed."""
    purpose = "complaint 7 </p><img src=file:///etc/hostname><b>投訴"
    file = tmp_path / "story.pdf"

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        headers = await log_in(client, "lee")
        asked = {"visit": past.keys[2], "purpose": " "}
        assert (await client.post("/look/export", json=asked, headers=headers)).status_code == 422
        asked["purpose"] = purpose
        found = await client.post("/look/export", json=asked, headers=headers)
        assert found.status_code == 200, found.text
        assert re.search(r'"RT50931_SZB-IN-01-journal-3_\d{8}-\d{6}\.pdf"', found.headers["Content-Disposition"])
        file.write_bytes(found.content)
        assert rig.store.looks()[0].detail == f"{past.keys[2]}: {purpose}"

    at_the_wall(tmp_path, past, ask)
    sealed = file.read_bytes()
    told = past.core.command("verify", str(file), "--out", str(tmp_path / "out"))
    for said in ("exported by lee by wall", "pages: made by the wall wall for lee by wall", "GENUINE"):
        assert said in told, told
    assert "seal_pages" in past.core.command("audit", "--most", "20", "--json")

    assert read_with("pdfdetach", "-save", "1", "-o", str(tmp_path / "inside"), str(file)) == ""
    assert (tmp_path / "inside").read_bytes() == (tmp_path / "out" / "record.json").read_bytes()
    facts = dict(line.split(":", 1) for line in read_with("pdfinfo", str(file)).splitlines())
    assert (int(facts["Pages"]) >= 2, facts["Page size"].strip()[-4:]) == (True, "(A4)")
    words = read_with("pdftotext", "-layout", str(file), "-")
    flat = re.sub(r"\s", "", words)
    for text in (purpose, "關員：放行", "Officer: release", "文件齊備", "48211", "5f5f5f5f", "車牌讀數", "Chan (wall)"):
        assert re.sub(r"\s", "", text) in flat, text
    record = sha256((tmp_path / "inside").read_bytes()).hexdigest()
    numbers = re.findall(rf"(\d+) ?/ ?{facts['Pages'].strip()}$", words, re.MULTILINE)
    assert [int(one) for one in numbers] == list(range(1, int(facts["Pages"]) + 1))
    assert words.count(record) == len(numbers)

    ring = load_core_ring(load(past.core.config).core.signing_key)
    open_pages(ring, sealed)
    seal = sealed.rfind(b"%rocars-seal")
    for place in {*range(0, len(sealed), len(sealed) // 150), *range(seal, len(sealed), 7), len(sealed) - 1}:
        changed = bytearray(sealed)
        changed[place] ^= 1 << place % 8
        with pytest.raises(RefusedError, match="NOT GENUINE"):
            open_pages(ring, bytes(changed))
    file.write_bytes(sealed[:2_000] + bytes([sealed[2_000] ^ 1]) + sealed[2_001:])
    assert "NOT GENUINE" in past.core.command("verify", str(file), expect=1)


def read_with(*command: str) -> str:
    """What one of poppler's programs says, which has nothing to complain of."""
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    return ran.stdout


def test_pages_that_cannot_be_drawn_leave_the_signed_record_to_be_had(
    past: PastPoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said in words, and that is another answer than a core that is away; the record alone is genuine."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        del rig
        monkeypatch.setattr(PaperPress, "draw", PaperPress(draws_s=0.0).draw)
        headers = await log_in(client, "lee")
        asked: dict[str, object] = {"visit": past.keys[1], "purpose": "complaint 7"}
        refused = await client.post("/look/export", json=asked, headers=headers)
        assert (refused.status_code, "signed record alone" in refused.json()["words"]) == (502, True)
        found = await client.post("/look/export", json=asked | {"pages": False}, headers=headers)
        assert found.headers["Content-Disposition"].endswith('.json"')
        (tmp_path / "story.json").write_bytes(found.content)

    at_the_wall(tmp_path, past, ask)
    assert "GENUINE" in past.core.command("verify", str(tmp_path / "story.json"))
    file = (tmp_path / "story.json").read_bytes()
    (tmp_path / "story.json").write_bytes(file.replace(b"HB6685", b"HB6686", 1))
    assert "NOT GENUINE" in past.core.command("verify", str(tmp_path / "story.json"), expect=1)


def test_with_the_core_away_nothing_is_exported_and_the_page_can_be_printed(tmp_path: Path) -> None:
    """Said in the language of the page."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        del rig
        headers = await log_in(client, "chan")
        asked = {"visit": "A-1/j/1", "purpose": "complaint 7"}
        for tongue, said in (("en", "This page can be printed"), ("zh-Hant-HK", "可列印此頁")):
            await client.post("/language", json={"tongue": tongue}, headers=headers)
            refused = await client.post("/look/export", json=asked, headers=headers | {"X-Lang": tongue})
            assert (refused.status_code, said in refused.json()["words"]) == (503, True), refused.text

    WallRig(tmp_path).asked(ask)


def test_a_technician_and_a_viewer_export_nothing(tmp_path: Path) -> None:
    """As they search nothing."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        del rig
        for name in ("tech", "view"):
            headers = await log_in(client, name)
            asked = {"visit": "A-1/j/1", "purpose": "complaint 7"}
            assert (await client.post("/look/export", json=asked, headers=headers)).status_code == 403

    WallRig(tmp_path).asked(ask)


def test_the_numbers_of_the_day_are_a_page_and_a_csv_file(past: PastPoint, tmp_path: Path) -> None:
    """By lane, hour and shift; a technician may read them, and they have no mark."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        del rig
        await log_in(client, "tech")
        page = (await client.get("/numbers", params={"day": str(DAY)})).text
        assert "07:00–15:00" in page
        assert "RT5093" not in page
        file = (await client.get("/numbers.csv", params={"day": str(DAY)})).content.decode("utf-8-sig")
        lines = [line.split(",") for line in file.splitlines()]
        assert lines[0][:3] == ["part", "name", "vehicles"]
        assert [line[:3] for line in lines if line[0] == "shift"] == [
            ["shift", f"{BEFORE} 23:00–07:00 (in part)", "0"],
            ["shift", f"{DAY} 07:00–15:00", "3"],
            ["shift", f"{DAY} 15:00–23:00", "1"],
            ["shift", f"{DAY} 23:00–07:00 (in part)", "0"],
        ]

    at_the_wall(tmp_path, past, ask)


def test_numbers_of_several_days_have_each_day_and_every_shift(past: PastPoint, tmp_path: Path) -> None:
    """A night is whole where both its days are counted; what the page cannot count it says."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        await log_in(client, "lee")
        asked = {"day": str(BEFORE), "until": str(DAY)}
        page = (await client.get("/numbers", params=asked)).text
        assert "By day" in page
        assert f"{str(BEFORE)[5:]} 23:00–07:00<" in page
        lines = (await client.get("/numbers.csv", params=asked)).content.decode("utf-8-sig").splitlines()
        assert [line.split(",")[:3] for line in lines if line.startswith(("all", "day"))] == [
            ["all", f"{BEFORE}/{DAY}", "4"],
            ["day", str(BEFORE), "0"],
            ["day", str(DAY), "4"],
        ]
        assert [look.detail for look in rig.store.looks()] == [f"{BEFORE}/{DAY}"] * 2
        for wrong in ({"day": str(DAY), "until": str(BEFORE)}, {"day": "2026-01-01", "until": "2026-03-01"}):
            assert 'role="alert"' in (await client.get("/numbers", params=wrong)).text
            assert (await client.get("/numbers.csv", params=wrong)).status_code == 422
        assert (await client.get("/numbers", params={"day": "9999-12-31"})).status_code == 200

    at_the_wall(tmp_path, past, ask)


def test_alarms_and_links_are_on_the_page_and_in_the_file(past: PastPoint, tmp_path: Path) -> None:
    """By lane, hour, shift and kind, in both languages; the link of the second lane was out for 150 s after 18:00."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        del rig
        headers = await log_in(client, "tech")
        page = (await client.get("/numbers", params={"day": str(DAY)})).text
        for text in (
            "Alarms and link, by shift",
            "Minutes without link",
            "A vehicle has waited too long",
            "Unknown bundle used",
            "150.0 s",
        ):
            assert text in page, text
        await client.post("/language", json={"tongue": "zh-Hant-HK"}, headers=headers)
        page = (await client.get("/numbers", params={"day": str(DAY)})).text
        assert "警報及連線（按更次）" in page
        assert "使用不明捆綁" in page
        assert "A vehicle has waited too long" not in page
        file = (await client.get("/numbers.csv", params={"day": str(DAY)})).content.decode("utf-8-sig")
        lines = list(csv.DictReader(io.StringIO(file)))
        whole = lines[0]
        assert (float(whole["link_minutes"]), whole["link_times"]) == (pytest.approx(2.5, abs=0.01), "1")
        assert int(whole["alarms"]) == sum(int(one["alarms"]) for one in lines if one["part"].startswith("alarm, ")) > 0
        hours = {one["name"]: one["link_minutes"] for one in lines if one["part"] == "hour"}
        assert [name for name, minutes in hours.items() if minutes != "0"] == ["18:00"]

    at_the_wall(tmp_path, past, ask)


def test_a_core_that_does_not_know_the_question_still_tells_of_vehicles(
    past: PastPoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be of the version before: the page says what is missing, and the file leaves it empty."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        async def older(*_: object) -> None:
            raise PastRefusedError("a wall cannot ask this: Invalid value 'count_troubles' - at `$.do`")

        monkeypatch.setattr(rig.past, "troubles", older)
        await log_in(client, "tech")
        page = (await client.get("/numbers", params={"day": str(DAY)})).text
        assert "tells no numbers of alarms" in page
        file = (await client.get("/numbers.csv", params={"day": str(DAY)})).content.decode("utf-8-sig")
        whole = next(csv.DictReader(io.StringIO(file)))
        assert (whole["vehicles"], whole["alarms"], whole["link_minutes"]) == ("4", "", "")

    at_the_wall(tmp_path, past, ask)


def test_with_the_core_away_the_walls_own_needs_are_shown(tmp_path: Path) -> None:
    """The page says that the history cannot be had, and what this wall wrote down."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        rig.hears(online("A-1"), state("A-1", 1, visit=4, vrn="RT5093", alarms=[["AtOfficer", 4, "", rig.clock(), ""]]))
        await log_in(client, "chan")
        page = (await client.get("/look", params={"lane": "A-1", "since": "2026-01-01T00:00"})).text
        assert "The core does not answer." in page
        assert "A vehicle waits for an officer" in page
        assert "The core does not answer." in (await client.get("/numbers")).text
        assert (await client.get("/numbers.csv")).status_code == 503

    WallRig(tmp_path).asked(ask)


def test_a_page_that_has_locked_itself_shows_nothing_of_the_past(tmp_path: Path) -> None:
    """It asks for the password, and a picture is refused."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        await log_in(client, "chan")
        rig.clock.ms += 3_600_000
        assert (await client.get("/look")).status_code == 423
        assert (await client.get("/look/picture?visit=a/b/1&picture=x")).status_code == 423

    WallRig(tmp_path).asked(ask)
