"""What hangs on one condition of the source, and no story can tell: a code book that answers late, bundles that change, records."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from domain.crossing import RELEASE
from lane_agent import events as e
from lane_agent.effects import LookUp
from lane_agent.model import Bundle, Policy
from tools.proof.code_book import OTHER_MAINLAND, VRN, bundle
from tools.proof.moves import play
from tools.proof.world import ScenarioWorld

LADEN = "ready records:live arrive immigration read cleared"
IN_DOUBT = "ready records:live arrive immigration read doubted cleared"


@dataclass(slots=True)
class LateBookWorld(ScenarioWorld):
    """A world whose code book can be told to keep its answers back."""

    late: bool = False
    asked: list[LookUp] = field(default_factory=list)

    def _answer(self, question: LookUp) -> None:
        self.asked.append(question)
        if not self.late:
            ScenarioWorld._answer(self, question)

    def answer(self) -> None:
        """Answers what was asked last."""
        last = self.asked[-1]
        self.tell(e.CodesFound(last.visit, last.lookup, self.book.look_up(last.vrn)))


def late_after(script: str) -> LateBookWorld:
    """Once that was played, the code book is late."""
    world = LateBookWorld()
    play(script, world)
    world.late = True
    return world


def test_a_fault_elsewhere_does_not_end_the_question_to_the_code_book() -> None:
    """Only the code book itself can fail to answer; an officer who released is told nothing of it before it has."""
    world = late_after(IN_DOUBT)
    play("release fault:camera", world)
    assert "ReleaseRefused" not in world.alarms()
    assert world.lane.visit is not None
    assert world.lane.visit.lookup == world.asked[-1].lookup
    world.answer()
    assert world.lane.visit.lookup == 0


def test_a_code_book_that_fails_behind_a_3_refuses_no_release() -> None:
    """That 3 was shown; it is taken back, and nobody is told that it had been refused."""
    world = late_after(f"{IN_DOUBT} release")
    assert world.face == "DONE"
    play("change:live fault:codes", world)
    assert world.face == "OFFICER"
    assert "Withdrawn" in world.alarms()
    assert "ReleaseRefused" not in world.alarms()


@pytest.mark.parametrize("change", [{"withdrawn": True}, {"used_by": "other/journal/7"}])
def test_3_falls_when_its_bundle_is_withdrawn_or_used_elsewhere(change: dict[str, object]) -> None:
    """The bundle is still named by the list, under its number; but it is no ground any more."""
    own = bundle("own", RELEASE)
    world = ScenarioWorld()
    world.book.extra = (own,)
    play("ready arrive immigration read cleared", world)
    assert world.face == "DONE"
    world.book.extra = (_changed(own, change),)
    world.tell(e.CodesChanged(VRN, hold=False))
    assert world.face == "OFFICER"


def _changed(own: Bundle, change: dict[str, object]) -> Bundle:
    return bundle(own.ubr, RELEASE, **change)  # type: ignore[arg-type]


def test_3_stands_when_its_own_use_comes_back_from_the_core() -> None:
    """The list then names this visit as the one that used it."""
    own = bundle("own", RELEASE)
    world = ScenarioWorld()
    world.book.extra = (own,)
    play("ready arrive immigration read cleared", world)
    world.book.extra = (_changed(own, {"used_by": "lane/journal/1"}),)
    world.tell(e.CodesChanged(VRN, hold=False))
    assert world.face == "DONE"


@pytest.mark.parametrize(("ordered", "mode"), [("", "automatic"), ("manual", "manual")])
def test_the_mode_of_a_visit_is_recorded_when_it_begins_and_when_it_ends(ordered: str, mode: str) -> None:
    """As it was at the arrival, whatever is ordered meanwhile (design §2.8)."""
    world = play(f"ready {ordered} arrive {'automatic' if ordered else 'manual'} leave")
    assert [world.records(kind)[0]["mode"] for kind in ("VehicleArrived", "VisitEnded")] == [mode, mode]


def _ended(script: str) -> dict[str, str]:
    (record,) = play(f"{script} leave").records("VisitEnded")
    return record


def test_the_base_record_names_the_row_that_decided_and_no_row_where_none_did() -> None:
    """Nor a row 0, which there is not."""
    assert _ended(LADEN)["row"] == "17"
    assert "row" not in _ended("ready arrive")


def test_the_base_record_counts_prompts_where_there_were_any() -> None:
    """Row 12 asks once for the button."""
    assert _ended("ready arrive immigration read cleared")["prompts"] == "1"
    assert "prompts" not in _ended(LADEN)


def test_the_base_record_names_an_officers_ruling_with_the_officer_and_no_other() -> None:
    """Who released, and that he did; nothing of either where the lane decided."""
    told = _ended(f"{IN_DOUBT} release")
    assert (told["ruling"], told["officer"]) == ("release", "officer1")
    assert {"ruling", "officer"}.isdisjoint(_ended(LADEN))


def test_the_base_record_names_the_mainland_plate_that_was_seen() -> None:
    """And none where none was."""
    assert _ended("ready arrive immigration read:+other cleared")["mainland"] == OTHER_MAINLAND
    assert "mainland" not in _ended(LADEN)


def test_pictures_of_a_read_are_kept_when_the_reader_gives_up_later() -> None:
    """What an officer may want to see is all that there was, in its order."""
    assert _ended("ready arrive immigration read unread")["evidence"] == ",".join(["e" * 64, "f" * 64])


def test_a_vehicle_sent_to_a_compound_over_the_way_out_is_missed_there() -> None:
    """The way out is then the way to the compound, and its loop should have seen each of them."""
    sent = "arrive immigration read cleared clear-stop wait:15 "
    world = ScenarioWorld(policy=Policy(exit_to_compound=True))
    assert "FaultRaised" in play(f"ready records:inspect {3 * sent}", world).alarms()
