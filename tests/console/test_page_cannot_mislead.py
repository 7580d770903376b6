"""The page in headless Chromium where it could mislead an officer. Nothing here waits for a fixed time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lane_agent import events as e
from lane_agent.model import Contact, Fault, Link
from tests.rigs.desk import PASSWORD, Desk, expect, violations

WINDOWS = [(1280, 720), (1920, 1080), (768, 1024), (640, 360), (683, 384), (320, 640)]
"""Desktop, tablet, a desktop at 200 %, and the 320 CSS pixels of WCAG 1.4.10."""
EACH_WINDOW = pytest.mark.parametrize("size", WINDOWS, ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture
def second(desk: Desk, browser: Any) -> Iterator[Desk]:
    """Another officer at another workstation, at the same lane."""
    desk.served.officers.add("wong", PASSWORD, shown="WONG Siu-ming")
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    other = Desk(desk.served, context.new_page())
    other.log_in("wong")
    yield other
    context.close()


def test_a_truck_that_ran_heads_the_page_in_red_with_sound_picture_and_plate_until_it_is_taken(desk: Desk) -> None:
    """Also when the next truck is there already; then the history still says it."""
    tab = desk.tab
    desk.drive(desk.lane.happens, e.OfficerTookOver(4181, "chan", "Cleared on paper", ""))
    desk.drive(desk.lane.leaves)
    tab.evaluate("""() => {
        window.tones = 0;
        const real = window.OscillatorNode;
        window.OscillatorNode = class extends real { constructor(...a) { super(...a); window.tones += 1; } };
    }""")
    tab.locator("#sound").click()
    expect(tab.locator("#sound")).to_have_attribute("aria-pressed", "true")
    before = tab.evaluate("tones")
    desk.runs_from_inspection()
    expect(tab.locator("#run")).to_be_visible()
    expect(tab.locator("#run")).to_contain_text("RAN FROM INSPECTION")
    expect(tab.locator("#run-plate")).to_contain_text("RT5093")
    tab.locator("#run .thumb img").evaluate("image => image.decode()")
    expect(tab.locator("#state")).to_have_attribute("data-level", "stop")
    tab.wait_for_function("before => tones > before", arg=before)
    assert "RAN FROM INSPECTION" in tab.title()
    desk.truck()
    expect(tab.locator("#vrn")).to_have_text("HB6685")
    expect(tab.locator("#run")).to_be_visible()
    tab.keyboard.press("F3")
    expect(tab.locator("#run")).to_be_hidden()
    expect(tab.locator("#past tbody tr").first).to_contain_text("RAN FROM INSPECTION")
    expect(tab.locator("#alarms li").filter(has_text="left against")).to_contain_text("Taken by chan")


def test_an_alarm_leads_to_its_visit_and_one_act_takes_and_closes_all_of_one_cause(desk: Desk) -> None:
    """A dead loop leaves vehicle after vehicle unseen; an officer has one thing to do."""
    tab = desk.tab
    desk.drive(desk.lane.leaves)
    for _ in range(2):
        desk.drive(desk.lane.happens, e.TroubleReported("LeftUnseen", "no loop saw it"))
        desk.drive(desk.lane.arrives)
        desk.drive(desk.lane.contact, Contact.STOP_LOOP, active=False)
        timer = dict(desk.lane.agent.lane.timers)["gone"]
        desk.drive(desk.lane.happens, e.TimerFired("gone", timer))
    card = tab.locator("#alarms li").filter(has_text="A vehicle left unseen")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("3 times")
    expect(card).to_contain_text("Find out which way it went")
    card.get_by_role("link", name="visit 4183").click()
    expect(tab.locator("#visit-4183")).to_be_focused()
    card.get_by_role("button", name="Take").click()
    expect(card).to_contain_text("Taken by chan")
    card.get_by_role("button", name="Close").click()
    tab.keyboard.type("found at the compound")
    tab.keyboard.press("Enter")
    expect(tab.locator("#dialog-close-alarm")).to_be_hidden()
    closed = tab.locator("#alarms li").filter(has_text="A vehicle left unseen").filter(has_text="Closed by chan")
    expect(closed).to_have_count(3)


@pytest.mark.parametrize("size", [(1280, 720), (768, 1024), (640, 360)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_worst_alarm_never_scrolls_away(desk: Desk, size: tuple[int, int]) -> None:
    """With what to do and who took it; the urgent before the merely new."""
    tab = desk.tab
    tab.set_viewport_size({"width": size[0], "height": size[1]})
    desk.drive(desk.lane.happens, e.TroubleReported("SessionTakenOver", "elsewhere"))
    desk.drive(desk.lane.happens, e.TroubleReported("StoreWorn", "3 %"))
    tab.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    worst = tab.locator("#worst")
    expect(worst).to_contain_text("Another machine uses this lane's name")
    expect(worst).to_contain_text("Tell security; stay in manual mode.")
    expect(worst).to_be_in_viewport()
    worst.get_by_role("button", name="Take").click()
    expect(worst).not_to_contain_text("Another machine")
    expect(tab.locator("#alarms li").filter(has_text="Another machine")).to_contain_text("Taken by chan")


def test_a_shelved_alarm_calls_nobody_and_says_by_whom_and_until_when(desk: Desk) -> None:
    """A disk that is known to be worn. What is about a vehicle, or waits for a person, cannot be shelved."""
    tab = desk.tab
    desk.drive(desk.lane.happens, e.TroubleReported("StoreWorn", "3 %"))
    desk.drive(desk.lane.happens, e.TroubleReported("LeftUnseen", "no loop saw it"))
    for waits in ("left unseen", "Vehicle without a bundle"):
        expect(tab.locator("#alarms li").filter(has_text=waits).get_by_role("button", name="Shelve")).to_be_hidden()
    card = tab.locator("#alarms li").filter(has_text="disk")
    card.get_by_role("button", name="Shelve").click()
    dialog = tab.locator("#dialog-shelve-alarm")
    expect(dialog).to_contain_text("calls nobody until the time is over")
    assert violations(tab) == []
    tab.keyboard.press("Enter")
    expect(dialog.locator(".error")).to_contain_text("give a reason")
    dialog.locator("select").select_option("15")
    dialog.locator("input").fill("a new disk comes at noon")
    dialog.get_by_role("button", name="Shelve").click()
    expect(dialog).to_be_hidden()
    expect(card).to_contain_text("Shelved by chan until")
    expect(card.get_by_role("button", name="Shelve")).to_be_hidden()
    expect(tab.locator("#worst")).not_to_contain_text("disk")


def test_a_camera_fault_is_told_once_with_its_age_and_its_picture_is_marked_as_old(desk: Desk) -> None:
    """Whatever the camera still hands out: what it shows is not the vehicle."""
    tab = desk.tab
    expect(tab.locator("#frame")).to_be_visible()
    expect(tab.locator("#frame-note")).to_be_hidden()
    desk.drive(desk.lane.happens, e.FaultRaised(Fault.CAMERA, "no frame for 3 s"))
    desk.served.clock.ms += 65_000
    desk.drive(desk.lane.happens, e.FaultRaised(Fault.CAMERA, "no frame for 68 s"))
    expect(tab.locator("#frame-note")).to_have_text("OLD picture, not live: camera fault for 1 min 05 s")
    expect(tab.locator("#frame")).to_have_class("old")
    card = tab.locator("#alarms li").filter(has_text="Camera gives no picture")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("for 1 min 05 s")
    expect(tab.locator("#alarms li").filter(has_text="Equipment fault")).to_have_count(0)
    desk.lane.camera_works = False
    expect(tab.locator("#frame-note")).to_contain_text("OLD picture, not live")
    expect(tab.locator("#frame")).to_be_visible()
    desk.lane.camera_works = True
    desk.drive(desk.lane.happens, e.FaultCleared(Fault.CAMERA))
    expect(tab.locator("#frame-note")).to_be_hidden()


@EACH_WINDOW
def test_nothing_lies_over_a_button_and_no_call_moves_one(desk: Desk, size: tuple[int, int]) -> None:
    """At every window; nothing scrolls sideways, and every target has 24 pixels."""
    tab = desk.tab
    tab.set_viewport_size({"width": size[0], "height": size[1]})
    hit = """name => {
        const button = document.querySelector(`[data-act="${name}"]`);
        button.scrollIntoView({ block: "center" });
        const box = button.getBoundingClientRect();
        const spots = [[0.1, 0.2], [0.5, 0.5], [0.9, 0.8]];
        return spots.every(([x, y]) => button.contains(
            document.elementFromPoint(box.left + box.width * x, box.top + box.height * y)));
    }"""
    place = """() => Math.round(document.querySelector("[data-act='release']").getBoundingClientRect().top + scrollY)"""
    start = tab.evaluate(place)
    state = tab.locator("#state").evaluate("one => one.offsetHeight")
    desk.drive(desk.lane.pulse, Contact.HELP)
    expect(tab.locator("#help")).to_be_visible()
    head = tab.locator("header.top").evaluate("one => one.offsetHeight")
    desk.drive(desk.lane.link_is, Link.OFFLINE)
    expect(tab.locator("#proof")).to_contain_text("Core not answering")
    assert size[0] < 1_150 or tab.locator("header.top").evaluate("one => one.offsetHeight") == head
    desk.drive(desk.lane.link_is, Link.FRESH)
    expect(tab.locator("#proof")).to_contain_text("Codes up to date")
    for name in ("release", "inspect", "correct", "take_over"):
        assert tab.evaluate(hit, name), name
    grown = tab.locator("#state").evaluate("one => one.offsetHeight") - state  # above the buttons in a narrow window
    assert tab.evaluate(place) - start == (0 if size[0] >= 1_150 else grown)
    assert tab.locator("#calls").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = tab.evaluate("""() => [...document.querySelectorAll("button, a.button, a[data-visit], select, summary")]
        .filter((one) => one.checkVisibility())
        .map((one) => [one.outerHTML.slice(0, 60), one.getBoundingClientRect()])
        .filter(([, box]) => box.width < 24 || box.height < 24).map(([html]) => html)""")
    assert small == []
    assert violations(tab) == []


def test_logged_out_elsewhere_is_not_told_as_a_lost_lane(desk: Desk) -> None:
    """Nobody clears by hand for a login that ended."""
    tab = desk.tab
    csrf = tab.locator('meta[name="csrf"]').get_attribute("content")
    assert tab.request.post(f"{desk.served.url}/logout", headers={"X-CSRF-Token": csrf}).ok
    expect(tab.locator("#stale")).to_contain_text("You are logged out.")
    expect(tab.locator("#stale")).not_to_contain_text("clear by hand")
    expect(tab.locator("#relogin")).to_be_visible()
    expect(desk.button("release")).to_be_disabled()


def test_a_shift_that_is_over_says_so(desk: Desk) -> None:
    """After twelve hours: the login has ended, not the lane; and a press that came too late does nothing."""
    desk.served.clock.ms += 12 * 3_600_000
    expect(desk.tab.locator("#stale")).to_contain_text("You are logged out.")
    expect(desk.tab.locator("#relogin")).to_be_visible()
    expect(desk.button("release")).to_be_disabled()
    assert desk.tab.request.post(f"{desk.served.url}/action", data={"act": "release"}).status in (401, 403)


def test_a_restarted_box_says_so(desk: Desk, serve: Callable[..., Any]) -> None:
    """First that it is not reached, and once it is back, that it began anew and every login with it."""
    tab, port = desk.tab, int(desk.served.url.rsplit(":", 1)[1])
    desk.served.loop.call_soon_threadsafe(desk.served.server.stop)
    expect(tab.locator("#stale")).to_contain_text("This browser does not reach the lane.")
    serve(port=port)
    expect(tab.locator("#stale")).to_contain_text("The lane's box was restarted.")
    expect(tab.locator("#relogin")).to_be_visible()


def test_an_agent_that_hangs_is_told_apart_from_a_cut_cable(desk: Desk) -> None:
    """The page is reached; what it shows is not being worked on."""
    desk.served.hang()
    desk.drive(desk.lane.agent.tell, e.TroubleReported("fan_slow"))
    desk.served.clock.ms += 4_000
    expect(desk.tab.locator("#stale")).to_contain_text("The lane's program does not answer.")
    desk.served.work()
    expect(desk.tab.locator("#stale")).to_be_hidden()


def test_two_officers_see_who_is_deciding_and_a_lost_race_says_what_changed_and_by_whom(
    desk: Desk, second: Desk
) -> None:
    """By name, in the dialog and beside the buttons; nobody is kept from acting."""
    desk.button("release").click()
    expect(second.tab.locator("#others")).to_have_text("Another officer is deciding: CHAN Tai-man, “Release”.")
    second.button("inspect").click()
    expect(second.tab.locator("#dialog-inspect .others")).to_contain_text("CHAN Tai-man")
    dialog = desk.tab.locator("#dialog-release")
    expect(dialog.locator(".others")).to_contain_text("WONG Siu-ming, “Inspect”")
    second.tab.keyboard.press("4")
    second.tab.keyboard.press("Enter")
    expect(second.tab.locator("#dialog-inspect")).to_be_hidden()
    changed = dialog.locator(".changed")
    expect(changed).to_contain_text("WONG Siu-ming did “Inspect” at 03:00:00.")
    expect(changed).to_contain_text("inspection by officer, wong")
    expect(dialog.locator(".confirm")).to_be_disabled()
    dialog.locator(".again").click()
    dialog.locator('[name="read"]').check()
    dialog.get_by_text("Paper manifest checked").click()
    dialog.locator(".confirm").click()
    expect(dialog.locator(".error")).to_contain_text("WONG Siu-ming did “Inspect”")
    dialog.locator(".cancel").click()
    expect(second.tab.locator("#others")).to_have_text("")


def test_one_language_at_a_time_is_kept_for_each_officer(desk: Desk) -> None:
    """With the right `lang`, also at the login; the other officer's choice is his own."""
    tab = desk.tab
    desk.served.officers.add("wong", PASSWORD, shown="WONG Siu-ming")
    tab.locator("#language").click()
    expect(tab.locator('html[lang="zh-Hant-HK"]')).to_be_visible()
    expect(desk.button("release")).to_contain_text("放行")
    expect(tab.locator("#state h2")).to_contain_text("需要關員：沒有捆綁")
    body = tab.locator("main").inner_text()
    assert "No bundle" not in body
    assert violations(tab) == []
    tab.locator("#logout").click()
    expect(tab.locator("#password")).to_be_visible()
    expect(tab.get_by_role("button", name="登入")).to_be_visible()
    desk.log_in("wong")
    tab.locator("#language").click()
    expect(desk.button("release")).to_contain_text("Release")
    tab.locator("#logout").click()
    expect(tab.locator("#password")).to_be_visible()
    desk.log_in("chan")
    expect(desk.button("release")).to_contain_text("放行")


def test_a_release_takes_four_keys_an_ended_call_two_and_a_plate_two(desk: Desk) -> None:
    """The keys are on the buttons and beside the reasons."""
    tab = desk.tab
    for name, key in (("release", "F2"), ("inspect", "F4"), ("correct", "F8"), ("take_over", "F9")):
        expect(desk.button(name).locator("kbd")).to_have_text(key)
    desk.drive(desk.lane.pulse, Contact.HELP)
    tab.locator("#help").wait_for()
    tab.keyboard.press("F7")
    expect(tab.locator("#help")).to_contain_text("answered by chan")
    tab.keyboard.press("F7")
    expect(tab.locator("#dialog-end_call")).to_be_visible()
    tab.keyboard.press("1")
    expect(tab.locator("#help")).to_be_hidden()
    desk.drive(desk.lane.leaves)
    desk.drive(desk.lane.arrives)
    desk.drive(desk.lane.gives_up, "UV838", "UV8308")
    expect(tab.locator("#candidates")).to_contain_text("UV8308")
    tab.keyboard.press("F8")
    expect(tab.locator("#mark")).to_have_value("UV838")
    expect(tab.locator("#dialog-correct .crop")).to_be_visible()
    assert tab.locator("#dialog-correct .crop").evaluate("image => image.decode().then(() => image.offsetWidth)") > 500
    wide, high = tab.locator("#dialog-correct .crop").evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert wide < 400  # the plate, cut out on the server, and not the lane's whole picture
    assert wide > high
    tab.keyboard.press("Enter")
    expect(tab.locator("#vrn")).to_have_text("UV838")
    desk.drive(desk.lane.immigration_clears)
    expect(desk.button("release")).to_be_enabled()
    tab.keyboard.press("F2")
    dialog = tab.locator("#dialog-release")
    expect(dialog).to_be_visible()
    tab.keyboard.press("1")
    tab.keyboard.press("0")
    tab.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    acted = [type(one).__name__ for one in desk.served.acted]
    assert acted == ["HelpAnswered", "HelpEnded", "OfficerCorrected", "OfficerReleased"]


def test_the_release_dialog_warns_while_the_driver_is_still_asked(desk: Desk) -> None:
    """Row 12: no doubt yet, and no bundle."""
    desk.drive(desk.lane.leaves)
    desk.drive(desk.lane.arrives)
    desk.drive(desk.lane.reads, "LP4402")
    desk.drive(desk.lane.immigration_clears)
    expect(desk.tab.locator("#vrn")).to_have_text("LP4402")
    desk.button("release").click()
    warned = desk.tab.locator("#dialog-release .warned")
    expect(warned).to_contain_text("no bundle that can be used, and Unladen was not pressed")
    expect(warned).to_contain_text("manifest has not been dropped")


def test_the_history_names_the_officer_who_cleared_by_hand(desk: Desk) -> None:
    """And his reason, in the language of the page."""
    desk.tab.keyboard.press("F9")
    desk.tab.locator("#dialog-take_over").wait_for()
    desk.tab.keyboard.press("1")
    desk.tab.keyboard.press("Enter")
    expect(desk.tab.locator("#dialog-take_over")).to_be_hidden()
    desk.drive(desk.lane.leaves)
    line = desk.tab.locator("#past tbody tr").first
    expect(line).to_contain_text("cleared by hand: chan")
    expect(line).to_contain_text("Cleared on paper")
    expect(line).not_to_contain_text("以紙本清關")


@pytest.mark.parametrize("said", ["2001-01-01T00:00:00Z", "2038-01-19T03:14:07Z"])
def test_a_workstation_whose_clock_is_wrong_sees_what_everybody_sees(desk: Desk, browser: Any, said: str) -> None:
    """Ages and times are the box's: decades off, the page is neither stale nor late, and its history has the same times."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, timezone_id="America/Anchorage")
    context.add_init_script(f"""
        const Real = Date, off = Real.parse("{said}") - Real.now();
        window.Date = class extends Real {{
            constructor(...a) {{ a.length ? super(...a) : super(Real.now() + off); }}
            static now() {{ return Real.now() + off; }}
        }};
    """)
    other = Desk(desk.served, context.new_page())
    other.log_in()
    for words in ("#state", "#past tbody", "#link"):
        expect(other.tab.locator(words)).to_have_text(desk.tab.locator(words).inner_text(), use_inner_text=True)
    assert other.tab.evaluate("new Date().getUTCFullYear()") == int(said[:4])
    expect(other.tab.locator("body")).not_to_have_class("stale")
    context.close()


@EACH_WINDOW
def test_no_picture_lies_over_a_plate(desk: Desk, size: tuple[int, int]) -> None:
    """The reader keeps two pictures of a vehicle; beside each other they had covered the Mainland plate's last characters."""
    desk.tab.set_viewport_size({"width": size[0], "height": size[1]})
    expect(desk.tab.locator("#visit-evidence img")).to_have_count(2)
    covered = desk.tab.evaluate("""() => {
        const box = (one) => one.getBoundingClientRect();
        const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
        const plates = [...document.querySelectorAll("#vrn, #mainland, #read, #identifiers")];
        const pictures = [...document.querySelectorAll("#visit-evidence .thumb, #visit-evidence img")];
        return plates.flatMap((plate) => pictures.filter((one) => over(box(plate), box(one))).map(() => plate.id));
    }""")
    assert covered == []
