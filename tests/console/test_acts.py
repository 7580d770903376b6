"""The table of what an officer can do is whole, and the lane knows each act."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
import pytest

from console import words
from console.acts import ACTS, REQUESTS, Act, Group
from console.ports import OfficerAction
from console.requests import WriteOffDebt
from lane_agent.acceptance import ACCEPT
from tests.rigs.places import ROOT

EACH_ACT = pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)


def test_the_table_makes_every_event_that_an_officer_can_cause() -> None:
    """Nothing in the lane waits for a button that is not there."""
    made = {type(act.request.example(7)) for act in ACTS}
    assert made == set(get_args(OfficerAction))
    assert len({act.name for act in ACTS}) == len(ACTS)


@EACH_ACT
def test_every_act_is_named_in_both_languages_and_decoded_by_its_name(act: Act) -> None:
    """The browser sends the word of the button; Chinese stands beside English."""
    dialog = act.dialog
    says = [(act.english, act.chinese)] + ([(dialog.title, dialog.chinese)] if dialog else [])
    assert all(english.isascii() and re.search(r"[\u4e00-\u9fff]", chinese) for english, chinese in says)
    asked = {"action": act.name, "visit": 7, "basis": "", "reason": "any reason", "vrn": "MK8271", "loop": "stop_loop"}
    given = {name: value for name, value in asked.items() if name in {"action", *act.fields}}
    assert isinstance(msgspec.convert(given, REQUESTS), act.request)


@EACH_ACT
def test_an_act_with_a_reason_asks_for_it_in_a_dialog_and_one_about_the_vehicle_names_its_visit(act: Act) -> None:
    """Design §2.1: what is decided about a vehicle belongs to its visit.

    So does what Immigration's late answer was for, though a debt may be written off with nobody in the lane.
    """
    assert ("reason" in act.fields) is (act.dialog is not None)
    assert ("visit" in act.fields) is (act.group is Group.VEHICLE or act.request is WriteOffDebt)


@EACH_ACT
def test_the_lane_checks_every_act(act: Act) -> None:
    """An act without a check of the lane would be allowed always, to anybody."""
    assert "officer named" in {check.name for check in ACCEPT[type(act.request.example(7))]}


def test_no_words_are_kept_for_refusals_that_are_gone() -> None:
    """A reason that the lane words anew is worded anew here."""
    assert set(words.REFUSALS) <= {check.why for checks in ACCEPT.values() for check in checks}


def test_the_page_offers_every_act_once() -> None:
    """Templates and scripts name no act: a button is declared in the table alone."""
    sources = [*(ROOT / "console/templates").glob("*.html"), *(ROOT / "console/static").glob("*.js")]
    others = {'"open"', '"close"', '"answer"'}  # which mean other things to a browser, too
    named = {f'"{act.name}"' for act in ACTS} - others
    assert {name for path in sources for name in named if name in path.read_text()} == set()
