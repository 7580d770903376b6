"""One truck's story in words: every row of the journal, in both languages, and whatever cannot be read is said so."""

from __future__ import annotations

import inspect
import json
from typing import Any

from console.tongues import Tongue, in_tongue
from domain.visit_record import CallNote, RecordKind
from lane_agent import effects, events
from lane_agent.acceptance import ACCEPT, CONTACT_CHECKS
from lane_agent.settling import Unsettled, Vote, settle
from wall.replay import moments
from wall.story import story_view
from wall.story_values import CALLS, TIMERS, VALUES, WHYS, value_words, why_words
from wall.story_words import EFFECTS, EVENTS, FACTS, QUIET, RECORDS, named

NOON = 1_795_320_000_000


def row(seq: int, event: dict[str, Any], *made: dict[str, Any]) -> dict[str, Any]:
    """A row as the core tells it."""
    body = {"at": {"utc_ms": NOON + 1_234, "quality": "proven"}, "event": event, "effects": list(made)}
    return {"seq": seq, "boot": "b", "hash": "00", "received_ms": NOON, "body": json.dumps(body)}


def told(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A story as the core tells it."""
    crossing = {"lane": "A-1", "first_ms": NOON, "last_ms": NOON, "vrn": "AB1234", "base": {}, "ubrs": []}
    usual: dict[str, Any] = {"key": "A-1/j/1", "crossing": crossing, "marks": ["AB1234"], "rows": rows, "cut": False}
    empty = {name: [] for name in ("cargo", "alarms", "commands", "pictures", "missing", "problems")}
    return {**usual, **empty, "lookup": {}, **changes}


def test_every_event_effect_and_record_of_a_lane_has_words() -> None:
    """What a lane can write can be told in both languages."""
    classes = {name for name, one in inspect.getmembers(events, inspect.isclass) if one.__module__ == events.__name__}
    assert classes == set(EVENTS)
    made = {name for name, one in inspect.getmembers(effects, inspect.isclass) if one.__module__ == effects.__name__}
    assert made - {"Record", "Show", "Alarm", "AlarmEnded"} == set(EFFECTS) | QUIET
    assert {kind.value for kind in RecordKind} == set(RECORDS)
    assert set(CALLS) == {*CallNote, "ring", "answer", "end"}
    for table in (EVENTS, EFFECTS, RECORDS, FACTS, VALUES, CALLS, TIMERS, WHYS):
        assert all(one.chinese or not one for one in table.values())


def test_why_something_did_not_count_and_why_no_plate_was_read_have_chinese_words() -> None:
    """Every reason of the lane's own, and the reader's with what it read in them."""
    checks = {check.why for those in (*ACCEPT.values(), *CONTACT_CHECKS.values()) for check in those}
    assert [why for why in checks if (found := why_words(why)) is None or found.chinese == found] == []
    read = {
        "a Hong Kong plate in 2 of 9 pictures only": "9 張圖片中只有 2 張見到香港車牌",
        "frames disagree: AB12, AB17": "各圖片讀數不一 AB12, AB17",
        "frames disagree": "各圖片讀數不一",
        "AB12 at 0.71, needed is 0.90": "AB12 可信度 0.71，需要 0.90",
        "1234 may be the lower row of a plate whose upper one is not seen": "1234 可能是下行，不見上行",
        "no read in time": "未及時讀取",
    }
    assert {why: value_words("unread", why).chinese for why in read} == read
    unread = row(1, {"type": "PlateUnread", "visit": 1, "reason": "no plate seen", "candidates": [], "evidence": []})
    (line,) = in_tongue(story_view(told(unread), str), Tongue.CHINESE)["rows"]
    assert line["event"] == "未能讀取車牌：原因 不見車牌"


def test_the_reasons_of_the_reader_are_those_that_the_story_knows() -> None:
    """As it writes them itself."""
    dirty = [Vote(text, (0.99,) * len(text)) for text in ("AB1234", "AB1284", "AB1234", "AB1284")]
    far = [Vote("AB1234", (0.5,) * 6)] * 5
    for votes in ([], dirty, far, [Vote("STOP", (0.99,) * 4)] * 5, [Vote("1234", (0.99,) * 4)] * 5):
        found = settle(votes)
        assert isinstance(found, Unsettled)
        assert why_words(found.reason) is not None, found.reason


def test_each_row_is_told_with_its_time_and_word_for_word() -> None:
    """An officer's release, what it led to, and the raw entry beside it."""
    show = {"type": "Show", "serial": 1, "xdb": "DONE", "aiop": "DONE", "parameter": ""}
    given = row(4, {"type": "OfficerReleased", "visit": 1, "officer": "chan", "reason": "papers"}, show)
    (line,) = story_view(told(given), str)["rows"]
    assert (line["seq"], line["time"], line["body"]) == (4, "12:00:01.234", given["body"])
    assert line["event"] == "Officer: release: officer chan, reason papers"
    assert "Clearance Completed" in line["lines"][0]
    assert in_tongue(line, Tongue.CHINESE)["event"] == "關員：放行：關員 chan，理由 papers"


def test_what_became_of_a_call_is_told_with_the_number_it_was_about() -> None:
    """Rung, lost, and who was sent."""
    missed = {"type": "CallReported", "call": "missed", "who": "6001", "detail": ""}
    rows = [row(1, missed), row(2, {"type": "AudioChanged", "flowing": True}, {"type": "Ring", "call": "end"})]
    first, second = story_view(told(*rows), str)["rows"]
    assert first["event"] == "Intercom: nobody answered in time, at 6001"
    assert in_tongue(first, Tongue.CHINESE)["event"] == "對講機：無人及時接聽，於 6001"
    assert second["event"] == "Sound between the driver and whoever answered: on"
    assert second["lines"] == ["intercom: ended"]


def test_a_row_that_cannot_be_read_is_there_all_the_same() -> None:
    """Whatever a lane wrote, the page has it."""
    broken = {"seq": 5, "boot": "b", "hash": "00", "received_ms": NOON, "body": "{"}
    lines = story_view(told(broken, row(6, {"type": "SomethingNew", "visit": 1, "speed": 4})), str)["rows"]
    assert [line["event"] for line in lines] == ["This row cannot be read", "Something New: speed 4"]
    assert named(EVENTS, "") == "?"


def test_what_the_list_said_has_its_version_and_hash() -> None:
    """With bundles and their codes as the lane found them."""
    cargo = [{"ccrn": "2000000001", "code": "inspect", "scheme": ""}]
    bundle = {"ubr": "1000000009", "used_by": "", "withdrawn": False, "earliest_ms": NOON, "cargo": cargo}
    lookup = {"at_ms": NOON, "quality": "proven", "seq": 3, "link": "fresh", "version": 7, "epoch": "e", "held": True}
    lookup |= {"state_hash": "5f", "approved": False, "near": [{"vrn": "A81234"}], "bundles": [bundle]}
    found = story_view(told(lookup=lookup), str)["lookup"]
    assert (found["version"], found["hash"], found["said"], found["near"]) == (7, "5f", "on hold", "A81234")
    assert found["bundles"][0]["codes"] == ["2000000001 inspect"]


def test_a_replay_shows_what_a_screen_confirmed_and_not_what_it_was_ordered() -> None:
    """Ordered alone is nothing; confirmed is shown, with its time of the day; something new ordered puts it in doubt."""
    early = {"type": "Show", "serial": 4, "xdb": "EARLY", "aiop": "EARLY", "parameter": "04:30"}
    done = {"type": "Show", "serial": 5, "xdb": "DONE", "aiop": "DONE", "parameter": ""}
    painted = {"type": "ScenePainted", "screen": "xdb", "scene": "EARLY", "serial": 4}
    rows = [row(1, {"type": "CodesFound"}, early), row(2, painted), row(3, {"type": "TimerFired"}, done)]
    ordered, confirmed, stale = (moment["xdb"] for moment in story_view(told(*rows), str)["rows"])
    assert (ordered["scene"], ordered["ok"]) == ("", False)
    assert (confirmed["scene"], confirmed["p"], confirmed["ok"]) == ("EARLY", "04:30", True)
    assert (stale["scene"], stale["ok"]) == ("EARLY", False)


def test_a_clock_that_was_set_back_does_not_turn_a_replay_round() -> None:
    """A moment is never before the one before it, and a row that cannot be read keeps its place."""
    entries = [{"at": {"utc_ms": NOON + after}} for after in (0, 5_000, 1_000)]
    assert [moment["after"] for moment in moments([*entries, {}])] == [0, 5_000, 5_000, 5_000]
