"""A truck's story as the pages of a file: of the record that the core has signed, in both languages (pure, but for its template).

Rules of this file:
- Everything that the pages say comes from the record; the words are those of the wall's page of a story.
- Each text of the wall's own stands in English and in Chinese. What people wrote, and what the proof says, stays as it was written.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from markupsafe import Markup, escape

from console.login import templates
from console.tongues import Both, chinese_of
from domain.times import hong_kong, hong_kong_text
from wall.story import story_view

_TEMPLATES: Final = Path(__file__).parent / "templates"

PICTURE: Final = "picture:"
"""How the address of a picture on the pages begins; the rest is its hash."""


class PaperJob(msgspec.Struct, frozen=True):
    """What is to be drawn.

    Attributes:
        record: the signed record, one line, as the core gave it.
        names: logins and the names by which people see them.
        point, point_chinese: the control point's name.
    """

    record: str
    names: dict[str, str]
    point: str
    point_chinese: str


class _Signed(msgspec.Struct, frozen=True):
    """Of a signed record, what is read here: the core checks its signature (`core.office.sealed_file`)."""

    body: str


class _NamedCrossing(msgspec.Struct, frozen=True):
    vrn: str


class _NamedStory(msgspec.Struct, frozen=True):
    key: str
    crossing: _NamedCrossing


class _Named(msgspec.Struct, frozen=True):
    """Of a record, what its file is called by."""

    exported_ms: int
    story: _NamedStory


class StoryPaper(msgspec.Struct, frozen=True):
    """The pages as HTML, and what belongs to them; `pictures` are JPEG, by their addresses on the pages."""

    html: str
    title: str
    pictures: dict[str, bytes]


def person(name: str, names: Mapping[str, str]) -> str:
    """Somebody as others see them; of `chan@wall` and `chan by wall`, as lanes and core write, the place stays."""
    for between in ("@", " by "):
        login, found, where = name.partition(between)
        if found and login in names:
            return f"{names[login]} ({where})"
    return names.get(name, name)


def story_paper(job: PaperJob) -> StoryPaper:
    """The pages of a record.

    Raises:
        msgspec.DecodeError, KeyError: it is no record of a story.
    """
    told = msgspec.json.decode(msgspec.json.decode(job.record, type=_Signed).body)
    story = story_view(told["story"], partial(person, names=job.names))
    title = " ".join((story["vrn"] or "–", story["lane"], hong_kong_text(told["story"]["crossing"]["first_ms"])))
    environment = templates(_TEMPLATES)
    environment.filters |= {"both": both, "fact": fact, "in_english": in_english, "in_chinese": chinese_of}
    html = environment.get_template("paper.html").render(
        two=Both,
        story=story,
        proof=told["proof"],
        title=title,
        point=Both(job.point, job.point_chinese or job.point),
        by=person(told["by"], job.names),
        at=hong_kong_text(told["exported_ms"]),
        purpose=told["purpose"],
        record=hashlib.sha256(job.record.encode()).hexdigest(),
        pictures=[PICTURE + one["picture"] for one in story["pictures"]],
    )
    pictures = {PICTURE + name: base64.b64decode(jpeg) for name, jpeg in told["pictures"].items()}
    return StoryPaper(html, title, pictures)


def record_name(record: str) -> str:
    """The name of a file that has this record: plate, visit and time of the export, and no sign that a file system minds."""
    told = msgspec.json.decode(msgspec.json.decode(record, type=_Signed).body, type=_Named)
    crossing = told.story.crossing
    parts = (crossing.vrn or "no-plate", told.story.key, f"{hong_kong(told.exported_ms):%Y%m%d-%H%M%S}")
    return "_".join("".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in part) for part in parts)


def both(text: Any) -> Markup:
    """A text for the pages: in English and below or beside it in Chinese, or as it is where it has one form alone."""
    chinese = chinese_of(text) if isinstance(text, str) else ""
    if not isinstance(text, Both) or chinese == text.english:
        return escape(text)
    said = Markup('<span lang="en">{}</span> <span lang="zh-Hant-HK">{}</span>')
    return said.format(text.english, chinese)


def fact(text: Any) -> Markup:
    """As `both`, of a name and its value; a value that is the same in both languages stands there once."""
    english, chinese = (text.english.split(" "), text.chinese.split(" ")) if isinstance(text, Both) else ([], [])
    same = 0
    while same < min(len(english), len(chinese)) - 1 and english[-1 - same] == chinese[-1 - same]:
        same += 1
    if not same:
        return both(text)
    name = both(Both(" ".join(english[:-same]), " ".join(chinese[:-same])))
    return name + Markup(" {}").format(" ".join(english[-same:]))


def in_english(text: str) -> str:
    """A text in English alone."""
    return text.english if isinstance(text, Both) else text
