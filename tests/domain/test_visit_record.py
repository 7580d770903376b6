"""The base record of a visit: the same bytes in a journal as ever, and read back as the values that went in."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.visit_record import RecordKind, VisitEnded
from lane_agent.effects import Record
from tools.proof.moves import play

KEPT = (
    ("arrived_ms", "1800001000140"),
    ("ccrns", "2001067899,2001067900"),
    ("confidence", "0.9800"),
    ("direction", "inbound"),
    ("epoch", "epoch"),
    ("evidence", "e1,e2"),
    ("how", "exit_loop"),
    ("identified", "agrees"),
    ("identifiers", "immigration=AB1234,rfid=AB1234"),
    ("lane_id", "lane"),
    ("left_ms", "1800001000240"),
    ("link", "fresh"),
    ("mode", "automatic"),
    ("outcome", "released"),
    ("point", "POINT"),
    ("quality", "system"),
    ("row", "17"),
    ("source", "reader"),
    ("state_hash", "hash"),
    ("ubrs", "live"),
    ("unladen", "yes"),
    ("version", "0"),
    ("vrn", "AB1234"),
)
"""Facts as release 0.1.0 wrote them."""

_NAMES = st.text(alphabet=st.characters(exclude_characters=",=", codec="utf-8"), min_size=1, max_size=8)
_BY_TYPE = {
    "str": st.text(max_size=8),
    "bool": st.booleans(),
    "int | None": st.none() | st.integers(0, 10**15),
    "float | None": st.none() | st.integers(0, 10_000).map(lambda places: places / 10_000),
    "tuple[str, ...]": st.lists(_NAMES, max_size=3).map(tuple),
    "tuple[tuple[str, str], ...]": st.lists(st.tuples(_NAMES, _NAMES), max_size=3).map(tuple),
}
_ENDED = st.builds(VisitEnded, **{one.name: _BY_TYPE[str(one.type)] for one in dataclasses.fields(VisitEnded)})


@given(_ENDED)
def test_what_is_written_is_read_back(ended: VisitEnded) -> None:
    """Every value survives its text; nothing that is empty is written."""
    facts = ended.to_facts()
    assert VisitEnded.from_facts(facts) == ended
    assert list(facts) == sorted(facts)
    assert all(text for _, text in facts)


def test_a_record_of_an_earlier_release_is_read_and_written_as_it_was() -> None:
    """The facts of a journal are a contract: names, order, commas and decimals stay."""
    ended = VisitEnded.from_facts(KEPT)
    assert (ended.row, ended.version, ended.confidence, ended.unladen) == (17, 0, 0.98, True)
    assert ended.evidence == ("e1", "e2")
    assert ended.identifiers == (("immigration", "AB1234"), ("rfid", "AB1234"))
    assert (ended.doubt, ended.decided_ms, ended.schemes, ended.manifest) == ("", None, (), False)
    assert ended.to_facts() == KEPT


@given(st.dictionaries(st.sampled_from([name for name, _ in KEPT]) | st.text(max_size=5), st.text(max_size=25)))
def test_no_facts_are_refused(facts: dict[str, str]) -> None:
    """The core keeps the row of a broken or newer lane all the same."""
    assert isinstance(VisitEnded.from_facts(facts), VisitEnded)


@pytest.mark.parametrize("text", ["noon", "-1", "", "1e3", "²", "9" * 5_000])
def test_a_number_that_cannot_be_read_counts_as_not_recorded(text: str) -> None:
    """Nothing is guessed from it."""
    assert VisitEnded.from_facts({"arrived_ms": text}).arrived_ms is None


@pytest.mark.parametrize("text", ["sure", "nan", "inf", "-0.1", "1.5"])
def test_a_confidence_outside_0_to_1_counts_as_not_recorded(text: str) -> None:
    """It is a share, or nothing."""
    assert VisitEnded.from_facts({"confidence": text}).confidence is None


@pytest.mark.parametrize(
    "story",
    [
        "ready records:scheme arrive identifier:AB1234 immigration read cleared leave",
        "ready records:inspect arrive immigration read cleared leave:compound_loop",
        "ready records:live arrive immigration press take-over",
    ],
)
def test_the_lane_writes_what_the_type_reads(story: str) -> None:
    """No fact of a lane's base record is unknown to the type."""
    (record,) = (one for one in play(story).told if isinstance(one, Record) and one.kind == RecordKind.VISIT_ENDED)
    assert VisitEnded.from_facts(record.facts).to_facts() == record.facts
