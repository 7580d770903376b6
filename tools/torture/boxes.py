"""A second box with a lane's key and a copy of its store, on the same broker, as a fault (row A14 in `docs/attacks.md`).

Rules of this file:
- It is a lane's real process with hardware, cable and files of its own. The broker lets one of the two in at a time: each
  takes the other's place, again and again.
- Vehicles that the first box has released, and one that it will be asked about next, come to the second one too.
"""

from __future__ import annotations

import asyncio
import shutil

from lane_agent.model import Contact
from tools.torture.copies import copied
from tools.torture.scene import FaultSite
from tools.torture.site import LaneUnderTest

DECIDES_S = 2.5
"""How long a vehicle waits at the second box before an officer takes it over."""


async def second_box(scene: FaultSite) -> None:
    """Runs the second box, and lets vehicles of the first come to it."""
    post, site = scene.post, scene.site
    box = site.second_box(post)
    shutil.copy(post.folder / "lane.pem", box.folder / "lane.pem")
    copied(post.store, box.store)
    await box.open()
    box.start()
    try:
        await box.simulated.until(bool, 5.0)
        end = asyncio.get_running_loop().time() + scene.seconds
        while asyncio.get_running_loop().time() < end:
            for vrn, _ in list(post.used)[-2:]:
                await _comes(box, vrn)
            await asyncio.sleep(0.2)
    finally:
        await box.close()


async def _comes(box: LaneUnderTest, vrn: str) -> None:
    """One vehicle at the second box, cleared by Immigration."""
    twin = box.simulated
    twin.sees(vrn)
    twin.switch(Contact.STOP_LOOP, True)
    await asyncio.sleep(0.2)
    await twin.pulse(Contact.IMMIGRATION_STARTED)
    await twin.pulse(Contact.IMMIGRATION_CLEARED)
    await twin.until_shown({"DONE"}, DECIDES_S)
    if twin.status.get("visit"):
        twin.say(officer="take_over", visit=twin.status["visit"])
    twin.switch(Contact.EXIT_LOOP, True)
    twin.sees("")
    twin.switch(Contact.STOP_LOOP, False)
    await asyncio.sleep(0.05)
    twin.switch(Contact.EXIT_LOOP, False)
    await twin.until(lambda status: not status["visit"], 1.0)
