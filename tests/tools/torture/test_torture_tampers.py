"""What each tamper makes of a packet, and which faults a run deals."""

from __future__ import annotations

import random
import re

from simulation.cable import HalfOpen, Tamper, Way
from simulation.mqtt_packets import PublishPacket, puback, read_publish
from tests.rigs.places import ROOT
from tools.torture import tampers
from tools.torture.faults import KINDS
from tools.torture.plan import Deck

SAMPLE = PublishPacket(
    topic="rocars/v1/log", payload=b"x" * 300, qos=1, retain=True, mid=77, properties=b"\x03\x02\x00\x00"
)


def every(tamper: Tamper, way: Way = Way.DOWN, times: int = 60) -> list[bytes]:
    """What becomes of the sample, again and again."""
    return [piece.data for _ in range(times) for piece in tamper.through(way, SAMPLE.packet())]


def test_each_tamper_does_what_it_is_named_for() -> None:
    """Nothing, twice, shorter, other bytes; and a plain cable changes nothing."""
    rng, whole = random.Random(1), SAMPLE.packet()
    assert every(Tamper()) == [whole] * 60
    assert every(HalfOpen(Way.DOWN)) == []
    assert every(HalfOpen(Way.DOWN), Way.UP) == [whole] * 60
    assert 60 < len(every(tampers.Duplicate(rng))) < 120
    assert {len(data) < len(whole) for data in every(tampers.Truncate(rng))} == {True, False}
    spoilt = every(tampers.Corrupt(rng))
    assert {len(data) for data in spoilt} == {len(whole)}
    assert any(data != whole for data in spoilt)
    assert all(piece.overtakes for piece in tampers.Reorder(rng).through(Way.UP, whole))
    assert all(0 < piece.after_s <= 3 for piece in tampers.Delay(rng, 3).through(Way.UP, whole))


def test_what_a_broker_keeps_it_has_acknowledged() -> None:
    """The sender is told in the receiver's name; other topics pass."""
    keep = tampers.Withhold(lambda topic: topic == SAMPLE.topic)
    (piece,) = keep.through(Way.DOWN, SAMPLE.packet())
    assert (piece.data, piece.back) == (puback(77), True)
    assert every(keep, Way.UP, 1) == [SAMPLE.packet()]


def test_a_message_is_rewritten_in_place() -> None:
    """Only its payload is another."""
    (piece,) = tampers.Rewrite(SAMPLE.topic, lambda _: b"other").through(Way.DOWN, SAMPLE.packet())
    found = read_publish(piece.data)
    assert found is not None
    assert (found.payload, found.mid, found.retain) == (b"other", 77, True)


def test_the_same_seed_deals_the_same_faults() -> None:
    """And no kind is forgotten."""
    kinds = tuple(KINDS.values())
    one, other, third = (Deck(kinds, seed, (1, 4)) for seed in ("5", "5", "6"))
    deals = [one.deal() for _ in kinds]
    assert [other.deal() for _ in kinds] == deals
    assert [third.deal() for _ in kinds] != deals
    assert {deal.kind.name for deal in deals} == set(KINDS)


def test_the_page_names_every_kind_and_no_other() -> None:
    """`docs/torture.md` is what a maintainer reads before a night's run."""
    page = (ROOT / "docs" / "torture.md").read_text()
    chapter = page.split("## The faults")[1].split("##")[0]
    named = set(re.findall(r"`([a-z_]+)`", chapter))
    assert named == set(KINDS)
