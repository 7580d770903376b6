"""The page over HTTP, without a browser: who gets in, what is refused, what every answer carries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.errors import ConsoleSettingsError
from console.officers import OfficerBook
from console.server import ConsoleServer
from console.settings import ConsoleSettings
from lane_agent import events as e
from lane_agent.model import Contact
from runtime.toml_table import TableReader
from tests.rigs.page_client import PASSWORD, PageClient, log_in


class Page(PageClient):
    """One behind which the lane goes on after each request."""

    def post(self, path: str, **asked: Any) -> httpx.Response:
        """Asks for something."""
        answer = super().post(path, **asked)
        self.served.drive(self.served.lane.happens)  # nothing more, but what follows from it
        return answer

    def close(self) -> None:
        """Ends its connections."""
        self.http.close()


@pytest.fixture
def client(serve: Callable[..., Any]) -> Iterator[httpx.Client]:
    """Somebody without a login."""
    with httpx.Client(base_url=serve().url) as somebody:
        yield somebody


@pytest.fixture
def page(serve: Callable[..., Any]) -> Iterator[Page]:
    """A page with a vehicle in the lane, read and cleared by Immigration."""
    served = serve()
    served.drive(served.lane.arrives)
    served.drive(served.lane.reads, "MK8271")
    served.drive(served.lane.immigration_clears)
    shown = Page(served)
    yield shown
    shown.close()


def test_every_answer_forbids_the_browser_what_we_do_not_need(serve: Callable[..., Any]) -> None:
    """No inline script, no frame, no foreign source, nothing stored; also on errors and for our own files."""
    url = serve().url
    for path in ("/login", "/nowhere", "/static/lane.js", "/events", "/picture/lane"):
        headers = httpx.get(url + path).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_nothing_of_the_lane_is_seen_without_a_login(serve: Callable[..., Any]) -> None:
    """Neither the page nor its stream nor its pictures."""
    url = serve().url
    assert httpx.get(f"{url}/").headers["location"] == "/login"
    for path in ("/events", "/picture/lane", "/picture/screen/xdb", f"/picture/evidence/{'0' * 64}"):
        assert httpx.get(url + path).status_code == 401


def test_watching_without_a_login_is_only_watching(serve: Callable[..., Any]) -> None:
    """Where the settings allow it on loopback; actions and pictures of vehicles still need an officer."""
    url = serve(view_without_login=True).url
    assert "Log in" in httpx.get(f"{url}/").text
    assert httpx.get(f"{url}/picture/lane").status_code == 200
    assert httpx.get(f"{url}/picture/evidence/{'0' * 64}").status_code == 401
    assert httpx.post(f"{url}/action", json={"action": "open"}).status_code == 401


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: httpx.Client) -> None:
    """And a login changes it."""
    cookies = [log_in(client).headers["set-cookie"] for _ in range(2)]
    assert all("HttpOnly" in cookie and "SameSite=strict" in cookie for cookie in cookies)
    assert cookies[0] != cookies[1]


def test_a_wrong_password_is_refused_and_guessing_is_slowed(client: httpx.Client, clock: Any) -> None:
    """Known and unknown names are told the same; then there is a wait, after which the right password works."""
    told = [log_in(client, name, "wrong") for name in ("chan", "nobody", "chan")]
    assert {answer.status_code for answer in told} == {401}
    assert all("Wrong name or password." in answer.text for answer in told)
    slowed = log_in(client)
    assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "1")
    clock.ms += 1_000
    assert log_in(client).status_code == 303


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"X-CSRF-Token": "guessed"}]
)
def test_a_request_from_another_site_is_refused(page: Page, headers: dict[str, str]) -> None:
    """Even with the officer's cookie."""
    answer = page.http.post(
        "/action", json={"action": "order_manual", "reason": "because"}, headers=page.headers | headers
    )
    assert answer.status_code == 403
    assert page.served.acted == []


def test_a_page_asked_for_by_a_foreign_name_is_refused(serve: Callable[..., Any]) -> None:
    """DNS rebinding gets nowhere, with or without a login."""
    url = serve(view_without_login=True).url
    assert httpx.get(f"{url}/picture/lane", headers={"Host": "evil.example"}).status_code == 400


def test_a_release_is_an_event_of_this_officer_for_this_visit(page: Page) -> None:
    """The name comes from the session; the reason is kept."""
    view = page.view()
    answer = page.post(
        "/action", action="release", visit=4181, basis=view["basis"], reason="Paper  manifest\nchecked", read=True
    )
    assert answer.json()["accepted"]
    assert page.served.acted == [e.OfficerReleased(4181, "chan", "Paper manifest checked")]


def test_an_action_about_a_visit_that_is_over_is_refused_in_words(page: Page) -> None:
    """The truck after it is another truck."""
    asked = {"action": "inspect", "visit": 4181, "reason": "Control room's instruction"}
    page.served.drive(page.served.lane.leaves)
    gone = page.post("/action", **asked)
    page.served.drive(page.served.lane.arrives)
    other = page.post("/action", **asked)
    assert (gone.status_code, other.status_code) == (409, 409)
    assert "Visit 4181 is over. No vehicle" in gone.json()["words"]
    assert "another vehicle (visit 4182)" in other.json()["words"]
    assert page.served.acted == []


def test_a_release_decided_on_what_has_changed_is_refused(page: Page) -> None:
    """The lane learnt something while the dialog was open."""
    basis = page.view()["basis"]
    page.served.drive(page.served.lane.pulse, Contact.IMMIGRATION_STARTED)
    late = page.post("/action", action="release", visit=4181, basis=basis, reason="manifest checked")
    unread = page.post("/action", action="release", visit=4181, basis=page.view()["basis"], reason="manifest checked")
    assert (late.status_code, unread.status_code) == (409, 409)
    assert "something changed" in late.json()["words"]
    assert "read the warnings" in unread.json()["words"]
    assert page.served.acted == []


def test_the_lane_alone_refuses_and_the_refusal_is_in_its_journal(page: Page) -> None:
    """Its words reach the officer; the page has no rule of its own."""
    page.served.drive(page.served.lane.pulse, Contact.IMMIGRATION_STARTED)
    entries, basis = len(page.served.lane.journal.entries), page.view()["basis"]
    answer = page.post("/action", action="release", visit=4181, basis=basis, reason="manifest checked", read=True)
    why = "Immigration has not cleared this visit, or it is leaving"
    assert (answer.status_code, answer.json()["words"]) == (409, f"Not done. {why}.")
    (refused,) = page.served.lane.journal.entries[entries:]
    assert b"OfficerReleased" in refused
    assert why.encode() in refused
    assert page.served.acted == []


def test_an_officer_may_release_while_a_bundle_expires_within_the_clocks_uncertainty(page: Page) -> None:
    """The lane takes the bundle for ended and knows no stop: neither does the server."""
    lane, now = page.served.lane, page.served.clock.now().utc_ms
    lane.add_bundle("MK8271", "inspect", valid_until_ms=now + lane.codes.slack_ms)
    page.served.drive(lane.codes_change, "MK8271")
    view = page.view()
    assert view["visit"]["stops"] == []
    answer = page.post(
        "/action", action="release", visit=4181, basis=view["basis"], reason="manifest checked", read=True
    )
    assert answer.json()["accepted"]
    assert page.view()["visit"]["outcome"]["says"] == "Released"
    assert page.served.acted == [e.OfficerReleased(4181, "chan", "manifest checked")]


def test_a_code_that_changes_after_the_release_used_its_bundle_stops_the_vehicle_on_the_page_too(page: Page) -> None:
    """The bundle was used by this very visit, which the lane counts as unused (design §2.4)."""
    lane = page.served.lane
    bundle = lane.add_bundle("MK8271", "release")
    page.served.drive(lane.codes_change, "MK8271")
    page.post("/action", action="release", visit=4181, basis=page.view()["basis"], reason="manifest checked", read=True)
    assert lane.journal.uses == {bundle.ubr: lane.visit_key()}
    lane.add_bundle("MK8271", "inspect", ubr=bundle.ubr)
    page.served.drive(lane.codes_change, "MK8271")
    view = page.view()
    assert view["visit"]["stops"] == ["CCRN 2001067889 has action code “inspect”."]
    assert [one["state"] for one in view["visit"]["codes"]["bundles"]] == ["live"]
    assert view["why_not"]["release"]


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "release", "visit": 4181},
        {"action": "inspect", "visit": "4181", "reason": "profile"},
        {"action": "inspect", "visit": 4181, "reason": "profile", "officer": "wong"},
        {"action": "inspect", "visit": 4181, "reason": " x\u0000 "},
        {"action": "inspect", "visit": 4181, "reason": "x" * 201},
        {"action": "correct", "visit": 4181, "vrn": "粤Z7K83港", "reason": "seen"},
        {"action": "correct", "visit": 4181, "vrn": "!", "reason": "seen"},
        {"action": "dance"},
        {},
    ],
)
def test_what_is_not_in_order_is_refused(page: Page, asked: dict[str, Any]) -> None:
    """Missing, unknown or odd fields; a name in the request; no reason; a mark that is none of Hong Kong's."""
    assert page.post("/action", **asked).status_code == 422
    assert page.served.acted == []


def test_a_corrected_mark_is_normalised(page: Page) -> None:
    """Blanks, case and letters that are never issued do not matter."""
    assert page.post("/action", action="correct", visit=4181, vrn=" mk 8O71 ", reason="read at the vehicle").is_success
    assert page.served.acted == [e.OfficerCorrected(4181, "chan", "MK8071", "read at the vehicle")]


def test_the_lanes_own_actions_reach_the_lane(page: Page) -> None:
    """Opening, closing, manual mode, a stuck loop, a vehicle announced over it, and the help call."""
    page.served.drive(page.served.lane.pulse, Contact.HELP)
    for asked in (
        {"action": "answer"},
        {"action": "end_call", "reason": "Question answered"},
        {"action": "order_manual", "reason": "Exercise"},
        {"action": "bypass", "loop": "stop_loop", "reason": "Loop stuck on"},
        {"action": "take_over", "visit": 4181, "reason": "Turned back"},
        {"action": "announce"},
        {"action": "restore", "loop": "stop_loop", "reason": "Repaired"},
        {"action": "end_manual"},
        {"action": "close", "reason": "End of shift"},
        {"action": "open"},
    ):
        assert page.post("/action", **asked).json()["accepted"], asked
    assert page.served.acted == [
        e.HelpAnswered("chan"),
        e.HelpEnded("chan", "Question answered"),
        e.ManualOrdered("chan", "Exercise"),
        e.LoopBypassed(Contact.STOP_LOOP, bypassed=True, officer="chan", reason="Loop stuck on"),
        e.OfficerTookOver(4181, "chan", "Turned back"),
        e.VehicleAnnounced("chan"),
        e.LoopBypassed(Contact.STOP_LOOP, bypassed=False, officer="chan", reason="Repaired"),
        e.ManualEnded("chan"),
        e.LaneClosed("chan", "End of shift"),
        e.LaneOpened("chan"),
    ]


def test_only_a_loop_can_be_bypassed(page: Page) -> None:
    """Not Immigration's signal, says the lane; and nothing that is no contact."""
    page.post("/action", action="order_manual", reason="Exercise")
    answer = page.post("/action", action="bypass", loop="immigration_cleared", reason="stuck")
    assert (answer.status_code, answer.json()["words"]) == (409, "Not done. Only a loop can be bypassed.")
    assert page.post("/action", action="bypass", loop="window", reason="stuck").status_code == 422


def test_a_dialog_that_was_left_open_keeps_no_page_from_locking(page: Page) -> None:
    """The page itself says every two seconds that it is open; nobody may be there any more."""
    for _ in range(100):
        page.served.clock.ms += 10_000
        assert page.post("/deciding", act="release", visit=4181).is_success
    assert page.view()["you"]["locked"] is True


def test_an_idle_page_locks_its_actions_but_goes_on_watching(page: Page) -> None:
    """A help call must not ring on a page that logged itself out; the password unlocks it."""
    page.served.clock.ms += 900_000
    assert page.post("/action", action="order_manual", reason="Exercise").status_code == 423
    assert page.view()["you"] | {"officer": "chan", "locked": True} == page.view()["you"]
    assert page.post("/unlock", password="wrong").status_code == 401
    assert page.post("/unlock", password=PASSWORD).is_success
    assert page.post("/action", action="order_manual", reason="Exercise").is_success


def test_being_there_keeps_the_page_unlocked_and_a_shift_ends_it(page: Page) -> None:
    """Watching alone does not; after twelve hours the officer logs in again."""
    page.served.clock.ms += 800_000
    assert page.post("/here").is_success
    page.served.clock.ms += 800_000
    assert page.post("/here").is_success
    page.served.clock.ms += 43_200_000
    assert page.http.get("/events").status_code == 401


def test_an_officer_who_leaves_locks_the_page_and_comes_back_with_the_password(page: Page) -> None:
    """At once, and not after the idle time; watching goes on."""
    assert page.post("/lock").is_success
    assert page.view()["you"]["locked"]
    assert page.post("/action", action="order_manual", reason="Exercise").status_code == 423
    assert page.post("/here").status_code == 423
    assert page.post("/lock").status_code == 423
    assert page.post("/unlock", password=PASSWORD).is_success
    assert not page.view()["you"]["locked"]


@pytest.mark.parametrize("change", ["removed", "new password", "logged out"])
def test_a_session_ends_with_its_officer_password_or_logout(page: Page, change: str) -> None:
    """At the next request."""
    if change == "removed":
        page.served.officers.remove("chan")
    elif change == "new password":
        page.served.officers.add("chan", "another good password")
    else:
        page.post("/logout")
    assert page.http.get("/picture/lane").status_code == 401
    assert page.post("/action", action="order_manual", reason="Exercise").status_code == 401


def test_each_view_of_evidence_is_logged_with_who_and_why(page: Page) -> None:
    """Domain §8; a picture that is gone, or a name that is none, is told as such."""
    digest = page.view()["visit"]["evidence"][0]
    assert page.http.get(f"/picture/evidence/{digest}").headers["content-type"] == "image/jpeg"
    assert page.http.get(f"/picture/evidence/{digest}?as=opened").is_success
    assert page.http.get(f"/picture/evidence/{'0' * 64}").status_code == 404
    assert page.http.get("/picture/evidence/..%2f..%2fetc%2fpasswd").status_code == 404
    logged = [(one.officer, one.digest, one.purpose) for one in page.served.viewed]
    assert logged == [("chan", digest, "thumbnail"), ("chan", digest, "opened"), ("chan", "0" * 64, "thumbnail")]


def test_the_live_picture_tells_its_age_and_its_absence(page: Page) -> None:
    """A frozen picture must not look live."""
    assert page.http.get("/picture/lane").headers["x-age-ms"] == "120"
    page.served.lane.camera_works = False
    assert page.http.get("/picture/lane").status_code == 204
    assert page.http.get("/picture/screen/aiop").headers["content-type"] == "image/png"
    assert page.http.get("/picture/screen/tv").status_code == 404


def test_an_alarm_is_acknowledged_by_name(page: Page) -> None:
    """And one that is no longer listed says so."""
    page.served.drive(page.served.lane.pulse, Contact.HELP)
    (alarm,) = page.view()["alarms"]
    assert page.post("/acknowledge", alarm=alarm["id"]).is_success
    assert page.view()["alarms"][0]["seen_by"] == "chan"
    assert page.post("/acknowledge", alarm="boot-1-99").status_code == 409


def test_a_message_from_the_centre_is_acknowledged_by_name(page: Page) -> None:
    """It is listed by itself, not among the alarms."""
    before = page.view()["alarms"]
    page.served.drive(page.served.lane.happens, e.WordsReceived("wong@centre", "road closed"))
    (message,) = page.view()["messages"]
    assert (message["issuer"], message["text"], message["seen_by"]) == ("wong@centre", "road closed", "")
    assert page.view()["alarms"] == before
    assert page.post("/acknowledge", alarm=message["id"]).is_success
    assert page.view()["messages"][0]["seen_by"] == "chan"


def test_a_real_lane_has_no_simulation(page: Page) -> None:
    """Neither on the page nor at the server."""
    assert "Simulation" not in page.http.get("/").text
    assert page.post("/simulation", do="link", up=False).status_code == 404


def test_a_demonstration_drives_its_world(serve: Callable[..., Any], request: pytest.FixtureRequest) -> None:
    """The link, the driver, the next truck; an unknown scenario is refused."""
    page = Page(serve(world=True))
    request.addfinalizer(page.close)
    assert page.post("/simulation", do="link", up=False).is_success
    assert page.post("/simulation", do="press", control="help").is_success
    assert page.post("/simulation", do="truck", scenario="laden").is_success
    assert page.post("/simulation", do="truck", scenario="tank").status_code == 422
    view = page.view()
    assert (view["world"], view["help"]["state"], view["headline"]["mode"]) == (
        {"link_up": False, "queue": 1},
        "ringing",
        "Manual",
    )


def test_a_long_request_is_refused(page: Page) -> None:
    """No request of this page is long."""
    assert page.post("/action", action="close", reason="x" * 20_000).status_code == 413


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"host": "0.0.0.0"}, "host"),
        ({"host": "0.0.0.0"}, "names"),
        ({"host": "192.0.2.7", "view_without_login": True}, "view_without_login"),
        ({"tls_certificate": "missing.pem"}, "tls_key"),
        ({"tls_certificate": "missing.pem"}, "tls_certificate"),
        ({"idle_s": 0}, "idle_s"),
        ({"port": 70_000}, "port"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(settings: dict[str, Any], key: str, tmp_path: Path) -> None:
    """Each with what to do."""
    OfficerBook(tmp_path / "o.json").add("chan", "a long walk to the lane")
    reader = TableReader(tmp_path, on_this_box=True)
    reader.read(ConsoleSettings, {"officers": "o.json", **settings})
    assert key in {problem.key for problem in reader.problems()}
    assert all(problem.remedy for problem in reader.problems())


def test_a_page_without_tls_is_not_served_to_the_network(page: Page, tmp_path: Path) -> None:
    """Settings made by a program are checked, too, before anything listens."""
    chosen = ConsoleSettings(officers=tmp_path / "o.json", host="192.0.2.7")
    server = ConsoleServer(page.served.server._server.config.app, page.served.server._stream, chosen)
    with pytest.raises(ConsoleSettingsError, match=r"host: 192\.0\.2\.7 can be reached from outside"):
        server.bind()


def test_a_port_in_use_is_told_before_the_lane_opens(page: Page, serve: Callable[..., Any]) -> None:
    """With the address and the remedy."""
    port = int(page.served.url.rsplit(":", 1)[1])
    chosen = ConsoleSettings(officers=Path("o.json"), port=port)
    server = ConsoleServer(page.served.server._server.config.app, page.served.server._stream, chosen)
    with pytest.raises(ConsoleSettingsError, match=rf"cannot listen on 127.0.0.1:{port} .*choose another"):
        server.bind()
