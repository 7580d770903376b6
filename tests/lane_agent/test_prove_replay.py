"""Replay: a journal proves itself, and whatever is changed in it is found and named (design §4)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lane_agent.replay import DivergenceError, entry, replay, restore
from lane_agent.state import Lane
from lane_agent.step import step
from tools.proof.moves import play

STORY = "ready records:live arrive immigration read cleared leave arrive immigration read help second cleared release"


def _journal(story: str = STORY) -> list[bytes]:
    before, bodies = Lane(), []
    for event, at, effects in play(story).steps:
        later, _ = step(before, event, at)
        bodies.append(entry(event, at, effects, before, later, "1.2.3"))
        before = later
    return bodies


JOURNAL = _journal()


def _fails(bodies: list[bytes]) -> str:
    with pytest.raises(DivergenceError) as caught:
        list(replay(bodies))
    return str(caught.value)


def test_a_journal_replays_to_itself() -> None:
    """Every entry gives the effects and the state it recorded."""
    assert len(list(replay(JOURNAL))) == len(JOURNAL)


def test_a_lane_is_restored_from_the_newest_entries() -> None:
    """Reading backwards to the last entry that wrote the lane out is enough, and the same as reading all."""
    *_, last = replay(JOURNAL)
    assert restore(reversed(JOURNAL)) == last.lane


def test_a_lane_without_a_journal_is_a_new_one() -> None:
    """The first start of a box."""
    assert restore([]) == Lane()


@pytest.mark.parametrize("field", ["event", "effects", "after", "boot", "at"])
def test_a_missing_field_is_found(field: str) -> None:
    """An entry has all its parts."""
    place = 20
    found = json.loads(JOURNAL[place])
    del found[field]
    changed = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert f"entry {place + 1}" in _fails([*JOURNAL[:place], changed, *JOURNAL[place + 1 :]])


def test_an_entry_left_out_is_found() -> None:
    """The states no longer follow from each other."""
    assert "entry" in _fails([*JOURNAL[:14], *JOURNAL[15:]])


def test_entries_that_changed_places_are_found() -> None:
    """Order is part of the truth."""
    assert "entry" in _fails([*JOURNAL[:12], JOURNAL[13], JOURNAL[12], *JOURNAL[14:]])


def test_another_decision_is_found() -> None:
    """Who turns 3 into 4 in the journal is found."""
    place = next(number for number, body in enumerate(JOURNAL) if b'"DONE"' in body)
    changed = JOURNAL[place].replace(b'"DONE"', b'"EXAMINE"')
    assert f"entry {place + 1}" in _fails([*JOURNAL[:place], changed, *JOURNAL[place + 1 :]])


UNJUDGED = ("at", "software")
"""Fields that no rule may depend on: a change there is for the store's hash chain to find."""


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_changed_byte_is_found(data: st.DataObject) -> None:
    """One byte of one entry changed: replay names an entry, unless only an unjudged time or version was touched."""
    place = data.draw(st.integers(0, len(JOURNAL) - 1))
    body = bytearray(JOURNAL[place])
    spot = data.draw(st.integers(0, len(body) - 1))
    body[spot] ^= data.draw(st.integers(1, 255))
    if _same_but_unjudged(bytes(body), JOURNAL[place]):
        return
    assert "entry" in _fails([*JOURNAL[:place], bytes(body), *JOURNAL[place + 1 :]])


def _same_but_unjudged(one: bytes, other: bytes) -> bool:
    try:
        changed, kept = json.loads(one), json.loads(other)
    except ValueError:
        return False
    if not isinstance(changed, dict):
        return False
    for found in (changed, kept):
        for field in UNJUDGED:
            found.pop(field, None)
        event = found.get("event")
        if isinstance(event, dict):
            for detail in ("edge_ms", "software", "version", "epoch"):
                event.pop(detail, None)
    return bool(changed == kept)
