"""`docs/page.openapi.json`: every request that the officers' page answers, as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1).

The bodies are those types by which the page reads a request. A route that is missing here, or one too many, is a test that fails.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from console.acts import REQUESTS
from console.call_routes import CallOffer, DriverHeard
from console.listen_routes import ListenNumber, ListenOffer
from console.login import PageLanguage, PagePassword
from console.requests import (
    AcknowledgeAlarm,
    CloseAlarm,
    DecidingRequest,
    SecondRequest,
    ShelveAtLane,
    SimulationRequest,
)
from lane_agent.model import Screen
from tools.docs.contract.channels import VERSION

FILE: Final = "page.openapi.json"
_REFS: Final = "#/components/schemas/{name}"


class RequestOutcome(msgspec.Struct, frozen=True):
    """What became of a request; `words` are for the officer, in the language of his page."""

    accepted: bool
    words: str


class CallOutcome(msgspec.Struct, frozen=True):
    """What became of an answered call; `sdp` is the box's session description, "" without a voice."""

    accepted: bool
    words: str
    attempt: int
    sdp: str


class ListenOutcome(msgspec.Struct, frozen=True):
    """What became of a wish to listen; `sdp` is the box's session description."""

    accepted: bool
    words: str
    number: int
    sdp: str


class Challenge(msgspec.Struct, frozen=True):
    """What a wall signs to enter, and for which lane."""

    challenge: str
    lane: str


class LoginForm(msgspec.Struct, frozen=True):
    """The form of the login page; `token` belongs to the browser that loaded it."""

    name: str
    password: str
    token: str


class Ticket(msgspec.Struct, frozen=True):
    """A wall's signed ticket, base64url."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One request.

    Attributes:
        says: what it does.
        body: what it sends; None for nothing.
        form: it comes from a form, and not as JSON.
        gives: media types of what a good one gives; "" for nothing.
        outcome: the type of a JSON answer.
        good: statuses of a good one.
        refused: statuses of one that is refused.
        session: without a session it is refused (401).
        token: it changes something, and carries the session's token.
    """

    says: str
    body: Any = None
    form: bool = False
    gives: tuple[str, ...] = ("application/json",)
    outcome: Any = RequestOutcome
    good: tuple[int, ...] = (200,)
    refused: tuple[int, ...] = ()
    session: bool = True
    token: bool = False


_ACT = (401, 403, 409, 422, 423)
_HTML = ("text/html",)
_PICTURES = ("image/jpeg", "image/png")


def _act(says: str, body: Any, *refused: int) -> Operation:
    """Of an officer whose page is not locked."""
    return Operation(says=says, body=body, refused=(*_ACT, *refused), token=True)


def _picture(says: str, *gives: str, good: tuple[int, ...] = (200,), refused: tuple[int, ...] = (401,)) -> Operation:
    return Operation(says=says, gives=gives, outcome=None, good=good, refused=refused)


OPERATIONS: Final[dict[tuple[str, str], Operation]] = {
    ("GET", "/"): Operation(
        says="The lane's page; whoever may not see it is sent to the login.",
        gives=_HTML,
        outcome=None,
        good=(200, 303),
        session=False,
    ),
    ("GET", "/login"): Operation(says="The login form.", gives=_HTML, outcome=None, session=False),
    ("POST", "/login"): Operation(
        says="Logs in: 303 to the page, with the session's cookie; else the form again, with what was wrong.",
        body=LoginForm,
        form=True,
        gives=_HTML,
        outcome=None,
        good=(303,),
        refused=(400, 401, 403, 429, 503),
        session=False,
    ),
    ("POST", "/logout"): Operation(says="Ends the session.", refused=(403,), session=False, token=True),
    ("POST", "/language"): Operation(
        says="Keeps the language in the browser.", body=PageLanguage, refused=(403, 422), session=False, token=True
    ),
    ("POST", "/lock"): Operation(says="Locks the page: its officer leaves it.", refused=(401, 403, 423), token=True),
    ("POST", "/unlock"): Operation(
        says="Unlocks a page that has locked itself.", body=PagePassword, refused=(401, 403, 422, 429, 503), token=True
    ),
    ("POST", "/here"): Operation(says="The officer is there: puts off the lock.", refused=(401, 403, 423), token=True),
    ("GET", "/events"): Operation(
        says="The view of the lane, whole, at each change and every few seconds, as server-sent events; endless.",
        gives=("text/event-stream",),
        outcome=None,
        refused=(401,),
    ),
    ("GET", "/picture/lane"): _picture(
        "The newest picture of the lane; its age in X-Age-Ms. 204 while there is none.", "image/jpeg", good=(200, 204)
    ),
    ("GET", "/picture/lane/stream"): _picture(
        "A small picture a second: 4 bytes age in ms, 4 bytes length, JPEG; big-endian; endless.",
        "application/octet-stream",
    ),
    ("GET", "/picture/lane/live"): _picture(
        "Every picture of the camera as it made them, H.264; their form is in console/live.py; endless. 409 where there is none.",
        "application/octet-stream",
        refused=(401, 409),
    ),
    ("GET", "/picture/screen/{screen}"): _picture(
        "What a screen shows the driver. 204 if it cannot be told.", "image/png", good=(200, 204), refused=(401, 404)
    ),
    ("GET", "/picture/evidence/{digest}"): _picture(
        "A picture that a visit kept; the look is written down.", *_PICTURES, refused=(401, 404)
    ),
    ("GET", "/picture/plate/{visit}"): _picture(
        "The plate as the reader cut it out; the look is written down.", *_PICTURES, refused=(401, 404)
    ),
    ("POST", "/action"): _act("An officer's act; the lane alone judges whether it may be done now.", REQUESTS),
    ("POST", "/second"): _act("Approves or refuses what another officer asked for.", SecondRequest),
    ("POST", "/deciding"): Operation(
        says="A dialog is open: the other pages show by whom.",
        body=DecidingRequest,
        refused=(401, 403, 422),
        token=True,
    ),
    ("POST", "/acknowledge"): _act("Takes alarms.", AcknowledgeAlarm),
    ("POST", "/close-alarm"): _act("Closes alarms that do not end by themselves.", CloseAlarm),
    ("POST", "/shelve-alarm"): _act("Shelves alarms for a while.", ShelveAtLane),
    ("POST", "/simulation"): _act("Demonstrations alone: the simulated world.", SimulationRequest, 404),
    ("POST", "/call/answer"): Operation(
        says="Answers the driver's call, from a locked page as well.",
        body=CallOffer,
        outcome=CallOutcome,
        refused=(401, 403, 409, 422),
        token=True,
    ),
    ("POST", "/call/heard"): Operation(
        says="Sound of the driver has come.", body=DriverHeard, refused=(401, 403, 422), token=True
    ),
    ("POST", "/call/end"): Operation(
        says="Ends the call that this page answered.", refused=(401, 403, 409, 423), token=True
    ),
    ("POST", "/call/listen"): Operation(
        says="Listens at the kiosk, once the driver's panel says so; where the site allows it.",
        body=ListenOffer,
        outcome=ListenOutcome,
        refused=(401, 403, 409, 422, 423),
        token=True,
    ),
    ("POST", "/call/listening"): Operation(
        says="This page listens still; `accepted` is false where it does not.",
        body=ListenNumber,
        refused=(401, 403, 422, 423),
        token=True,
    ),
    ("POST", "/call/stop-listening"): Operation(
        says="Listens no more.", body=ListenNumber, refused=(401, 403, 422), token=True
    ),
    ("GET", "/wall/challenge"): Operation(
        says="Something for a wall to sign; anybody may have one.", outcome=Challenge, session=False
    ),
    ("POST", "/wall/enter"): Operation(
        says="Lets somebody in whom a wall brings.",
        body=Ticket,
        form=True,
        gives=_HTML,
        outcome=None,
        refused=(400, 403),
        session=False,
    ),
}
"""By method and path."""

_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "screen": {"enum": [screen.value for screen in Screen]},
    "digest": {"pattern": "^[0-9a-f]{64}$"},
    "visit": {"pattern": "^[1-9][0-9]{0,9}$"},
}


def page_requests(lane: str = "LANE") -> dict[str, Any]:
    """The document; `lane` is the lane's name, which is in the name of the session's cookie."""
    bodies = [one.body for one in OPERATIONS.values() if one.body is not None]
    outcomes = [one.outcome for one in OPERATIONS.values() if one.outcome is not None]
    _, components = msgspec.json.schema_components([*bodies, *outcomes, RequestOutcome], ref_template=_REFS)
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), one in OPERATIONS.items():
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Officers' page of a lane", "version": VERSION, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": f"rocars-{lane}"},
                "token": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
            },
        },
    }


_ABOUT: Final = (
    "One lane's page. It is not versioned: page and agent are of one installation. "
    "A request with a field that is not named here is refused (422)."
)


def _operation(method: str, path: str, one: Operation) -> dict[str, Any]:
    """One request as OpenAPI has it."""
    found: dict[str, Any] = {"operationId": _name(method, path), "summary": one.says}
    names = re.findall(r"{(\w+)}", path)
    if names:
        found["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"} | _PARAMETERS[name]}
            for name in names
        ]
    if one.body is not None:
        kind = "application/x-www-form-urlencoded" if one.form else "application/json"
        (schema,), _ = msgspec.json.schema_components([one.body], ref_template=_REFS)
        found["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}
    found["security"] = [{"session": []} | ({"token": []} if one.token else {})] if one.session else []
    found["responses"] = {str(status): _answer(one, status) for status in (*one.good, *one.refused)}
    return found


def _answer(one: Operation, status: int) -> dict[str, Any]:
    if status in {204, 303}:
        return {"description": "Nothing there." if status == 204 else "See `Location`."}
    if status in one.refused and "text/html" not in one.gives:
        return {"description": "Refused.", "content": {"application/json": {"schema": _reference(RequestOutcome)}}}
    if status in one.refused:
        return {"description": "Refused."}
    schema = {} if one.outcome is None else {"schema": _reference(one.outcome)}
    return {"description": "Done.", "content": {kind: schema for kind in one.gives}}


def _reference(kind: type) -> dict[str, str]:
    return {"$ref": _REFS.format(name=kind.__name__)}


def _name(method: str, path: str) -> str:
    return "-".join([method.lower(), *re.findall(r"\w+", path)])


def page_requests_text() -> str:
    """The file's text."""
    return json.dumps(page_requests(), indent=1, ensure_ascii=False) + "\n"
