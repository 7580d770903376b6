"""Pictures and telemetry: last in line, resumed, paced; and never in the way of what matters."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from lane_agent.model import Link
from sync.link import Limits, SendPart, Upload
from sync.link.telemetry import Samples
from sync.link.uploader import Uploader
from sync.simulated.link import SimulatedLink
from wire.messages import EventMessage, Nonce, PictureHeld, PictureOffered, PicturePart, Reply, Telemetry

PICTURE = bytes(range(251)) * 400
NAME = hashlib.sha256(PICTURE).hexdigest()
OTHER = "cd" * 32


def connected(**pictures: bytes) -> SimulatedLink:
    """A lane with a good link and these pictures, and one that is known by its hash."""
    world = SimulatedLink()
    world.pictures = {NAME: PICTURE, **pictures}
    world.connect()
    world.run(2_000)
    world.core.heard.clear()
    return world


def heard(world: SimulatedLink, *kinds: type) -> list[Any]:
    """What the core heard of these kinds."""
    return [body for body in world.core.heard if isinstance(body, kinds)]


def test_a_picture_arrives_part_by_part() -> None:
    """Offered, sent from where the core says, and no longer to be sent; it is still here."""
    world = connected()
    world.queue_picture(NAME, "stops")
    world.run(5_000)
    assert world.core.pictures[NAME] == PICTURE
    assert world.uploads == {}
    assert world.pictures == {NAME: PICTURE}
    (offer,) = heard(world, PictureOffered)
    assert (offer.size, offer.kind, offer.reason) == (len(PICTURE), "stops", "stops")
    parts = heard(world, PicturePart)
    assert [part.offset for part in parts[1:]] == [part.offset + len(part.data) for part in parts[:-1]]
    assert [len(part.data) for part in parts[:5]] == [2_048, 4_096, 8_192, 16_384, 16_384], "on a good link they grow"


def test_a_restart_of_either_side_goes_on_where_it_was() -> None:
    """No byte is sent twice that the core still holds."""
    world = connected()
    world.queue_picture(NAME, "stops")
    world.run(600)
    assert 0 < len(world.core.pictures[NAME]) < len(PICTURE)
    world.cut()
    world.start()
    world.connect()
    world.run(6_000)
    assert world.core.pictures[NAME] == PICTURE
    offsets = [part.offset for part in heard(world, PicturePart)]
    assert offsets == sorted(set(offsets))
    assert len(heard(world, PictureOffered)) == 2


def test_parts_that_are_lost_are_offered_anew_ever_more_rarely() -> None:
    """The core is silent about pictures; nothing else suffers."""
    world = connected()
    world.core.keeping = False
    world.queue_picture(NAME, "stops")
    world.run(40_000)
    assert len(heard(world, PictureOffered)) == 4  # at 0, 5, 15 and 35 s
    assert world.verdict() is Link.FRESH


def test_events_go_before_pictures_and_proofs_never_wait() -> None:
    """While rows are under way or waiting no part goes out."""
    world = connected()
    world.queue_picture(NAME, "stops")
    world.run(300)
    before = len(heard(world, PicturePart))
    assert before
    for number in range(200):
        world.note(b"row %d" % number)
    place = len(world.core.heard)
    world.run(8_000)
    kinds = [type(body) for body in world.core.heard[place:] if isinstance(body, EventMessage | PicturePart)]
    assert kinds[:136] == [EventMessage] * 136, "the rows beyond the first window go first"
    assert world.core.pictures[NAME] == PICTURE
    assert len(heard(world, Nonce)) >= 8


def test_nothing_is_sent_while_the_link_is_not_fresh() -> None:
    """Neither pictures nor telemetry; both wait."""
    world = connected()
    world.core.proving = False
    world.run(4_000)
    assert world.verdict() is Link.STALE
    world.core.heard.clear()
    world.queue_picture(NAME, "stops")
    world.machine.add_sample({"disk_free_mb": 5}, world.now)
    world.settle()
    world.run(500)
    assert heard(world, PictureOffered, PicturePart, Telemetry) == []
    world.core.proving = True
    world.run(3_000)
    assert heard(world, PictureOffered)
    assert [body.facts for body in heard(world, Telemetry)] == [{"disk_free_mb": 5}]


def test_a_picture_that_was_asked_for_is_put_up_and_answered() -> None:
    """The command is done when the picture waits to be sent; that it came is seen by its coming."""
    world = connected(**{OTHER: b"other"})
    world.hand(world.core.command("upload", picture=OTHER))
    world.run(1_500)
    assert [(body.picture, body.kind) for body in heard(world, PictureOffered)] == [(OTHER, "complaints")]
    assert [body.outcome for body in heard(world, Reply)] == ["done"]
    assert world.core.pictures == {OTHER: b"other"}


@pytest.fixture
def uploader() -> Uploader:
    """With one picture to send."""
    made = Uploader("lane-1", Limits(part_bytes=1_000, picture_rate=10_000), bytes)
    made.add(Upload(NAME, 5_000, "stops", "stops"))
    return made


def test_what_was_asked_for_goes_first(uploader: Uploader) -> None:
    """An officer waits for it; what was put up already is asked for like anything else."""
    uploader.add(Upload(OTHER, 5, "complaints", "command c1", asked=True))
    offer = uploader.due(0)
    assert isinstance(offer, PictureOffered)
    assert offer.picture == OTHER


def held(offset: int, state: str = "part", **changes: Any) -> PictureHeld:
    """The core's answer."""
    values: dict[str, Any] = {"lane": "lane-1", "offer": "00" * 8, "picture": NAME, "offset": offset, "state": state}
    return PictureHeld(**{**values, **changes})


def test_parts_keep_to_the_rate_and_to_half_of_a_slow_link(uploader: Uploader) -> None:
    """A part of 1,000 bytes at 10,000 a second every 100 ms; after an answer that took 900 ms, another 900."""
    uploader.due(0)
    uploader.on_held(held(0), 0)
    assert uploader.due(0) == SendPart("00" * 8, NAME, 0, 1_000)
    uploader.on_held(held(1_000), 20)
    assert uploader.due(99) is None
    assert isinstance(uploader.due(100), SendPart)
    uploader.on_held(held(2_000), 1_000)
    assert uploader.due(1_899) is None
    assert uploader.due(1_900) == SendPart("00" * 8, NAME, 2_000, 512), "smaller: what waits behind it waits less"


def test_an_answer_to_an_old_offer_says_nothing(uploader: Uploader) -> None:
    """A broker that keeps "whole" for later does not make this lane believe it."""
    uploader.due(0)
    assert uploader.on_held(held(5_000, "whole", offer="ff" * 8), 1) is None
    assert uploader.on_held(held(5_000, "whole", picture=OTHER), 1) is None
    assert uploader.depth == 1
    done = uploader.on_held(held(5_000, "whole"), 2)
    assert done is not None
    assert (done.picture, done.refused) == (NAME, "")
    assert uploader.depth == 0
    assert uploader.due(3) is None


def test_a_refused_picture_is_given_up_with_the_reason(uploader: Uploader) -> None:
    """And the next one is offered."""
    uploader.add(Upload(OTHER, 5, "stops", "stops"))
    uploader.due(0)
    done = uploader.on_held(held(0, "refused", detail="the quota is used up"), 1)
    assert done is not None
    assert done.refused == "the quota is used up"
    offer = uploader.due(2)
    assert isinstance(offer, PictureOffered)
    assert offer.picture == OTHER


def test_telemetry_is_shed_oldest_first_and_the_next_sample_says_how_much() -> None:
    """The queue is short; a gap in the numbers is explained by the count."""
    samples = Samples("lane-1", Limits(samples=3))
    for number in range(1, 6):
        samples.add({"n": number}, number * 10)
    sent = samples.due(7, 60)
    assert [(one.serial, one.age_ms, one.shed, one.facts) for one in sent] == [
        (3, 30, 2, {"n": 3}),
        (4, 20, 2, {"n": 4}),
        (5, 10, 2, {"n": 5}),
    ]
    assert samples.due(7, 70) == []


def test_a_picture_that_is_asked_for_goes_before_those_that_were_put_up_with_it(uploader: Uploader) -> None:
    """It waits already, for another reason; somebody waits for it now."""
    other = Upload(OTHER, 5, "stops", "stops")
    uploader.add(other)
    uploader.add(replace(other, reason="command c1", asked=True))
    offer = uploader.due(0)
    assert isinstance(offer, PictureOffered)
    assert (offer.picture, offer.reason) == (OTHER, "command c1")
    assert uploader.depth == 2


def test_taking_another_picture_away_does_not_end_the_one_under_way(uploader: Uploader) -> None:
    """Nor does it where none is under way, and an answer then says nothing."""
    uploader.remove(OTHER)
    assert uploader.on_held(held(0), 0) is None
    uploader.due(0)
    uploader.remove(OTHER)
    uploader.on_held(held(0), 10)
    assert isinstance(uploader.due(20), SendPart)
    uploader.remove(NAME)
    assert (uploader.due(60_000), uploader.depth) == (None, 0)


def test_an_offer_without_an_answer_is_made_again_after_its_wait(uploader: Uploader) -> None:
    """To the millisecond."""
    uploader.due(0)
    assert uploader.due(Limits().picture_wait_ms - 1) is None
    assert isinstance(uploader.due(Limits().picture_wait_ms), PictureOffered)


def test_where_all_parts_are_there_nothing_more_is_sent_until_the_core_has_looked(uploader: Uploader) -> None:
    """No part without a byte, again and again."""
    uploader.due(0)
    uploader.on_held(held(5_000), 10)
    assert uploader.due(Limits().picture_wait_ms - 1) is None


def test_a_picture_refused_without_a_reason_is_refused_all_the_same(uploader: Uploader) -> None:
    """Otherwise people would take it for sent."""
    uploader.due(0)
    done = uploader.on_held(held(0, "refused"), 1)
    assert done is not None
    assert done.refused == "refused"


@pytest.mark.parametrize(("took", "length"), [(149, 4_096), (150, 2_048), (300, 2_048), (301, 1_024)])
def test_parts_grow_on_a_quick_line_and_shrink_on_a_slow_one(took: int, length: int) -> None:
    """Between the two they stay as they are."""
    uploader = Uploader("lane-1", Limits(picture_rate=1_000_000), bytes)
    uploader.add(Upload(NAME, 50_000, "stops", "stops"))
    uploader.due(0)
    uploader.on_held(held(0), 0)
    uploader.due(0)
    uploader.on_held(held(2_048), took)
    assert uploader.due(2 * took) == SendPart("00" * 8, NAME, 2_048, length)


def test_a_figure_that_is_none_is_left_out_and_words_are_sent() -> None:
    """A sensor's NaN would make the core refuse all of it."""
    samples = Samples("lane-1", Limits())
    samples.add({"temperature": float("nan"), "load": 0.5, "disk_free_mb": 7, "reader": "well"}, 0)
    (sent,) = samples.due(7, 0)
    assert sent.facts == {"load": 0.5, "disk_free_mb": 7, "reader": "well"}


def test_a_sample_taken_just_after_the_line_was_cut_waits_for_the_next() -> None:
    """What was proved a second ago still counts, but there is nobody to send it to."""
    world = connected()
    world.cut()
    world.machine.add_sample({"disk_free_mb": 5}, world.now)
    world.settle()
    world.connect()
    world.run(1_500)
    assert [body.facts for body in heard(world, Telemetry)] == [{"disk_free_mb": 5}]
