"""Looking back: the pages `/look` and `/look/story`, drawn by the server, one language at a time.

Rules of this file:
- Who looks is written down before anything is asked: here (`looks`) and by the core, with the person's name. If it cannot be written
  down here, nothing is shown (domain §8).
- Where the core does not answer, the page says so and shows what this wall's own store has.
- A page that has locked itself shows nothing of the past until the password is given again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any, Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from console import words
from console.access import Access
from console.context import read
from console.errors import RequestRefusedError
from console.officers import OfficerRole
from console.sessions import Session
from console.times import lasted
from console.tongues import Both, in_tongue
from domain.marks import normalise
from domain.times import DAY_MS, expected_span, hong_kong, hong_kong_text
from lane_agent.model import Outcome
from wall.desk import WallDesk
from wall.endpoints import Endpoint
from wall.errors import PagesError, PastRefusedError
from wall.history import NeedDeed
from wall.needs import NeedKind
from wall.orders import CoreAwayError
from wall.paper_press import PaperPress
from wall.past import IN_LANE, FoundVisit, PastDesk, PastWanted
from wall.people import RIGHTS, May
from wall.present import Plain, one_of
from wall.story import doubt_words, outcome_words, story_view
from wall.story_paper import PaperJob, person, record_name
from wall.words import DEEDS, KINDS, ROLES, named_title
from wire.sealed_pages import with_seal

log = logging.getLogger("rocars.wall")

_LONGEST: Final = {"text": 32, "officer": 64, "lane": 64, "outcome": 32}
"""Characters of each field of the form."""


_UNSIGNED: Final = Both(
    "The core does not answer: nothing was exported. This page can be printed; a print is not signed.",
    "中央沒有回應，未有匯出。可列印此頁，惟列印本未經簽署。",
)
_NO_PAGES: Final = Both(
    "The pages could not be made. Export the signed record alone, or print this page; a print is not signed.",
    "未能製作頁面。可只匯出已簽署的紀錄，或列印此頁；列印本未經簽署。",
)


class WallPage(Protocol):
    """Draws a template of the wall."""

    def __call__(self, template: str, request: Request, *, status: int = 200, **values: object) -> Response:
        """The page in the language of the request."""


class ExportAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Export a story, and what for; without its pages it is the signed record alone."""

    visit: Annotated[str, msgspec.Meta(max_length=128)]
    purpose: Annotated[str, msgspec.Meta(max_length=200)]
    pages: bool = True


class LookRoutes:
    """The routes that look back."""

    def __init__(
        self, desk: WallDesk, past: PastDesk, *, access: Access, page: WallPage, role: Callable[[Session], OfficerRole]
    ) -> None:
        self._desk, self._past, self._access, self._page, self._role = desk, past, access, page, role
        self._officers, self._press = desk.officers, PaperPress()

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            Endpoint("/look", May.SEARCH, self._look, page=True),
            Endpoint("/look/story", May.SEARCH, self._story, page=True),
            Endpoint("/look/picture", May.SEARCH, self._picture),
            Endpoint("/look/export", May.SEARCH, self._export, post=True),
        ]

    def draw(
        self, template: str, request: Request, session: Session, *, status: int = 200, **values: object
    ) -> Response:
        """A page with its bar, for whoever is logged in; texts in one language."""
        tongue = self._access.tongue(request)
        role = self._role(session)
        return self._page(
            template,
            request,
            status=status,
            officer_shown=self._officers.shown(session.officer),
            role=in_tongue(ROLES[role], tongue),
            rights={one.name.lower() for one in RIGHTS[role]},
            csrf=session.csrf,
            locked=False,
            **{name: in_tongue(value, tongue) for name, value in values.items()},
        )

    def _person(self, name: str) -> str:
        """Somebody as others see them."""
        return person(name, self._officers.called())

    def _locked(self, request: Request, session: Session) -> Response | None:
        """The page that asks for the password, where this one has locked itself."""
        if not self._access.sessions.locked(session):
            return None
        return self.draw("locked.html", request, session, status=423)

    # --- searching -------------------------------------------------------------------------------------------------------

    async def _look(self, request: Request, session: Session) -> Response:
        if (locked := self._locked(request, session)) is not None:
            return locked
        asked = request.query_params
        wanted, form, problem = _wanted(dict(asked), self._desk.now_ms())
        values: Plain = {"form": form, "problem": problem, "away": "", "found": None, "more": False, "deeds": []}
        if asked and not problem:
            values |= await self._searched(session, wanted)
        outcomes = [(one.value, words.OUTCOMES[one].text) for one in Outcome]
        outcomes.append((IN_LANE, Both("Not ended", "未有離開紀錄")))
        values["now"] = hong_kong_text(self._desk.now_ms())
        return self.draw("look.html", request, session, lanes=list(self._desk.lanes), outcomes=outcomes, **values)

    async def _searched(self, session: Session, wanted: PastWanted) -> Plain:
        """What the core found; where it is away, what this wall wrote down itself."""
        detail = msgspec.json.encode({name: told for name, told in msgspec.structs.asdict(wanted).items() if told})
        self._desk.look(session.officer, "search", wanted.lane, detail.decode())
        try:
            found = await self._past.search(session.officer, wanted)
        except CoreAwayError as error:
            mark = "" if wanted.text.isdecimal() and len(wanted.text) == 10 else normalise(wanted.text)
            deeds = self._desk.history.past_needs(
                lane=wanted.lane, mark=mark, since_ms=wanted.since_ms, until_ms=wanted.until_ms
            )
            return {"away": str(error), "deeds": [self._deed(one) for one in deeds]}
        except PastRefusedError as error:
            return {"problem": told_nothing(error)}
        return {"found": [self._found(one) for one in found.visits], "more": found.more}

    def _found(self, one: FoundVisit) -> Plain:
        return {
            "key": one.key,
            "lane": one.lane,
            "time": hong_kong_text(one.first_ms),
            "took": lasted(one.left_ms - one.first_ms) if one.left_ms else "",
            "vrn": one.vrn,
            "near": one.near,
            "outcome": outcome_words(one.outcome, ended=one.ended),
            "level": _level(one.outcome),
            "cause": doubt_words(one.doubt),
            "officer": self._person(one.officer),
            "ubrs": ", ".join(one.ubrs),
        }

    def _deed(self, one: NeedDeed) -> Plain:
        kind = next((kind for kind in NeedKind if kind.word == one.kind), None)
        return {
            "time": hong_kong_text(one.at_ms),
            "lane": one.lane,
            "kind": KINDS[kind] if kind is not None else one.kind,
            "says": named_title(one.title).text,
            "vrn": one.vrn,
            "what": DEEDS.get(one.what, one.what),
            "who": self._person(one.who),
            "detail": one.detail,
        }

    # --- one visit -------------------------------------------------------------------------------------------------------

    async def _story(self, request: Request, session: Session) -> Response:
        if (locked := self._locked(request, session)) is not None:
            return locked
        visit, proving = request.query_params.get("visit", ""), "proof" in request.query_params
        values: Plain = {"visit": visit, "away": "", "problem": "", "story": None, "proof": None, "video": False}
        self._desk.look(session.officer, "story", visit.partition("/")[0], visit)
        try:
            told = await self._past.story(session.officer, visit)
            values["story"] = story_view(told, self._person)
            values["video"] = bool(self._desk.settings.wall.video_link)
            if proving:
                values["proof"] = msgspec.to_builtins(await self._past.proof(session.officer, visit))
        except CoreAwayError as error:
            values["away"] = str(error)
        except PastRefusedError as error:
            values["problem"] = told_nothing(error)
        now = hong_kong_text(self._desk.now_ms())
        return self.draw("story.html", request, session, status=404 if values["problem"] else 200, now=now, **values)

    async def _picture(self, request: Request, session: Session) -> Response:
        visit, picture = (request.query_params.get(name, "") for name in ("visit", "picture"))
        self._refuse_locked(session)
        self._desk.look(session.officer, "past picture", visit.partition("/")[0], f"{visit} {picture}")
        jpeg = await or_refused(self._past.picture(session.officer, visit, picture))
        return Response(jpeg, media_type="image/jpeg")

    async def _export(self, request: Request, session: Session) -> Response:
        asked = await read(request, ExportAsked)
        if not asked.purpose.strip():
            raise RequestRefusedError(422, Both("Say what it is for.", "請填寫用途。"))
        self._desk.look(session.officer, "export", asked.visit.partition("/")[0], f"{asked.visit}: {asked.purpose}")
        record = await or_refused(self._past.export(session.officer, asked.visit, asked.purpose.strip()), _UNSIGNED)
        name = record_name(record)
        if asked.pages:
            return _download(await self._sealed(session, asked.visit, record), f"{name}.pdf", "application/pdf")
        return _download(record.encode(), f"{name}.json", "application/json")

    async def _sealed(self, session: Session, visit: str, record: str) -> bytes:
        """The record's pages with the record inside, and the core's seal on all of it."""
        where = self._desk.settings.wall
        job = PaperJob(record, self._officers.called(), where.point, where.point_chinese)
        try:
            pages = await self._press.draw(job)
            hashes = {"record": sha256(record.encode()).hexdigest(), "pages": sha256(pages).hexdigest()}
            return with_seal(pages, (await self._past.seal(session.officer, visit, **hashes)).encode())
        except (PagesError, PastRefusedError, ValueError) as error:
            log.warning("visit %s could not be exported with its pages: %s", visit, error)
            raise RequestRefusedError(502, _NO_PAGES) from error
        except CoreAwayError as error:
            raise RequestRefusedError(503, _UNSIGNED) from error

    def _refuse_locked(self, session: Session) -> None:
        if self._access.sessions.locked(session):
            raise RequestRefusedError(423, Both("The page has locked itself.", "頁面已鎖定。"))


def _download(file: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(file, media_type=kind, headers=headers)


async def or_refused(asking: Any, away: Both | None = None) -> Any:
    """What the core answers, or the refusal in words; `away` is what is said where it does not answer."""
    try:
        return await asking
    except CoreAwayError as error:
        said = away or Both(f"The core does not answer: {error}", f"中央沒有回應：{error}")
        raise RequestRefusedError(503, said) from error
    except PastRefusedError as error:
        raise RequestRefusedError(404, told_nothing(error)) from error


def told_nothing(error: PastRefusedError) -> Both:
    """Why the core tells nothing, in an officer's words where there are any."""
    text = str(error)
    if text.endswith("is not here"):
        return Both("The core has no such visit.", "中央沒有此紀錄。")
    if "may not look at lane" in text:
        return Both("That lane is not of this control point.", "該通道不屬本管制站。")
    return Both(text, f"中央未能提供：{text}")


def _wanted(asked: dict[str, str], now_ms: int) -> tuple[PastWanted, Plain, str]:
    """What is searched for, the form as it was filled in, and what is wrong with it.

    Without anything asked the form begins with yesterday.
    """
    form: Plain = {name: asked.get(name, "") for name in ("text", "lane", "outcome", "officer", "since", "until")}
    form["near"] = not asked or "near" in asked
    if not asked:
        form["since"] = f"{hong_kong(now_ms - DAY_MS):%Y-%m-%dT00:00}"
    try:
        since = expected_span(form["since"])[0] if form["since"] else 0
        until = expected_span(form["until"])[1] if form["until"] else now_ms + DAY_MS
    except ValueError:
        return PastWanted(), form, Both("A time cannot be read.", "時間無法識別。")
    if any(len(form[name]) > most for name, most in _LONGEST.items()):
        return PastWanted(), form, Both("That is too long to be searched for.", "搜尋內容過長。")
    if since > until:
        return PastWanted(), form, Both("The time ends before it begins.", "結束時間早於開始時間。")
    texts = {name: form[name].strip() for name in ("text", "lane", "outcome", "officer")}
    return PastWanted(**texts, near=form["near"], since_ms=max(since, 0), until_ms=max(until, 0)), form, ""


def _level(outcome: str) -> str:
    found = one_of(Outcome, outcome)
    return words.OUTCOME_LEVELS[found] if found is not None else "off"
