"""The page as an officer uses it, in headless Chromium. Nothing here waits for a fixed time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lane_agent import events as e
from lane_agent.model import Contact, Fault, Link, Screen
from tests.rigs.desk import PASSWORD, Desk, violations

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect


def test_the_officer_reads_state_plate_and_what_the_driver_reads(desk: Desk) -> None:
    """Without a click."""
    expect(desk.tab.locator("#state h2")).to_contain_text("OFFICER NEEDED: No bundle, and Unladen was not pressed")
    expect(desk.tab.locator("#vrn")).to_have_text("HB6685")
    expect(desk.tab.locator("#mainland")).to_have_text("粤Z7K83港")
    expect(desk.tab.locator("#identifiers")).to_have_text("✓ Label HB6685 agrees")
    for screen in ("xdb", "aiop"):
        expect(desk.tab.locator(f"#screen-{screen}")).to_be_visible()
        expect(desk.tab.locator(f"#screen-note-{screen}")).to_contain_text("Confirmed")
    expect(desk.tab.locator("#frame")).to_be_visible()


def test_a_release_needs_a_reason_and_the_warnings_read(desk: Desk) -> None:
    """Then it goes to the lane with the officer's name, and the page shows what became of it."""
    desk.button("release").click()
    dialog = desk.tab.locator("#dialog-release")
    dialog.locator(".confirm").click()
    expect(dialog.locator(".error")).to_have_text("Choose a reason, or write one.")
    dialog.get_by_text("Paper manifest checked").click()
    dialog.locator(".confirm").click()
    expect(dialog.locator(".error")).to_contain_text("Read the warnings")
    dialog.locator('[name="read"]').check()
    dialog.locator('[name="detail"]').fill("Box 3")
    dialog.locator(".confirm").click()
    expect(dialog).to_be_hidden()
    expect(desk.tab.locator("#state h2")).to_contain_text("RELEASED")
    expect(desk.tab.locator("#told")).to_contain_text("Done, and in the journal.")
    expect(desk.button("release")).to_be_disabled()
    reason = "Paper manifest checked and in order 載貨清單核對無誤; Box 3"
    assert desk.served.acted == [e.OfficerReleased(4181, "chan", reason)]


def test_a_hold_that_arrives_while_deciding_stops_the_release(desk: Desk) -> None:
    """The dialog says that something changed; its button is off. The lane itself refuses whoever goes on."""
    desk.drive(desk.lane.leaves)
    desk.drive(desk.lane.happens, e.ManualOrdered("wong", "Exercise"))
    desk.drive(desk.lane.arrives)
    desk.drive(desk.lane.reads, "HB6685")
    expect(desk.tab.locator("#visit-head")).to_contain_text("visit 4182")
    desk.button("release").click()
    dialog = desk.tab.locator("#dialog-release")
    dialog.get_by_text("Paper manifest checked").click()
    desk.drive(desk.lane.codes_change, "HB6685", hold=True)
    expect(dialog.locator(".changed")).to_be_visible()
    expect(dialog.locator(".confirm")).to_be_disabled()
    dialog.locator(".again").click()
    dialog.locator('[name="read"]').check()
    dialog.locator(".confirm").click()
    expect(dialog.locator(".error")).to_contain_text("There is a HOLD on this vehicle")
    assert desk.served.acted == [e.ManualOrdered("wong", "Exercise")]


def test_a_dialog_about_a_truck_that_has_gone_is_void(desk: Desk) -> None:
    """Also when another truck stands there now."""
    desk.button("inspect").click()
    dialog = desk.tab.locator("#dialog-inspect")
    dialog.get_by_text("Control room's instruction").click()
    desk.drive(desk.lane.leaves)
    desk.drive(desk.lane.arrives)
    expect(dialog.locator(".error")).to_have_text("Visit 4181 is over; nothing was done.")
    expect(dialog.locator(".confirm")).to_be_disabled()
    assert desk.served.acted == []


def test_a_stale_page_says_so_and_turns_its_buttons_off(desk: Desk) -> None:
    """When the agent hangs, and when the box is gone; it comes back by itself in the first case."""
    expect(desk.button("inspect")).to_be_enabled()
    desk.served.hang()
    desk.drive(desk.lane.agent.tell, e.TroubleReported("fan_slow"))
    desk.served.clock.ms += 4_000
    expect(desk.tab.locator("#stale")).to_be_visible()
    expect(desk.button("inspect")).to_be_disabled()
    desk.served.work()
    expect(desk.button("inspect")).to_be_enabled()
    desk.served.loop.call_soon_threadsafe(desk.served.server.stop)
    expect(desk.tab.locator("#stale")).to_be_visible()
    expect(desk.tab.locator("#stale")).to_contain_text("Buttons are off")
    expect(desk.tab.locator("#stale")).to_contain_text("This browser does not reach the lane")
    expect(desk.button("inspect")).to_be_disabled()


def test_a_help_call_heads_the_page_until_it_is_ended(desk: Desk) -> None:
    """Ringing, answered by whom, ended with an outcome."""
    expect(desk.tab.locator("#help")).to_be_hidden()
    desk.drive(desk.lane.pulse, Contact.HELP)
    expect(desk.tab.locator("#help")).to_contain_text("Driver asks for help")
    assert "HELP" in desk.tab.title()
    desk.button("answer").click()
    expect(desk.tab.locator("#help")).to_contain_text("answered by chan")
    desk.button("end_call").click()
    desk.tab.locator("#dialog-end_call").get_by_text("Question answered").click()
    expect(desk.tab.locator("#help")).to_be_hidden()
    assert desk.served.acted == [e.HelpAnswered("chan"), e.HelpEnded("chan", "Question answered 已解答")]


def test_a_plate_is_corrected_from_a_similar_mark_with_the_keyboard_alone(desk: Desk) -> None:
    """Tab and Enter reach everything; focus is always to be seen."""
    desk.drive(desk.lane.add_bundle, "HB6635", "release")
    desk.drive(desk.lane.codes_change, "HB6635")
    expect(desk.tab.locator("#candidates")).to_contain_text("HB6635")
    desk.button("correct").focus()
    desk.tab.keyboard.press("Enter")
    desk.tab.keyboard.type("hb 6635")
    desk.tab.keyboard.press("Enter")
    expect(desk.tab.locator("#vrn")).to_have_text("HB6635")
    assert desk.served.acted == [e.OfficerCorrected(4181, "chan", "HB6635", "Read from the picture 從圖片讀出")]


def test_a_locked_page_asks_for_the_password_and_then_goes_on(desk: Desk) -> None:
    """It still watches, and nothing is lost."""
    desk.served.clock.ms += 900_000
    desk.drive(desk.lane.happens, e.TroubleReported("fan_slow"))
    expect(desk.tab.locator("#locked")).to_be_visible()
    desk.button("inspect").click()
    desk.tab.locator("#unlock-password").fill(PASSWORD)
    desk.tab.keyboard.press("Enter")
    expect(desk.tab.locator("#dialog-inspect")).to_be_visible()


def test_an_alarm_says_what_to_do_and_is_taken(desk: Desk) -> None:
    """By whom is kept."""
    alarm = desk.tab.locator("#alarms li").filter(has_text="Vehicle without a bundle")
    expect(alarm).to_contain_text("Ask for the UBR or the paper manifest.")
    alarm.get_by_role("button", name="Take").click()
    expect(alarm).to_contain_text("Taken by chan")


def test_what_needs_a_person_is_closed_with_a_word_and_what_ended_says_so(desk: Desk) -> None:
    """Counted, taken by whom, closed by whom; a fault that came and went is told as gone, and nobody saw it."""
    for _ in range(3):
        desk.drive(desk.lane.happens, e.FaultRaised(Fault.CAMERA, "no picture"), e.FaultCleared(Fault.CAMERA))
    desk.drive(desk.lane.happens, e.TroubleReported("LeftUnseen", "no loop saw it"))
    camera = desk.tab.locator("#alarms li").filter(has_text="Camera gives no picture")
    expect(camera).to_contain_text("3 times")
    expect(camera).to_contain_text("Cause gone at")
    camera.get_by_role("button", name="Take").click()
    expect(desk.tab.locator("#alarms li").filter(has_text="Closed by chan")).to_contain_text("Equipment fault")
    unseen = desk.tab.locator("#alarms li").filter(has_text="A vehicle left unseen")
    expect(unseen.get_by_role("button", name="Close")).to_be_hidden()
    unseen.get_by_role("button", name="Take").click()
    expect(unseen).to_contain_text("Taken by chan")
    unseen.get_by_role("button", name="Close").click()
    desk.tab.keyboard.type("found at the compound")
    desk.tab.keyboard.press("Enter")
    expect(unseen).to_contain_text("Closed by chan")


def test_words_from_the_centre_stand_apart_from_alarms_until_they_are_seen(desk: Desk) -> None:
    """Shown large, with who said it; none, no panel; never as markup."""
    messages = desk.tab.locator("#messages")
    expect(messages).to_be_hidden()
    desk.drive(desk.lane.happens, e.WordsReceived("wong@centre", "Road closed at 18:00 <b>both ways</b>"))
    expect(messages).to_be_visible()
    expect(messages).to_contain_text("1 not yet seen")
    expect(messages).to_contain_text("Road closed at 18:00 <b>both ways</b>")
    expect(messages).to_contain_text("wong@centre, visit 4181")
    expect(desk.tab.locator("#alarms")).not_to_contain_text("Road closed")
    messages.get_by_role("button", name="Seen").click()
    expect(messages).to_contain_text("Seen by chan")
    expect(messages).to_contain_text("all seen")


def test_a_thumbnail_opens_the_evidence_and_both_views_are_logged(desk: Desk) -> None:
    """Domain §8."""
    expect(desk.tab.locator("#visit-evidence .thumb")).to_have_count(
        2
    )  # the whole picture, and the plate cut out of it
    desk.tab.locator("#visit-evidence .thumb").first.click()
    expect(desk.tab.locator("#picture-large")).to_be_visible()
    desk.tab.locator("#picture-large").evaluate("image => image.decode()")
    assert {one.purpose for one in desk.served.viewed} == {"thumbnail", "opened"}


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)], ids=["1366x768", "1920x1080"])
def test_the_page_is_accessible_and_fits_its_window(serve: Callable[..., Any], tab: Any, size: tuple[int, int]) -> None:
    """Axe finds nothing, at the login, in the busiest state and in a dialog; nothing scrolls sideways."""
    tab.set_viewport_size({"width": size[0], "height": size[1]})
    tab.emulate_media(reduced_motion="reduce")
    desk = Desk(serve(world=True), tab)
    tab.goto(desk.served.url)
    assert violations(tab) == []
    desk.truck()
    desk.drive(desk.lane.happens, e.OfficerReleased(4181, "wong", "manifest checked"))
    desk.drive(desk.lane.link_is, Link.STALE, refused=(("bad signature", 2),))
    desk.drive(desk.lane.falls_silent, Screen.AIOP)
    desk.drive(desk.lane.pulse, Contact.HELP)
    desk.log_in()
    expect(desk.tab.locator("#help")).to_be_visible()
    expect(desk.tab.locator("#state h2")).to_contain_text("RELEASE WITHDRAWN")
    expect(desk.tab.locator("#screen-note-aiop")).to_contain_text("Not confirmed")
    assert violations(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.button("release").click()
    expect(tab.locator("#dialog-release .warned")).to_be_visible()
    assert violations(tab) == []
