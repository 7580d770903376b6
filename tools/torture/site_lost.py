"""The whole first site dies at one moment, and a core goes on at the off-site copy, which lacks what came last; and the way back.

Rules of this file:
- Each step is one that `docs/offsite.md` lets people type, in that order; how long a person takes to decide is not counted.
- The broker is not at the first site. The copy's line is cut before, so that it lacks some seconds of what was acknowledged and of what
  lanes were sent: those have to come back from the lanes, before the core proves anything.
- What the dead site had is read from its disks afterwards, for the checker alone; the core far away never sees it.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from typing import Any

import psycopg

from core.ledger.store import the_row
from runtime.clocks import utc_ms
from simulation.cluster import PrivateCluster
from simulation.ledgers import exported, name_database
from simulation.offsite_copy import OffsiteCopy
from simulation.private_core import CORE_PROGRAM
from tools.torture.centre import DATABASE, OFFSITE, CoreSeat, StandbyCentre
from tools.torture.copies import journal_of
from tools.torture.databases import centre_of, struck
from tools.torture.scene import FaultSite

SERVES_S = 6.0
"""How long trucks pass with the core far away, before the first site is there again."""

STEPS = ("look how old the copy is", "pg_promote()", "rocars-core skip-numbers", "systemctl start rocars-core")
"""What is typed after the decision, until the core starts."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """When the site died (UTC ms), how old the copy's newest commit was then, what the copy had, each lane's journal."""

    died_ms: int
    behind_ms: int
    there: dict[str, Any]
    present: dict[str, str]


async def site_lost(scene: FaultSite) -> None:
    """Both servers and both cores die; afterwards they are made anew, and have the list again."""
    work = asyncio.create_task(_there_and_back(scene), name="site_lost")
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await work  # no run ends with its list far away
        raise


async def _there_and_back(scene: FaultSite) -> None:
    centre = centre_of(scene)
    copy = OffsiteCopy(centre.pair.primary)
    await copy.start()
    try:
        seat = await centre.open_offsite(copy.server)
        copy.line.cut()
        await asyncio.sleep(scene.seconds)
        async with struck(scene, "site_lost"):
            lost = await _go_there(scene, centre, copy, seat)
        await asyncio.to_thread(_left_behind, scene, centre, lost)
        await asyncio.sleep(SERVES_S)
        async with struck(scene, "site_return"):
            await _come_back(scene, centre, copy)
        scene.site.children.crashed.extend(await centre.close_offsite())
    finally:
        await copy.stop()


async def _go_there(scene: FaultSite, centre: StandbyCentre, copy: OffsiteCopy, seat: CoreSeat) -> _Lost:
    """From the end of the first site until a core is started far away."""
    site = scene.site
    died_ms = utc_ms()
    dead = asyncio.to_thread(centre.pair.crash)
    cores = [site.children.end(name, signal.SIGKILL) for name in centre.seats if name != OFFSITE]
    await asyncio.gather(dead, *cores)
    copy.line.mend(hang_up=True)
    behind_ms = died_ms - await asyncio.to_thread(copy.copied_until_ms)
    await asyncio.to_thread(copy.server.promote)
    there = await asyncio.to_thread(_content, copy.server)
    await _skip_numbers(seat)
    site.start_core(OFFSITE)
    site.office.reaches(seat.socket)
    return _Lost(died_ms, behind_ms, there, {post.lane: journal_of(post.store) for post in site.posts.values()})


async def _skip_numbers(seat: CoreSeat) -> None:
    words = ("skip-numbers", "--config", str(seat.config), "--reason", "the first site is lost")
    done = await asyncio.create_subprocess_exec(CORE_PROGRAM, *words, stdout=asyncio.subprocess.DEVNULL)
    if await done.wait():
        raise RuntimeError("rocars-core skip-numbers failed")


def _content(server: PrivateCluster) -> dict[str, Any]:
    """How many deltas, bundles and rows of lanes a server has; `had`: rows of each journal."""
    with psycopg.connect(server.dsn(DATABASE)) as db:
        sql = "SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM bundles), (SELECT count(*) FROM events)"
        deltas, bundles, events = the_row(db.execute(sql))
        had: dict[str, int] = dict(db.execute("SELECT journal, seq FROM streams").fetchall())
    return {"deltas": deltas, "bundles": bundles, "events": events, "had": had}


def _left_behind(scene: FaultSite, centre: StandbyCentre, lost: _Lost) -> None:
    """What the dead primary had, and the copy had not, is kept for the checker; the server is dead again afterwards."""
    server = centre.pair.primary
    server.start()
    try:
        file = centre.folder / "left" / f"{lost.died_ms:015}.db"
        name_database(file, server.dsn(DATABASE))
        exported(file, file)
        had = _content(server)
    finally:
        server.halt()
    facts = {what: had[what] - lost.there[what] for what in ("deltas", "bundles", "events")}
    facts |= {"behind_ms": lost.behind_ms, "steps": len(STEPS)}
    scene.site.told.write(lane="", present=lost.present, had=lost.there["had"], site_lost=facts)


async def _come_back(scene: FaultSite, centre: StandbyCentre, copy: OffsiteCopy) -> None:
    """The first site's servers follow, then the core far away is stopped in good order, and those of the first site start."""
    await asyncio.to_thread(centre.pair.come_back, copy.server)
    scene.site.told.write(lane="", stopped=OFFSITE)
    await scene.site.children.end(OFFSITE)
    await asyncio.to_thread(centre.pair.take_back, copy.server)
    home = [seat for name, seat in centre.seats.items() if name != OFFSITE]
    for seat in home:
        scene.site.start_core(seat.name)
    scene.site.office.reaches(*(seat.socket for seat in home))
