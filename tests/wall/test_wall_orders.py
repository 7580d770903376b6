"""The wall orders at the core's door: over TLS with certificates both ways, each wall its own lanes, each person by name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.errors import RefusedError
from core.model.people import Actor
from core.office.answers import CommandState
from core.office.requests import ListCommands, SendCommand
from core.office.wall_door import WallDoor, nothing_of_the_past
from core.settings import WallsSection
from tests.rigs.papers import Papers
from tests.rigs.wall import WallRig, log_in, online, state
from wall.orders import Became, CoreLine


class Core:
    """The core's counter: takes commands, and the lane's reply comes at once."""

    def __init__(self, outcome: str = "done", detail: str = "") -> None:
        self.asked: list[tuple[SendCommand, Actor]] = []
        self.outcome, self.detail = outcome, detail

    def serve(self, request: Any, who: Actor) -> Any:
        """As `AdminHandler.serve_as`."""
        if isinstance(request, SendCommand):
            if request.text == "store failed":
                raise RefusedError("the core's store has failed")
            self.asked.append((request, who))
            return f"c{len(self.asked)}"
        assert isinstance(request, ListCommands)
        sent, who = self.asked[int(request.id[1:]) - 1]
        fields = {"lane": sent.lane, "issuer": who.words, "name": sent.name, "visit": "", "text": "", "issued_ms": 0}
        return [CommandState(id=request.id, expires_ms=0, outcome=self.outcome, detail=self.detail, **fields)]


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    """Certificates of a core and a wall."""
    return Papers(tmp_path)


def at_the_door(
    section: WallsSection, core: Core, ask: Callable[[int], Awaitable[None]], look: Any = nothing_of_the_past
) -> None:
    """Runs `ask` with the port of a door that is open."""

    async def run() -> None:
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(WallDoor(section, core.serve, port.set_result, look=look).run(port=0))
        try:
            await ask(await port)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(run())


def test_an_order_carries_the_person_and_the_wall_and_what_became_of_it_comes_back(papers: Papers) -> None:
    """The core is told by whom, and by the certificate through which wall."""
    core = Core("refused", "command_against_a_lane_officers_order")

    async def ask(port: int) -> None:
        line = CoreLine(papers.line(port))
        became = await line.order("A-1", "automatic", who="chan")
        assert (became.became, became.detail) == (Became.REFUSED, "command_against_a_lane_officers_order")
        line.close()

    at_the_door(papers.door(wall=("A-1",)), core, ask)
    (sent, who) = core.asked[0]
    assert (who.account, who.login, sent.lane, sent.name) == ("chan", "wall", "A-1", "automatic")
    assert who.words == "chan by wall"


@pytest.mark.parametrize(
    ("lane", "name", "why"),
    [
        ("B-9", "manual", "not among its lanes"),
        ("A-1", "release_visit", "may not order"),
        ("A-1", "fetch", "may not order"),
    ],
)
def test_a_wall_orders_its_own_lanes_and_releases_nobody(papers: Papers, lane: str, name: str, why: str) -> None:
    """Whatever the wall asks for, its certificate bounds it."""
    core = Core()

    async def ask(port: int) -> None:
        line = CoreLine(papers.line(port))
        became = await line.order(lane, name, who="chan", text="x")
        assert became.became is Became.REFUSED
        assert why in became.detail
        line.close()

    at_the_door(papers.door(wall=("A-1",)), core, ask)
    assert core.asked == []


def test_who_gives_up_waiting_leaves_no_answer_for_the_next(papers: Papers) -> None:
    """A search that was broken off is not taken for what became of an order."""
    begun, end = asyncio.Event(), asyncio.Event()

    async def slow(*_: object) -> str:
        begun.set()
        await end.wait()
        return "what was searched for"

    async def ask(port: int) -> None:
        line = CoreLine(papers.line(port))
        search = asyncio.create_task(line.ask({"do": "search_visits", "who": "chan"}))
        await begun.wait()
        search.cancel()
        await asyncio.gather(search, return_exceptions=True)
        end.set()
        assert (await line.order("A-1", "open", who="chan")).became is Became.DONE
        await line.hang_up()

    at_the_door(papers.door(wall=("A-1",)), Core(), ask, slow)


def test_nothing_but_orders_can_be_asked_at_the_door(papers: Papers) -> None:
    """No hold is lifted through it."""

    async def ask(port: int) -> None:
        line = CoreLine(papers.line(port))
        told = await line.ask({"do": "lift_hold", "who": "chan", "vrn": "AB1"})
        assert told.problems[0].startswith("a wall cannot ask this")
        line.close()

    at_the_door(papers.door(wall=("A-1",)), Core(), ask)


def test_a_wall_that_the_core_does_not_know_and_a_core_that_is_away_are_said(papers: Papers) -> None:
    """Nothing was sent, and the officer reads so."""

    async def ask(port: int) -> None:
        line = CoreLine(papers.line(port))
        became = await line.order("A-1", "open", who="chan")
        assert became.became is Became.AWAY
        assert "walls.lanes" in line.away

    at_the_door(papers.door(**{"wall-2": ("A-1",)}), Core(), ask)
    became = asyncio.run(CoreLine(papers.line(1)).order("A-1", "open", who="chan"))
    assert became.became is Became.AWAY


def test_a_lane_that_does_not_answer_is_not_said_to_have_done_it(
    papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a reply nobody knows."""
    monkeypatch.setattr("wall.orders._GOOD_S", 1)

    async def ask(port: int) -> None:
        line = CoreLine(papers.line(port))
        assert (await line.order("A-1", "open", who="chan")).became is Became.UNKNOWN
        line.close()

    at_the_door(papers.door(wall=("A-1",)), Core(outcome=""), ask)


def test_roles_bound_orders_and_every_order_is_written_down(tmp_path: Path) -> None:
    """An officer orders one lane; only a supervisor all of them; a technician closes none. Each is written down first."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        rig.hears(online("A-1"), state("A-1", 1))
        many = {"name": "manual", "lanes": ["A-1", "A-2"], "text": "exercise"}
        for name, one_lane, two_lanes in (
            ("chan", 200, 403),
            ("lee", 200, 200),
            ("tech", 403, 403),
            ("view", 403, 403),
        ):
            client.cookies.clear()
            headers = await log_in(client, name)
            one = many | {"lanes": ["A-1"]}
            assert (await client.post("/orders", json=one, headers=headers)).status_code == one_lane, name
            assert (await client.post("/orders", json=many, headers=headers)).status_code == two_lanes, name
        looks = [(look.who, look.what, look.lane) for look in rig.store.looks() if look.what.startswith("order")]
        by_lee = [("lee", "order manual", lane) for lane in ("A-1", "A-1", "A-2")]
        assert sorted(looks) == [("chan", "order manual", "A-1"), *by_lee]

    WallRig(tmp_path).asked(ask)


def test_with_the_core_away_the_officer_reads_what_to_do(tmp_path: Path) -> None:
    """Not done is said, in the officer's language, and where to go instead."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        rig.hears(online("A-1"), state("A-1", 1))
        headers = await log_in(client, "chan") | {"X-Lang": "zh-Hant-HK"}
        told = (await client.post("/orders", json={"name": "open", "lanes": ["A-1"]}, headers=headers)).json()
        assert told["accepted"] is False
        assert "未執行，中央沒有回應；請使用通道頁面" in told["words"]
        told = (await client.post("/orders", json={"name": "close", "lanes": ["A-1"]}, headers=headers)).json()
        assert told["words"] == "請輸入原因。"

    WallRig(tmp_path).asked(ask)


def test_a_line_for_drivers_is_from_the_list_for_a_vehicle_a_lane_or_by_a_supervisor_more(
    papers: Papers, tmp_path: Path
) -> None:
    """No free text, no technician and no viewer; the core is told by whom and for how long."""
    core = Core()
    statuses: list[int] = []

    tries: tuple[tuple[str, dict[str, Any]], ...] = (
        ("chan", {}),
        ("chan", {"visit": "A-1/j/4"}),
        ("lee", {"lanes": ["A-1", "A-2"], "minutes": 5}),
        ("chan", {"lanes": ["A-1", "A-2"]}),
        ("chan", {"text": "Drive on"}),
        ("lee", {"lanes": ["A-1", "A-2"], "visit": "A-1/j/4"}),
        ("tech", {}),
        ("view", {}),
        ("lee", {"minutes": 31}),
    )

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        rig.hears(online("A-1"), state("A-1", 1, visit=4))
        for name, changes in tries:
            client.cookies.clear()
            headers = await log_in(client, name)
            asked = {"name": "notice", "lanes": ["A-1"], "text": "delay", "minutes": 2} | changes
            statuses.append((await client.post("/orders", json=asked, headers=headers)).status_code)

    async def at_the_wall(port: int) -> None:
        (tmp_path / "here").mkdir()
        await WallRig(tmp_path / "here", core=papers.line(port)).asking(ask)

    at_the_door(papers.door(wall=("A-1", "A-2")), core, at_the_wall)
    assert statuses == [200, 200, 200, 403, 409, 409, 403, 403, 422]
    sent = [(who.account, one.lane, one.text, one.visit, one.revert_seconds) for one, who in core.asked]
    assert sorted(sent) == [
        ("chan", "A-1", "delay", "", 120),
        ("chan", "A-1", "delay", "A-1/j/4", 120),
        ("lee", "A-1", "delay", "", 300),
        ("lee", "A-2", "delay", "", 300),
    ]
