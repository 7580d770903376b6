"""The description of the page's requests is right: what is made up by it, in order or not, is answered as it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from console.app import create_app
from console.officers import OfficerBook
from console.settings import ConsoleSettings
from simulation.night import ScriptedNight
from simulation.page_lane import PageLane
from tests.console.conftest import PASSWORD
from tests.console.test_call_routes import NotedVoice
from tests.console.test_every_route import WHO, routes
from tests.rigs.page import PATIENT, ManualClock, painted
from tools.docs.page_requests import OPERATIONS, page_requests

ENDLESS = {("GET", "/events"), ("GET", "/picture/lane/stream")}
LOGINS = {("POST", "/login"), ("POST", "/logout"), ("POST", "/lock"), ("POST", "/unlock"), ("POST", "/wall/enter")}
"""After one that is in order the next is another person's, or nobody's: tests/console/test_console_http.py."""
ELSEWHERE = {key for key in OPERATIONS if key[1].startswith(("/call/", "/wall/"))}
"""Of pages with a voice, or with walls."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


ASKED = sorted(set(OPERATIONS) - ENDLESS - LOGINS - ELSEWHERE)
CASES = [
    *((key, GenerationMode.POSITIVE) for key in ASKED),
    *((key, GenerationMode.NEGATIVE) for key in ASKED if OPERATIONS[key].body or "{" in key[1]),
]


def without_security(document: dict[str, Any]) -> dict[str, Any]:
    """Else session and token would be made up, too; who is refused without them, tests/console/test_every_route.py says."""
    for path in document["paths"].values():
        for operation in path.values():
            operation["security"] = []
    return document


class Officer:
    """Logged in at a served page, without a browser."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.document = openapi.from_dict(without_security(page_requests()))
        with httpx.Client(base_url=url) as client:
            token = client.get("/login").text.split('name="token" value="')[1].split('"')[0]
            client.post("/login", data={"name": "chan", "password": PASSWORD, "token": token})
            self._csrf = client.get("/").text.split('name="csrf" content="')[1].split('"')[0]
            self._cookies = dict(client.cookies)

    def asks(self, case: Any) -> None:
        """Sends it as the officer's browser would, and checks the answer."""
        headers = {"X-CSRF-Token": self._csrf}
        case.call_and_validate(base_url=self.url, headers=headers, cookies=self._cookies, checks=CHECKS)


@pytest.fixture
def officer(serve: Callable[..., Any]) -> Officer:
    """At a lane with a simulated world."""
    served = serve(world=True)
    return Officer(served.url)


@pytest.mark.parametrize(("key", "mode"), CASES, ids=str)
def test_whatever_a_request_says_it_is_answered_as_described(
    officer: Officer, key: tuple[str, str], mode: GenerationMode
) -> None:
    """Never a fault of the server, never a status, a type or a body that the description does not name."""
    method, path = key
    operation = officer.document[path][method]

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        officer.asks(case)

    ask()


def test_every_request_of_a_page_with_voice_and_walls_is_described(officers: OfficerBook, tmp_path: Path) -> None:
    """And none that it does not have."""
    lane = PageLane(clock=ManualClock(), paint=painted, policy=PATIENT)
    app, _ = create_app(
        feed=lane.page,
        settings=ConsoleSettings(officers=tmp_path / "officers.json", port=0, walls=tmp_path),
        officers=officers,
        ticks=ManualClock().ticks,
        viewed=lambda _: None,
        simulation=ScriptedNight(lane),
        voice=NotedVoice(lane),
    )
    assert set(routes(app)) == set(OPERATIONS)


def test_who_needs_a_session_is_described_as_the_page_has_it() -> None:
    """By the rules that the page's own test holds."""
    for key, who in WHO.items():
        assert (key, OPERATIONS[key].session) == (key, who != "anybody")
