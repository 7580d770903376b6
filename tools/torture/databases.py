"""Faults of a centre that stands by for itself: its database or its core dies, or one loses sight of the other.

Rules of this file:
- Such a fault comes while every lane is fresh, and has the site to itself until every lane is fresh again: how long that took is
  told by the lanes' own journals (`check_centre`).
- A core that loses its database ends by itself, and is started again as its unit would. That is no finding here; one that ends
  at another time is.
- The old primary of a promotion stays dead until it is made anew.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tools.torture.centre import CoreSeat, StandbyCentre
from tools.torture.scene import FaultSite

FRESH_S = 60.0
"""How long the lanes may take to be fresh before and after."""

AFTER_S = 2.5
"""A lane may stay fresh for so long after the last proof: what is looked at earlier is of before the fault."""

_ROUND_S = 0.05


def centre_of(scene: FaultSite) -> StandbyCentre:
    """The centre of two servers, which such a fault needs."""
    centre = scene.site.centre
    assert centre is not None, "the run was made without a stand-by"
    return centre


async def all_fresh(scene: FaultSite, seconds: float = FRESH_S) -> bool:
    """Waits until the core answers and every lane is fresh at once; False where they are not in time."""
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        posts = scene.site.posts.values()
        fresh = all(one.simulated.said_lately() and one.simulated.status.get("link") == "fresh" for one in posts)
        if fresh and await scene.site.office.version() is not None:
            return True
        await asyncio.sleep(_ROUND_S)
    return False


@asynccontextmanager
async def struck(scene: FaultSite, kind: str) -> AsyncIterator[StandbyCentre]:
    """Around a fault, which happens at the beginning of the block."""
    centre = centre_of(scene)
    async with scene.site.gate.alone():
        if not await all_fresh(scene):
            scene.site.children.crashed.append(f"before {kind}: lanes are not fresh {FRESH_S:g} s later")
        scene.site.told.write(lane="", struck=kind)
        centre.excuse(excused=True)
        try:
            yield centre
        finally:
            await asyncio.sleep(AFTER_S)
            if not await all_fresh(scene):
                scene.site.children.crashed.append(f"after {kind}: lanes are not fresh {FRESH_S:g} s later")
            scene.site.told.write(lane="", mended=kind)
            scene.site.look_after_children()
            centre.excuse(excused=False)


async def db_kill(scene: FaultSite) -> None:
    """The primary dies by SIGKILL and is started again."""
    async with struck(scene, "db_kill") as centre:
        server = centre.pair.primary
        server.crash()
        try:
            await asyncio.sleep(scene.seconds)
        finally:
            await asyncio.to_thread(server.start)


async def db_isolated(scene: FaultSite) -> None:
    """The core that serves is cut off its database, and not off its lanes: the other one takes over."""
    async with struck(scene, "db_isolated") as centre:
        seat = centre.serving()
        seat.cut()
        try:
            await asyncio.sleep(scene.seconds)
        finally:
            seat.mend(hang_up=scene.rng.random() < 0.5)


async def standby_promote(scene: FaultSite) -> None:
    """The primary dies for good, now and then with the core that serves; its stand-by is promoted, and gets one itself."""
    async with struck(scene, "standby_promote") as centre:
        lost = centre.serving() if scene.rng.random() < 0.5 else None
        centre.pair.primary.crash()
        if lost is not None:
            await scene.site.children.end(lost.name, signal.SIGKILL)
        try:
            await asyncio.sleep(scene.seconds)
        finally:
            await asyncio.to_thread(centre.pair.promote)
            await _again(scene, lost)
            await asyncio.to_thread(centre.pair.rejoin)


async def core_handover(scene: FaultSite) -> None:
    """The core that serves is stopped in good order, as for an update, and started again: the other one takes over at once."""
    async with struck(scene, "core_handover") as centre:
        stopped = centre.serving()
        scene.site.told.write(lane="", stopped=stopped.name)
        await scene.site.children.end(stopped.name)
        try:
            await asyncio.sleep(scene.seconds)
        finally:
            await _again(scene, stopped)


async def core_kill(scene: FaultSite) -> None:
    """The core that serves dies by SIGKILL; it comes back before the other has taken over, or after."""
    async with struck(scene, "core_kill") as centre:
        lost = centre.serving()
        await scene.site.children.end(lost.name, signal.SIGKILL)
        try:
            await asyncio.sleep(3 * scene.seconds)
        finally:
            await _again(scene, lost)


async def _again(scene: FaultSite, lost: CoreSeat | None) -> None:
    """A core that was killed comes back."""
    if lost is not None:
        scene.site.start_core(lost.name)
