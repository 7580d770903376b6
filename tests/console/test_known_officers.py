"""An outsider who guesses passwords, or opens streams, keeps no officer out; and is slowed all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.console.test_console_http import Page
from tests.rigs.page_client import PASSWORD, log_in

OUTSIDE = "127.0.0.2"
"""Another address than the officer's, on the same loopback."""


@pytest.fixture
def browser_at(serve: Callable[..., Any]) -> Iterator[Callable[..., httpx.Client]]:
    """Browsers of one page, at addresses of their own."""
    served = serve()
    with ExitStack() as opened:

        def browser(address: str = "127.0.0.1") -> httpx.Client:
            transport = httpx.HTTPTransport(local_address=address)
            client = httpx.Client(base_url=served.url, transport=transport, timeout=20)
            return opened.enter_context(client)

        yield browser


def guesses(client: httpx.Client, times: int = 6) -> list[int]:
    """Wrong passwords for the officer; the answers."""
    return [log_in(client, "chan", f"guess {number} of many").status_code for number in range(times)]


def test_wrong_passwords_from_elsewhere_keep_no_officer_out(browser_at: Callable[..., httpx.Client]) -> None:
    """A first try from a quiet place is judged, whatever others do with that name."""
    assert guesses(browser_at(OUTSIDE)) == [401, 401, 401, 429, 429, 429]
    assert log_in(browser_at()).status_code == 303


def test_who_has_been_known_here_gets_in_from_the_place_of_the_guessing(
    browser_at: Callable[..., httpx.Client],
) -> None:
    """The browser that an officer has used before waits for its own failures alone; any other one there waits."""
    known = browser_at(OUTSIDE)
    assert log_in(known).status_code == 303
    guesses(browser_at(OUTSIDE))
    assert log_in(browser_at(OUTSIDE)).status_code == 429
    assert log_in(known).status_code == 303


def test_a_known_browser_may_not_guess_for_ever(browser_at: Callable[..., httpx.Client]) -> None:
    """Nor do its guesses make the officer wait elsewhere."""
    known = browser_at()
    log_in(known)
    assert guesses(known) == [401, 401, 401, 429, 429, 429]
    assert log_in(browser_at(OUTSIDE)).status_code == 303


@pytest.mark.parametrize("spoilt", ["another password", "another name", "forged", "cut"])
def test_only_what_this_box_signed_for_this_officer_is_known(
    browser_at: Callable[..., httpx.Client], officers: Any, spoilt: str
) -> None:
    """A mark ends with the password; that of one officer is none of another's."""
    known = browser_at(OUTSIDE)
    log_in(known)
    (name,) = [name for name in known.cookies if name.endswith("known-chan")]
    mark = known.cookies[name]
    officers.add("wong", PASSWORD)
    if spoilt == "another password":
        officers.add("chan", "another good password")
    known.cookies.delete(name)
    forged = {"forged": mark[:-1] + ("0" if mark[-1] != "0" else "1"), "cut": mark[:5]}.get(spoilt, mark)
    wrong = {"another name": "wong"}.get(spoilt, "chan")
    known.cookies.set(name.replace("chan", wrong), forged, domain="127.0.0.1")
    guesses(browser_at(OUTSIDE))
    password = "another good password" if spoilt == "another password" else PASSWORD
    assert log_in(known, wrong, password).status_code == 429


def test_a_locked_session_is_unlocked_while_others_guess(
    serve: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    """The officer at the lane gives the password again, and is heard."""
    page = Page(serve())
    request.addfinalizer(page.close)
    with httpx.Client(base_url=page.served.url) as outsider:
        guesses(outsider)
    page.served.clock.ms += 900_000
    with httpx.Client(base_url=page.served.url) as outsider:
        guesses(outsider)
    assert page.post("/unlock", password=PASSWORD).is_success


def test_a_crowd_of_outsiders_takes_no_turn_from_a_known_officer(browser_at: Callable[..., httpx.Client]) -> None:
    """Ten of ten get in while twelve addresses guess as fast as they can; one of forty-five did."""
    known, over = browser_at(), threading.Event()
    assert log_in(known).status_code == 303

    def guess(client: httpx.Client) -> None:
        while not over.is_set():
            guesses(client, 1)

    crowd = [threading.Thread(target=guess, args=(browser_at(f"127.0.1.{number}"),)) for number in range(1, 13)]
    for one in crowd:
        one.start()
    try:
        assert [log_in(known).status_code for _ in range(10)] == [303] * 10
    finally:
        over.set()
        for one in crowd:
            one.join()


def opened(stack: ExitStack, client: httpx.Client) -> Iterator[str]:
    """A stream whose first view has come; its further lines."""
    lines = stack.enter_context(client.stream("GET", "/events")).iter_lines()
    assert any(line.startswith("data: ") for line in lines)
    return lines


def ends(lines: Iterator[str]) -> bool:
    """Whether a stream says that it is over."""
    return any(line == "event: over" for line in lines)


def test_the_newest_stream_of_a_session_replaces_its_oldest(browser_at: Callable[..., httpx.Client]) -> None:
    """Six of a session, then the first gives its place: no officer is locked out by pages left open."""
    known = browser_at()
    log_in(known)
    with ExitStack() as stack:
        streams = [opened(stack, known) for _ in range(8)]
        assert ends(streams[0])
        assert ends(streams[1])
        assert any(line.startswith("data: ") for line in streams[7])


def test_who_only_watches_takes_no_stream_from_an_officer(serve: Callable[..., Any]) -> None:
    """A thousand streams without a login leave eight, and the officer's own."""
    served = serve(view_without_login=True)
    with ExitStack() as stack, httpx.Client(base_url=served.url, timeout=20) as officer:
        assert log_in(officer).status_code == 303
        mine = opened(stack, officer)
        limits = httpx.Limits(max_connections=100)
        nobody = stack.enter_context(httpx.Client(base_url=served.url, limits=limits, timeout=20))
        streams = [opened(stack, nobody) for _ in range(30)]
        assert all(ends(lines) for lines in streams[:22])
        assert any(line.startswith("data: ") for line in mine)
        assert any(line.startswith("data: ") for line in streams[-1])
