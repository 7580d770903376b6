"""The voice of a help call at the page: who may talk, what a locked page may do, and the way to the agent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from console.access import MAY_NOT_LISTEN
from console.agent_line import LaneByLine, VoiceByLine
from console.app import create_app
from console.call_routes import FROM_LOCKED
from console.errors import RequestRefusedError
from console.listen_routes import WHY_NOT
from console.officers import OfficerBook, OfficerRole
from console.settings import ConsoleSettings
from console.stream import ViewStream
from console.voice_port import CallAgreed, ListenBegun, ListenWanted
from domain.listening import ListenEnd, ListenRefusal
from edge.page_line import PageLine
from lane_agent.events import HelpAnswered
from lane_agent.model import Contact, HelpCall
from simulation.page_lane import PageLane
from tests.rigs.page import PATIENT, ManualClock, painted

PASSWORD = "correct horse battery"


class NotedVoice:
    """A voice that notes what it is asked, and answers the lane's call as the agent's does."""

    def __init__(self, lane: PageLane, *, page: bool = True) -> None:
        self.page = self.listening = page
        self.lane = lane
        self.answers: list[tuple[str, str, str]] = []
        self.heard: list[tuple[int, float]] = []
        self.wanted: list[ListenWanted] = []
        self.stopped: list[tuple[int, ListenEnd]] = []
        self.refuses: ListenRefusal | None = None
        self.hears_now = 0
        self.ear: dict[str, Any] | None = None

    def told(self) -> dict[str, Any] | None:
        """The call."""
        return {"attempt": len(self.answers), "talking": False, "ear": self.ear}

    async def answer(self, officer: str, station: str, sdp: str) -> CallAgreed:
        """The lane judges first."""
        if why := await self.lane.page.act(HelpAnswered(officer)):
            return CallAgreed(why=why, refused=True)
        self.answers.append((officer, station, sdp))
        return CallAgreed(attempt=len(self.answers), sdp="v=0 box")

    async def hears(self, attempt: int, officer_db: float) -> None:
        """Noted."""
        self.heard.append((attempt, officer_db))

    async def listen(self, wanted: ListenWanted) -> ListenBegun:
        """Noted; the agent's own reasons are tests/devices/test_voice_listening.py's."""
        if self.refuses is not None:
            return ListenBegun(refusal=self.refuses)
        self.wanted.append(wanted)
        self.hears_now = len(self.wanted)
        return ListenBegun(self.hears_now, "v=0 box")

    async def listens(self, number: int) -> bool:
        """While it has not ended."""
        return number == self.hears_now

    async def stop_listening(self, number: int, why: ListenEnd) -> None:
        """Noted."""
        self.stopped.append((number, why))
        self.hears_now = 0


class Desk:
    """Officers' browsers, and what they look at."""

    def __init__(
        self, made: tuple[Any, ViewStream], lane: PageLane, voice: NotedVoice, clock: ManualClock, line: LaneByLine
    ) -> None:
        self._app, self.stream = made
        self.line = line
        self.lane = lane
        self.voice = voice
        self.clock = clock
        self._clients: list[httpx.AsyncClient] = []

    async def log_in(self, name: str) -> Callable[[str, dict[str, Any]], Awaitable[httpx.Response]]:
        """A browser of its own; what it returns posts with the session's token."""
        transport = httpx.ASGITransport(app=self._app)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        self._clients.append(client)
        token = (await client.get("/login")).text.split('name="token" value="')[1].split('"')[0]
        form = {"name": name, "password": PASSWORD, "token": token}
        assert (await client.post("/login", data=form)).status_code == 303
        csrf = (await client.get("/")).text.split('name="csrf" content="')[1].split('"')[0]

        async def post(path: str, body: dict[str, Any]) -> httpx.Response:
            return await client.post(path, json=body, headers={"X-CSRF-Token": csrf})

        return post

    async def page(self) -> str:
        """The page of whoever logged in last."""
        return (await self._clients[-1].get("/")).text

    async def told(self, name: str, ear: dict[str, Any]) -> dict[str, Any]:
        """What the browser of this officer is told of who listens."""
        await self.log_in(name)
        cookie = "; ".join(f"{key}={value}" for key, value in self._clients[-1].cookies.items())
        scope = {"type": "http", "headers": [(b"cookie", cookie.encode())], "client": ("127.0.0.1", 1)}
        self.voice.ear = ear
        await self.line.tell_heard(1, -20.0)  # whatever is asked of the agent, its view comes first
        told: dict[str, Any] = self.stream._told(self.line.view(), Request(scope))["voice"]["ear"]
        return told

    async def close(self) -> None:
        """Closes the browsers."""
        for client in self._clients:
            await client.aclose()

    @property
    def help(self) -> HelpCall:
        """How the call stands at the lane."""
        return self.lane.agent.lane.help


def at_the_desk(
    book: OfficerBook, folder: Path, story: Callable[[Desk], Awaitable[None]], *, page: bool = True
) -> None:
    """Runs a story at a page whose lane rings, over the agent's socket as at a box."""

    async def run() -> None:
        clock = ManualClock()
        lane = PageLane(clock=clock, paint=painted, policy=PATIENT)
        working = asyncio.create_task(lane.agent.run())
        await lane.start()
        voice = NotedVoice(lane, page=page)
        end = PageLine(lane.page, folder / "page.sock", voice)
        await end.start()
        line = LaneByLine(folder / "page.sock", unheard=lane.page.view(), ticks=clock.ticks)
        hearing = asyncio.create_task(line.run())
        await line.changed(0)
        app, stream = create_app(
            feed=line,
            settings=ConsoleSettings(officers=folder / "officers.json", port=0),
            officers=book,
            ticks=clock.ticks,
            viewed=lambda _: None,
            voice=VoiceByLine(line, page=page, listening=page),
        )
        await lane.contact(Contact.HELP, active=True)
        desk = Desk((app, stream), lane, voice, clock, line)
        try:
            await story(desk)
        finally:
            await desk.close()
            hearing.cancel()
            await end.stop()
            working.cancel()
            await asyncio.gather(hearing, working, return_exceptions=True)

    asyncio.run(run())


def test_an_officer_answers_and_only_his_page_says_what_it_hears(officers: OfficerBook, tmp_path: Path) -> None:
    """The session that has the call, and no other, can make the driver read TALK."""
    officers.add("wong", PASSWORD)

    async def story(desk: Desk) -> None:
        chan, wong = await desk.log_in("chan"), await desk.log_in("wong")
        assert desk.help is HelpCall.RINGING
        answered = await chan("/call/answer", {"sdp": "v=0 page"})
        assert (answered.status_code, answered.json()["attempt"], answered.json()["sdp"]) == (200, 1, "v=0 box")
        assert desk.voice.answers == [("chan", "127.0.0.1", "v=0 page")]
        assert desk.help is HelpCall.ANSWERED
        assert (await wong("/call/answer", {"sdp": "v=0"})).status_code == 409  # somebody has it
        await wong("/call/heard", {"attempt": 1, "db": -20.0})
        assert desk.voice.heard == []
        await chan("/call/heard", {"attempt": 1, "db": -20.0})
        assert desk.voice.heard == [(1, -20.0)]

    at_the_desk(officers, tmp_path, story)


def test_a_locked_page_may_answer_and_end_that_call_on_record(officers: OfficerBook, tmp_path: Path) -> None:
    """A driver waits: the record says that the page was locked, and who used it last."""

    async def story(desk: Desk) -> None:
        chan = await desk.log_in("chan")
        desk.clock.ms += 1_800_000
        assert (await chan("/action", {"action": "answer", "basis": 0})).status_code == 423
        assert (await chan("/call/end", {})).status_code == 423  # it has answered nothing
        assert (await chan("/call/answer", {"sdp": "v=0 page"})).status_code == 200
        assert desk.voice.answers[0][0] == "(locked page, last chan)"
        assert (await chan("/call/end", {})).status_code == 200
        assert desk.help is HelpCall.NONE
        assert any(FROM_LOCKED in entry.decode() for entry in desk.lane.journal.entries)

    at_the_desk(officers, tmp_path, story)


def test_whoever_only_watches_answers_nobody(officers: OfficerBook, tmp_path: Path) -> None:
    """A viewer's account acts in no way, and a voice is one."""
    officers.add("lee", PASSWORD, role=OfficerRole.VIEWER)

    async def story(desk: Desk) -> None:
        lee = await desk.log_in("lee")
        for path, body in (("answer", {"sdp": "v=0"}), ("heard", {"attempt": 1, "db": -20.0}), ("end", {})):
            assert (await lee(f"/call/{path}", body)).status_code == 403
        assert desk.help is HelpCall.RINGING

    at_the_desk(officers, tmp_path, story)


def test_where_only_the_telephone_has_a_voice_the_page_offers_none(officers: OfficerBook, tmp_path: Path) -> None:
    """The page shows the call, and neither asks for a microphone nor takes a session description."""

    async def story(desk: Desk) -> None:
        chan = await desk.log_in("chan")
        assert (await chan("/call/answer", {"sdp": "v=0"})).status_code == 404
        assert desk.help is HelpCall.RINGING

    at_the_desk(officers, tmp_path, story, page=False)


def test_an_officer_listens_and_only_his_page_goes_on_or_ends_it(officers: OfficerBook, tmp_path: Path) -> None:
    """From his address, in his name; another session's word changes nothing."""
    officers.add("wong", PASSWORD)

    async def story(desk: Desk) -> None:
        chan, wong = await desk.log_in("chan"), await desk.log_in("wong")
        begun = (await chan("/call/listen", {"sdp": "v=0 page"})).json()
        assert (begun["accepted"], begun["number"], begun["sdp"]) == (True, 1, "v=0 box")
        assert desk.voice.wanted == [ListenWanted("chan", "127.0.0.1", "v=0 page")]
        assert (await chan("/call/listening", {"number": 1})).json()["accepted"]
        assert not (await wong("/call/listening", {"number": 1})).json()["accepted"]
        await wong("/call/stop-listening", {"number": 1})
        assert desk.voice.stopped == []
        await chan("/call/stop-listening", {"number": 1})
        assert desk.voice.stopped == [(1, ListenEnd.OFFICER)]
        assert not (await chan("/call/listening", {"number": 1})).json()["accepted"]

    at_the_desk(officers, tmp_path, story)


def test_a_page_that_locks_itself_listens_no_more_and_listening_keeps_none_awake(
    officers: OfficerBook, tmp_path: Path
) -> None:
    """What it says every second is nobody's presence; the record says why it ended. A locked page begins nothing."""

    async def story(desk: Desk) -> None:
        chan = await desk.log_in("chan")
        assert (await chan("/call/listen", {"sdp": "v=0"})).status_code == 200
        for _ in range(3):
            desk.clock.ms += 290_000
            assert (await chan("/call/listening", {"number": 1})).status_code == 200
        desk.clock.ms += 60_000
        assert (await chan("/call/listening", {"number": 1})).status_code == 423
        assert desk.voice.stopped == [(1, ListenEnd.LOCKED)]
        assert (await chan("/call/listen", {"sdp": "v=0"})).status_code == 423
        assert len(desk.voice.wanted) == 1

    at_the_desk(officers, tmp_path, story)


@pytest.mark.parametrize("role", list(OfficerRole))
def test_officers_and_supervisors_listen_and_supervisors_into_calls(
    officers: OfficerBook, tmp_path: Path, role: OfficerRole
) -> None:
    """A technician and a viewer do not; each is told in words."""
    officers.add("lee", PASSWORD, role=role)
    may = role in {OfficerRole.OFFICER, OfficerRole.SUPERVISOR}

    async def story(desk: Desk) -> None:
        lee = await desk.log_in("lee")
        answer = await lee("/call/listen", {"sdp": "v=0"})
        assert answer.status_code == (200 if may else 403)
        assert answer.json()["words"]
        assert [one.supervises for one in desk.voice.wanted] == ([role is OfficerRole.SUPERVISOR] if may else [])

    at_the_desk(officers, tmp_path, story)


@pytest.mark.parametrize("refusal", list(ListenRefusal))
def test_why_nobody_listens_is_said_in_both_languages(
    officers: OfficerBook, tmp_path: Path, refusal: ListenRefusal
) -> None:
    """Whatever the lane says against it."""
    assert WHY_NOT[refusal].chinese != WHY_NOT[refusal].english

    async def story(desk: Desk) -> None:
        chan = await desk.log_in("chan")
        desk.voice.refuses = refusal
        answer = await chan("/call/listen", {"sdp": "v=0"})
        assert answer.status_code == 409
        assert WHY_NOT[refusal].english in answer.json()["words"]
        assert not (await chan("/call/listening", {"number": 1})).json()["accepted"]

    at_the_desk(officers, tmp_path, story)


def test_where_the_site_does_not_allow_it_there_is_no_way_to_listen(officers: OfficerBook, tmp_path: Path) -> None:
    """No route, no button; nor by the agent's own socket."""

    async def story(desk: Desk) -> None:
        chan = await desk.log_in("chan")
        assert (await chan("/call/listen", {"sdp": "v=0"})).status_code == 404
        assert 'id="listen"' not in await desk.page()
        begun = await desk.line.listen(ListenWanted("chan", "here", "v=0", supervises=True))
        assert begun.refusal is ListenRefusal.OFF
        assert desk.voice.wanted == []

    at_the_desk(officers, tmp_path, story, page=False)


def test_everybody_at_the_page_is_told_who_listens_and_why_he_cannot(officers: OfficerBook, tmp_path: Path) -> None:
    """By the name that is shown; an officer and a supervisor each by what speaks against himself."""
    officers.add("chan", PASSWORD, shown="Officer Chan")
    officers.add("lau", PASSWORD, role=OfficerRole.SUPERVISOR)
    officers.add("lee", PASSWORD, role=OfficerRole.TECHNICIAN)

    async def story(desk: Desk) -> None:
        ear = {"number": 3, "who": "chan", "refusal": "answered", "supervisors": ""}
        told = {name: await desk.told(name, ear) for name in ("chan", "lau", "lee")}
        assert {one["says"].english for one in told.values()} == {"Officer Chan is listening at the kiosk"}
        assert told["chan"]["why_not"] == WHY_NOT[ListenRefusal.ANSWERED]
        assert told["lau"]["why_not"] == ""
        assert told["lee"]["why_not"] == MAY_NOT_LISTEN

    at_the_desk(officers, tmp_path, story)


def test_without_the_agent_nobody_is_said_to_have_answered(tmp_path: Path) -> None:
    """The words are those of every act that was not done."""

    async def story() -> None:
        clock = ManualClock()
        lane = PageLane(clock=clock, paint=painted, policy=PATIENT)
        line = LaneByLine(tmp_path / "none.sock", unheard=lane.page.view(), ticks=clock.ticks)
        voice = VoiceByLine(line, page=True)
        assert voice.told() is None
        with pytest.raises(RequestRefusedError, match="Not done"):
            await voice.answer("chan", "127.0.0.1", "v=0")
        with pytest.raises(RequestRefusedError, match="Not done"):
            await voice.listen(ListenWanted("chan", "127.0.0.1", "v=0"))
        assert not await voice.listens(1)

    asyncio.run(story())
