"""What a wall counts of alarms and links: by the lanes' own rows, of its own lanes alone."""

from __future__ import annotations

import json
from typing import Any

from core.office.wall_requests import CountTroubles
from tests.core.conftest import NOON, record
from tests.core.test_looking_back import CHAN, desk_of

DAY = CountTroubles(since_ms=NOON, until_ms=NOON + 3_600_000)


def tells(core: Any, lane: Any, link: str, at_ms: int, *, quality: str = "proven") -> None:
    """The lane's row of what its link has become."""
    at = {"mono_ms": 1, "utc_ms": at_ms, "quality": quality}
    entry = {"at": at, "event": {"type": "LinkChanged", "link": link}, "effects": []}
    core.exchange.hear(lane.sends(lane.write_body(json.dumps(entry, separators=(",", ":")).encode())))


def test_a_link_is_out_from_offline_until_it_is_fresh_again(core: Any, lane: Any) -> None:
    """What is between does not end it and is no second one; one that lasts has no end; another wall's lanes are told nothing of it."""
    desk = desk_of(core, lane)
    for link, after_s in (("stale", 0), ("offline", 2), ("stale", 60), ("offline", 61), ("fresh", 90), ("fresh", 95)):
        tells(core, lane, link, NOON + 1_000 * after_s)
    tells(core, lane, "offline", NOON + 600_000)
    found = desk.answer(DAY, CHAN, {lane.name}).outages
    assert [(one.lane, one.began_ms - NOON, one.ended_ms) for one in found] == [
        (lane.name, 2_000, NOON + 90_000),
        (lane.name, 600_000, 0),
    ]
    assert desk.answer(DAY, CHAN, {"another"}).outages == ()
    assert desk.answer(CountTroubles(since_ms=NOON + 90_000, until_ms=NOON + 100_000), CHAN, {lane.name}).outages == ()


def test_a_row_that_is_sent_again_counts_once_and_what_it_cannot_mean_changes_nothing(core: Any, lane: Any) -> None:
    """A link of a later release; and a clock that went back makes no outage of less than nothing."""
    tells(core, lane, "quantum", NOON)
    tells(core, lane, "offline", NOON + 10_000)
    tells(core, lane, "fresh", NOON + 5_000)
    (outage,) = desk_of(core, lane).answer(DAY, CHAN, {lane.name}).outages
    assert (outage.began_ms, outage.ended_ms) == (NOON + 10_000, NOON + 10_000)


def test_alarms_are_counted_with_when_they_were_taken_and_over(core: Any, lane: Any) -> None:
    """By the lane's rows, as its officers took them."""
    alarm = {"type": "Alarm", "kind": "Help", "visit": 3, "detail": "", "cause": ""}
    ended = {"type": "AlarmEnded", "kind": "Help", "visit": 3, "cause": ""}
    taken = record("AlarmHandled", 0, alarm="Help/0/", deed="taken", officer="chan@wall")
    for after_ms, effect in ((0, alarm), (20_000, taken), (50_000, ended)):
        core.exchange.hear(lane.sends(lane.write(effect, utc_ms=NOON + after_ms)))
    (found,) = desk_of(core, lane).answer(DAY, CHAN, {lane.name}).alarms
    assert (found.lane, found.kind, found.of_core) == (lane.name, "Help", False)
    assert (found.at_ms, found.taken_ms, found.over_ms) == (NOON, NOON + 20_000, NOON + 50_000)
    later = CountTroubles(since_ms=NOON + 1, until_ms=NOON + 3_600_000)
    assert desk_of(core, lane).answer(later, CHAN, {lane.name}).alarms == ()
