"""A story as the pages of a file: its words in both languages, what people wrote as text, and a process that draws it within bounds."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.tongues import Both
from domain.visit_record import VisitEnded
from tests.rigs.places import ROOT
from wall.errors import PagesError
from wall.paper_press import PaperPress
from wall.paper_words import FAILED
from wall.story_paper import PaperJob, both, fact, person, record_name, story_paper

HOSTILE = (
    "<b>&\"'</style></p><link rel=attachment href='file:///etc/hostname'>{{ 7 * 7 }}<img src='http://127.0.0.1:9/'>"
)
NAMES = {"chan": "Chan Tai Man"}


def record_of(*, vrn: str = "RT5093", rows: int = 2, purpose: str = "case 3", **base: Any) -> str:
    """A signed record, but for its signature, which nobody looks at here."""
    ended = VisitEnded(vrn=vrn, arrived_ms=1, left_ms=2, outcome="released", officer="chan@wall", **base)
    crossing = {"lane": "A-1", "vrn": vrn, "first_ms": 1_795_287_600_000, "last_ms": 1_795_287_609_000, "ubrs": []}
    at = {"mono_ms": 1, "utc_ms": 1_795_287_600_120, "quality": "proven"}
    event = {"type": "OfficerReleased", "visit": 1, "officer": "chan@wall", "reason": purpose}
    entry = json.dumps({"at": at, "event": event, "effects": []})
    story = {
        "key": "A-1/j/1",
        "crossing": crossing | {"base": dict(ended.to_facts())},
        "marks": [vrn],
        "rows": [{"seq": seq, "hash": "ab" * 32, "body": entry} for seq in range(1, rows + 1)],
        "cut": False,
        "lookup": {},
        "cargo": [],
        "alarms": [],
        "commands": [],
        "pictures": [],
        "missing": [],
    }
    told = {"by": "chan by wall", "exported_ms": 1_795_287_600_000, "purpose": purpose, "story": story, "pictures": {}}
    body = json.dumps(told | {"proof": {"checks": ["all of it"], "problems": []}}, ensure_ascii=False)
    return json.dumps({"kid": "core-1", "sig": "00", "body": body}, ensure_ascii=False) + "\n"


def job_of(record: str) -> PaperJob:
    """Of a point that has a Chinese name."""
    return PaperJob(record, NAMES, "Shenzhen Bay", "深圳灣")


def test_each_text_of_the_walls_own_stands_in_both_languages() -> None:
    """And a person by the name that others see."""
    html = story_paper(job_of(record_of())).html
    for text in ("In short", "摘要", "Officer: release", "關員：放行", "Shenzhen Bay", "深圳灣", "Chan Tai Man (wall)"):
        assert text in html, text
    assert html.count('<span lang="en">') == html.count('<span lang="zh-Hant-HK">') > 20


def test_what_people_wrote_is_text() -> None:
    """Plate, reason, purpose: none of it opens an element, names an address or is a template."""
    html = story_paper(job_of(record_of(vrn=HOSTILE, purpose=HOSTILE, reason=HOSTILE))).html
    assert html.count("&lt;b&gt;&amp;&#34;&#39;&lt;/style&gt;") >= 5
    assert "{{ 7 * 7 }}" in html
    assert re.findall(r"<b>&\"|<(?:link|img|script)", html) == []
    assert html.count("</style>") == 1


def test_a_value_that_is_the_same_in_both_languages_stands_once() -> None:
    """A hash is not told twice; what has one form alone is as it is."""
    assert (
        fact(Both("hash ab cd", "雜湊值 ab cd"))
        == '<span lang="en">hash</span> <span lang="zh-Hant-HK">雜湊值</span> ab cd'
    )
    assert fact(Both("mode manual", "模式 人手")) == both(Both("mode manual", "模式 人手"))
    assert (both("a<b"), fact("a<b"), both(Both("x", "x")), both(7)) == ("a&lt;b", "a&lt;b", "x", "7")


def test_people_are_named_and_the_place_stays() -> None:
    """As lanes and core write them; a name that nobody has stays as it was."""
    told = [person(name, NAMES) for name in ("chan", "chan@wall", "chan by wall", "wong@wall", "")]
    assert told == ["Chan Tai Man", "Chan Tai Man (wall)", "Chan Tai Man (wall)", "wong@wall", ""]


@pytest.mark.parametrize(("vrn", "name"), [("RT5093", "RT5093"), ("", "no-plate"), ('../粤Z\r\n"', "----Z---")])
def test_a_file_is_named_by_plate_visit_and_time(vrn: str, name: str) -> None:
    """With no sign in it that a header or a file system would mind."""
    assert record_name(record_of(vrn=vrn)) == f"{name}_A-1-j-1_20261122-030000"


def drawn(job: bytes) -> subprocess.CompletedProcess[bytes]:
    """By the process itself."""
    return subprocess.run(
        [sys.executable, "-m", "wall.paper_child"], input=job, capture_output=True, cwd=ROOT, check=False
    )


@pytest.mark.parametrize("job", [b"{}", msgspec.json.encode(job_of("{}"))])
def test_what_is_no_record_is_not_drawn(job: bytes) -> None:
    """It says so by its exit status, and nothing comes out."""
    ran = drawn(job)
    assert (ran.returncode, ran.stdout) == (FAILED, b"")
    assert b"could not be drawn" in ran.stderr


def test_what_is_not_drawn_in_time_is_ended() -> None:
    """And the next story has its turn; a process that fails is an error, not a file."""

    async def draw() -> None:
        with pytest.raises(PagesError, match="not drawn within 0 s"):
            await PaperPress(draws_s=0.01).draw(job_of(record_of()))
        press = PaperPress()
        for _ in range(2):
            with pytest.raises(PagesError, match="see the wall's log"):
                await press.draw(job_of("{}"))

    asyncio.run(draw())


@pytest.mark.long
def test_a_long_story_is_many_pages_and_a_hostile_one_is_text(tmp_path: Path) -> None:
    """Drawn for real: nothing is fetched, and every row is there."""
    ran = drawn(msgspec.json.encode(job_of(record_of(vrn=HOSTILE, rows=400, purpose=HOSTILE, reason=HOSTILE))))
    assert (ran.returncode, ran.stderr) == (0, b"")
    (tmp_path / "story.pdf").write_bytes(ran.stdout)
    words = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "story.pdf", "-"], capture_output=True, text=True, check=True
    )
    assert words.stdout.count("\f") > 10
    assert len(re.findall(r"^ *03:00:00\.120", words.stdout, re.MULTILINE)) >= 400
    assert "rel=attachment" in words.stdout
    listed = subprocess.run(["pdfdetach", "-list", tmp_path / "story.pdf"], capture_output=True, text=True, check=True)
    assert listed.stdout.startswith("1 embedded files")
