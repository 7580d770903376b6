"""The link is cut, and a shift goes on by hand: real agent, store and link, real broker and core."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lane_agent import events as e
from lane_agent.model import Link
from lane_agent.wording import Scene
from simulation.broker import PrivateBroker
from simulation.private_core import PrivateCore
from tests.edge.test_copies_of_the_past import SeenBox
from tests.rigs.mqtt import until
from tests.rigs.remote_orders import LANE, LANE_KEY, at_work

TRUCKS = 20
OFFICERS = {"chan": "Paper manifest checked", "wong": "Cleared with the driver's documents"}


async def by_hand(box: SeenBox, vrn: str, officer: str, paper: str) -> None:
    """A truck comes in manual mode, is cleared outside the system, and leaves; the officer enters who, why and the paper."""
    await box.arrives(vrn)
    visit = box.agent.lane.visit
    assert visit is not None
    assert visit.manual
    await box.happens(e.OfficerTookOver(visit.number, officer, OFFICERS[officer], paper))
    await box.leaves()


def test_twenty_trucks_by_hand_with_the_link_cut_are_all_at_the_core_afterwards(tmp_path: Path) -> None:
    """Each with its mark, the officer's name, reason and paper, in order, once; none was shown 3; the next is automatic."""

    async def story() -> None:
        with PrivateBroker(tmp_path / "broker", lanes=[LANE]) as broker:
            core = PrivateCore(tmp_path / "core", broker, lanes={LANE: LANE_KEY.public})
            await core.start_ready()
            try:
                box = SeenBox(tmp_path, core, broker, "b1")
                async with at_work(box):
                    await until(lambda: not box.agent.lane.manual)
                    broker.kill()
                    await until(lambda: box.agent.lane.link is Link.OFFLINE and box.agent.lane.manual)
                    box.scenes.clear()
                    for number in range(TRUCKS):
                        await by_hand(box, f"HK{1000 + number}", ("chan", "wong")[number % 2], f"M{number:04}")
                    assert Scene.DONE not in box.scenes
                    assert Scene.MANUAL in box.scenes
                    assert box.link.status().waiting > TRUCKS
                    broker.start()
                    await until(lambda: box.link.status().waiting == 0)
                    async with core.admin() as admin:
                        found = list(reversed(await admin.crossings(most=100, lane=LANE)))
                    assert [one.vrn for one in found] == [f"HK{1000 + number}" for number in range(TRUCKS)]
                    for number, one in enumerate(crossing.ended for crossing in found):
                        officer = ("chan", "wong")[number % 2]
                        assert (one.officer, one.reason) == (officer, OFFICERS[officer])
                        assert one.mode == "manual"
                        assert one.how == "by hand"
                        assert one.paper == f"M{number:04}"
                    await until(lambda: not box.agent.lane.manual)
            finally:
                core.kill()

    asyncio.run(story())
