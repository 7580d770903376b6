"""The agent's end of listening: a voice process at its socket, a lane and a page in memory, and a start after one was left open."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from console.present import present
from console.voice_port import ListenBegun, ListenWanted
from devices.voice import protocol as p
from devices.voice.settings import VoiceSettings
from domain.listening import ListenEnd, ListenRefusal
from edge.past_visits import call_records
from edge.voice import PageVoice, left_open
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Show
from lane_agent.model import Contact, HelpCall, Screen
from lane_agent.state import Lane
from lane_agent.wording import Scene
from sync.journal import Journal
from sync.store import LaneStore
from tests.edge.test_past_visits import READY, Standing, drives_in
from tools.bench.voice.kiosk import SpeakingLane, until

CHAN = ListenWanted("chan", "10.20.0.5", "v=0 page")
LAU = ListenWanted("lau", "10.20.0.6", "v=0 page", supervises=True)


class VoiceByHand:
    """The voice process as the agent hears it.

    Attributes:
        orders: what it was told that concerns listening, in order.
        answers: whether it answers a page that listens.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.orders: list[p.Listen | p.StopListening] = []
        self.answers = True
        self.sdp = "v=0 box"

    async def run(self) -> None:
        """As the shipped one does, without sound."""
        while line := await self._reader.readline():
            order = p.decode_for_voice(line)
            match order:
                case p.Listen(number):
                    self.orders.append(order)
                    if self.answers:
                        self.say(p.ListenAgreed(number, self.sdp))
                case p.StopListening(number):
                    self.orders.append(order)
                    self.say(p.ListenClosed(number))
                case p.AgentBeat():
                    self.say(p.VoiceBeat())
                case _:
                    pass

    def say(self, message: p.ToAgent) -> None:
        """To the agent."""
        self.writer.write(p.encode(message))


class Stand:
    """A vehicle at the kiosk, and everything around it in memory."""

    def __init__(self, lane: SpeakingLane, page: PageVoice, voice: VoiceByHand) -> None:
        self.lane, self.page, self.voice = lane, page, voice
        self.marks: list[bool] = []
        self.confirms = True
        lane.voice.listening.mark = self._mark

    def _mark(self, on: bool) -> None:
        self.marks.append(on)
        if on:
            asyncio.get_running_loop().call_soon(self.lane.voice.listening.shown, self.confirms)

    async def rows(self, *calls: str) -> None:
        """Waits until the journal has these of calls, and no others."""
        await until(lambda: self.lane.notes() == list(calls), 20)


def at_a_stand(folder: Path, story: Callable[[Stand], Awaitable[None]], **more: object) -> None:
    """Runs a story with a vehicle before the lane, whose site allows listening."""
    settings = VoiceSettings(page=True, listening=True, socket=folder / "v.sock", **more)  # type: ignore[arg-type]

    async def run() -> None:
        lane = SpeakingLane(settings)
        working = asyncio.create_task(lane.agent.run())
        await lane.voice.start()
        page = PageVoice(lane.voice, act=lane.page.act, lane=lambda: lane.agent.lane, page=True)
        voice = VoiceByHand(*await asyncio.open_unix_connection(str(settings.socket)))
        speaking = asyncio.create_task(voice.run())
        try:
            await lane.start()
            await lane.arrives()
            stand = Stand(lane, page, voice)
            await until(lambda: page.told()["ear"]["refusal"] == "", 20)
            await story(stand)
        finally:
            voice.writer.close()
            await lane.voice.stop()
            for task in (speaking, working):
                task.cancel()
            await asyncio.gather(speaking, working, return_exceptions=True)

    asyncio.run(run())


def test_a_page_listens_after_panel_and_journal_and_stops_on_record(tmp_path: Path) -> None:
    """The voice process hears of it last, and the panel is let go last."""

    async def story(stand: Stand) -> None:
        begun = await stand.page.listen(CHAN)
        assert begun == ListenBegun(1, "v=0 box")
        assert stand.lane.notes() == ["listening"]
        assert stand.page.told()["ear"] == {"number": 1, "who": "chan", "refusal": "taken", "supervisors": "taken"}
        assert await stand.page.listens(1)
        assert (await stand.page.listen(LAU)).refusal is ListenRefusal.TAKEN
        await stand.page.stop_listening(1, ListenEnd.OFFICER)
        await until(lambda: stand.marks == [True, False], 20)
        assert stand.voice.orders == [p.Listen(1, "v=0 page"), p.StopListening(1)]
        await stand.rows("listening", "listened")

    at_a_stand(tmp_path, story)


def test_a_panel_that_does_not_confirm_or_a_voice_process_that_does_not_answer_is_no_listening(tmp_path: Path) -> None:
    """The first leaves no row, the second both."""

    async def story(stand: Stand) -> None:
        stand.confirms = False
        assert (await stand.page.listen(CHAN)).refusal is ListenRefusal.PANEL
        assert (stand.lane.notes(), stand.voice.orders) == ([], [])
        stand.confirms, stand.voice.answers = True, False
        wish = asyncio.create_task(stand.page.listen(CHAN))
        await until(lambda: len(stand.voice.orders) == 1, 20)
        stand.voice.writer.close()
        assert (await wish).refusal is ListenRefusal.VOICE
        await stand.rows("listening", "listened")
        assert stand.marks[-1] is False
        assert stand.page.told()["ear"]["refusal"] == "voice"

    at_a_stand(tmp_path, story)


def test_help_rings_an_answer_ends_it_and_a_supervisor_may_listen_then(tmp_path: Path) -> None:
    """Whoever answers talks; whoever was only listening does not."""

    async def story(stand: Stand) -> None:
        await stand.page.listen(CHAN)
        await stand.lane.pulse(Contact.HELP)
        assert stand.lane.agent.lane.help is HelpCall.RINGING
        assert await stand.page.listens(1)
        await stand.lane.happens(e.HelpAnswered("wong"))
        assert not await stand.page.listens(1)
        assert (await stand.page.listen(CHAN)).refusal in {ListenRefusal.ANSWERED, ListenRefusal.TAKEN}
        await until(lambda: stand.page.told()["ear"]["supervisors"] == "", 20)
        assert stand.page.told()["ear"]["refusal"] == "answered"
        assert (await stand.page.listen(LAU)).sdp == "v=0 box"

    at_a_stand(tmp_path, story)


@pytest.mark.parametrize("scene", [Scene.DONE, Scene.EXAMINE, Scene.UNLADEN, Scene.WELCOME])
def test_the_order_that_paints_what_cannot_carry_the_line_closes_the_microphone(tmp_path: Path, scene: Scene) -> None:
    """In the same turn of the loop: nothing waits for it."""

    async def story(stand: Stand) -> None:
        await stand.page.listen(CHAN)
        stand.lane.voice.show(Show(99, scene, scene, ""))
        assert not await stand.page.listens(1)
        assert stand.page.told()["ear"]["number"] == 0
        await until(lambda: stand.voice.orders[-1] == p.StopListening(1), 20)

    at_a_stand(tmp_path, story)


def test_the_page_shows_what_the_panel_says_and_who_listens(tmp_path: Path) -> None:
    """Its picture of the panel has the line, and its words too."""

    async def story(stand: Stand) -> None:
        view = stand.lane.page.view()
        assert view.listener == ""
        await stand.page.listen(CHAN)
        view = stand.lane.page.view()
        assert view.listener == "chan"
        panel = next(one for one in present(view)["screens"] if one["screen"] == Screen.AIOP.value)
        assert "An officer is listening" in panel["note"]

    at_a_stand(tmp_path, story)


def test_a_listening_that_an_agent_left_open_is_ended_on_record_at_the_next_start(tmp_path: Path) -> None:
    """By the name it began with; once; and not one that has ended."""
    starts = itertools.count(1)

    async def rows(*events: e.Event) -> e.CallReported | None:
        with LaneStore(tmp_path / "lane.db") as store:
            journal, world = Journal(store, boot=f"boot-{next(starts)}", software="0.0-test"), Standing()
            agent = Agent(Lane(), clock=world, journal=journal, codes=world, actuators=world, software="0.0-test")
            working = asyncio.create_task(agent.run())
            for event in (*READY, drives_in(), *events):
                await agent.ask(event)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            return left_open(call_records(journal))

    assert asyncio.run(rows()) is None
    begun = e.CallReported("listening", "chan", "10.20.0.5")
    ended = asyncio.run(rows(begun, e.CallReported("rang", "sip:100@exchange")))
    assert ended == e.CallReported("listened", "chan", "10.20.0.5; the agent ended meanwhile")
    assert asyncio.run(rows(ended)) is None


def test_listening_needs_the_page_and_is_off_by_default() -> None:
    """Nobody listens by telephone."""
    assert not VoiceSettings().listening
    assert [problem.key for problem in VoiceSettings(listening=True).contradictions()] == ["listening"]
    assert not list(VoiceSettings(listening=True, page=True).contradictions())
