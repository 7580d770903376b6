"""Evidence pictures at the core: offered, taken part by part, resumed, checked by their hash, kept by their class."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import pytest

from core.errors import RefusedError
from core.link.alarms import AlarmBook
from core.link.pictures import Keeping, PictureStore
from wire import messages as wire
from wire.codec import decode

PICTURE = bytes(range(256)) * 20
NAME = hashlib.sha256(PICTURE).hexdigest()
DAY_MINUTES = 24 * 60


def offer(lane: Any, picture: str = NAME, **changes: Any) -> wire.PictureOffered:
    """A lane's offer."""
    values: dict[str, Any] = {"offer": "o1", "size": len(PICTURE), "kind": "stops", "reason": "stops"}
    return wire.PictureOffered(lane=lane.name, picture=picture, **{**values, **changes})


def part(lane: Any, offset: int, size: int = 2_000, *, data: bytes = PICTURE, **changes: Any) -> wire.PicturePart:
    """Bytes of the picture."""
    values: dict[str, Any] = {"offer": "o1", "picture": NAME}
    return wire.PicturePart(lane=lane.name, offset=offset, data=data[offset : offset + size], **{**values, **changes})


def said(core: Any, lane: Any, body: Any) -> Any:
    """What the core answers, its signature checked; None for silence."""
    answers = core.exchange.hear([lane.says(lane.topics.picture, body)])
    assert answers.now == []
    (out,) = list(answers.spare[lane.name]()) or (None,)
    return out and decode(wire.PictureHeld, core.signer.ring().open(lane.topics.picture_held, out.payload))


def send(core: Any, lane: Any, data: bytes = PICTURE, **changes: Any) -> Any:
    """A whole picture; returns the last answer."""
    held = said(core, lane, offer(lane, **changes))
    while held is not None and held.state == "part" and held.offset < len(data):
        held = said(core, lane, part(lane, held.offset, data=data, **{k: v for k, v in changes.items() if k != "kind"}))
        if held is not None and held.offset == 0:
            break
    return held


def test_a_picture_comes_part_by_part_and_counts_when_its_hash_is_right(core: Any, lane: Any) -> None:
    """Each answer says how much is held; the file carries its name only when it is whole."""
    held = said(core, lane, offer(lane))
    seen = [held.offset]
    while held.state == "part":
        assert core.gallery.kept() == []
        held = said(core, lane, part(lane, held.offset))
        seen.append(held.offset)
    assert seen == [0, 2_000, 4_000, 5_120]
    assert held.state == "whole"
    (kept,) = core.gallery.kept(lane=lane.name)
    assert (kept.picture, kept.kind, kept.size, kept.received_ms) == (NAME, "stops", len(PICTURE), core.clock())
    assert core.gallery.read(NAME) == PICTURE


def test_a_restarted_core_goes_on_where_it_was(reopen: Any, lane: Any) -> None:
    """A part for an offer it never heard is not answered; the lane offers again, and is told from where on."""
    core = reopen()
    said(core, lane, offer(lane))
    assert said(core, lane, part(lane, 0)).offset == 2_000
    core = reopen()
    assert said(core, lane, part(lane, 2_000)) is None
    assert said(core, lane, offer(lane, offer="o2")).offset == 2_000
    assert said(core, lane, part(lane, 2_000, 9_000, offer="o2")).state == "whole"
    core = reopen()
    assert said(core, lane, offer(lane, offer="o3")).state == "whole"


@pytest.mark.parametrize("wrong", [{"offset": 1}, {"offset": 4_000}])
def test_a_part_out_of_place_is_answered_with_what_is_held(core: Any, lane: Any, wrong: dict[str, int]) -> None:
    """Doubled, early or too long: nothing is written, and the lane goes on from the right place."""
    said(core, lane, offer(lane))
    said(core, lane, part(lane, 0))
    assert said(core, lane, part(lane, **wrong)).offset == 2_000
    assert said(core, lane, part(lane, 0)).offset == 2_000
    long = wire.PicturePart(lane=lane.name, offer="o1", picture=NAME, offset=2_000, data=bytes(4_000))
    assert said(core, lane, long).offset == 2_000
    assert said(core, lane, part(lane, 2_000, 9_000)).state == "whole"


def test_bytes_that_do_not_have_the_hash_are_asked_for_once_more_and_then_refused(core: Any, lane: Any) -> None:
    """Once may be a power cut here; twice is the lane's."""
    spoilt = bytes(len(PICTURE))
    held = send(core, lane, spoilt)
    assert (held.state, held.offset) == ("part", 0)
    held = send(core, lane, spoilt)
    assert held.state == "refused"
    assert core.gallery.kept() == []
    assert [one.kind for one in AlarmBook(core.store.connection).standing(now_ms=0)] == ["PictureRefused"]


def test_a_part_spoilt_by_a_power_cut_is_found_and_replaced(reopen: Any, lane: Any, tmp_path: Any) -> None:
    """Parts are not flushed; the hash finds what is not what was sent."""
    core = reopen()
    said(core, lane, offer(lane))
    said(core, lane, part(lane, 0))
    (unfinished,) = (tmp_path / "pictures" / lane.name).glob(".part-*")
    unfinished.write_bytes(bytes(2_000))
    core = reopen()
    assert said(core, lane, offer(lane)).offset == 2_000
    held = said(core, lane, part(lane, 2_000, 9_000))
    assert (held.state, held.offset) == ("part", 0)
    assert said(core, lane, part(lane, 0, 9_000)).state == "whole"
    assert core.gallery.read(NAME) == PICTURE


@pytest.mark.parametrize("kind", ["../../etc", "", "Stops", "a/b", "."])
def test_a_class_that_is_no_name_is_refused(core: Any, lane: Any, kind: str) -> None:
    """It becomes a folder."""
    answer = core.gallery.offered(
        wire.PictureOffered(lane=lane.name, offer="o", picture=NAME, size=5, kind=kind, reason="")
    )
    assert answer.state == "refused"


def test_a_core_without_a_folder_takes_none(core: Any, lane: Any) -> None:
    """And says so, rather than being silent for ever."""
    bare = PictureStore(Keeping(folder=None), core.clock)
    assert bare.offered(offer(lane)).state == "refused"
    assert bare.kept() == []
    assert bare.prune() == 0


def test_pictures_go_when_their_class_is_over(core: Any, lane: Any) -> None:
    """Two days for a stop here, thirty for a class that is not named."""
    send(core, lane)
    other = b"another"
    name = hashlib.sha256(other).hexdigest()
    send(core, lane, other, picture=name, size=len(other), kind="reads", offer="o2")
    assert {one.kind for one in core.gallery.kept()} == {"stops", "reads"}
    core.clock.pass_minutes(2 * DAY_MINUTES + 1)
    assert core.gallery.prune() == 1
    assert [one.kind for one in core.gallery.kept()] == ["reads"]


def test_the_quota_is_kept_by_the_oldest_and_else_nothing_is_taken(core: Any, lane: Any) -> None:
    """One class never drives the core's disk full."""
    tight = PictureStore(Keeping(folder=core.gallery._keeping.folder, quota=6_000), core.clock)
    core.exchange._gallery = tight
    assert send(core, lane).state == "whole"
    refused = said(core, lane, offer(lane, picture="ab" * 32, offer="o2"))
    assert (refused.state, "quota" in refused.detail) == ("refused", True)
    tight._keeping = Keeping(folder=tight._keeping.folder, quota=5_000)
    assert tight.prune() == 1
    assert tight.kept() == []


def test_a_part_nobody_finished_is_taken_away_after_a_week(core: Any, lane: Any, tmp_path: Any) -> None:
    """Its lane is gone."""
    said(core, lane, offer(lane))
    said(core, lane, part(lane, 0))
    (unfinished,) = (tmp_path / "pictures" / lane.name).glob(".part-*")
    stamp = core.clock() * 1_000_000
    os.utime(unfinished, ns=(stamp, stamp))
    assert core.gallery.prune() == 0
    core.clock.pass_minutes(8 * DAY_MINUTES)
    assert core.gallery.prune() == 1
    assert not unfinished.exists()


def test_a_picture_that_cannot_be_kept_is_an_alarm_and_no_answer(core: Any, lane: Any, tmp_path: Any) -> None:
    """The lane offers it again later; the core goes on."""
    (tmp_path / "pictures").write_bytes(b"a file where the folder should be")
    assert said(core, lane, offer(lane)) is None
    assert [one.kind for one in AlarmBook(core.store.connection).standing(now_ms=0)] == ["PictureNotKept"]


def test_a_picture_spoilt_on_the_disk_is_not_shown(core: Any, lane: Any, tmp_path: Any) -> None:
    """And one that is not here is told from one that is spoilt."""
    send(core, lane)
    (tmp_path / "pictures" / lane.name / "stops" / NAME).write_bytes(b"spoilt")
    with pytest.raises(RefusedError, match="not what was written"):
        core.gallery.read(NAME)
    with pytest.raises(RefusedError, match="not here"):
        core.gallery.read("ab" * 32)
