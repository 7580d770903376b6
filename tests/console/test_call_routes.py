"""The voice of a help call at the page: who may talk, what a locked page may do, and the way to the agent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.agent_line import LaneByLine, VoiceByLine
from console.app import create_app
from console.call_routes import FROM_LOCKED
from console.errors import RequestRefusedError
from console.officers import OfficerBook, OfficerRole
from console.settings import ConsoleSettings
from console.voice_port import CallAgreed
from edge.page_line import PageLine
from lane_agent.events import HelpAnswered
from lane_agent.model import Contact, HelpCall
from simulation.page_lane import PageLane
from tests.rigs.page import PATIENT, ManualClock, painted

PASSWORD = "correct horse battery"


class NotedVoice:
    """A voice that notes what it is asked, and answers the lane's call as the agent's does."""

    def __init__(self, lane: PageLane, *, page: bool = True) -> None:
        self.page = page
        self.lane = lane
        self.answers: list[tuple[str, str, str]] = []
        self.heard: list[tuple[int, float]] = []

    def told(self) -> dict[str, Any] | None:
        """The call."""
        return {"attempt": len(self.answers), "talking": False}

    async def answer(self, officer: str, station: str, sdp: str) -> CallAgreed:
        """The lane judges first."""
        if why := await self.lane.page.act(HelpAnswered(officer)):
            return CallAgreed(why=why, refused=True)
        self.answers.append((officer, station, sdp))
        return CallAgreed(attempt=len(self.answers), sdp="v=0 box")

    async def hears(self, attempt: int, officer_db: float) -> None:
        """Noted."""
        self.heard.append((attempt, officer_db))


class Desk:
    """Officers' browsers, and what they look at."""

    def __init__(self, app: Any, lane: PageLane, voice: NotedVoice, clock: ManualClock) -> None:
        self._app = app
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
        app, _ = create_app(
            feed=line,
            settings=ConsoleSettings(officers=folder / "officers.json", port=0),
            officers=book,
            ticks=clock.ticks,
            viewed=lambda _: None,
            voice=VoiceByLine(line, page=page),
        )
        await lane.contact(Contact.HELP, active=True)
        desk = Desk(app, lane, voice, clock)
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

    asyncio.run(story())
