"""The page is in one language at a time: nothing of the other is left in what a browser is sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from console import row_words, words
from console.acts import ACTS
from console.chinese import SENTENCES, told
from console.present import present
from console.tongues import Both, Tongue, in_tongue, part
from lane_agent import events as e
from lane_agent.acceptance import ACCEPT
from lane_agent.model import Contact, Fault, Link, Screen
from simulation.page_lane import PageLane
from tests.rigs.page import PATIENT, ManualClock, painted

NAMES = re.compile(
    r"UBR|CCRN|XDB|HB66\d5|RT5093|MK\d+|chan|wong|Shenzhen Bay|Nov|[a-z]{1,2}$|visit-|“[^”]*”|「[^」]*」"
)
CODED = {"key", "level", "id", "state", "priority", "screen", "version", "kind", "basis", "name", "vrn", "mainland"}
CODED |= {
    "start",
    "evidence",
    "picture",
    "open",
    "closable",
    "technician",
    "link",
    "mode",
    "reading",
    "guess",
    "bypassed",
    "detail",
}
CODED |= {
    "ubr",
    "ccrn",
    "code",
    "row",
    "point",
    "issuer",
    "text",
    "seen_by",
    "by",
    "window",
    "date",
    "stamp",
    "shelvable",
}
"""What the scripts read and nobody else, what a thing is called, what people wrote; and what the technician's drawer has."""


def texts(plain: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a view that an officer reads, with its place."""
    match plain:
        case dict():
            for key, value in plain.items():
                if key not in CODED:
                    yield from texts(value, f"{path}.{key}")
        case list():
            for value in plain:
                yield from texts(value, path)
        case str():
            yield path, plain


def busy_view() -> dict[str, Any]:
    """A view with a run, a help call, faults, a doubt, a past visit cleared by hand and a lost link."""

    async def story() -> dict[str, Any]:
        lane = PageLane(clock=ManualClock(), paint=painted, policy=PATIENT)
        working = asyncio.create_task(lane.agent.run())
        await lane.start()
        await lane.arrives()
        lane.add_bundle("RT5093", "inspect")
        await lane.reads("RT5093")
        await lane.immigration_clears()
        await lane.leaves(Contact.EXIT_LOOP)
        await lane.arrives()
        await lane.happens(e.OfficerTookOver(2, "wong", "Cleared on paper 以紙本清關", ""))
        await lane.leaves()
        await lane.arrives()
        lane.codes.holds.add("HB6635")
        lane.add_bundle("HB6685", "release", valid_until_ms=1)
        await lane.reads("HB6685")
        await lane.identifier_reads("rfid", "HB6635")
        await lane.immigration_clears()
        await lane.limit_expires()
        await lane.pulse(Contact.HELP)
        lane.falls_silent(Screen.XDB)
        await lane.happens(e.FaultRaised(Fault.CAMERA, "no frame"), e.FaultRaised(Fault.READER, "gone"))
        await lane.link_is(Link.OFFLINE)
        working.cancel()
        return present(lane.page.view())

    return asyncio.run(story())


def test_a_chinese_page_has_no_english_and_an_english_one_no_chinese() -> None:
    """In the busiest view there is; marks, names and what people wrote aside."""
    view = busy_view()
    english = [(at, text) for at, text in texts(in_tongue(view, Tongue.ENGLISH)) if re.search(r"[\u3400-\u9fff]", text)]
    assert english == []
    chinese = [
        (at, text)
        for at, text in texts(in_tongue(view, Tongue.CHINESE))
        if re.search(r"[A-Za-z]{2,}", NAMES.sub("", text))
    ]
    assert chinese == []


def test_whatever_an_officer_is_told_to_do_or_refused_has_its_chinese() -> None:
    """Over the tables of words, the rows, the alarms and the lane's own refusals."""
    tables = [words.DOUBTS, words.MANUAL, words.FAULTS, words.OUTCOMES, words.IMMIGRATION, words.LINKS, words.HELP]
    tables += [words.ALARMS, row_words.NUMBERS, row_words.NAMES]
    said = [one.todo for table in tables for one in table.values() if one.todo]
    officers = {type(act.request.example(7)) for act in ACTS}
    refusals = [check.why for event, checks in ACCEPT.items() if event in officers for check in checks]
    said += [words.REFUSALS.get(why) or f"{why[:1].upper()}{why[1:]}." for why in refusals]
    elsewhere = {"Belongs to another visit."}  # `grounds` words it with the visits
    assert [one for one in said if one not in SENTENCES and one not in elsewhere] == []
    assert isinstance(told("Clear by hand."), Both)


REASONS = sorted({reason for act in ACTS if act.dialog for reason in act.dialog.reasons})


@pytest.mark.parametrize("text", REASONS)
def test_a_typical_reason_is_shown_in_one_language_and_recorded_in_both(text: str) -> None:
    """Whoever reads the journal may read either."""
    english, chinese = part(text, Tongue.ENGLISH), part(text, Tongue.CHINESE)
    assert f"{english} {chinese}" == text
    assert english.isascii()
    assert re.search(r"[\u4e00-\u9fff]", chinese)


def test_an_officers_words_name_no_part_of_the_machine() -> None:
    """No row, no name of a state, no broker, no hash: those are in the technician's drawer."""
    view = busy_view()
    parts = re.compile(r"decision table|Row \d|not_left|proof of freshness|broker|sha256|[0-9a-f]{16}", re.IGNORECASE)
    assert [text for _, text in texts(view) if parts.search(text)] == []
    assert any("row" in one["says"] for one in view["technician"])
