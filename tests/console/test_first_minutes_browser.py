"""What held up somebody who saw the page for the first time (docs/console.md), in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.explained import EXPLAINED
from lane_agent import events as e
from lane_agent.model import Contact
from tests.rigs.desk import Desk, violations

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

MOVES_MS = "document.getAnimations().map(one => one.effect.getComputedTiming().endTime ?? Infinity)"


@pytest.fixture
def empty(serve: Callable[..., Any], tab: Any) -> Desk:
    """An officer who is logged in, and no vehicle."""
    found = Desk(serve(), tab)
    found.log_in()
    return found


def test_a_shown_digit_is_one_that_works_and_nobody_is_taken_to_have_read_a_picture_without_a_plate(
    empty: Desk,
) -> None:
    """A digit beside a reason would be typed into the mark; and a reason chosen beforehand would be recorded unread."""
    tab = empty.tab
    empty.drive(empty.lane.arrives)
    expect(tab.locator("#visit-head")).to_contain_text("visit 4181")
    empty.button("correct").click()
    dialog = tab.locator("#dialog-correct")
    expect(dialog.locator("#mark")).to_be_focused()
    digit = dialog.locator(".check kbd").first
    expect(digit).to_have_css("visibility", "hidden")
    tab.keyboard.type("XK2980")
    tab.keyboard.press("Enter")
    expect(dialog.locator(".error")).to_have_text("Choose a reason, or write one.")
    dialog.get_by_text("From the driver's documents").click()
    expect(digit).to_have_css("visibility", "visible")
    tab.keyboard.press("2")
    tab.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert empty.served.acted == [e.OfficerCorrected(4181, "chan", "XK2980", "Read at the vehicle 在車旁讀出")]


def test_a_call_moves_for_less_than_five_seconds_and_has_no_empty_room_beside_it(empty: Desk) -> None:
    """WCAG 2.2.2; colour, sign and words stay. Not at all for whoever asks for less motion. Another alarm is still counted."""
    tab = empty.tab
    empty.drive(empty.lane.pulse, Contact.HELP)
    expect(tab.locator("#help")).to_have_attribute("data-state", "ringing")
    lasting = tab.evaluate(MOVES_MS)
    assert lasting
    assert max(lasting) <= 5_000
    expect(tab.locator("#worst")).to_be_hidden()
    empty.drive(empty.lane.happens, e.TroubleReported("StoreWorn", "3 %"))
    expect(tab.locator("#worst-more")).to_have_text("All 2 alarms")
    tab.emulate_media(reduced_motion="reduce")
    assert tab.evaluate(MOVES_MS) == []


def test_a_vehicle_that_ran_is_still_named_once_somebody_has_taken_it(empty: Desk) -> None:
    """Its mark is what an officer tells the control room; the dialog that closes the alarm says which, too."""
    tab = empty.tab
    empty.runs_from_inspection("RT5093")
    expect(tab.locator("#run-plate")).to_contain_text("RT5093")
    expect(tab.locator("#worst")).to_be_hidden()
    tab.keyboard.press("F3")
    expect(tab.locator("#run")).to_be_hidden()
    expect(tab.locator("#worst-about")).to_contain_text("RT5093")
    card = tab.locator("#alarms li").filter(has_text="Vehicle left against the signal")
    expect(card.get_by_role("link")).to_have_text("visit 4181 RT5093")
    card.get_by_role("button", name="Close").click()
    expect(tab.locator("#dialog-close-alarm .which")).to_contain_text("RT5093")
    expect(tab.locator("#dialog-close-alarm .confirm")).to_have_text("Close the alarm")


@pytest.mark.long
def test_the_link_of_an_alarm_of_this_vehicle_leaves_what_decides_in_sight(serve: Callable[..., Any], tab: Any) -> None:
    """The reason and the buttons would go under the calls, where the page is higher than its window."""
    tab.set_viewport_size({"width": 1280, "height": 720})
    desk = Desk(serve(world=True), tab)
    desk.truck()
    desk.log_in()
    tab.locator("#alarms li").get_by_role("link", name="visit 4181").first.click()
    expect(tab.locator("#visit")).to_be_focused()
    for place in ("#state", '[data-act="release"]'):
        box, calls = tab.locator(place).bounding_box(), tab.locator("#calls").bounding_box()
        assert box["y"] >= calls["y"] + calls["height"]


def test_what_the_words_mean_is_one_key_away_and_the_page_is_locked_by_a_button(empty: Desk) -> None:
    """Both remarks of a newcomer; the words are the buttons' own, so a button that is renamed is explained under its new name."""
    tab = empty.tab
    tab.keyboard.press("F1")
    dialog = tab.locator("#dialog-explained")
    expect(dialog.locator("dt", has_text="Clear by hand")).to_be_visible()
    assert dialog.locator("dt").count() == dialog.locator("dd").count() == len(EXPLAINED)
    assert violations(tab) == []
    tab.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    tab.locator("#lock").click()
    expect(tab.locator("#locked")).to_be_visible()
    expect(tab.locator("#lock")).to_be_hidden()
    empty.button("order_manual").click()
    expect(tab.locator("#dialog-unlock")).to_be_visible()


@pytest.mark.long
def test_the_login_page_can_be_had_in_the_other_language(empty: Desk) -> None:
    """Before there is an officer whose language is known; kept for the browser."""
    tab = empty.tab
    tab.locator("#logout").click()
    tab.locator("#language").click()
    expect(tab.locator("form button.go")).to_have_text("登入")
    expect(tab.locator("#language")).to_have_text("English")
    tab.locator("#language").click()
    expect(tab.locator("form button.go")).to_have_text("Log in")


def test_at_320_pixels_a_call_is_read_and_ended_and_a_plate_is_typed_without_scrolling_sideways(empty: Desk) -> None:
    """The buttons of a call took all the room of its words, and the last one was cut off; so was the dialog with the mark."""
    tab = empty.tab
    tab.set_viewport_size({"width": 320, "height": 640})
    empty.drive(empty.lane.arrives)
    empty.drive(empty.lane.pulse, Contact.HELP)
    expect(tab.locator("#help")).to_be_visible()
    assert tab.locator("#help .big").bounding_box()["width"] > 150
    for act in ("answer", "officer_comes", "end_call"):
        box = empty.button(act).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
    empty.button("correct").click()
    dialog = tab.locator("#dialog-correct")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("one => one.scrollWidth <= one.clientWidth")
